import type { AlertContent } from '../domain/alert.ts';
import { DAY_MS } from '../domain/calendar.ts';
import type { Definitions } from '../domain/definition.ts';
import type { Question } from '../domain/report.ts';
import { type Db, didChange, insertNew, transact, upsert } from './database.ts';
import { ALERT_CONTENT, KEYS, QUESTION, readColumn, writeColumn } from './json-columns.ts';

const ALERT = [
  ...(['id', 'key', 'kind', 'subject', 'period', 'level', 'arm', 'amount', 'covered', 'content'] as const),
  ...(['delivery_keys as deliveryKeys', 'at_ms as atMs', 'acked_by as ackedBy', 'acked_ms as ackedMs'] as const),
  'over_ms as overMs',
] as const;

/** All alerts of a subject in a period: they share one thread, and are acknowledged and ended together. */
export interface Conversation {
  subject: string;
  period: string;
}

/** An alert to insert; its kind and level are those of its content. */
export interface NewAlert extends Conversation {
  key: string;
  arm?: number;
  amount?: number;
  content: AlertContent;
}

export interface Alert extends Required<Omit<NewAlert, 'amount'>> {
  id: number;
  /** True for a row of another report zone or an older version that counts as sent though nobody was told. */
  covered: boolean;
  kind: string;
  level: number | undefined;
  amount: number | undefined;
  deliveryKeys: readonly string[];
  atMs: number;
  acked: { by: string; ms: number } | undefined;
  /** When its reason was gone. */
  overMs: number | undefined;
}

/** Inserts an alert; false if its key exists already. Insert its deliveries in the same transaction. */
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

/** Stores the keys of an alert's deliveries. */
export async function setAlertDeliveries(trx: Db, key: string, keys: readonly string[]): Promise<void> {
  await trx
    .updateTable('alert')
    .set({ delivery_keys: JSON.stringify(keys) })
    .where('key', '=', key)
    .execute();
}

/** Starts a query for alerts, to be executed by `listFound`; `told` leaves out those that are `covered`. */
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

/** Lists alerts that were sent in a span, in the order they were raised. */
export function listAlertsTold(db: Db, { fromMs, toMs }: { fromMs: number; toMs: number }): Promise<Alert[]> {
  return listFound(
    selectAlerts(db, { told: true }).where('at_ms', '>=', fromMs).where('at_ms', '<', toMs).orderBy('id'),
  );
}

/** Lists alerts that were sent since an instant, newest first. */
export function listAlerts(db: Db, sinceMs: number, limit: number): Promise<Alert[]> {
  return listFound(selectAlerts(db, { told: true }).where('at_ms', '>=', sinceMs).orderBy('id', 'desc').limit(limit));
}

/** Lists the newest alert of each conversation about a pool or a source that is not over. */
export async function listOpenAlerts(db: Db): Promise<Alert[]> {
  const open = selectAlerts(db, { told: true }).where('over_ms', 'is', null).where('kind', 'in', ['level', 'silent']);
  const alerts = await listFound(open.orderBy('id'));
  return [...new Map(alerts.map((alert) => [`${alert.subject}\0${alert.period}`, alert])).values()];
}

/** Marks all alerts of a conversation as over. False if they were already, or if a newer alert than `newest` was raised. */
export async function markAlertsOver(db: Db, newest: Alert, nowMs: number): Promise<boolean> {
  const { id, subject, period } = newest;
  const told = (await listAlertsOf(db, subject, period)).filter(({ covered }) => !covered);
  if (told.at(-1)?.id !== id) return false;
  const all = db.updateTable('alert').where('subject', '=', subject).where('period', '=', period);
  return didChange(all.where('over_ms', 'is', null).set({ over_ms: nowMs }));
}

/** Marks a conversation as open again; false if it was not over. */
export function markAlertsOpen(db: Db, { subject, period }: Conversation): Promise<boolean> {
  const all = db.updateTable('alert').where('subject', '=', subject).where('period', '=', period);
  return didChange(all.where('over_ms', 'is not', null).set({ over_ms: null }));
}

