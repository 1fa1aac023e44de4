import type { WorkspaceState } from './state.ts';

/** Longer than anything takes, also on a slow machine with other work to do. */
const PATIENCE_MS = 30_000;

/**
 * Resolves with the first truthy answer of `predicate`, asked now and after every change; an error that it throws counts as
 * "not yet". Rejects after `timeoutMs`, naming `what`.
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
    reject(new Error(`waited ${timeoutMs} ms in vain until ${what}`, { cause: last }));
  }, timeoutMs);
  ask();
  return promise.finally(() => {
    clearTimeout(timer);
    off();
  });
}
