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
