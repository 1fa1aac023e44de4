import { expect, it } from 'vitest';
import { ValueTexts } from '../../src/store/value-texts.ts';
import { describeEachDialect } from '../support/databases.ts';

describeEachDialect('texts of values', ({ open }) => {
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
    // Meanwhile something was forgotten: the second question must not see old texts.
    const second = await texts.resolve(db, '7', [idOf('grace')]);
    expect(first.get(idOf('ada'))).toBe('ada');
    expect(second.get(idOf('grace'))).toBe('grace');
    expect(second.has(idOf('ada'))).toBe(false);
  });
});
