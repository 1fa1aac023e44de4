import type { WorkspaceState } from './state.ts';

/** What waits in vain is broken: no slow machine needs longer. */
const PATIENCE_MS = 30_000;

/**
 * Resolves with the first truthy answer of `predicate`, asked now and after every change; an error that it throws counts as
 * "not yet". Rejects after `timeoutMs`, naming `what`, with the newest messages, calls and problems.
 */
export function waitFor<T>(
  state: WorkspaceState,
  predicate: () => T | undefined | false | null,
  what: string,
  timeoutMs = PATIENCE_MS,
): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  let last: unknown;
  const ask = () => {
    try {
      const value = predicate();
      if (value) resolve(value);
    } catch (error) {
      last = error;
    }
  };
  const off = state.onChange(ask);
  const timer = setTimeout(() => {
    reject(new Error(`waited ${timeoutMs} ms in vain until ${what}${describe(state)}`, { cause: last }));
  }, timeoutMs);
  ask();
  return promise.finally(() => {
    clearTimeout(timer);
    off();
  });
}

/** The newest of everything, short: what one wants to see when a wait failed. */
function describe({ messages, ephemerals, calls, problems }: WorkspaceState): string {
  const said = [...messages.values()].flat().sort((a, b) => Number(a.ts) - Number(b.ts));
  const parts = {
    messages: said.map((one) => `${one.channel} ${one.ts} ${one.user}: ${one.text}`),
    'private messages': ephemerals.map((one) => `${one.channel} only ${one.to}: ${one.text}`),
    calls: calls.map((call) => `${call.method} ${call.status} ${JSON.stringify(call.answer)}`),
    problems: problems.map((one) => `${one.kind} in ${one.where}: ${one.detail}`),
  };
  return Object.entries(parts)
    .map(
      ([name, lines]) =>
        `\n  newest ${name}:${lines
          .slice(-6)
          .map((line) => `\n    ${line.slice(0, 160)}`)
          .join('')}`,
    )
    .join('');
}
