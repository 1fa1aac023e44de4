import { describe, expect, it } from 'vitest';
import type { Filter } from '../../src/domain/filter.ts';
import { ask, at } from './setup.ts';

const timeMs = at('2026-11-20T12:00:00Z');
const traffic = [
  { timeMs, client: 'id-1', route: '/v1/orders', method: 'POST', scope: 'crm' },
  { timeMs, client: 'Beta Corp', route: '/v1/records' },
];
const definitions = { clients: [{ id: 'id-1', name: 'Acme CRM' }] };

function where(key: Filter['key'], ...patterns: string[]): Filter {
  return { key, patterns, not: false };
}

function top(...filters: Filter[]) {
  return ask(traffic, { report: 'top', dimension: 'route', range: '30d', filters }, { definitions });
}

describe('values of filters that nobody sent', () => {
  it('are told with the nearest that somebody did, and the corrected question', async () => {
    const report = await top(where('client', 'acme crn'));
    expect(report.finding).toBe('None: no requests by acme crn (22 Oct – 20 Nov 2026).');
    expect(report.notes[0]).toBe('No client “acme crn” in this range; nearest: Acme CRM.');
    expect(report.offers).toEqual([
      {
        label: 'Acme CRM',
        question: {
          ...{ report: 'top', dimension: 'route', range: '30d' },
          filters: [where('client', 'Acme CRM')],
        },
      },
    ]);
  });

  it('are told beside others of the same filter that fit', async () => {
    const report = await top(where('client', 'Acme CRM', 'Beta Crop'), where('route', '/v1/orders'));
    expect(report.totals.requests).toBe(1);
    expect(report.notes).toContain('No client “Beta Crop” in this range; nearest: Beta Corp.');
    expect(report.offers![0]!.question.filters).toEqual([
      where('client', 'Acme CRM', 'Beta Corp'),
      where('route', '/v1/orders'),
    ]);
  });

  it('lead to the whole list where nothing is near', async () => {
    const report = await top(where('route', '/xyz'));
    expect(report.notes).toContain('No route “/xyz” in this range.');
    expect(report.offers![0]).toMatchObject({ label: 'Top routes', question: { report: 'top', dimension: 'route' } });
  });

  it.each([
    ['a shown name', where('client', 'Acme CRM')],
    ['an id', where('client', 'id-1')],
    ['a method in small letters', where('method', 'post')],
    ['a pattern', where('client', 'zzz*')],
    ['a value that is kept out', { ...where('client', 'zzz'), not: true }],
    ['calls without a value', where('user', '(none)')],
    ['a status', where('status', '429')],
  ])('are not %s', async (_, filter) => {
    expect((await top(filter)).notes.join()).not.toContain('is called');
  });

  it('are not spoken of where the value may be beyond the cap', async () => {
    const capped = [...traffic, { timeMs, client: '(other)' }];
    const report = await ask(capped, { report: 'status', filters: [where('client', 'Beta')] }, { definitions });
    expect(report.notes.join()).not.toContain('is called');
  });
});
