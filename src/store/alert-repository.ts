import type { AlertContent } from '../domain/alert.ts';
import { DAY_MS } from '../domain/calendar.ts';
import type { Definitions } from '../domain/definition.ts';
import { type Db, didChange, insertNew, transact } from './database.ts';
import { ALERT_CONTENT, KEYS, readColumn, writeColumn } from './json-columns.ts';

const ALERT = [
  ...(['id', 'key', 'kind', 'subject', 'period', 'level', 'arm', 'amount', 'covered', 'content'] as const),
  ...(['delivery_keys as deliveryKeys', 'at_ms as atMs', 'acked_by as ackedBy', 'acked_ms as ackedMs'] as const),
  'over_ms as overMs',
] as const;

/** The alerts of a subject in a period: acknowledged and ended together, with one thread, and webhook events in their order. */
export interface Conversation {
  subject: string;
  period: string;
}

/** Its kind and level are those of its content. */
export interface NewAlert extends Conversation {
  key: string;
  arm?: number;
  amount?: number;
  content: AlertContent;
}

export interface Alert extends Required<Omit<NewAlert, 'amount'>> {
  id: number;
  /** Counts as told, though nobody was: of another zone or version. */
  covered: boolean;
  kind: string;
  level: number | undefined;
  amount: number | undefined;
  deliveryKeys: readonly string[];
  atMs: number;
  acked: { by: string; ms: number } | undefined;
  /** Its reason is gone since. */
  overMs: number | undefined;
}

/** Writes an alert; false: its key was there before. Its messages belong into the same transaction. */
export function insertAlert(trx: Db, alert: NewAlert, nowMs: number): Promise<boolean> {
  const { key, subject, period, arm = 0, amount, content } = alert;
  return insertNew(
    trx.insertInto('alert').values({
      ...{ key, kind: content.kind, subject, period, level: content.level, arm, amount },
      covered: 0,
      content: writeColumn(content),
      delivery_keys: '[]',
      at_ms: nowMs,
    }),
  );
}

/** Writes the keys of the deliveries that tell an alert. */
export async function setAlertDeliveries(trx: Db, key: string, keys: readonly string[]): Promise<void> {
  await trx
    .updateTable('alert')
    .set({ delivery_keys: JSON.stringify(keys) })
    .where('key', '=', key)
    .execute();
}

/** Starts a query for alerts, which `listFound` ends; `told`: without those that a higher level covered. */
function selectAlerts(db: Db, { told }: { told: boolean }) {
  const all = db.selectFrom('alert').select(ALERT);
  return told ? all.where('covered', '=', 0) : all;
}

async function listFound(query: ReturnType<typeof selectAlerts>): Promise<Alert[]> {
  const rows = await query.execute();
  return rows.map(({ content, deliveryKeys, level, amount, covered, ackedBy, ackedMs, overMs, ...row }) => ({
    ...row,
    level: level ?? undefined,
    amount: amount ?? undefined,
    covered: covered === 1,
    content: readColumn('alert.content', ALERT_CONTENT, content),
    deliveryKeys: readColumn('alert.delivery_keys', KEYS, deliveryKeys),
    overMs: overMs ?? undefined,
    acked: ackedBy ? { by: ackedBy, ms: ackedMs! } : undefined,
  }));
}

export async function findAlert(db: Db, key: string): Promise<Alert | undefined> {
  const [found] = await listFound(selectAlerts(db, { told: false }).where('key', '=', key));
  return found;
}

/** Lists alerts of one subject and period, in the order they were raised. */
export function listAlertsOf(db: Db, subject: string, period: string): Promise<Alert[]> {
  const all = selectAlerts(db, { told: false });
  return listFound(all.where('subject', '=', subject).where('period', '=', period).orderBy('id'));
}

/** Lists alerts that were told in a span, in the order they were raised. */
export function listAlertsTold(db: Db, { fromMs, toMs }: { fromMs: number; toMs: number }): Promise<Alert[]> {
  return listFound(
    selectAlerts(db, { told: true }).where('at_ms', '>=', fromMs).where('at_ms', '<', toMs).orderBy('id'),
  );
}

