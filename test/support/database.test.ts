import { expect, it, onTestFinished } from 'vitest';
import { openDatabase } from '../../src/store/database.ts';
import { migrate } from '../../src/store/migrate.ts';
import { createDatabase, WANTED_DIALECTS } from './databases.ts';

it.each(WANTED_DIALECTS)('is migrated once when several processes start together on %s', async (dialect) => {
  const { url, remove } = await createDatabase(dialect, 'empty');
  onTestFinished(remove);
  const connections = [1, 2, 3].map(() => openDatabase(url, { thread: true }));
  await Promise.all(connections.map((db) => migrate(db)));
  await connections[0]!.insertInto('setting').values({ name: 'a', value: 'ü' }).execute();
  expect(await connections[1]!.selectFrom('setting').selectAll().execute()).toEqual([{ name: 'a', value: 'ü' }]);
  await Promise.all(connections.map((db) => db.destroy()));
});
