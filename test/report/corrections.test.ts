import { expect, it } from 'vitest';
import { FIRST_DAY } from '../../src/domain/definition.ts';
import type { Correction, Span } from '../../src/domain/usage.ts';
import { ask, at } from './setup.ts';

const CORRECTIONS: Correction[] = [
  { meter: 'crm', timeMs: at('2026-11-20T12:00:00Z'), credits: -500_000, reason: 'twice', actor: 'U1' },
  { meter: 'crm/Fair', timeMs: at('2026-11-20T13:00:00Z'), credits: 1500, reason: 'late', actor: 'U1' },
  { meter: 'other', timeMs: at('2026-11-19T12:00:00Z'), credits: 2000, reason: 'x', actor: 'U1' },
];
const deps = {
  corrections: async ({ fromMs, toMs }: Span) => CORRECTIONS.filter(({ timeMs }) => timeMs >= fromMs && timeMs < toMs),
};
const events = [{ timeMs: at('2026-11-20T08:00:00Z'), scope: 'crm', count: 900 }];
const definitions = {
  scopes: [
    {
      ...{ name: 'crm', title: 'CRM', links: {}, limits: [] },
      pools: [
        {
          ...{
            name: 'Month',
            period: { kind: 'month' as const, anchor: 1 },
            fromDay: FIRST_DAY,
            priority: 1,
            order: 0,
          },
          thresholds: [75, 90],
          amounts: [{ fromDay: FIRST_DAY, base: 1_000_000, grants: [], priority: 1 }],
        },
      ],
    },
  ],
};

it('a day that was corrected says how often and by how much', async () => {
  const told = async (range: string, scope?: string) =>
    (
      await ask(
        events,
        {
          report: 'daily',
          range,
          filters: scope ? [{ key: 'scope', patterns: [scope], not: false }] : [],
        },
        { deps },
      )
    ).notes.filter((note) => note.includes('correction'));
  expect(await told('2026-11-20')).toEqual([
    '2 corrections, -498.5 credits in all: counted in pools, not in these requests.',
  ]);
  expect(await told('7d', 'other')).toEqual(['1 correction, +2 credits: counted in pools, not in these requests.']);
  expect(await told('2026-11-18')).toEqual([]);
});

it('balances say which corrections are in them', async () => {
  const report = await ask(events, { report: 'pool', scope: 'crm' }, { definitions, deps });
  expect(report.notes).toContain('CRM includes 2 corrections, -498.5 credits in all since Sun 1 Nov 2026.');
  const before = await ask(events, { report: 'pool', scope: 'crm', range: '2026-11-19' }, { definitions, deps });
  expect(before.notes.join()).not.toContain('correction');
});

it('a what-if says that it is computed as if it had held all along', async () => {
  const [scope] = definitions.scopes;
  const [pool] = scope!.pools;
  const amounts = [{ ...pool!.amounts[0]!, grants: [{ name: 'Users', quantity: 10, each: 1000 }] }];
  const granted = { scopes: [{ ...scope!, pools: [{ ...pool!, amounts }] }] };
  const report = await ask(events, { report: 'pool', scope: 'crm', suppose: { users: 25 } }, { definitions: granted });
  expect(report.notes).toContain('Calculated as if this had always applied.');
});