/** Lists alerts that were told since an instant, newest first. */
export function listAlerts(db: Db, sinceMs: number, limit: number): Promise<Alert[]> {
  return listFound(selectAlerts(db, { told: true }).where('at_ms', '>=', sinceMs).orderBy('id', 'desc').limit(limit));
}

/** The newest of each conversation about a pool or a source that is not over. */
export async function listOpenAlerts(db: Db): Promise<Alert[]> {
  const open = selectAlerts(db, { told: true }).where('over_ms', 'is', null).where('kind', 'in', ['level', 'silent']);
  const alerts = await listFound(open.orderBy('id'));
  return [...new Map(alerts.map((alert) => [`${alert.subject}\0${alert.period}`, alert])).values()];
}

/** Ends every alert of the conversation that `newest` is the last of; false: it was over before, or another was told since. */
export async function markAlertsOver(db: Db, newest: Alert, nowMs: number): Promise<boolean> {
  const { id, subject, period } = newest;
  const told = (await listAlertsOf(db, subject, period)).filter(({ covered }) => !covered);
  if (told.at(-1)?.id !== id) return false;
  const all = db.updateTable('alert').where('subject', '=', subject).where('period', '=', period);
  return didChange(all.where('over_ms', 'is', null).set({ over_ms: nowMs }));
}

/** Takes back that a conversation is over; false: it is not. */
export function markAlertsOpen(db: Db, { subject, period }: Conversation): Promise<boolean> {
  const all = db.updateTable('alert').where('subject', '=', subject).where('period', '=', period);
  return didChange(all.where('over_ms', 'is not', null).set({ over_ms: null }));
}

/** Acknowledges every alert of a conversation; false: somebody had before. */
export function acknowledgeAlerts(
  db: Db,
  { subject, period }: Conversation,
  by: string,
  nowMs: number,
): Promise<boolean> {
  const all = db.updateTable('alert').where('subject', '=', subject).where('period', '=', period);
  return didChange(all.where('acked_by', 'is', null).set({ acked_by: by, acked_ms: nowMs }));
}

/** A stretch of time in which the alerts of a rolling pool come once each. */
export interface Episode {
  number: number;
  startedMs: number;
  /** Since when use has been below the lowest threshold; null: it is not. */
  belowSinceMs: number | null;
  endedMs: number | null;
}

/** Lists the newest episode of each subject. */
export async function listEpisodes(db: Db): Promise<ReadonlyMap<string, Episode>> {
  const rows = await db
    .selectFrom('alert_episode as episode')
    .select(['subject', 'number', 'started_ms as startedMs', 'below_since_ms as belowSinceMs', 'ended_ms as endedMs'])
    .where('number', '=', (newest) =>
      newest
        .selectFrom('alert_episode as other')
        .select((other) => other.fn.max('other.number').as('number'))
        .whereRef('other.subject', '=', 'episode.subject'),
    )
    .execute();
  return new Map(rows.map(({ subject, ...episode }) => [subject, episode]));
}

/** Returns when an episode ended; undefined: it is open, or forgotten. */
export async function findEpisodeEnd(db: Db, subject: string, number: number): Promise<number | undefined> {
  const found = db.selectFrom('alert_episode').select('ended_ms').where('subject', '=', subject);
  return (await found.where('number', '=', number).executeTakeFirst())?.ended_ms ?? undefined;
}

/** Writes an episode in place of what was read of the subject; nothing where another instance was quicker. */
export async function writeEpisode(
  db: Db,
  subject: string,
  read: Episode | undefined,
  { number, startedMs, belowSinceMs, endedMs }: Episode,
): Promise<void> {
  const change = { below_since_ms: belowSinceMs, ended_ms: endedMs };
  if (read?.number === number)
    await db
      .updateTable('alert_episode')
      .set(change)
      .where('subject', '=', subject)
      .where('number', '=', number)
      .where('ended_ms', 'is', null)
      .where('below_since_ms', read.belowSinceMs === null ? 'is' : '=', read.belowSinceMs)
      .execute();
  else await insertNew(db.insertInto('alert_episode').values({ subject, number, started_ms: startedMs, ...change }));
}

