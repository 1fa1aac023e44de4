import { expect, it } from 'vitest';
import { createLogger } from '../../src/log.ts';
import { createChangeLog } from '../../src/schedule/tick.ts';
import { insertAudit } from '../../src/store/audit-repository.ts';
import { describeEachDialect } from '../support/databases.ts';

describeEachDialect('the log of changes', ({ open }) => {
  it('has each change that was made since the start once', async () => {
    const db = await open();
    const lines: Record<string, unknown>[] = [];
    const run = createChangeLog(db, createLogger('info', { write: (line) => void lines.push(JSON.parse(line)) }));
    const change = (detail: string) => insertAudit(db, { atMs: 1, actor: 'U01', action: 'pool.add', detail });
    await change('before the start');
    await run();
    await change('crm, Daily credits');
    await change('crm, Add-on');
    await run();
    await run();
    expect(lines.map(({ actor, action, detail, msg }) => [actor, action, detail, msg])).toEqual([
      ['U01', 'pool.add', 'crm, Daily credits', 'changed'],
      ['U01', 'pool.add', 'crm, Add-on', 'changed'],
    ]);
  });
});
