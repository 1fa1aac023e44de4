import { listNearest } from '../domain/names.ts';
import { HeadroomError } from '../errors.ts';
import { redact } from '../secret.ts';
import { toDatabaseError } from '../store/database-fault.ts';
import { type CliContext, type Command, FAILED, MISUSE } from './command.ts';
import { COMMANDS } from './commands.ts';
import { toFileError } from './files.ts';

/**
 * Runs the command that the words name and returns its exit code. Faults of the caller are printed as one line (or a list, for
 * settings); anything else is a defect, printed with its stack.
 */
export async function runCli(words: readonly string[], context: CliContext): Promise<number> {
  const [name = 'help', ...args] = words;
  try {
    if (name === 'help' || name === '--help' || name === '-h') return help(args[0], context);
    if (name === '--version' || name === '-v') {
      context.out((await import('../version.ts')).VERSION);
      return 0;
    }
    const command = COMMANDS.find((candidate) => candidate.name === name);
    if (!command) return refuse(name, context);
    if (args.includes('--help') || args.includes('-h')) return help(name, context);
    return await (await command.load())(args, context, name);
  } catch (thrown) {
    const error = toFileError(toDatabaseError(thrown));
    if (error instanceof HeadroomError) context.err(redact(error.message));
    else if (isUnparsed(error))
      context.err(`${(error as Error).message.replace(/(?<![.?])$/, '.')} See "headroom help ${name}".`);
    else context.err(redact((error as Error).stack ?? String(error)));
    return isMisuse(error) ? MISUSE : FAILED;
  }
}

function help(name: string | undefined, context: CliContext): number {
  if (name === undefined) {
    context.out('Headroom: how much of your API allowance is used, and how much headroom is left.\n');
    const width = Math.max(...COMMANDS.map((command) => command.name.length));
    for (const command of COMMANDS) context.out(`  headroom ${command.name.padEnd(width)}  ${command.summary}`);
    context.out('\n"headroom help NAME" explains one.');
    context.out(
      'Exit codes: 0 done; 1 something is wrong, and what is said; 2 the words, flags or question have to be changed;\n3 some entries of a file were not taken; 130 stopped.',
    );
    return 0;
  }
  const command = COMMANDS.find((candidate) => candidate.name === name);
  return command ? describe(command, context) : refuse(name, context);
}

function describe({ usage, summary, details }: Command, context: CliContext): number {
  context.out(`headroom ${usage}\n\n${summary[0]!.toUpperCase()}${summary.slice(1)}.`);
  if (details) context.out(`\n${details}`);
  return 0;
}

function refuse(name: string, context: CliContext): number {
  const names = COMMANDS.map((command) => command.name);
  const [nearest] = listNearest(name, [...names, 'help']);
  const cure = nearest ? `Did you mean "headroom ${nearest}"?` : `There are: ${names.join(', ')}, help.`;
  context.err(`There is no command ${JSON.stringify(name)}. ${cure}`);
  return MISUSE;
}

/** Tells whether a command ends with MISUSE: another flag, word, question or statement would work. */
function isMisuse(error: unknown): boolean {
  return isUnparsed(error) || (error instanceof HeadroomError && /^(question|range)$/.test(error.code));
}

/** Tells whether parseArgs of node:util refused the flags; its errors do not name the command, so we add a hint to its help. */
function isUnparsed(error: unknown): boolean {
  return String((error as NodeJS.ErrnoException)?.code).startsWith('ERR_PARSE_ARGS');
}
