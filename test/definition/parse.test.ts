import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDeclaration } from '../../src/definition/format.ts';
import { checkDeclaration, parseDeclaration } from '../../src/definition/parse.ts';
import { parseDay } from '../../src/domain/calendar.ts';
import type { Declaration, DeclaredPool } from '../../src/domain/declaration.ts';
import { size } from '../support/size.ts';
import { WORKED_POOLS } from '../support/worked-pools.ts';

/** Lists mistakes as `line:column place text`. */
function mistakesOf(yaml: string): string[] {
  const checked = checkDeclaration(yaml);
  if ('declaration' in checked) return [];
  return checked.mistakes.map(({ line, column, place, text }) => `${line}:${column} ${place} ${text}`);
}

/** Lists the mistakes of a pool that is otherwise valid. */
function ofPool(rest: string): string[] {
  return mistakesOf(`scopes:\n  - name: s\n    pools:\n      - { name: p, ${rest} }`);
}

function without(text: string): string {
  return text.replace(/^\d+:\d+ scopes\[0\]\.pools\[0\]\.?/, '');
}

describe('the declared format', () => {
  it('takes a placeholder for an address that is not known yet', () => {
    const { scopes } = parseDeclaration('scopes: [{ name: crm, links: { addon: "https://…" } }]');
    expect(scopes[0]!.links).toEqual({ addon: 'https://…' });
  });

  it('is read in every part', () => {
    const { scopes, exclude, holidays, clients, parts } = parseDeclaration(WORKED_POOLS);
    expect(parts).toEqual(['scopes', 'exclude', 'holidays', 'clients']);
    expect(scopes[0]).toEqual({
      name: 'integration-service',
      title: 'Integration Service API calls',
      rateLimitPerMinute: 600,
      match: [{ source: 'uipath' }, { module: 'erp*' }],
      costs: [
        { match: { kind: 'integration_task' }, credits: 2000 },
        { match: { route: '/v1/records' }, credits: 1000, perRecords: 10, max: 10_000 },
      ],
      links: { addon: 'https://example.com/addon', upgrade: 'https://example.com/upgrade' },
      limits: [
        {
          ...{ name: 'Fair use', period: { kind: 'day' }, priority: 1000, thresholds: [75, 90] },
          ...{ base: 10_000_000, grants: [] },
        },
      ],
      pools: [
        {
          ...{
            name: 'Bundled licences',
            period: { kind: 'month', anchor: 1 },
            priority: 1,
            thresholds: [75, 90],
            base: 0,
          },
          grants: [
            { name: 'Automation Developer', quantity: 10, each: 5_000_000 },
            { name: 'Unattended Robot', quantity: 10, each: 5_000_000 },
          ],
        },
        {
          name: 'Annual add-on',
          period: { kind: 'once', fromDay: parseDay('2023-01-01'), untilDay: parseDay('2023-12-31') },
          ...{ priority: 2, thresholds: [75, 90], base: 3_000_000_000, grants: [] },
        },
      ],
    });
    expect(scopes[1]!.pools).toMatchObject([
      { period: { kind: 'rolling-24h' }, base: 50_000_000, max: 100_000_000 },
      { period: { kind: 'month', anchor: 15 }, validFromDay: parseDay('2026-01-15') },
    ]);
    expect(exclude).toEqual([{ client: 'Genesys Cloud for *' }, { kind: 'internal' }]);
    expect(holidays).toEqual([
      { scope: 'integration-service', fromDay: parseDay('2025-05-01'), untilDay: parseDay('2025-07-15') },
    ]);
    expect(clients).toEqual([{ id: 'b9c1*', name: 'Acme CRM', owner: 'S0123', team: 'Sales' }]);
  });

  it('needs nothing but names', () => {
    const { scopes } = parseDeclaration('scopes: [{ name: 2023, pools: [{ name: p }], limits: }]');
    expect(scopes[0]).toMatchObject({
      ...{ name: '2023', title: '2023', limits: [] },
      pools: [{ name: 'p', period: { kind: 'month', anchor: 1 }, base: 0 }],
    });
    expect(parseDeclaration('clients: []')).toMatchObject({ scopes: [], parts: ['clients'] });
  });

  it('takes credits from their digits, never through a float', () => {
    const { scopes } = parseDeclaration(
      'scopes: [{ name: s, pools: [{ name: p, base: 999999999999.999, max: "0.001" }] }]',
    );
    expect(scopes[0]!.pools[0]).toMatchObject({ base: 999_999_999_999_999, max: 1 });
  });

  it('gives the pools of a scope its valid_from', () => {
    const { scopes } = parseDeclaration(
      'scopes: [{ name: s, valid_from: 2026-01-01, pools: [{ name: a }, { name: b, valid_from: 2026-02-01 }] }]',
    );
    const days = scopes[0]!.pools.map((pool) => pool.validFromDay);
    expect(days).toEqual([parseDay('2026-01-01'), parseDay('2026-02-01')]);
  });

  it('reads anchors and aliases of YAML', () => {
    const { scopes } = parseDeclaration(
      'scopes:\n- { name: a, pools: &p [{ name: x, base: 7 }] }\n- { name: b, pools: *p }',
    );
    expect(scopes.map((scope) => scope.pools[0]!.base)).toEqual([7000, 7000]);
  });
});

