import { userInfo } from 'node:os';
import type { Config } from '../config.ts';

/** The world as a command sees it, so that tests can give it another. */
export interface CliContext {
  env: Readonly<Record<string, string | undefined>>;
  /** Folder in which `.env` and relative paths are looked for. */
  folder: string;
  /** One line, without its end. */
  out(line: string): void;
  err(line: string): void;
  /** Data for standard output as it is; resolves when more of it is wanted. Absent: it is text, and goes to `out`. */
  write?(data: string | Uint8Array): Promise<void>;
  /** A person sees standard output: progress is then drawn, not listed. */
  isTerminal: boolean;
  /** A person sees standard error, though standard output may go to a file: progress is drawn there. */
  isWatched?: boolean;
  /** Columns of the terminal; absent: there is none, or it does not say. */
  width?: number;
  now(): number;
  /** Aborted by SIGINT or SIGTERM. */
  signal: AbortSignal;
  /** Replaces the settings read from the environment. */
  config?: Config;
}

/** Columns of a text where no terminal says how many it has. */
export const TERMINAL_WIDTH = 100;

/** Exit code of a command that Ctrl-C stopped, as shells have it. */
export const STOPPED = 130;

/** Runs with the words after its own name; the number is the exit code. Throws HeadroomError for faults of the caller. */
type RunCommand = (args: readonly string[], context: CliContext) => Promise<number>;

/** A word too many is a missing quote, or meant something: it is never passed over. Throws as parseArgs does. */
export function refuseMore(words: readonly string[], most: number): void {
  if (words.length <= most) return;
  const error = new Error(`Unexpected argument '${words[most]}'`);
  throw Object.assign(error, { code: 'ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL' });
}

/** One row of the table of commands. */
export interface Command {
  name: string;
  /** `import FILE… [--source NAME]`. */
  usage: string;
  summary: string;
  /** Further lines of `headroom help NAME`. */
  details?: string;
  load: () => Promise<RunCommand>;
}

/** Who runs this command, for the audit log: `ann on the command line`. */
export function describePerson(): string {
  let name: string;
  try {
    name = userInfo().username;
  } catch {
    // A container may run as a number without a name.
    name = `user ${process.getuid?.() ?? 'unknown'}`;
  }
  return `${name} on the command line`;
}
