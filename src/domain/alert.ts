import type { Links } from './definition.ts';
import type { Thousandths } from './event.ts';
import type { ScopeState } from './scope-state.ts';

/** Kinds of alerts. `on`: on by default. */
export const ALERT_KINDS = [
  { kind: 'level', words: /^(levels?|thresholds?|pools?)$/, title: 'A pool reaches 75%, 90% or 100%', on: true },
  { kind: 'switch', words: /^switch(es)?$/, title: 'A pool runs out and the next takes over', on: true },
  { kind: 'rate', words: /^rates?( limits?)?$/, title: 'The rate limit per minute is reached', on: true },
  { kind: 'silent', words: /^(silent|silence)( sources?)?$/, title: 'A source goes silent', on: true },
  { kind: 'unknown-client', words: /^((unknown|new)( clients?)?)$/, title: 'A new client appears', on: false },
  {
    kind: 'unusual',
    words: /^(unusual|anomal(y|ies)|volume|failures)$/,
    title: 'Unusual errors or traffic',
    on: false,
  },
  {
    kind: 'run-out',
    words: /^(runs?|running) out$|^forecasts?$/,
    title: 'A pool will run out before its reset',
    on: false,
  },
  { kind: 'view', words: /^(saved )?views?$/, title: 'A saved view passes its threshold', on: true },
] as const;

export type AlertKind = (typeof ALERT_KINDS)[number]['kind'];

/** Finds a kind of alert by its name, or by what people call it. */
export function findAlertKind(what: string): AlertKind | undefined {
  const typed = what
    .trim()
    .toLowerCase()
    .replace(/[\s_-]+/g, ' ');
  return ALERT_KINDS.find(({ kind, words }) => kind === what || words.test(typed))?.kind;
}

/** A sentence in parts. Instants (epoch ms) are shown as a time of day, in the reader's zone where Slack can. */
export type Words = string | readonly (string | { atMs: number })[];

/** Joins a sentence into text: instants by `tell`, words by `say`. */
export function spell(words: Words, tell: (atMs: number) => string, say = (text: string) => text): string {
  if (typeof words === 'string') return say(words);
  return words.map((part) => (typeof part === 'string' ? say(part) : tell(part.atMs))).join('');
}

/** Level as an emoji; the words beside it say the same. */
export type AlertSign = '🔵' | '🟠' | '🔴' | '⛔';

/** The content of an alert. Texts are plain: names in them are never read as markup. */
export interface AlertContent {
  kind: AlertKind;
  sign: AlertSign;
  /** `CRM API has used 90% of its daily credits (588 of 651)`. */
  title: string;
  /** Say when it runs out, who caused it, and what to do. */
  lines: readonly Words[];
  /** The alert as one line of a thread; absent: title and first line. */
  brief?: Words;
  /** Mention on-call. */
  mention: boolean;
  scope?: string;
  pool?: string;
  level?: number;
  used?: Thousandths;
  amount?: Thousandths;
  links?: Links;
  /** State of the scope at the time of the alert: its chart then agrees with the words, whenever it is drawn. */
  state?: ScopeState;
  /** Command that shows who caused it; `chart` has the command that shows how it came about. */
  who?: string;
  chart?: string;
  /** End of the pool's period, epoch ms; absent for rolling pools and for alerts without a period. */
  periodEndMs?: number;
  test?: boolean;
}

/** The part of a sent alert that a chart shows. */
export interface ToldAlert {
  atMs: number;
  content: { kind: AlertKind; level?: number; scope?: string; pool?: string };
}
