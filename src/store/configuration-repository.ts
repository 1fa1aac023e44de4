import { ALERT_KINDS, type AlertKind } from '../domain/alert.ts';
import { amend } from '../domain/amend.ts';
import { backdateRules, type Change, type Declaration, NO_DEFINITIONS } from '../domain/declaration.ts';
import type { AppliedDefinitions, Definitions } from '../domain/definition.ts';
import type { OlderZone } from '../domain/usage.ts';
import { HeadroomError } from '../errors.ts';
import { insertAudit } from './audit-repository.ts';
import { type Db, insertNew, transact, upsert } from './database.ts';
import { DEFINITIONS, OLDER_ZONES, readColumn } from './json-columns.ts';

/** Returns all that was ever declared; version 0 and empty before the first declaration. */
export async function getDefinitions(db: Db): Promise<Definitions> {
  const row = await db.selectFrom('definition').select('body').orderBy('version', 'desc').limit(1).executeTakeFirst();
  return row ? readColumn('definition.body', DEFINITIONS, row.body) : NO_DEFINITIONS;
}

/** Lists the definitions that were in force at an instant (none before the first), then each later version, oldest first. */
export async function listDefinitionsSince(db: Db, sinceMs: number): Promise<AppliedDefinitions[]> {
  const rows = await db
    .selectFrom('definition')
    .select(['applied_ms as appliedMs', 'body'])
    .where('version', '>=', ({ selectFrom, fn, val }) =>
      fn.coalesce(
        selectFrom('definition as held')
          .select((each) => each.fn.max('held.version').as('version'))
          .where('held.applied_ms', '<=', sinceMs),
        val(0),
      ),
    )
    .orderBy('version')
    .execute();
  return rows.map(({ appliedMs, body }) => ({
    appliedMs,
    definitions: readColumn('definition.body', DEFINITIONS, body),
  }));
}

