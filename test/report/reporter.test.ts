import { describe, expect, it } from 'vitest';
import { REPORT_KINDS } from '../../src/domain/report.ts';
import { buildFallback } from '../../src/messages/answer-message.ts';
import { toCsv } from '../../src/report/table.ts';
import { ask, at } from './setup.ts';

const acme = { timeMs: at('2026-10-20T12:00:00Z'), client: 'acme', route: '/a' };

describe.each(REPORT_KINDS)('%s', (kind) => {
  const name = kind === 'route' ? '/a' : 'acme';

  it('can be answered before anything was received', async () => {
    const report = await ask([], { report: kind, name });
    expect(report.finding).toMatch(/^No (usage has been received|pools) yet/);
    expect(report).toMatchObject({ kind, asOfMs: 0, zone: 'UTC' });
  });

  it('can be answered from one call, and for a month that has no whole day yet', async () => {
    for (const range of ['2026-10-20', 'this-month']) {
      const report = await ask([acme], { report: kind, name, range }, { nowMs: at('2026-11-01T10:00:00Z') });
      expect(report).toMatchObject({ kind, asOfMs: acme.timeMs });
      expect(report.finding).not.toMatch(/NaN|undefined|Infinity/);
      expect(report.notes.join()).not.toMatch(/NaN|undefined|Infinity/);
      const { columns, rows } = report.table;
      expect(rows.every((row) => row.length === columns.length)).toBe(true);
      expect(toCsv(report)).not.toMatch(/NaN|undefined|Infinity/);
    }
  });

  it('gives the question back as it was asked, for the buttons', async () => {
    const question = {
      report: kind,
      name,
      range: '2026-10-20',
      filters: [{ key: 'kind', patterns: ['call'], not: false }],
    } as const;
    expect((await ask([acme], question)).question).toEqual(question);
  });
});

describe('filters', () => {
  const filters = [{ key: 'status', patterns: ['429'], not: false }] as const;

  it.each(['pool', 'history', 'licences'] as const)(
    'are said not to apply to %s, which is of all calls',
    async (kind) => {
      const report = await ask([acme], { report: kind, filters });
      expect(report.filters).toEqual([]);
      expect(report.notes).toContain('Pools are of all calls: the filters do not apply here.');
    },
  );

  it('stand in the text of an answer, not in its picture alone', async () => {
    expect(buildFallback(await ask([acme], { report: 'top', filters }))).toContain('Filters: status:429');
  });
});
