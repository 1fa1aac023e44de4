import { describe, expect, it } from 'vitest';
import { parseDay } from '../../src/domain/calendar.ts';
import type { RuleSet } from '../../src/domain/definition.ts';
import { compileRules, type RuledEvent } from '../../src/domain/rules.ts';

const DAY = parseDay('2026-11-20');

function ruleSet(rules: Partial<RuleSet>): RuleSet {
  return { fromDay: 0, scopes: [], exclude: [], holidays: [], ...rules };
}

function scope(name: string, rules: Partial<RuleSet['scopes'][number]> = {}): RuleSet['scopes'][number] {
  return { name, match: [], costs: [], limits: [], ...rules };
}

function assign(ruleSets: RuleSet[], event: Partial<RuledEvent>, source = 'default', day = DAY) {
  return compileRules({ ruleSets }).assign({ client: 'acme', kind: 'call', count: 1, ...event }, source, day);
}

describe('scopes', () => {
  const rules = [
    ruleSet({
      scopes: [
        scope('erp', { match: [{ source: 'uipath' }, { module: 'erp*', method: 'post' }] }),
        scope('all', { match: [{ client: '*' }] }),
      ],
    }),
  ];

  it('takes the first in the file of which any entry fits with all its keys', () => {
    expect(assign(rules, {}, 'uipath').scope).toBe('erp');
    expect(assign(rules, { module: 'erp-sales', method: 'POST' }).scope).toBe('erp');
    expect(assign(rules, { module: 'erp-sales', method: 'GET' }).scope).toBe('all');
  });

  it('lets the scope that an event names win, declared or not', () => {
    expect(assign(rules, { scope: 'billing' }, 'uipath')).toMatchObject({ scope: 'billing', meters: ['billing'] });
  });

  it('is default where nothing fits, and before the first rules', () => {
    expect(assign([ruleSet({ scopes: [scope('crm')] })], {}).scope).toBe('default');
    expect(assign([{ ...rules[0]!, fromDay: DAY }], {}, 'uipath', DAY - 1).scope).toBe('default');
  });

  it('follows the rules of the day of the event', () => {
    const dated = [
      ruleSet({ scopes: [scope('old', { match: [{ source: 's' }] })] }),
      ruleSet({ fromDay: DAY, scopes: [scope('new', { match: [{ source: 's' }] })] }),
    ];
    expect([DAY - 1, DAY, DAY + 9].map((day) => assign(dated, {}, 's', day).scope)).toEqual(['old', 'new', 'new']);
  });

  it('treats an absent value as (none)', () => {
    const none = [ruleSet({ scopes: [scope('bare', { match: [{ module: '(none)' }] })] })];
    expect(assign(none, {}).scope).toBe('bare');
    expect(assign(none, { module: 'x' }).scope).toBe('default');
  });
});

describe('meters', () => {
  const rules = [
    ruleSet({
      scopes: [scope('crm', { match: [{ source: 's' }], limits: [{ name: 'Acme', match: [{ client: 'acme' }] }] })],
      holidays: [{ scope: 'crm', fromDay: DAY, untilDay: DAY + 1 }],
      exclude: [{ client: 'Genesys Cloud for *' }, { kind: 'internal' }],
    }),
  ];

  it('are the scope and every limit with rules of its own that fit', () => {
    expect(assign(rules, {}, 's', DAY - 1).meters).toEqual(['crm', 'crm/Acme']);
    expect(assign(rules, { client: 'beta' }, 's', DAY - 1).meters).toEqual(['crm']);
  });

  it('are none in a holiday of the scope, whatever the order of days', () => {
    const book = compileRules({ ruleSets: rules });
    const meters = [DAY, DAY - 1, DAY + 1, DAY + 2, DAY].map(
      (day) => book.assign({ client: 'beta', kind: 'call', count: 1 }, 's', day).meters.length,
    );
    expect(meters).toEqual([0, 1, 0, 1, 0]);
    expect(assign(rules, { scope: 'other' }, 's', DAY).meters).toEqual(['other']);
  });

  it('are none for excluded calls, which name the first fitting rule', () => {
    expect(assign(rules, { client: 'Genesys Cloud for Chrome', kind: 'internal' }, 's', DAY - 1)).toMatchObject({
      exclusion: 'client "Genesys Cloud for *"',
      meters: [],
      scope: 'crm',
    });
    expect(assign(rules, {}, 's', DAY - 1).exclusion).toBeUndefined();
  });

  it('of a limit cannot be filled by a sender that names a scope like it', () => {
    expect(assign(rules, { scope: 'crm/Acme' }).meters).toEqual([]);
  });
});

describe('credits', () => {
  const rules = [
    ruleSet({
      scopes: [
        scope('crm', {
          match: [{ source: 's' }],
          costs: [
            { match: { kind: 'integration_task' }, credits: 2000 },
            { match: { route: '/v1/records' }, credits: 1000, perRecords: 10, max: 10_000 },
            { match: { kind: 'rpa' }, credits: 0 },
            { match: { client: 'acme' }, credits: 500 },
          ],
        }),
      ],
    }),
  ];

  it.each([
    ['the event itself', { credits: 125, count: 7, kind: 'integration_task' }, 125],
    ['an explicit nothing', { credits: 0, count: 7 }, 0],
    ['the first rule × count', { kind: 'integration_task', count: 3 }, 6000],
    ['a weight of 0', { kind: 'rpa', count: 3 }, 0],
    ['a fraction', { count: 3 }, 1500],
    ['begun lots of records', { route: '/v1/records', records: 11 }, 2000],
    ['no records', { route: '/v1/records', records: 0 }, 0],
    ['unknown records', { route: '/v1/records' }, 1000],
    ['at most the maximum', { route: '/v1/records', records: 5000 }, 10_000],
    ['the maximum per call', { route: '/v1/records', records: 5000, count: 2 }, 20_000],
    ['at most what an event can carry', { kind: 'integration_task', count: 1e9 }, 1e12],
  ])('come from %s', (_, event, expected) => {
    expect(assign(rules, event, 's').credits).toBe(expected);
  });

  it('are the count without a rule', () => {
    expect(assign([], { count: 12 }).credits).toBe(12_000);
  });
});

it('decides the same with its memory as without it', () => {
  const rules = [
    ruleSet({
      scopes: [
        scope('a', { match: [{ client: 'c1*', route: '/x' }], costs: [{ match: { user: 'u*2' }, credits: 3000 }] }),
      ],
      exclude: [{ ip: '10.*' }],
    }),
  ];
  const book = compileRules({ ruleSets: rules });
  for (let index = 0; index < 60_000; index += 1) {
    const event = {
      client: `c${index % 7919}`,
      route: index % 3 ? '/x' : '/y',
      user: `u${index}`,
      kind: 'call',
      count: 1,
    };
    const known = book.assign(event, 's', DAY);
    if (index % 997 === 0) expect(known).toEqual(compileRules({ ruleSets: rules }).assign(event, 's', DAY));
  }
});

it('hands out the same object for like calls', () => {
  const book = compileRules({ ruleSets: [ruleSet({ scopes: [scope('a', { match: [{ client: 'acme' }] })] })] });
  const call = { client: 'acme', kind: 'call', count: 1 };
  expect(book.assign(call, 's', DAY)).toBe(book.assign({ ...call, route: '/other' }, 's', DAY));
});
