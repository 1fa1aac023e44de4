import { describe, expect, it, test } from 'vitest';
import type { Pool, Scope } from '../../src/domain/definition.ts';
import type { Filter } from '../../src/domain/filter.ts';
import type { Question, RefusedQuestion, Report, ReportKind } from '../../src/domain/report.ts';
import { describeContext } from '../../src/messages/controls.ts';
import { ask, NOW } from './setup.ts';

function scope(name: string, title: string): Scope {
  const amounts = [{ fromDay: 0, base: 1_000_000, grants: [{ name: `${title} seat`, quantity: 10, each: 1000 }] }];
  const pool: Pool = {
    ...{ name: `${title} plan`, period: { kind: 'month', anchor: 1 }, priority: 1, fromDay: 0, amounts, order: 0 },
    thresholds: [75, 90],
  };
  return { name, title, links: {}, pools: [pool], limits: [] };
}

const scopes = [scope('crm', 'CRM API'), scope('erp', 'ERP API')];
/** Events of two scopes, which differ in client, route, source, status and duration. */
const events = ['crm', 'erp'].flatMap((name) =>
  Array.from({ length: 4 }, (_, day) => ({
    ...{ timeMs: NOW - day * 86_400_000 - 60_000, scope: name, client: `${name}-client`, route: `/${name}`, count: 1 },
    ...{ status: name === 'crm' ? 200 : 500, durationMs: name === 'crm' ? 5 : 900, source: `${name}-source` },
  })),
);

const told = (question: Question): Promise<Report> =>
  ask(events, question as Question & { report: 'top' }, { definitions: { scopes } }) as Promise<Report>;

/** Returns a report as JSON without its question and filters, for comparing contents. */
function contentOf({ question: _, filters: __, ...report }: Report): string {
  return JSON.stringify(report);
}

const of = (...patterns: string[]): Filter[] => [{ key: 'scope', patterns, not: false }];

describe('a filter for one scope', () => {
  const kinds: [ReportKind, Partial<Question>?][] = [
    ['summary'],
    ['top'],
    ['top', { dimension: 'scope' }],
    ['top', { dimension: 'route', versus: 'previous' }],
    ['summary', { versus: 'previous' }],
    ['status'],
    ['daily'],
    ['daily', { dimension: 'client' }],
    ['day', { range: 'today' }],
    ['latency'],
    ['events'],
    ['pool'],
    ['history'],
    ['licences'],
    ['explain'],
    ['advice'],
  ];
  test.each(kinds)('is applied where it is claimed: %s %j', async (report, more = {}) => {
    const question: Question = { report, ...more };
    const filtered = await told({ ...question, filters: of('crm') });
    expect(contentOf(filtered)).not.toMatch(/erp/i);
    const all = await told(question);
    // Each scope made half of the calls.
    if ('totals' in filtered && 'totals' in all) expect(filtered.totals.requests * 2).toBe(all.totals.requests);
    else expect(contentOf(filtered)).not.toBe(contentOf(all));
  });

  test.each(['pool', 'history', 'licences', 'explain'] as const)(
    'of %s is the scope that is asked for',
    async (report) => {
      const filtered = await told({ report, filters: of('crm') });
      const named = await told({ report, scope: 'crm' });
      expect(contentOf(filtered)).toBe(contentOf(named));
      expect(describeContext(filtered)).toBe(describeContext(named));
    },
  );

  it('that there is not is refused, with those that there are', async () => {
    await expect(told({ report: 'licences', filters: of('nothing') })).rejects.toThrow('No scope is called “nothing”');
  });
});

test('balances of some scopes are asked back, since one or all are told', async () => {
  for (const filters of [of('crm', 'erp'), of('c*x'), [{ key: 'scope' as const, patterns: ['crm'], not: true }]]) {
    const asked = told({ report: 'licences', filters });
    await expect(asked).rejects.toThrow('I can tell the balances of one scope, or of all of them.');
    const { offers } = (await asked.catch((error: unknown) => error)) as RefusedQuestion;
    expect(offers.at(-1)).toEqual({ label: 'All scopes', question: { report: 'licences' } });
  }
});
