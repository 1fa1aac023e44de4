import { classifyFailure } from './errors.ts';

/** A person does not wait longer for a limit to pass. */
const LONGEST_WAIT_MS = 10_000;
const ATTEMPTS = 3;

/**
 * Makes a call that a person waits for. Told to wait by Slack, it makes the call again after that time, at most twice and
 * at most 10 s later. `repeatable`: it also does so where the outcome is unclear, for calls that read or set a state.
 */
export async function callSlack<T>(
  call: () => Promise<T>,
  { wait, repeatable = false }: { wait(ms: number): Promise<void>; repeatable?: boolean },
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await call();
    } catch (error) {
      const pauseMs = pauseAfter(error, repeatable, attempt);
      if (pauseMs === undefined || attempt === ATTEMPTS) throw error;
      await wait(pauseMs);
    }
  }
}

function pauseAfter(error: unknown, repeatable: boolean, attempt: number): number | undefined {
  const { reason, retryAfterMs = 1000 } = classifyFailure(error);
  if (reason === 'rate_limited') return retryAfterMs <= LONGEST_WAIT_MS ? retryAfterMs : undefined;
  return reason === 'transient' && repeatable ? attempt * 250 : undefined;
}