/** Returns the version of the definitions, which grows with every change; 0 before the first. Reads one index. */
export async function getDefinitionsVersion(db: Db): Promise<number> {
  const row = await db
    .selectFrom('definition')
    .select('version')
    .orderBy('version', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row?.version ?? 0;
}

/**
 * Writes the differences between a declaration and the stored definitions as one new version with audit lines; `today` is a day
 * of the report zone. Returns the changes; if there are none, nothing is written. Safe if several apply at once: each sees the
 * changes of the others.
 */
export async function applyDeclaration(
  db: Db,
  { declaration, today, actor, nowMs }: { declaration: Declaration; today: number; actor: string; nowMs: number },
): Promise<Change[]> {
  return changeDefinitions(db, { actor, nowMs }, (current) => amend(current, declaration, today));
}

/** Lets the newest rules hold from `fromDay` on, for a recount. Returns whether anything changed. */
export async function applyRulesFrom(
  db: Db,
  { fromDay, reason, actor, nowMs }: { fromDay: number; reason: string; actor: string; nowMs: number },
): Promise<boolean> {
  const changes = await changeDefinitions(db, { actor, nowMs }, (current) => {
    const definitions = backdateRules(current, fromDay);
    return { definitions, changes: definitions === current ? [] : [{ place: 'rules', text: reason }] };
  });
  return changes.length > 0;
}

/**
 * Applies `change` to the stored definitions and writes the result as a new version. `change` runs again if somebody else wrote
 * first. Returns the changes that it named; if there are none, nothing is written.
 */
export async function changeDefinitions(
  db: Db,
  { actor, nowMs }: { actor: string; nowMs: number },
  change: (current: Definitions) => { definitions: Definitions; changes: Change[] },
): Promise<Change[]> {
  for (;;) {
    const current = await getDefinitions(db);
    const { definitions, changes } = change(current);
    if (changes.length === 0) return [];
    const version = current.version + 1;
    const body = JSON.stringify({ ...definitions, version });
    const written = await transact(db, async (trx) => {
      // Versions are unique: of several writers that read the same version, only one can insert the next.
      const row = { version, applied_ms: nowMs, actor, body };
      if (!(await insertNew(trx.insertInto('definition').values(row)))) return false;
      for (const { place, text } of changes)
        await insertAudit(trx, { atMs: nowMs, actor, action: 'pools', detail: `${place}: ${text}` });
      return true;
    });
    if (written) return changes;
  }
}

/** Makes a function that returns the definitions and reads them again only if their version has changed. */
export function createDefinitionCache(db: Db): () => Promise<Definitions> {
  let cached = NO_DEFINITIONS;
  return async () => {
    if (cached.version !== (await getDefinitionsVersion(db))) cached = await getDefinitions(db);
    return cached;
  };
}

export async function findSetting(db: Db, name: string): Promise<string | undefined> {
  const row = await db.selectFrom('setting').select('value').where('name', '=', name).executeTakeFirst();
  return row?.value;
}

/** Returns the stored value; if there is none, stores one made by `create`. If several processes start together, the first wins. */
export async function getOrCreateSetting(db: Db, name: string, create: () => string): Promise<string> {
  const known = await findSetting(db, name);
  if (known !== undefined) return known;
  await insertSetting(db, name, create());
  return (await findSetting(db, name))!;
}

export function setSetting(db: Db, name: string, value: string): Promise<void> {
  return upsert(db, 'setting', { name }, { value });
}

/** Stores a value unless there is one; false if there is. */
export function insertSetting(db: Db, name: string, value: string): Promise<boolean> {
  return insertNew(db.insertInto('setting').values({ name, value }));
}

export async function deleteSetting(db: Db, name: string): Promise<void> {
  await db.deleteFrom('setting').where('name', '=', name).execute();
}

/** Names the setting by which a kind of alert was turned on or off. */
export function toKindSetting(kind: string): string {
  return `alert_on_${kind}`;
}

/** Returns the kinds of alerts that are on: as admins chose, otherwise by default. */
export async function listKindsOn(db: Db): Promise<ReadonlySet<AlertKind>> {
  const chosen = new Map((await listSettings(db, toKindSetting(''))).map(({ name, value }) => [name, value]));
  const isOn = (kind: AlertKind, on: boolean) => (chosen.get(toKindSetting(kind)) ?? (on ? '1' : '0')) === '1';
  return new Set(ALERT_KINDS.filter(({ kind, on }) => isOn(kind, on)).map(({ kind }) => kind));
}

/** Lists settings whose names begin with `beginning`. */
export function listSettings(db: Db, beginning: string): Promise<{ name: string; value: string }[]> {
  return db
    .selectFrom('setting')
    .select(['name', 'value'])
    .where(({ fn, val }) => fn('substr', ['name', val(1), val(beginning.length)]), '=', beginning)
    .execute();
}

/** Names of the settings that are chosen in Slack and override ALERT_CHANNEL and ONCALL. */
export const CHANNEL_SETTING = 'alert_channel';
export const MENTION_SETTING = 'alert_mention';

/** Value of a choice of no channel (alerts go to the admins by direct message) or of nobody, which overrides the environment. */
export const CHOSEN_NONE = 'none';

/** Returns the choice made in Slack, otherwise the setting of the environment; undefined if neither names anything. */
function resolveChoice(chosen: string | undefined, standard: string | undefined): string | undefined {
  return chosen === CHOSEN_NONE ? undefined : chosen || standard;
}

/** Finds the channel of alerts; undefined: they go to the admins by direct message. */
export async function findAlertChannel(db: Db, { alertChannel }: { alertChannel: string | undefined }) {
  return resolveChoice(await findSetting(db, CHANNEL_SETTING), alertChannel);
}

/** Finds who is mentioned at 90% and 100%: a user or a user group; undefined: nobody. */
export async function findAlertMention(db: Db, { oncall }: { oncall: string | undefined }) {
  return resolveChoice(await findSetting(db, MENTION_SETTING), oncall);
}

export const REPORT_ZONE = 'report_zone';
const OLDER_ZONES_SETTING = 'older_zones';

/**
 * Returns the report zone of this deployment. The first start (or command) that needs one fixes it to `wanted`, or UTC. Throws a
 * config error if another zone is wanted later.
 */
export async function getReportZone(db: Db, wanted: string | undefined): Promise<string> {
  const zone = await getOrCreateSetting(db, REPORT_ZONE, () => wanted ?? 'UTC');
  if (wanted === undefined || wanted === zone) return zone;
  throw new HeadroomError(
    'config',
    `REPORT_TIMEZONE is ${wanted}, but this database counts its days in ${zone}: set ${zone}, or run "headroom rezone ${wanted}".`,
  );
}

/** Lists older report zones, the latest last; none if the zone was never changed, or if all days could be recounted. */
export async function listOlderZones(db: Db): Promise<OlderZone[]> {
  const stored = await findSetting(db, OLDER_ZONES_SETTING);
  return stored === undefined ? [] : readColumn('the setting older_zones', OLDER_ZONES, stored);
}

/** Changes the report zone; `older`: the zone of days that could not be recounted, if any. */
export async function changeReportZone(db: Db, zone: string, older: OlderZone | undefined): Promise<void> {
  const before = await listOlderZones(db);
  const left = older
    ? before.map((one) => ({
        zone: one.zone,
        beforeDay: Math.min(one.beforeDay, older.beforeDay),
        pairsBeforeDay: Math.min(one.pairsBeforeDay, older.pairsBeforeDay),
      }))
    : [];
  await setSetting(db, OLDER_ZONES_SETTING, JSON.stringify(older ? [...left, older] : []));
  await setSetting(db, REPORT_ZONE, zone);
}
