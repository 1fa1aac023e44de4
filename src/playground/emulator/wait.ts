import type { WorkspaceState } from './state.ts';

/** See Emulator.waitFor. An error that `predicate` throws counts as "not yet", and is shown when time is up. */
export function waitFor<T>(
  state: WorkspaceState,
  predicate: () => T | undefined | false | null,
  what: string,
  timeoutMs: number,
): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  let last: unknown;
  const ask = () => {
    try {
      const value = predicate();
      if (value === undefined || value === null || value === false) return;
      finish();
      resolve(value);
    } catch (error) {
      last = error;
    }
  };
  const off = state.onChange(ask);
  const timer = setTimeout(() => {
    finish();
    reject(new Error(`waited ${timeoutMs} ms in vain until ${what}${describe(state)}`, { cause: last }));
  }, timeoutMs);
  const finish = () => {
    clearTimeout(timer);
    off();
  };
  ask();
  return promise;
}

/** The newest of everything, short: what one wants to see when a wait failed. */
function describe(state: WorkspaceState): string {
  const cut = (text: string) => (text.length > 120 ? `${text.slice(0, 120)}…` : text);
  const messages = [...state.messages.values()]
    .flat()
    .sort((a, b) => Number(a.ts) - Number(b.ts))
    .slice(-5)
    .map((one) => `${one.channel} ${one.ts} ${one.user}: ${cut(one.text)}`);
  const hidden = state.ephemerals.slice(-5).map((one) => `${one.channel} only ${one.to}: ${cut(one.text)}`);
  const calls = state.calls
    .slice(-8)
    .map((call) => `${call.method} ${call.status} ${cut(JSON.stringify(call.answer))}`);
  const problems = state.problems.slice(-5).map((one) => `${one.kind} in ${one.where}: ${cut(one.detail)}`);
  const parts = { messages, 'private messages': hidden, calls, problems };
  return Object.entries(parts)
    .map(([name, lines]) => `\n  newest ${name}: ${lines.length > 0 ? `\n    ${lines.join('\n    ')}` : 'none'}`)
    .join('');
}
