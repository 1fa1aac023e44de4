import { expect, it } from 'vitest';
import { openDatabase } from '../../src/store/database.ts';
import { migrate } from '../../src/store/migrate.ts';
import { describeEachDialect } from './databases.ts';

describeEachDialect('the database', (databases) => {
  it('is migrated once when several processes start together', async () => {
    const url = await databases.createUrl();
    const connections = [1, 2, 3].map(() => openDatabase(url, { thread: true }));
    await Promise.all(connections.map((db) => migrate(db)));
    await connections[0]!.insertInto('setting').values({ name: 'a', value: 'ü' }).execute();
    expect(await connections[1]!.selectFrom('setting').selectAll().execute()).toEqual([{ name: 'a', value: 'ü' }]);
    await Promise.all(connections.map((db) => db.destroy()));
  });
});
