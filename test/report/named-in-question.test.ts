import { describe, expect, it } from 'vitest';
import type { Filter } from '../../src/domain/filter.ts';
import { type Question, RefusedQuestion } from '../../src/domain/report.ts';
import { listWider } from '../../src/slack/next-questions.ts';
import { ask, at } from './setup.ts';

const timeMs = at('2026-11-20T12:00:00Z');
const traffic = [
  { timeMs, client: 'id-1', route: '/v1/orders', user: 'Ana', module: 'crm', scope: 'crm' },
  { timeMs, client: 'Warehouse Export', route: '/v1/jobs', user: 'ana', module: 'ERP' },
  { timeMs, client: 'Warehouse Import', route: '/v1/jobs', user: 'bo', module: 'ERP' },
  { timeMs: at('2026-10-01T12:00:00Z'), client: 'Old Client', route: '/v1/old' },
];
const definitions = { clients: [{ id: 'id-1', name: 'Acme CRM' }] };

function top(key: Filter['key'], pattern: string, not = false) {
  const filters = [{ key, patterns: [pattern], not }];
  return ask(traffic, { report: 'top', dimension: 'route', range: '30d', filters }, { definitions });
}

describe('names in filters', () => {
  it.each([
    ['client', 'acme crm', 'Acme CRM'],
    ['client', 'ID-1', 'id-1'],
    ['client', 'WAREHOUSE export', 'Warehouse Export'],
    ['client', 'old client', 'Old Client'],
    ['module', 'erp', 'ERP'],
    ['route', '/V1/Orders', '/v1/orders'],
    ['user', 'ana', 'ana'],
    ['user', 'Ana', 'Ana'],
    ['client', 'nobody', 'nobody'],
    ['client', '(none)', '(none)'],
  ] as const)('%s:%s is %s', async (key, typed, name) => {
    expect((await top(key, typed)).filters).toEqual([{ key, patterns: [name], not: false }]);
    expect((await top(key, typed, true)).filters).toEqual([{ key, patterns: [name], not: true }]);
  });

  it('count a client once, whose id reads like its name, and offer it by its name', async () => {
    const events = [
      { timeMs, client: 'warehouse-export' },
      { timeMs, client: 'Other' },
    ];
    const clients = [{ id: 'warehouse-export', name: 'Warehouse Export' }];
    const told = (pattern: string) =>
      ask(
        events,
        { report: 'top', range: '30d', filters: [{ key: 'client', patterns: [pattern], not: false }] },
        { definitions: { clients } },
      );
    const matched = await told('WAREHOUSE*');
    expect(matched.notes).toContain('WAREHOUSE* matched 1 client: Warehouse Export.');
    expect(matched.distinct).toBe(1);
    const drilled = await ask(
      events,
      { report: 'client', name: 'WAREHOUSE*', range: '30d' },
      { definitions: { clients } },
    );
    expect(drilled.totals.requests).toBe(1);
    expect(drilled.finding).toBe('Warehouse* made 1 request; none failed.');
    const begun = await told('warehous');
    expect(begun.notes).toContain('No client is called “warehous”: this is of Warehouse Export.');
    expect(begun.totals.requests).toBe(1);
    const near = await told('warehouse exprot');
    expect(near.notes).toContain('No client “warehouse exprot” in this range; nearest: Warehouse Export.');
    expect(listWider(near).map(({ label }) => label)).toEqual([
      'Warehouse Export',
      'Last 90 days',
      'Without the filter',
    ]);
    expect(listWider(near)[0]!.question.filters).toEqual([
      { key: 'client', patterns: ['Warehouse Export'], not: false },
    ]);
  });

  it('are asked back where several differ in case alone, each as the whole question', async () => {
    const refused = await top('user', 'ANA').catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(RefusedQuestion);
    const { message, offers } = refused as RefusedQuestion;
    expect(message).toBe('2 users are called “ANA” but for capitals: which do you mean?');
    expect(offers.map(({ label }) => label)).toEqual(['Ana', 'ana']);
    expect(offers[0]!.question).toMatchObject({
      ...{ report: 'top', dimension: 'route', range: '30d' },
      filters: [{ key: 'user', patterns: ['Ana'], not: false }],
    });
  });

  it.each([
    ['client', 'Warehouse*', ['Warehouse*'], 'Warehouse* matched 2 clients: Warehouse Export, Warehouse Import.'],
    ['client', 'WAREHOUSE*port', ['Warehouse*port'], 'WAREHOUSE*port matched 2 clients'],
    ['client', '*EXPORT', ['*Export'], '*EXPORT matched 1 client: Warehouse Export.'],
    ['user', 'AN*', ['An*', 'an*'], 'AN* matched 2 users: Ana and ana.'],
    ['route', '/v1/*', ['/v1/*'], '/v1/* matched 2 routes'],
    ['client', 'zzz*', ['zzz*'], 'zzz* matched no client in this range.'],
  ] as const)('%s:%s says what it matched', async (key, typed, patterns, note) => {
    const report = await top(key, typed);
    expect(report.filters).toEqual([{ key, patterns: [...patterns], not: false }]);
    expect(report.notes[0]!.replace(' and ', key === 'client' ? ', ' : ' and ')).toContain(note);
    expect(report.totals.requests > 0).toBe(!typed.startsWith('zzz'));
  });
});

