import { z } from 'zod';
import type { AlertContent, Words } from '../domain/alert.ts';
import { formatClock } from '../report/format.ts';
import { ALERT_CONTENT, readValue } from '../store/json-columns.ts';

/**
 * `parent`: the message that a conversation begins with, kept up to date by edits. `line`: one line of its thread. Deliveries
 * of older versions have parts that are no longer sent.
 */
const ORDER = z.object({
  alertKey: z.string().optional(),
  part: z.enum(['parent', 'line', 'past']).catch('past'),
  content: ALERT_CONTENT,
});

/** Contents of an alert's delivery. `alertKey` is absent for a test. */
export interface AlertOrder {
  alertKey?: string;
  part: 'parent' | 'line' | 'past';
  content: AlertContent;
}

export function readAlertOrder(stored: unknown): AlertOrder {
  return readValue('delivery.content', ORDER, stored);
}

export function summarize({ title, lines }: AlertContent, zone: string): string {
  return [title, ...lines.slice(0, 1).map((line) => toPlain(line, zone))].join('. ');
}

/** A sentence as plain text, its times by the clock of the zone. */
export function toPlain(words: Words, zone: string): string {
  if (typeof words === 'string') return words;
  return words.map((part) => (typeof part === 'string' ? part : formatClock(part.atMs, zone))).join('');
}