describe('the time to read a text', () => {
  const cpuOf = (text: string): number => {
    const times = [1, 2].map(() => {
      const before = process.cpuUsage();
      checkDeclaration(text);
      const { user, system } = process.cpuUsage(before);
      return user + system;
    });
    return Math.min(...times);
  };
  const scopes = (count: number) =>
    Array.from(
      { length: count },
      (_, i) => `  - { name: s${i}, pools: [{ name: Month, period: month, base: 1000 }] }\n`,
    );

  it.each([
    ['quotation marks', '"'],
    ['aliases within their anchors', 'a: &a [*a]\n'],
    ['aliases of one anchor', 'k: *x\n', 'x: &x [1]\n'],
    ['keys that nobody knows', 'scops: 1\n'],
    ['lists that are not closed', '['],
    ['quotation marks that are not closed', '"\n'],
    ['stars', '*'],
  ])('grows with its length, whatever stands there: %s', (_, part, head = '') => {
    const plain = `scopes:\n${scopes(400).join('')}`;
    const odd = head + part.repeat(plain.length / part.length);
    expect(cpuOf(odd) / cpuOf(plain)).toBeLessThan(6);
  });

  it('is bounded: longer texts and more aliases are refused', () => {
    expect(mistakesOf(`scopes: []\n${'# x\n'.repeat(250_000)}`)).toEqual([
      expect.stringMatching(/^1:1 {2}has 1000011 characters; a file may have 1000000: shorten it;/),
    ]);
    const aliased = (count: number) =>
      `scopes:\n- { name: a, pools: &p [{ name: x, base: 7 }] }\n${Array.from({ length: count }, (_, i) => `- { name: b${i}, pools: *p }\n`).join('')}`;
    expect(mistakesOf(aliased(50))).toEqual([]);
    expect(mistakesOf(aliased(51))).toEqual(['53:23  has the 51st alias (*p); a file may have 50: write it out.']);
  });
});

