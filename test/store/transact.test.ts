import { expect, it } from 'vitest';
import { findSetting, setSetting } from '../../src/store/configuration-repository.ts';
import { transact } from '../../src/store/database.ts';
import { describeEachDialect } from '../support/databases.ts';

describeEachDialect('work given to transact', (databases) => {
  it('is done as a whole, what it calls included, or not at all', async () => {
    const db = await databases.open();
    const write = (inner: () => void) =>
      transact(db, async (trx) => {
        await setSetting(trx, 'outer', '1');
        // Runs in the same transaction: a second one would wait for the first for ever.
        await transact(trx, (same) => setSetting(same, 'inner', '1'));
        inner();
      });
    const fail = () => {
      throw new Error('at the end');
    };
    await expect(write(fail)).rejects.toThrow('at the end');
    expect(await findSetting(db, 'outer')).toBeUndefined();
    expect(await findSetting(db, 'inner')).toBeUndefined();
    await write(() => {});
    expect(await findSetting(db, 'inner')).toBe('1');
  });
});
