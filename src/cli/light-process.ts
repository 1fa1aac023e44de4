import { enableCompileCache } from 'node:module';
import { join } from 'node:path';

/**
 * glibc reads these when a process begins, and never again. As it comes it keeps memory of its own for each thread, and
 * whatever of that was ever used: some 200 MiB of a bot at full rate. With one area for all threads, and large blocks outside
 * of it, what is freed is given back; an event costs as much of a core as before.
 */
const ALLOCATION = { MALLOC_ARENA_MAX: '1', MALLOC_MMAP_THRESHOLD_: '262144' };
/**
 * V8 lets the room for new objects grow while there is much to do, and keeps it. On a machine with much memory it also lets a heap
 * grow to four times what is alive before it collects; with a limit below 2 GiB, to half as much again, which costs no more of a
 * core. Ours keep some 60 MB alive: usage stands in blocks outside of them.
 */
const FLAGS = ['--max-semi-space-size=4', '--max-old-space-size=1024'];

/**
 * Keeps compiled code between starts, for every thread: they start in half the time, and each without the compiler of types, which
 * takes 20 MiB. Where the folder cannot be written nothing is kept.
 */
export function keepCompiledCode(): void {
  const { NODE_COMPILE_CACHE, XDG_CACHE_HOME, HOME } = process.env;
  const caches = XDG_CACHE_HOME ?? (HOME === undefined ? undefined : join(HOME, '.cache'));
  const folder = NODE_COMPILE_CACHE ?? (caches === undefined ? undefined : join(caches, 'headroom'));
  if (folder === undefined) return;
  // Threads look here.
  process.env.NODE_COMPILE_CACHE = folder;
  enableCompileCache(folder);
}

/**
 * Makes this process, which is to run for long, one that gives memory back: by beginning it anew, once, with the same id. What
 * `NODE_OPTIONS` says of a heap holds.
 */
export function giveMemoryBack(): void {
  const { env, execArgv, execPath, argv } = process;
  if (env.MALLOC_ARENA_MAX !== undefined || process.platform !== 'linux' || !process.execve) return;
  const flags = FLAGS.filter((flag) => !env.NODE_OPTIONS?.includes(flag.split('=', 1)[0]!));
  process.execve(execPath, [execPath, ...flags, ...execArgv, ...argv.slice(1)], { ...env, ...ALLOCATION });
}