describe('a mistake', () => {
  it('never hides another: all are told, with line, column and cure', () => {
    const yaml = `scopes:
  - name: crm
    titel: CRM
    rate_limit_per_minute: fast
    links: { addon: "ftp://example.com" }
    pools:
      - name: Daily
        period: dayly
        base: -5
        anchor: 32
      - name: Daily
        period: once
        from: 2026-02-30
        thresholds: [90, 75, 101]
holidays: [{ scope: crn, from: 2026-01-02, until: 2026-01-01 }]
clients: [{ id: a }]
`;
    expect(mistakesOf(yaml)).toEqual([
      '3:5 scopes[0].titel is not known; did you mean "title"?',
      '4:28 scopes[0].rate_limit_per_minute is "fast"; give a whole number from 1 to 1000000000, digits only.',
      '5:21 scopes[0].links.addon is "ftp://example.com"; give an address that begins with https:// or http://.',
      '8:17 scopes[0].pools[0].period is "dayly"; did you mean "day"?',
      '9:15 scopes[0].pools[0].base is "-5"; an amount cannot be below 0.',
      '10:17 scopes[0].pools[0].anchor is "32"; give a whole number from 1 to 31, digits only.',
      '11:9 scopes[0].pools[1].until is missing; a pool that is there once needs its last day.',
      '11:9 scopes[0].pools[1] repeats the pool or limit of this scope "Daily"; give each a name of its own.',
      '13:15 scopes[0].pools[1].from is "2026-02-30", which is not in the calendar; give a date that exists.',
      '14:26 scopes[0].pools[1].thresholds[1] is 75, after 90; put thresholds in ascending order, each once.',
      '14:30 scopes[0].pools[1].thresholds[2] is 101; give a percentage above 0, up to 100, with at most one decimal.',
      '15:21 holidays[0].scope is "crn", which is not declared; did you mean "crm"?',
      '15:51 holidays[0].until lies before the first day; give a later day, or swap the two.',
      '16:11 clients[0].name is missing; give the name to show.',
    ]);
  });

  it.each([
    ['scopes:\n\t- name: crm', '2:1  begins with a tab; indent with spaces.'],
    [
      'scopes:\n  - name: crm\n    pools: [{ name: a }\n    title: x',
      '4:5  comes before a list begun with "[" is closed; close it with "]".',
    ],
    ['scopes:\n  - pools: [{ name: a ]', '2:23  comes before a map begun with "{" is closed; close it with "}".'],
    ['scopes:\n  - name: "crm', '2:15  ends before a text begun with " is closed; add the second ".'],
    [
      'scopes:\n  - name: crm\n   title: x',
      '3:1  is indented unlike the lines before it; line it up with the keys that it belongs to, or begin it with "- ".',
    ],
    [
      'scopes:\n  - name: crm: x',
      '2:11  holds more than one value; put a text with ": " in quotation marks, and line up keys that belong together.',
    ],
    ['scopes:\n  - name crm\n    title: x', '2:5  has no ": " behind "name crm"; write key: value.'],
    [
      'scopes: []\n---\nscopes: []',
      '2:1  begins a second document ("---"); keep one, or put them in files of their own.',
    ],
    ['scopes:\n  - name: @crm', '2:11  begins a text with "@"; put the text in quotation marks.'],
    ['exclude: [{ client: *crm }]', '1:21  has *crm outside quotation marks; write a pattern as "*crm".'],
    ['exclude:\n  - client: *\n', '2:13  has a "*" outside quotation marks; write a pattern as "*" or "abc*".'],
    [
      'scopes: [{ name: crm }] x',
      '1:25  has "x" where nothing more is expected; take it out, or put the whole text in quotation marks.',
    ],
  ])('in the YAML itself is said with its cure: %j', (yaml, text) => {
    expect(mistakesOf(yaml)).toEqual([text]);
  });

  it('stops the whole file, in one error that can be read', () => {
    expect(() => parseDeclaration('scopes: [{ name: a/b }, {}]', 'my.yaml')).toThrow(
      '2 mistakes in my.yaml, nothing was changed:\n' +
        'my.yaml:1:18 scopes[0].name is "a/b"; leave out the "/", which parts a scope from its limits.\n' +
        'my.yaml:1:25 scopes[1].name is missing; name the scope.',
    );
  });

  it.each([
    ['base: 1.0001', 'base is "1.0001"; give at most three decimals.'],
    ['base: 1e3', 'base is "1e3"; give a number like 52500 or 0.125, digits and a point only.'],
    [
      'base: 100,000',
      '000 is not known; known here: name, period, anchor, from, until, base, grants, max, thresholds, valid_from, priority.',
    ],
    ['base: 9999999999999', 'base is "9999999999999"; give at most 1000000000000.'],
    ['base: [1]', 'base is a list; give an amount.'],
    ['period: day, anchor: 3', 'anchor belongs to period month, not day; leave it out.'],
    [
      'period: day, from: 2026-01-01',
      'from belongs to period once, not day; for the day from which it holds use valid_from.',
    ],
    [
      'period: once, from: 2026-01-02, until: 2026-01-01',
      'until lies before the first day; give a later day, or swap the two.',
    ],
    ['valid_from: tomorrow', 'valid_from is "tomorrow"; give a date like 2026-01-31.'],
    ['priority: -1', 'priority is "-1"; give a whole number from 0 to 1000000, digits only.'],
    ['thresholds: 75', 'thresholds is "75"; give a list ([…], or lines that begin with "- ").'],
    ['thresholds: [75.25]', 'thresholds[0] is 75.25; give a percentage above 0, up to 100, with at most one decimal.'],
    ['grants: [{ name: g }]', 'grants[0].each is missing; say how many credits each one gives.'],
    [
      'grants: [{ name: g, quantity: 1.5, each: 1 }]',
      'grants[0].quantity is "1.5"; give a whole number from 0 to 1000000000, digits only.',
    ],
    [
      'grants: [{ name: g, quantity: 1000000000, each: 999999999 }]',
      'grants come to more than 1000000000000; divide them over pools.',
    ],
    ['name: "a\\nb"', ' repeats the key "name"; keep one of them.'],
  ])('in a pool of %s is said as such', (rest, text) => {
    expect(
      ofPool(rest)
        .map(without)
        .map((mistake) => mistake.replace(/^\d+:\d+ {2}/, ' ')),
    ).toEqual([text]);
  });

  it.each([
    ['', 'is missing; declare scopes, or write "scopes: []" to end all pools.'],
    ['hello', 'is "hello"; give keys and values (scopes, exclude, holidays, clients).'],
    ['scopes: {}', 'scopes is a map of keys; give a list ([…], or lines that begin with "- ").'],
    [
      'exclude: [{}]',
      'exclude[0] fits nothing; give one of client, route, user, ip, module, method, function, version, kind, initiator, source, api_version.',
    ],
    [
      'exclude: [{ scope: crm }]',
      'exclude[0].scope is not known; known here: client, route, user, ip, module, method, function, version, kind, initiator, source, api_version.',
    ],
    ['exclude: [{ version: 1, api_version: 2 }]', 'exclude[0].api_version says the same as version; keep one.'],
    [
      'clients: [{ id: a, name: "x\\u0007y" }]',
      'clients[0].name holds characters that cannot be shown; give one line of plain text.',
    ],
    [
      'clients: [{ id: a, name: b, owner: "@ann" }]',
      'clients[0].owner is "@ann"; give the id of a Slack user (U…) or user group (S…).',
    ],
    ['scopes: [{ name: a }, { name: a }]', 'scopes[1] repeats the scope "a"; give each a name of its own.'],
    [
      'scopes: [{ name: a, pools: [{ name: x }], limits: [{ name: x }] }]',
      'scopes[0].limits[0] repeats the pool or limit of this scope "x"; give each a name of its own.',
    ],
    ['scopes: [{ name: a, costs: [{ kind: x }] }]', 'scopes[0].costs[0].credits is missing; say what a call costs.'],
    ['scopes: [', 'comes before a list begun with "[" is closed; close it with "]".'],
  ])('in %j is said as such', (yaml, text) => {
    const mistakes = mistakesOf(yaml).map((mistake) => mistake.replace(/^\d+:\d+ +/, ''));
    expect(mistakes.join('\n')).toContain(text);
  });

  it('is never a crash, whatever the text', () => {
    const tokens = fc.constantFrom(
      'scopes',
      'pools',
      'name',
      'grants',
      ':',
      ' ',
      '\n',
      '-',
      '[',
      ']',
      '{',
      '}',
      '*a',
      '&a',
      ',',
      '1',
      '"',
      '<<',
      '? ',
      '|',
      '!!x',
      '\n  ',
      'ü',
    );
    fc.assert(
      fc.property(fc.array(tokens, { maxLength: 30 }), (parts) => {
        const checked = checkDeclaration(parts.join(''));
        for (const { line, column } of 'mistakes' in checked ? checked.mistakes : []) {
          expect(line).toBeGreaterThan(0);
          expect(column).toBeGreaterThan(0);
        }
      }),
      { numRuns: size(500, 20_000) },
    );
  });
});

