import { type Dimension, REMOVED } from '../domain/dimension.ts';
import type { Db, DialectName } from '../store/database.ts';
import { forgetInRows } from './daily-rows.ts';
import { loadSentIds, type RawSegment } from './segment-loader.ts';
import { lockTotals } from './totals.ts';
import { forgetValue, toSentText, toShownText } from './values.ts';

/** Counts of the rows that the value was removed from. */
export interface Forgotten {
  /** Dimensions that had it as a value. */
  dimensions: Dimension[];
  /** Rejected events whose excerpt or reason held it. */
  rejected: number;
  /** Saved views, filters, digests, alerts on views, and answers with buttons. */
  questions: number;
  /** Stored messages, alerts and audit lines. */
  texts: number;
}

/** Dimensions to search: a sender may also use the person or address as its client or initiator. */
const DIMENSIONS_OF = {
  user: ['user', 'client', 'initiator'],
  ip: ['ip', 'client', 'initiator'],
} as const satisfies Record<string, readonly Dimension[]>;

/** Fields of stored messages that people read; all others are left as they are. */
const SENTENCES = new Set(['title', 'lines', 'summary', 'who', 'chart']);

/** Tables whose rows hold questions or messages as JSON. */
const PLACES = [
  { table: 'saved_view', keys: ['owner', 'name'], columns: ['question'], counts: 'questions' },
  { table: 'chosen_filter', keys: ['user', 'channel'], columns: ['filters'], counts: 'questions' },
  { table: 'answer', keys: ['id'], columns: ['question', 'drill'], counts: 'questions' },
  { table: 'subscription', keys: ['id'], columns: ['what'], counts: 'questions' },
  { table: 'alert_rule', keys: ['name'], columns: ['question'], counts: 'questions' },
  { table: 'alert', keys: ['id'], columns: ['content'], counts: 'texts' },
  { table: 'delivery', keys: ['id'], columns: ['content'], counts: 'texts' },
] as const;

/**
 * Replaces a user or an address by `(removed)` everywhere in this database, in the caller's transaction; totals stay. Messages in
 * Slack are not changed.
 */
export async function forget(db: Db, dialect: DialectName, kind: 'user' | 'ip', text: string): Promise<Forgotten> {
  await lockTotals(db, dialect);
  const done: Forgotten = { dimensions: [], rejected: 0, questions: 0, texts: 0 };
  for (const dimension of DIMENSIONS_OF[kind]) {
    if (!(await forgetValue(db, dimension, text))) continue;
    await forgetInRows(db, dimension, toShownText(toSentText(text)));
    done.dimensions.push(dimension);
  }

  const value = { text, dimensions: DIMENSIONS_OF[kind], word: toWord(text) };
  for (const { table, keys, columns, counts } of PLACES) {
    for (const row of await listMentions(db, table, [...keys, ...columns], text)) {
      const changed = columns.flatMap((column) => {
        const before = String(row[column]);
        const after = JSON.stringify(withoutValue(JSON.parse(before), value));
        return after === JSON.stringify(JSON.parse(before)) ? [] : [[column, after] as const];
      });
      if (changed.length === 0) continue;
      let update = db.updateTable(table as 'answer').set(Object.fromEntries(changed));
      for (const key of keys) update = update.where(key as 'id', '=', row[key] as string);
      await update.execute();
      done[counts] += 1;
    }
  }
  await forgetSentIds(db, text, value.word);
  done.rejected = await forgetRejected(db, text, value.word);
  for (const { id, detail } of await db
    .selectFrom('audit')
    .select(['id', 'detail'])
    .where('detail', 'like', `%${escapeLike(text)}%`)
    .execute()) {
    const after = detail.replace(value.word, REMOVED);
    if (after === detail) continue;
    await db.updateTable('audit').set({ detail: after }).where('id', '=', id).execute();
    done.texts += 1;
  }
  return done;
}

