import type { Question } from '../../domain/report.ts';

/** A channel as it was named; `id` where Slack sent it. */
export interface ChannelReference {
  name: string;
  id?: string;
}

/** A request as understood from the words after `/usage`. */
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
  | { kind: 'correct'; scope: string; amount: number; on?: string; reason: string }
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
  | { action: 'list' }
  | { action: 'test' }
  /** Warn when the saved view counts more than `over` requests in an hour or a day. */
  | { action: 'add'; view: string; over: number; per: 'hour' | 'day' }
  | { action: 'remove' | 'enable' | 'disable'; what: string }
  /** `until`: a text, see until.ts, or epoch ms. */
  | { action: 'mute'; what?: string; until?: string | number }
  | { action: 'unmute' | 'acknowledge'; what?: string }
  /** Without a place: ask for it in a form. */
  | { action: 'route'; channel?: ChannelReference; to?: 'here' | 'admins' }
);

/**
 * Thrown while a command is read; `parseCommand` turns it into a QuestionError. `candidates` are commands that may have
 * been meant: those that cannot be read themselves are dropped there.
 */
export class Misunderstood extends Error {
  override readonly name = 'Misunderstood';
  readonly candidates: readonly string[];
  /** The text could not be taken apart into words. */
  readonly isOpenQuotation: boolean;

  constructor(message: string, candidates: readonly string[] = [], { isOpenQuotation = false } = {}) {
    super(message);
    this.candidates = candidates;
    this.isOpenQuotation = isOpenQuotation;
  }
}

/** A word as it stands in a message: quoted, and short. */
export function quoteShort(text: string): string {
  return `“${text.length > 40 ? `${text.slice(0, 40)}…` : text}”`;
}
