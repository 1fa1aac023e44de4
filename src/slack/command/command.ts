import type { Thousandths } from '../../domain/event.ts';
import type { NameSource, Question } from '../../domain/report.ts';
import { QuestionError } from '../../errors.ts';
import { interpret, isReadable } from './interpret.ts';
import { Misunderstood, UnknownWords } from './misunderstood.ts';
import { createKnownNames, type KnownNames, NO_NAMES } from './names.ts';
import { protectFromSlack, undoSlackEscapes } from './tokens.ts';
import { explainUnknown } from './unknown-words.ts';

/** A channel as it was named; `id` where Slack sent it. */
export interface ChannelReference {
  name: string;
  id?: string;
}

/** What a person asked for with `/usage …`. */
export type Command =
  | { kind: 'question'; question: Question }
  | { kind: 'export'; question: Question }
  /** A topic's name (see help.ts); absent: the first page. */
  | { kind: 'help'; topic?: string }
  | DigestCommand
  | AlertsCommand
  /** `question` absent: the one last asked. `owner`: whose view it becomes. */
  | { kind: 'save'; name: string; question?: Question; owner: 'user' | 'channel' }
  | { kind: 'open'; name: string; range?: string; private?: boolean }
  | { kind: 'unsave'; name: string }
  | { kind: 'views' }
  | { kind: 'pools'; action: 'edit'; scope?: string }
  /** Admins. `on`: text of a day, absent: today. */
  | { kind: 'correct'; scope: string; amount: Thousandths; on?: string; reason: string }
  | { kind: 'filters' }
  | { kind: 'reset' }
  | { kind: 'settings' }
  /** Admins. */
  | { kind: 'audit' }
  | { kind: 'debug' };

/** `schedule` is text for `parseSchedule`, already known to be readable; absent: ask for it in a form. `until`: see until.ts. */
export type DigestCommand = { kind: 'digest' } & (
  | { action: 'list' }
  | { action: 'add'; schedule?: string; channel?: ChannelReference }
  | { action: 'edit'; id?: number; schedule?: string }
  | { action: 'pause'; id?: number; until?: string }
  | { action: 'resume' | 'remove' | 'takeover' | 'preview' | 'send' | 'history'; id?: number }
);

/** `what` is the name of a scope, pool, source, client or kind of alert as typed; absent: all. */
export type AlertsCommand = { kind: 'alerts' } & (
  | { action: 'list' | 'test' }
  /** Warn when the saved view counts more than `over` requests in an hour or a day. */
  | { action: 'add'; view: string; over: number; per: 'hour' | 'day' }
  | { action: 'remove' | 'enable' | 'disable'; what: string }
  | { action: 'mute'; what?: string; until?: string }
  | { action: 'unmute' | 'acknowledge'; what?: string }
  /** Without a place: ask for it in a form. */
  | { action: 'route'; channel?: ChannelReference; to?: 'here' | 'admins' }
);

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
