import { once } from 'node:events';
import { userInfo } from 'node:os';
import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import type { Config } from '../config.ts';
import { parseDay } from '../domain/calendar.ts';
import { listNearest } from '../domain/names.ts';
import { HeadroomError } from '../errors.ts';

/** Environment of a command; tests pass their own. */
export interface CliContext {
  env: Readonly<Record<string, string | undefined>>;
  /** Folder in which `.env` and relative paths are looked for. */
  folder: string;
  /** Prints one line, given without its line end. */
  out(line: string): void;
  err(line: string): void;
  /** Writes data to standard output as it is; resolves when more can be written. Absent: data is printed with `out`. */
  write?(data: string | Uint8Array): Promise<void>;
  /** True if standard error is a terminal: progress is then drawn as a bar, not printed in lines. */
  isTerminal: boolean;
  /** Columns of the terminal; absent if there is none or they are unknown. */
  width?: number;
  now(): number;
  /** Aborted by SIGINT or SIGTERM. */
  signal: AbortSignal;
  /** Replaces the settings read from the environment. */
  config?: Config;
}

/** Width of texts if that of the terminal is unknown. */
export const TERMINAL_WIDTH = 100;

/** Exit code if something other than the arguments is wrong: a file, a setting, the database, Slack. */
export const FAILED = 1;
/** Exit code if the words, flags or question have to be changed: nothing was done. */
export const MISUSE = 2;
/** Exit code of an import that left lines out. */
export const INCOMPLETE = 3;
/** Exit code of a command that Ctrl-C stopped, as in shells. */
export const STOPPED = 130;

/**
 * Runs a command with the words after its name and returns the exit code. `name`: the command as it was called, with its verb.
 * Throws HeadroomError for faults of the caller, and the errors of parseArgs.
 */
export type RunCommand = (args: readonly string[], context: CliContext, name: string) => Promise<number>;

/** Reads flags or words, and turns an error of the reader into one that ends the command with MISUSE. */
export function readFlags<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof HeadroomError)) throw error;
    throw new HeadroomError('question', error.message, { cause: error });
  }
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

type Flags<O extends ParseArgsOptionsConfig> = ReturnType<typeof parseArgs<{ options: O }>>['values'];

/**
 * Makes a command from its words, such as `SCOPE ±CREDITS`, `[ID]` for an optional one, or `FILE…` for one or more, and its flags,
 * described as for parseArgs. Missing or surplus words are errors. If `run` returns nothing, the exit code is 0.
 */
export function takes<const O extends ParseArgsOptionsConfig>(
  words: string,
  options: O,
  run: (words: readonly string[], flags: Flags<O>, context: CliContext) => Promise<number> | Promise<void>,
): RunCommand {
  const wanted = words.split(' ').filter((word) => word !== '');
  return async (args, context, name) => {
    refuseUnknownFlag(args, options, name);
    const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options });
    const missing = wanted[positionals.length];
    if (missing !== undefined && !missing.startsWith('['))
      throw new HeadroomError('question', `${missing} is missing: headroom ${name} ${words}.`);
    if (positionals.length > wanted.length && !words.endsWith('…')) {
      const error = new Error(`Unexpected argument '${positionals[wanted.length]}'`);
      throw Object.assign(error, { code: 'ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL' });
    }
    return (await run(positionals, values as Flags<O>, context)) ?? 0;
  };
}

/** Throws for a flag that the command does not have; the error names the nearest one, or all. */
function refuseUnknownFlag(args: readonly string[], options: ParseArgsOptionsConfig, name: string): void {
  const { tokens } = parseArgs({ args: [...args], allowPositionals: true, options, strict: false, tokens: true });
  const unknown = tokens.find((token) => token.kind === 'option' && !Object.hasOwn(options, token.name));
  if (unknown?.kind !== 'option') return;
  const flags = Object.keys(options).map((flag) => `--${flag}`);
  const [nearest] = listNearest(unknown.rawName, flags);
  const cure = nearest ? `did you mean ${nearest}?` : flags.length > 0 ? `use ${flags.join(', ')}.` : 'it has none.';
  const error = new Error(`headroom ${name} has no flag ${unknown.rawName}: ${cure}`);
  throw Object.assign(error, { code: 'ERR_PARSE_ARGS_UNKNOWN_OPTION' });
}

/** Makes a command with verbs. Without a verb `otherwise` runs; with `takesWords` also if the first word is not a verb. */
export function oneOf(
  verbs: Readonly<Record<string, RunCommand>>,
  otherwise?: string | { takesWords: RunCommand },
): RunCommand {
  return (args, context, name) => {
    const at = args.findIndex((word) => !word.startsWith('-'));
    const verb = args[at] ?? (typeof otherwise === 'string' ? otherwise : undefined);
    const run = verb !== undefined && Object.hasOwn(verbs, verb) ? verbs[verb] : undefined;
    if (run) return run(at < 0 ? args : args.toSpliced(at, 1), context, `${name} ${verb}`);
    if (typeof otherwise === 'object') return otherwise.takesWords(args, context, name);
    const known = Object.keys(verbs);
    const [nearest = known.join(', ')] = verb === undefined ? [] : listNearest(verb, known);
    const missing = verb === undefined ? `Say what "headroom ${name}" is to do` : `There is no "${name} ${verb}"`;
    throw new HeadroomError('question', `${missing}: use ${nearest}.`);
  };
}

/** Chooses the format of rows by two flags that exclude each other. */
export function chooseForm({ json = false, csv = false }): 'json' | 'csv' | undefined {
  if (json && csv) throw new HeadroomError('question', '--json and --csv exclude each other: leave one out.');
  return json ? 'json' : csv ? 'csv' : undefined;
}

/** Reads the date of a flag. Throws a `range` error for anything else. */
export function readDay(flag: string, text: string): number {
  try {
    return parseDay(text);
  } catch {
    throw new HeadroomError('range', `${flag} must be a date such as 2026-11-01, not ${JSON.stringify(text)}.`);
  }
}

/** Writes data to standard output. */
export async function write({ write, out }: CliContext, data: string | Uint8Array): Promise<void> {
  if (data.length === 0) return;
  if (write) await write(data);
  else out(String(data).replace(/\n$/, ''));
}

/** Resolves when the command is asked to stop. */
export async function untilStopped({ signal }: CliContext): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}

/** Names the person who runs this command, for the audit log: `ann on the command line`. */
export function describePerson(): string {
  let name: string;
  try {
    name = userInfo().username;
  } catch {
    // In a container, the user may have a number but no name.
    name = `user ${process.getuid?.() ?? 'unknown'}`;
  }
  return `${name} on the command line`;
}
