import type { Thousandths } from '../domain/event.ts';

/** What can be warned about. `on`: at install. */
export const ALERT_KINDS = [
  { kind: 'level', words: /^(levels?|thresholds?|pools?)$/, title: 'A pool reaches 75, 90 or 100%', on: true },
  { kind: 'switch', words: /^switch(es)?$/, title: 'A pool is empty and the next is drawn from', on: true },
  { kind: 'rate', words: /^rates?( limits?)?$/, title: 'The rate limit per minute is reached', on: true },
  { kind: 'silent', words: /^(silent|silence)( sources?)?$/, title: 'A source is silent', on: true },
  {
    kind: 'unknown-client',
    words: /^((unknown|new)( clients?)?)$/,
    title: 'A client calls that was unknown until now',
    on: false,
  },
  {
    kind: 'unusual',
    words: /^(unusual|anomal(y|ies)|volume|failures)$/,
    title: 'Failures or volume are far from usual',
    on: false,
  },
  {
    kind: 'run-out',
    words: /^(runs?|running) out$|^forecasts?$/,
    title: 'A pool will run out before its reset',
    on: false,
  },
  { kind: 'view', words: /^(saved )?views?$/, title: 'What a saved question counts exceeds its bound', on: true },
] as const;

export type AlertKind = (typeof ALERT_KINDS)[number]['kind'];

/** The kind of alert that these words mean: its name, or what people call it. */
export function findAlertKind(what: string): AlertKind | undefined {
  const typed = what
    .trim()
    .toLowerCase()
    .replace(/[\s_-]+/g, ' ');
  return ALERT_KINDS.find(({ kind, words }) => kind === what || words.test(typed))?.kind;
}

/** An alert as told. Texts are plain: names in them are never read as markup. */
export interface AlertContent {
  kind: AlertKind;
  /** `Daily credits of crm reached 90%`. */
  title: string;
  /** The numbers, and what to do. */
  lines: readonly string[];
  /** On-call is mentioned. */
  mention: boolean;
  scope?: string;
  pool?: string;
  level?: number;
  used?: Thousandths;
  amount?: Thousandths;
  links?: { addon?: string; upgrade?: string };
  /** Commands that show who did it and how it came. */
  who?: string;
  chart?: string;
  /** End of the pool's period, epoch ms; absent for rolling pools and for what has none. */
  periodEndMs?: number;
  test?: boolean;
}

/** What an alert's delivery holds. `summary` stands for the message where it cannot be posted. */
export interface AlertOrder {
  /** Of the alert's row; absent for a test. */
  alertKey?: string;
  summary: string;
  part: 'message' | 'parent' | 'chart';
  content: AlertContent;
}

export function summarize({ title, lines }: AlertContent): string {
  return [title, ...lines.slice(0, 1)].join('. ');
}
