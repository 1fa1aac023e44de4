import type { Db } from './database.ts';

export async function findSetting(db: Db, name: string): Promise<string | undefined> {
  const row = await db.selectFrom('setting').select('value').where('name', '=', name).executeTakeFirst();
  return row?.value;
}

/** The stored value; where there is none, `create`'s is stored first. Of several that start together, the first wins. */
export async function getOrCreateSetting(db: Db, name: string, create: () => string): Promise<string> {
  const known = await findSetting(db, name);
  if (known !== undefined) return known;
  await db
    .insertInto('setting')
    .values({ name, value: create() })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const row = await db.selectFrom('setting').select('value').where('name', '=', name).executeTakeFirstOrThrow();
  return row.value;
}

export async function setSetting(db: Db, name: string, value: string): Promise<void> {
  await db
    .insertInto('setting')
    .values({ name, value })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ value }))
    .execute();
}

/** Stores a value where there is none; false: there was one. */
export async function insertSetting(db: Db, name: string, value: string): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await db
    .insertInto('setting')
    .values({ name, value })
    .onConflict((conflict) => conflict.column('name').doNothing())
    .executeTakeFirst();
  return Number(numInsertedOrUpdatedRows) === 1;
}

export async function deleteSetting(db: Db, name: string): Promise<void> {
  await db.deleteFrom('setting').where('name', '=', name).execute();
}

/** Returns what admins chose about alerts: the settings whose names begin with `alert_`. */
export async function findAlertSettings(db: Db): Promise<ReadonlyMap<string, string>> {
  const rows = await db
    .selectFrom('setting')
    .select(['name', 'value'])
    .where('name', '>=', 'alert_')
    .where('name', '<', 'alert`')
    .execute();
  return new Map(rows.map(({ name, value }) => [name, value]));
}

/** Settings that are chosen in Slack, and hold instead of ALERT_CHANNEL and ONCALL. */
export const CHANNEL_SETTING = 'alert_channel';
export const MENTION_SETTING = 'alert_mention';

/** The choice of no channel (alerts go to the admins by direct message) or of nobody, whatever the environment names. */
export const CHOSEN_NONE = 'none';

/** Returns the choice made in Slack, else the setting of the environment; undefined where neither names anything. */
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