describe('a pool named as a scope', () => {
  const pool = (name: string) => ({
    name,
    period: { kind: 'month' as const, anchor: 1 },
    priority: 1,
    fromDay: 20_000,
    amounts: [{ fromDay: 20_000, base: 500_000, grants: [] }],
    thresholds: [75, 90],
    order: 0,
  });
  const ranking = (...pools: string[]) => {
    const scope = { name: 'crm', title: 'CRM API', links: {}, limits: [], pools: pools.map(pool) };
    const filters = [{ key: 'scope' as const, patterns: ['daily credits'], not: false }];
    return ask(traffic, { report: 'top', range: '30d', filters }, { definitions: { scopes: [scope] } });
  };

  it('is its scope, where it is the only one', async () => {
    expect((await ranking('Daily credits')).totals.requests).toBe(1);
  });

  it('is asked back where there are others: calls are counted by scope', async () => {
    const refused = await ranking('Daily credits', 'Add-on').catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(RefusedQuestion);
    const { message, offers } = refused as RefusedQuestion;
    expect(message).toBe('Calls are counted by scope: Daily credits is one of the pools and limits of CRM API.');
    expect(offers[0]!.question.filters).toEqual([{ key: 'scope', patterns: ['crm'], not: false }]);
  });
});

describe('names of reports', () => {
  it.each([
    [{ report: 'client', name: 'ACME crm' }, 'Acme CRM'],
    [{ report: 'client', name: 'acme' }, 'Acme CRM'],
    [{ report: 'why', name: 'warehouse EXPORT' }, 'Warehouse Export'],
    [{ report: 'client', name: 'WAREHOUSE*' }, 'Warehouse*'],
    [{ report: 'route', name: '/V1/ORDERS' }, '/v1/orders'],
  ] as const)('%j is about %s', async (question, name) => {
    const report = await ask(traffic, { ...question, range: '30d' } as Question, { definitions });
    expect(report.title.toLowerCase()).toContain(name.toLowerCase());
    expect(report.title).toContain(name);
  });

  it('are asked back where a pattern matches some that are spelled differently', async () => {
    const events = ['Acme One', 'ACME Two'].map((client) => ({ timeMs, client }));
    const refused = await ask(events, { report: 'client', name: 'acme*', range: '30d' }).catch(
      (error: unknown) => error,
    );
    expect(refused).toBeInstanceOf(RefusedQuestion);
    expect((refused as RefusedQuestion).offers.map(({ label, question }) => [label, question.name])).toEqual([
      ['ACME Two', 'ACME Two'],
      ['Acme One', 'Acme One'],
    ]);
  });

  it('are offered with the whole question where there is none, also by their beginning', async () => {
    const filters = [{ key: 'status' as const, patterns: ['(none)'], not: false }];
    const asked: Question = { report: 'client', name: 'acme yesterdya', range: '30d', filters };
    const refused = await ask(traffic, asked, { definitions }).catch((error: unknown) => error);
    expect((refused as RefusedQuestion).message).toBe('No client is called “acme yesterdya”.');
    expect((refused as RefusedQuestion).offers).toEqual([
      { label: 'Acme CRM', question: { ...asked, name: 'Acme CRM' } },
    ]);
  });
});
