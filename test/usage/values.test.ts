import { sql } from 'kysely';
import { expect, it } from 'vitest';
import { ValueTexts } from '../../src/usage/values.ts';
import { describeEachDialect } from '../support/databases.ts';

describeEachDialect('texts of values', ({ dialect, open }) => {
  it('stay with the question that asked for them when another begins anew', async () => {
    const db = await open();
    const rows = await db
      .insertInto('value')
      .values(['ada', 'grace'].map((text) => ({ dimension: 'user' as const, text, place_day: 0 })))
      .returning(['id', 'text'])
      .execute();
    const idOf = (text: string): number => rows.find((row) => row.text === text)!.id;
    const texts = new ValueTexts();
    const first = await texts.resolve(db, undefined, [idOf('ada')]);
    // The mark has changed, because a value was forgotten meanwhile: the second question must not see old texts.
    const second = await texts.resolve(db, '7', [idOf('grace')]);
    expect(first.get(idOf('ada'))).toBe('ada');
    expect(second.get(idOf('grace'))).toBe('grace');
    expect(second.has(idOf('ada'))).toBe(false);
  });

  it('of one dimension are found without reading those of all', async () => {
    const db = await open();
    const query = sql`select id, text from value where dimension = 'meters'`;
    const lines = await db.connection().execute(async (connection) => {
      const isPostgres = dialect === 'postgres';
      if (isPostgres) await sql`set enable_seqscan = off`.execute(connection);
      const plan = isPostgres ? sql`explain ${query}` : sql`explain query plan ${query}`;
      return (await plan.execute(connection)).rows.map((row) => JSON.stringify(row));
    });
    expect(lines.join('\n')).toMatch(/value_dimension|USING INDEX value_text|sqlite_autoindex_value/);
  });
});
