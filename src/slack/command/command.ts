import type { Thousandths } from '../../domain/event.ts';
import type { Question } from '../../domain/report.ts';
import { HeadroomError, QuestionError } from '../../errors.ts';
import { interpret } from './interpret.ts';
import { Misunderstood } from './misunderstood.ts';
import { protectFromSlack, undoSlackEscapes } from './tokens.ts';

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

/** Longer texts than this are no command. */
const MAX_COMMAND_LENGTH = 16_000;
const MAX_SUGGESTIONS = 5;

/**
 * The command that the text after `/usage` asks for, as Slack sends it (its escapes are undone) or as `formatQuestion`
 * writes it. Names stay as they were typed: whether they exist is for the answer to say.
 * Throws QuestionError: what was understood, what is wrong, and up to five commands that can be read, nearest first.
 */
export function parseCommand(raw: string): Command {
  if (raw.length > MAX_COMMAND_LENGTH) {
    throw new QuestionError(
      `This command is too long (${raw.length} characters; ${MAX_COMMAND_LENGTH} are read).`,
      listOffers([]),
    );
  }
  const { text, ids } = undoSlackEscapes(raw);
  try {
    return interpret(text, ids);
  } catch (error) {
    if (!(error instanceof Misunderstood)) throw error;
    throw new QuestionError(error.message, listOffers(error.candidates), { cause: error });
  }
}

/** Commands worth trying by someone who typed something unknown. */
const STARTING_POINTS = ['top clients', 'status', 'pool', 'daily', 'help'];

function listOffers(candidates: readonly string[]): { label: string; command: string }[] {
  const commands = new Set<string>();
  for (const candidate of candidates) {
    const command = candidate.trim().replace(/\s+/g, ' ');
    if (commands.size < MAX_SUGGESTIONS && isReadable(candidate)) commands.add(command);
  }
  if (commands.size === 0) for (const command of STARTING_POINTS) commands.add(command);
  return [...commands].map((command) => ({ label: toLabel(command), command: protectFromSlack(command) }));
}

function isReadable(candidate: string): boolean {
  if (candidate.trim() === '') return false;
  try {
    interpret(candidate, new Map());
    return true;
  } catch (error) {
    if (error instanceof Misunderstood || error instanceof HeadroomError) return false;
    throw error;
  }
}

function toLabel(command: string): string {
  return command.length > 60 ? `${command.slice(0, 59)}…` : command;
}