/** Removes whole ids that contain the value; duplicates are still recognised by hashes. */
async function forgetSentIds(db: Db, text: string, word: RegExp): Promise<void> {
  const [segments, commits] = await Promise.all([
    db.selectFrom('event_segment').select('id as key').execute(),
    db.selectFrom('inbox').select('seq as key').execute(),
  ]);
  const rows: RawSegment['row'][] = [
    ...segments.map(({ key }) => ({ table: 'event_segment' as const, key })),
    ...commits.map(({ key }) => ({ table: 'inbox' as const, key })),
  ];
  for (const row of rows) {
    const kept = (await loadSentIds(db, row))?.keep((id) => id.search(word) < 0, text);
    if (!kept) continue;
    const update = { ids: kept.encode() };
    if (row.table === 'inbox') await db.updateTable('inbox').set(update).where('seq', '=', row.key).execute();
    else await db.updateTable('event_segment').set(update).where('id', '=', row.key).execute();
  }
}

/**
 * Removes the value from rejected events. An excerpt or body that holds it is removed whole, because a part of it is not worth
 * keeping.
 */
async function forgetRejected(db: Db, text: string, word: RegExp): Promise<number> {
  const rows = await db.selectFrom('rejected_event').select(['id', 'event_id', 'reason', 'excerpt', 'sent']).execute();
  let count = 0;
  for (const row of rows) {
    const excerpt = row.excerpt !== null && mentions(row.excerpt, text) ? null : row.excerpt;
    const sent = row.sent !== null && mentions(row.sent, text) ? null : row.sent;
    const reason = row.reason.replace(word, REMOVED);
    const eventId = row.event_id === null ? null : row.event_id.replace(word, REMOVED);
    if (excerpt === row.excerpt && sent === row.sent && reason === row.reason && eventId === row.event_id) continue;
    await db
      .updateTable('rejected_event')
      .set({ excerpt, sent, reason, event_id: eventId })
      .where('id', '=', row.id)
      .execute();
    count += 1;
  }
  return count;
}

async function listMentions(
  db: Db,
  table: (typeof PLACES)[number]['table'],
  columns: readonly string[],
  text: string,
): Promise<Record<string, unknown>[]> {
  const rows = await db
    .selectFrom(table as 'answer')
    .select(columns as readonly 'id'[])
    .execute();
  return (rows as Record<string, unknown>[]).filter((row) =>
    columns.some((column) => mentions(String(row[column]), text)),
  );
}

/** Tells whether stored text holds the value, as it is or escaped for JSON. */
function mentions(stored: string, text: string): boolean {
  return stored.includes(text) || stored.includes(JSON.stringify(text).slice(1, -1));
}

function withoutValue(
  json: unknown,
  value: { text: string; dimensions: readonly Dimension[]; word: RegExp },
  isSentence = false,
): unknown {
  if (typeof json === 'string') return isSentence ? json.replace(value.word, REMOVED) : json;
  if (Array.isArray(json)) return json.map((part) => withoutValue(part, value, isSentence));
  if (typeof json !== 'object' || json === null) return json;
  const record = json as Record<string, unknown>;
  const isFilter = Array.isArray(record.patterns) && value.dimensions.includes(record.key as Dimension);
  return Object.fromEntries(
    Object.entries(record).map(([name, part]) => {
      if (isFilter && name === 'patterns')
        return [name, (part as string[]).map((pattern) => (pattern === value.text ? REMOVED : pattern))];
      if (name === 'name' && 'report' in record && part === value.text) return [name, REMOVED];
      return [name, withoutValue(part, value, isSentence || SENTENCES.has(name))];
    }),
  );
}

/** Matches the value as a whole word: 203.0.113.7 is not found in 203.0.113.70. */
function toWord(text: string): RegExp {
  return new RegExp(`(?<![\\p{L}\\p{N}])${RegExp.escape(text)}(?![\\p{L}\\p{N}])`, 'gu');
}

function escapeLike(text: string): string {
  return text.replaceAll(/[%_\\]/g, '_');
}
