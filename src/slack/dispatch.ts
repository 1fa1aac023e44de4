import type { App, ReceiverEvent } from '@slack/bolt';
import type { Logger } from '../log.ts';
import { findBodyFault } from './payloads.ts';

/** Something from Slack, however it came, with the one answer that it gets. */
export type Incoming = Pick<ReceiverEvent, 'ack' | 'retryNum' | 'body'>;

/** Slack shows a failure to whoever waits after 3 s. */
const ACK_WITHIN_MS = 2500;

export interface Dispatch {
  /** Hands over what came, and makes sure that it is answered in time whatever happens. Never rejects. */
  take(incoming: Incoming): Promise<void>;
  /** Resolves when everything that was handed over is done. */
  idle(): Promise<void>;
}

/**
 * Stands between the ways from Slack and the listeners. Everything is acknowledged: what no listener could read, at once;
 * what none claimed (`tellOld`: a window from before an upgrade), or took too long for, without content.
 */
export function createDispatch(
  process: App['processEvent'],
  { log, tellOld }: { log: Logger; tellOld(body: Record<string, unknown>): Promise<void> },
): Dispatch {
  const running = new Set<Promise<void>>();

  async function handle({ body: given, ack: answer, ...rest }: Incoming): Promise<void> {
    const body = withoutNulls(given);
    if (isObject(body.event)) body.event = withoutNulls(body.event);
    const blank = body.type === 'block_suggestion' ? { options: [] } : undefined;
    let answered = false;
    const ack: ReceiverEvent['ack'] = async (response) => {
      if (answered) return;
      answered = true;
      clearTimeout(timer);
      await answer(response);
    };
    const timer = setTimeout(() => {
      log.warn({ type: body.type }, 'acknowledged late, without content');
      void ack(blank).catch(() => {});
    }, ACK_WITHIN_MS);
    try {
      const fault = findBodyFault(body);
      if (fault !== undefined) {
        log.warn({ type: body.type, fault }, 'something from Slack that cannot be read was left alone');
        return;
      }
      await process({ ...rest, body, ack });
      if (answered) return;
      await ack(blank);
      if (blank === undefined && 'user' in body) await tellOld(body);
    } catch (error) {
      log.error({ type: body.type, error: String(error), stack: (error as Error)?.stack }, 'a listener failed');
    } finally {
      await ack(blank).catch((error: unknown) => log.warn({ error: String(error) }, 'could not be acknowledged'));
    }
  }

  return {
    take(incoming) {
      const work = handle(incoming).finally(() => running.delete(work));
      running.add(work);
      return work;
    },
    async idle() {
      while (running.size > 0) await Promise.allSettled(running);
    },
  };
}

/** Leaves out fields that are null: Bolt reads into them. */
function withoutNulls(body: unknown): Record<string, unknown> {
  return isObject(body) ? Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null)) : {};
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
