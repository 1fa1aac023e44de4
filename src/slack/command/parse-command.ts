import type { NameSource } from '../../domain/names.ts';
import { QuestionError } from '../../errors.ts';
import type { Command } from './command.ts';
import { interpret, isReadable } from './interpret.ts';
import { Misunderstood } from './misunderstood.ts';
import { createKnownNames, type KnownNames, NO_NAMES } from './names.ts';
import { UnknownWords } from './reading.ts';
import { protectFromSlack, undoSlackEscapes } from './tokens.ts';
import { explainUnknown } from './unknown-words.ts';

/** Longer texts than these are no command, and would take long to read. */
const MAX_CHARACTERS = 4000;
const MAX_WORDS = 100;
const MAX_SUGGESTIONS = 3;

/**
 * The command that the text after `/usage` asks for, as Slack sends it (its escapes are undone) or as `formatQuestion`
 * writes it. `names`: what words that are none of the language may be the names of. A name behind its key or its command
 * stays as it was typed: whether it exists is for the answer to say.
 * Throws QuestionError: what was not understood, and up to three commands that can be read, nearest first.
 */
export function parseCommand(raw: string, names: KnownNames = NO_NAMES): Command {
  if (raw.length > MAX_CHARACTERS || raw.trim().split(/\s+/, MAX_WORDS + 1).length > MAX_WORDS) {
    const most = `${MAX_CHARACTERS.toLocaleString('en-US')} characters and ${MAX_WORDS} words`;
    throw new QuestionError(`That is too long to be a question: I read up to ${most}.`, listOffers([], names));
  }
  const { text, ids } = undoSlackEscapes(raw);
  try {
    return interpret(text, ids, names);
  } catch (error) {
    if (!(error instanceof Misunderstood)) throw error;
    const told = error instanceof UnknownWords ? explainUnknown(error) : error;
    throw new QuestionError(told.message, listOffers(told.candidates, names), { cause: error });
  }
}

/** The same, with the names that there are: they are only fetched where the language alone leaves words over. */
export async function understand(raw: string, source: NameSource, nowMs: number): Promise<Command> {
  try {
    return parseCommand(raw);
  } catch (error) {
    if (!(error instanceof QuestionError && error.cause instanceof Misunderstood)) throw error;
    return parseCommand(raw, createKnownNames(await source.names(nowMs)));
  }
}

/** Commands worth trying by someone who typed something unknown. */
const STARTING_POINTS = ['top clients', 'pool', 'help'];

function listOffers(candidates: readonly string[], names: KnownNames): { label: string; command: string }[] {
  const commands = new Set<string>();
  for (const candidate of candidates) {
    const command = candidate.trim().replace(/\s+/g, ' ');
    if (commands.size < MAX_SUGGESTIONS && isReadable(candidate, names)) commands.add(command);
  }
  if (commands.size === 0) for (const command of STARTING_POINTS) commands.add(command);
  return [...commands].map((command) => ({ label: toLabel(command), command: protectFromSlack(command) }));
}

function toLabel(command: string): string {
  return command.length > 60 ? `${command.slice(0, 59)}…` : command;
}
