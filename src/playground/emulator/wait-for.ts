import type { WorkspaceState } from './state.ts';

/** Give up after 30 s. Nothing takes that long, not even on a slow and busy machine. */
const PATIENCE_MS = 30_000;

/**
 * Resolves with the first truthy result of `predicate`, which is called now and after every change. An error in it counts as
 * "not yet". Rejects after `timeoutMs` with an error that names `what`.
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
