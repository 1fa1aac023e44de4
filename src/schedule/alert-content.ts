import { z } from 'zod';
import { ALERT_KINDS, type AlertContent, type Words } from '../domain/alert.ts';
import { formatClock } from '../report/format.ts';

const WORDS = z.union([z.string(), z.array(z.union([z.string(), z.object({ atMs: z.number() })]))]);

const CONTENT = z.object({
  kind: z.enum(ALERT_KINDS.map(({ kind }) => kind)),
  sign: z.enum(['🔵', '🟠', '🔴', '⛔']).default('🟠'),
  title: z.string(),
  lines: z.array(WORDS),
  brief: WORDS.optional(),
  mention: z.boolean(),
  scope: z.string().optional(),
  pool: z.string().optional(),
  level: z.number().optional(),
  used: z.number().optional(),
  amount: z.number().optional(),
  links: z.object({ addon: z.string().optional(), upgrade: z.string().optional() }).optional(),
  who: z.string().optional(),
  chart: z.string().optional(),
  periodEndMs: z.number().optional(),
  test: z.boolean().optional(),
});

/**
 * `parent`: the message that a conversation begins with, kept up to date by edits. `line`: one line of its thread. Deliveries
 * of older versions have parts that are no longer sent.
 */
const ORDER = z.object({
  alertKey: z.string().optional(),
  part: z.enum(['parent', 'line', 'past']).catch('past'),
  content: CONTENT,
});

/** Contents of an alert's delivery. `alertKey` is absent for a test. */
export interface AlertOrder {
  alertKey?: string;
  part: 'parent' | 'line' | 'past';
  content: AlertContent;
}

/** The content of an alert's row. */
export function readAlertContent(stored: unknown): AlertContent {
  return CONTENT.parse(stored) as AlertContent;
}

export function readAlertOrder(stored: unknown): AlertOrder {
  return ORDER.parse(stored) as AlertOrder;
}

export function summarize({ title, lines }: AlertContent, zone: string): string {
  return [title, ...lines.slice(0, 1).map((line) => toPlain(line, zone))].join('. ');
}

/** A sentence as plain text, its times by the clock of the zone. */
export function toPlain(words: Words, zone: string): string {
  if (typeof words === 'string') return words;
  return words.map((part) => (typeof part === 'string' ? part : formatClock(part.atMs, zone))).join('');
}
