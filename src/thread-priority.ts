import { setPriority } from 'node:os';

/**
 * Lets the thread that answers Slack go first where cores are few: called by threads that store, read and draw. Linux
 * takes this per thread; elsewhere it would slow the whole process down.
 */
export function lowerThreadPriority(): void {
  if (process.platform === 'linux') setPriority(5);
}