describe('a written declaration', () => {
  const anyText = fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme' }).filter((text) => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: names have none
    return text.trim() === text && !/[\u0000-\u001f\u007f/]/.test(text) && text.isWellFormed();
  });
  const anyCredits = fc.nat(10 ** 12);
  const anyDay = fc.integer({ min: 0, max: 40_000 });
  const anyMatch = fc.dictionary(fc.constantFrom('client', 'route', 'version'), anyText, {
    minKeys: 1,
    noNullPrototype: true,
  });
  const anyPool: fc.Arbitrary<DeclaredPool> = fc.record(
    {
      name: anyText,
      period: fc.oneof(
        fc.constantFrom<DeclaredPool['period']>({ kind: 'day' }, { kind: 'rolling-24h' }, { kind: 'year' }),
        fc.integer({ min: 1, max: 31 }).map((anchor) => ({ kind: 'month' as const, anchor })),
        anyDay.map((day) => ({ kind: 'once' as const, fromDay: day, untilDay: day + 9 })),
      ),
      priority: fc.constantFrom(0, 3, 1000),
      thresholds: fc.constantFrom([], [75, 90], [12.5, 80]),
      base: anyCredits,
      grants: fc.array(fc.record({ name: anyText, quantity: fc.nat(50), each: anyCredits }), { maxLength: 2 }),
      max: anyCredits,
      validFromDay: anyDay,
    },
    { requiredKeys: ['name', 'period', 'priority', 'thresholds', 'base', 'grants'], noNullPrototype: true },
  );
  const anyDeclaration: fc.Arbitrary<Declaration> = fc.record({
    scopes: fc.uniqueArray(
      fc.record({
        name: anyText,
        title: anyText,
        match: fc.array(anyMatch, { maxLength: 2 }),
        costs: fc.array(
          fc.record({ match: anyMatch, credits: anyCredits, perRecords: fc.integer({ min: 1, max: 99 }) }),
          {
            maxLength: 2,
          },
        ),
        links: fc.constantFrom({}, { addon: 'https://example.com/?a=1&b=#c' }),
        pools: fc.uniqueArray(anyPool, { maxLength: 3, selector: (pool) => pool.name }),
        limits: fc.constant([]),
      }),
      { maxLength: 3, selector: (scope) => scope.name },
    ),
    exclude: fc.array(anyMatch, { maxLength: 2 }),
    holidays: fc.array(
      anyDay.map((day) => ({ fromDay: day, untilDay: day + 1 })),
      { maxLength: 2 },
    ),
    clients: fc.uniqueArray(fc.record({ id: anyText, name: anyText }), {
      maxLength: 2,
      selector: (client) => client.id,
    }),
  });

  it('reads as what it was', () => {
    fc.assert(
      fc.property(anyDeclaration, (declaration) => {
        const { parts: _, ...read } = parseDeclaration(formatDeclaration(declaration));
        expect(read).toEqual(declaration);
      }),
      { numRuns: size(75, 3000) },
    );
  });

  it('looks like the file that a person would write', () => {
    expect(formatDeclaration(parseDeclaration(WORKED_POOLS)).split('\n').slice(0, 16).join('\n')).toBe(`scopes:
  - name: integration-service
    title: Integration Service API calls
    rate_limit_per_minute: 600
    match:
      - { source: uipath }
      - { module: erp* }
    costs:
      - { kind: integration_task, credits: 2 }
      - { route: /v1/records, credits: 1, per_records: 10, max: 10 }
    links: { addon: https://example.com/addon, upgrade: https://example.com/upgrade }
    limits:
      - { name: Fair use, period: day, base: 10000 }
    pools:
      - name: Bundled licences
        period: month`);
  });
});
