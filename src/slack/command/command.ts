import type { Question } from '../../domain/report.ts';

/** A channel as typed, with its id if Slack sent one. */
export interface ChannelReference {
  name: string;
  id?: string;
}

/** A command, as read from the words after `/usage`. */
export type Command =
  | { kind: 'question'; question: Question }
  | { kind: 'export'; question: Question }
  /** `topic`: name of a help topic; absent: the first page. */
  | { kind: 'help'; topic?: string }
  | DigestCommand
  | AlertsCommand
  /** `question`: absent for the last one asked. `owner`: the owner of the new view. */
  | { kind: 'save'; name: string; question?: Question; owner: 'user' | 'channel' }
  | { kind: 'open'; name: string; range?: string; private?: boolean }
  | { kind: 'unsave'; name: string }
  | { kind: 'views' }
  | { kind: 'pools'; action: 'edit'; scope?: string }
  /** For admins. `on`: a day as text; absent: today. */
  | { kind: 'correct'; scope: string; amount: number; on?: string; reason: string }
  | { kind: 'filters' }
  | { kind: 'reset' }
  | { kind: 'settings' }
  /** For admins. */
  | { kind: 'audit' }
  | { kind: 'debug' };

/** `schedule`: a text that `parseSchedule` can read; absent: a form asks for it. `until`: see until.ts. */
export type DigestCommand = { kind: 'digest' } & (
  | { action: 'list' }
  | { action: 'add'; schedule?: string; channel?: ChannelReference }
  | { action: 'edit'; id?: number; schedule?: string }
  | { action: 'pause'; id?: number; until?: string }
  | { action: 'resume' | 'remove' | 'takeover' | 'preview' | 'send' | 'history'; id?: number }
);

/** `what`: name of a scope, pool, source, client or kind of alert, as typed; absent: all. */
export type AlertsCommand = { kind: 'alerts' } & (
  | { action: 'list' }
  /** Those that were sent. `range` absent: of the last 30 days. */
  | { action: 'history'; range?: string }
  | { action: 'test' }
  /** Warn when the saved view counts more than `over` requests in an hour or a day. */
  | { action: 'add'; view: string; over: number; per: 'hour' | 'day' }
  | { action: 'remove' | 'enable' | 'disable'; what: string }
  /** `until`: a text, see until.ts, or epoch ms. */
  | { action: 'mute'; what?: string; until?: string | number }
  | { action: 'unmute' | 'acknowledge'; what?: string }
  /** Without `channel` and `to`, a form asks for the place. */
  | { action: 'route'; channel?: ChannelReference; to?: 'here' | 'admins' }
);

/**
 * Thrown while a command is read. `parseCommand` turns it into a QuestionError. `candidates`: commands that may be meant;
 * `parseCommand` drops those that cannot be read.
 */
export class Misunderstood extends Error {
  override readonly name = 'Misunderstood';
  readonly candidates: readonly string[];
  /** True if a quotation in the text is not closed. */
  readonly isOpenQuotation: boolean;

  constructor(message: string, candidates: readonly string[] = [], { isOpenQuotation = false } = {}) {
    super(message);
    this.candidates = candidates;
    this.isOpenQuotation = isOpenQuotation;
  }
}

/** Quotes a text for a message, shortened to 40 characters. */
export function quoteShort(text: string): string {
  return `“${text.length > 40 ? `${text.slice(0, 40)}…` : text}”`;
}
