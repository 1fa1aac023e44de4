import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ClientName } from '../../src/domain/definition.ts';
import type { Filter } from '../../src/domain/filter.ts';
import type { EventOfTest } from './memory-usage.ts';
import { ask, at } from './setup.ts';

const clients: ClientName[] = [
  { id: 'a1', name: 'Acme CRM', team: 'Sales' },
  { id: 'a2', name: 'Acme CRM', team: 'Sales' },
  { id: 'w*', name: 'Warehouse', team: 'Logistics' },
  { id: 'portal', name: 'Portal' },
];
const definitions = { clients };

function calls(client: string, count: number, more: Partial<EventOfTest> = {}): EventOfTest {
  return { timeMs: at('2026-11-20T12:00:00Z'), client, count, ...more };
}

const events = [
  ...[calls('a1', 50), calls('a2', 20), calls('w1', 15), calls('w2', 5, { status: 500 })],
  ...[calls('portal', 7), calls('stray', 3, { route: '/v1/orders' })],
];

const team = (...patterns: string[]): Filter => ({ key: 'team', patterns, not: false });

describe('teams', () => {
  it('roll up the clients that they are declared for; those without one stand last', async () => {
    const report = await ask(events, { report: 'top', dimension: 'team' }, { definitions });
    expect(report.finding).toBe('Sales made 70% of 100 requests.');
    expect(report.rows.map(({ name, requests, ids }) => [name, requests, ids])).toEqual([
      ['Sales', 70, ['a1', 'a2']],
      ['Logistics', 20, ['w1', 'w2']],
      ['(none)', 10, ['portal', 'stray']],
    ]);
    expect(report).toMatchObject({ title: 'Top teams', population: '2 teams · 4 clients', distinct: 2 });
    expect(report.notes).toContain('10 requests had no team: (none) in the table.');
  });

  it('filter, with not and wildcards and in any case, also together with clients', async () => {
    const names = async (...filters: Filter[]) =>
      (await ask(events, { report: 'top', filters }, { definitions })).rows.map(({ name }) => name);
    expect(await names(team('sales'))).toEqual(['Acme CRM']);
    expect(await names(team('LOG*'))).toEqual(['Warehouse']);
    expect(await names({ ...team('Sales'), not: true })).toEqual(['Warehouse', 'Portal', 'stray']);
    expect(await names(team('(none)'))).toEqual(['Portal', 'stray']);
    expect(await names(team('Sales', 'Logistics'), { key: 'client', patterns: ['Acme CRM'], not: true })).toEqual([
      'Warehouse',
    ]);
    const unknown = await ask(events, { report: 'top', filters: [team('Saels')] }, { definitions });
    expect(unknown.notes[0]).toBe('No team “Saels” is declared; nearest: Sales.');
    expect(unknown.totals.requests).toBe(0);
  });

  it('say what one client cost, and its share of all', async () => {
    const filters: Filter[] = [{ key: 'client', patterns: ['Acme CRM'], not: false }];
    const report = await ask(events, { report: 'top', measure: 'credits', filters }, { definitions });
    expect(report.finding).toBe('Acme CRM used 70 credits, 70% of all.');
  });

  it('change the labels of the past when they change, and no number', async () => {
    const moved = clients.map((client) => ({ ...client, team: 'Everybody' }));
    const report = await ask(events, { report: 'top', dimension: 'team' }, { definitions: { clients: moved } });
    expect(report.rows.map(({ name, requests }) => [name, requests])).toEqual([
      ['Everybody', 97],
      ['(none)', 3],
    ]);
  });

  it('stand in the drill-downs of a client and of a route', async () => {
    const client = await ask(events, { report: 'client', name: 'Acme CRM', range: '7d' }, { definitions });
    expect(client.population).toBe('team Sales');
    expect(client.offers).toEqual([
      { label: 'All of team Sales', question: { report: 'top', range: '7d', filters: [team('Sales')] } },
    ]);
    const route = await ask(
      events.map((event) => ({ ...event, route: '/v1/orders' })),
      { report: 'route', name: '/v1/orders' },
      { definitions },
    );
    const section = route.sections.find(({ dimension }) => dimension === 'team');
    expect(section?.rows.map(({ name, requests }) => [name, requests])).toEqual([
      ['Logistics', 20],
      ['Sales', 70],
      ['(none)', 10],
    ]);
  });

  it('add up, and filter to what a plain count of their clients gives', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ client: fc.constantFrom('a1', 'a2', 'w1', 'w2', 'portal', 'x'), count: fc.nat(9) })),
        fc.subarray(['Sales', 'Logistics', '(none)', 'S*'], { minLength: 1 }),
        fc.boolean(),
        async (sent, patterns, not) => {
          const some = sent.filter(({ count }) => count > 0).map(({ client, count }) => calls(client, count));
          const teamOf = (client = '') => (/^a/.test(client) ? 'Sales' : /^w/.test(client) ? 'Logistics' : '(none)');
          const fits = (name: string) =>
            patterns.some((pattern) => pattern === name || (pattern === 'S*' && name === 'Sales'));
          const wanted = some.filter(({ client }) => fits(teamOf(client)) !== not);
          const sum = wanted.reduce((all, { count }) => all + count!, 0);
          const filters = [{ ...team(...patterns), not }];
          const report = await ask(some, { report: 'top', dimension: 'team', filters }, { definitions });
          expect(report.totals.requests).toBe(sum);
          expect(report.rows.reduce((all, { requests }) => all + requests, 0)).toBe(sum);
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe('asked who owns a client', () => {
  const owned: ClientName[] = [
    { id: 'a1', name: 'Acme CRM', owner: 'U01ALICE', team: 'Sales' },
    { id: 'a2', name: 'Acme CRM', owner: 'S01SALES', team: 'Sales' },
    { id: 'w*', name: 'Warehouse', team: 'Logistics' },
    { id: 'portal', name: 'Portal' },
  ];
  const ownerOf = (name: string) =>
    ask(events, { report: 'client', name, range: '7d', focus: 'owner' }, { definitions: { clients: owned } });

  it('names owners and teams first, also those of an id', async () => {
    const told = 'belongs to U01ALICE and S01SALES of team Sales. ';
    for (const name of ['Acme CRM', 'a1']) {
      const { finding, owners } = await ownerOf(name);
      expect(finding).toMatch(new RegExp(`^${name} ${told}${name} made`));
      expect(owners).toEqual(['U01ALICE', 'S01SALES']);
    }
    expect((await ownerOf('Warehouse')).finding).toMatch(
      /^Warehouse belongs to team Logistics; no owner is declared\. Warehouse made 20/,
    );
    expect((await ownerOf('Portal')).finding).toMatch(/^No owner is declared for Portal\. Portal made 7/);
  });
});