/**
 * Alerts are kept for thirteen months: longer than any period of the calendar, so that one that is forgotten belongs to a
 * period that is over, and cannot be told again.
 */
export const ALERTS_KEPT_MS = 400 * DAY_MS;

/**
 * Deletes alerts and episodes that nothing needs any more. Alerts of `once` pools stay: these may last for years, and be
 * prolonged.
 */
export async function removeOldAlerts(db: Db, { scopes }: Pick<Definitions, 'scopes'>, nowMs: number): Promise<void> {
  const lasting = scopes.flatMap((scope) =>
    [...scope.pools, ...scope.limits]
      .filter(({ period }) => period.kind === 'once')
      .flatMap(({ name }) => [`${scope.name}/${name}`, `${scope.name}/${name} (limit)`]),
  );
  await transact(db, (trx) => deleteAlertsBefore(trx, nowMs - ALERTS_KEPT_MS, new Set(lasting)));
}

/** The pool that a switch or a forecast is about; other subjects are their own. */
export function toPoolSubject(subject: string): string {
  return subject.replace(/^(?:switch|run-out) of /, '');
}

/**
 * Forgets alerts raised before an instant, and episodes that had ended by then. These stay, however old: alerts of the
 * `lasting` subjects, of an episode that is open, the newest of each silence (it may last), and the newest episode of each
 * pool, from which the next is numbered.
 */
async function deleteAlertsBefore(trx: Db, beforeMs: number, lasting: ReadonlySet<string>): Promise<void> {
  const rows = await trx
    .selectFrom('alert')
    .select(['id', 'kind', 'subject', 'period'])
    .where('at_ms', '<', beforeMs)
    .orderBy('id')
    .execute();
  const episodes = await listEpisodes(trx);
  const isOpen = (subject: string, period: string) => {
    const episode = episodes.get(subject);
    return episode?.endedMs === null && period === `episode-${episode.number}`;
  };
  const newestSilence = new Map(rows.filter(({ kind }) => kind === 'silent').map(({ subject, id }) => [subject, id]));
  const ids = rows
    .filter(({ id, subject, period }) => {
      const pool = toPoolSubject(subject);
      return !lasting.has(pool) && !isOpen(pool, period) && newestSilence.get(subject) !== id;
    })
    .map(({ id }) => id);
  for (let at = 0; at < ids.length; at += 500)
    await trx
      .deleteFrom('alert')
      .where('id', 'in', ids.slice(at, at + 500))
      .execute();
  await trx
    .deleteFrom('alert_episode')
    .where('ended_ms', '<', beforeMs)
    .where((eb) =>
      eb(
        'number',
        '<',
        eb
          .selectFrom('alert_episode as other')
          .select((each) => each.fn.max('other.number').as('newest'))
          .whereRef('other.subject', '=', 'alert_episode.subject'),
      ),
    )
    .execute();
}

/** A mute: alerts of a subject, a kind or a scope (`*`: all) are not sent until it ends. */
export interface Mute {
  what: string;
  untilMs: number | undefined;
  by: string;
}

/** Mutes that hold at `nowMs`. */
export async function listMutes(db: Db, nowMs: number): Promise<Mute[]> {
  const rows = await db
    .selectFrom('alert_mute')
    .select(['what', 'until_ms', 'muted_by'])
    .where((where) => where.or([where('until_ms', 'is', null), where('until_ms', '>', nowMs)]))
    .execute();
  return rows.map((row) => ({ what: row.what, untilMs: row.until_ms ?? undefined, by: row.muted_by }));
}

export async function upsertMute(db: Db, mute: Mute): Promise<void> {
  const row = { until_ms: mute.untilMs ?? null, muted_by: mute.by };
  await db
    .insertInto('alert_mute')
    .values({ what: mute.what, ...row })
    .onConflict((conflict) => conflict.column('what').doUpdateSet(row))
    .execute();
}

export function deleteMute(db: Db, what: string): Promise<boolean> {
  return didChange(db.deleteFrom('alert_mute').where('what', '=', what));
}