/** Acknowledges every alert of a conversation; false if all were acknowledged before. */
export function acknowledgeAlerts(
  db: Db,
  { subject, period }: Conversation,
  by: string,
  nowMs: number,
): Promise<boolean> {
  const all = db.updateTable('alert').where('subject', '=', subject).where('period', '=', period);
  return didChange(all.where('acked_by', 'is', null).set({ acked_by: by, acked_ms: nowMs }));
}

/** A stretch of time in which each alert of a rolling pool is sent once; it takes the place of a period. */
export interface Episode {
  number: number;
  startedMs: number;
  /** Since when usage has been below the lowest threshold; null while it is not. */
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

/** Returns when an episode ended; undefined if it is open or its row was deleted. */
export async function findEpisodeEnd(db: Db, subject: string, number: number): Promise<number | undefined> {
  const found = db.selectFrom('alert_episode').select('ended_ms').where('subject', '=', subject);
  return (await found.where('number', '=', number).executeTakeFirst())?.ended_ms ?? undefined;
}

/** Writes an episode, given the one that was `read` of the subject before. Does nothing if another instance was quicker. */
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
 * Keep alerts for thirteen months, longer than any calendar period: a deleted alert then belongs to a period that is over, and
 * cannot be raised again.
 */
export const ALERTS_KEPT_MS = 400 * DAY_MS;

/**
 * Deletes old alerts and episodes. Alerts of `once` pools stay, since these pools may last for years and be prolonged.
 */
export async function removeOldAlerts(db: Db, { scopes }: Pick<Definitions, 'scopes'>, nowMs: number): Promise<void> {
  const lasting = scopes.flatMap((scope) =>
    [...scope.pools, ...scope.limits]
      .filter(({ period }) => period.kind === 'once')
      .flatMap(({ name }) => [`${scope.name}/${name}`, `${scope.name}/${name} (limit)`]),
  );
  await transact(db, (trx) => deleteAlertsBefore(trx, nowMs - ALERTS_KEPT_MS, new Set(lasting)));
}

/** Returns the pool's subject for an alert about a switch or a run-out; other subjects are returned as they are. */
export function toPoolSubject(subject: string): string {
  return subject.replace(/^(?:switch|run-out) of /, '');
}

/**
 * Deletes alerts raised before an instant, and episodes that had ended by then. These stay, however old: alerts of the
 * `lasting` subjects, alerts of an open episode, the newest silence alert of each source (the silence may last), and the newest
 * episode of each pool, from which the next is numbered.
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

/** Lists mutes that hold at `nowMs`. */
export async function listMutes(db: Db, nowMs: number): Promise<Mute[]> {
  const rows = await db
    .selectFrom('alert_mute')
    .select(['what', 'until_ms', 'muted_by'])
    .where((where) => where.or([where('until_ms', 'is', null), where('until_ms', '>', nowMs)]))
    .execute();
  return rows.map((row) => ({ what: row.what, untilMs: row.until_ms ?? undefined, by: row.muted_by }));
}

export function upsertMute(db: Db, { what, untilMs, by }: Mute): Promise<void> {
  return upsert(db, 'alert_mute', { what }, { until_ms: untilMs ?? null, muted_by: by });
}

export function deleteMute(db: Db, what: string): Promise<boolean> {
  return didChange(db.deleteFrom('alert_mute').where('what', '=', what));
}

/** An alert when the requests of a saved view go over a bound. */
export interface AlertRule {
  name: string;
  question: Question;
  over: number;
  per: 'hour' | 'day';
  by: string;
}

export async function listAlertRules(db: Db): Promise<AlertRule[]> {
  const rows = await db
    .selectFrom('alert_rule')
    .select(['name', 'question', 'over', 'per', 'added_by as by'])
    .orderBy('name')
    .execute();
  return rows.map((row) => ({ ...row, question: readColumn('alert_rule.question', QUESTION, row.question) }));
}

export function upsertAlertRule(db: Db, { name, question, over, per, by }: AlertRule): Promise<void> {
  return upsert(db, 'alert_rule', { name }, { question: JSON.stringify(question), over, per, added_by: by });
}

export function deleteAlertRule(db: Db, name: string): Promise<boolean> {
  return didChange(db.deleteFrom('alert_rule').where('name', '=', name));
}
