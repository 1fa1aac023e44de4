import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDatabase, type TestDatabase, WANTED_DIALECTS } from '../support/databases.ts';
import { size } from '../support/size.ts';
import { grouped, type Stage, startStage } from './stage.ts';

/** Sends random calls by HTTP, and recomputes every figure that Slack shows from the list of calls. */

const NOW = Date.parse('2026-11-21T10:30:00Z');
const FIRST = Date.parse('2026-10-23T00:00:00Z');
const ZONE = 'Europe/Berlin';
const TEXTS = ['a', 'ab', 'Acme CRM', '<!channel> *x*', '名前', '=SUM(A1)', 'it, "said"'];

interface Call {
  id: string;
  time: string;
  client: string;
  method?: string;
  route?: string;
  status?: number;
  user?: string;
  ip?: string;
  module?: string;
  function?: string;
  kind?: string;
  scope?: string;
  count: number;
  credits?: number;
}

const text = fc.constantFrom(...TEXTS);
const optional = fc.option(text, { nil: undefined });
const arbitraryCall = fc.record({
  time: fc.integer({ min: FIRST, max: NOW }).map((ms) => new Date(ms).toISOString()),
  client: text,
  method: fc.option(fc.constantFrom('GET', 'POST'), { nil: undefined }),
  route: fc.option(fc.constantFrom('/v1/orders', '/v1/orders/{id}', '/v2/*'), { nil: undefined }),
  status: fc.option(fc.constantFrom(200, 204, 301, 400, 401, 404, 429, 500, 503), { nil: undefined }),
  user: optional,
  ip: optional,
  module: optional,
  function: optional,
  kind: fc.option(fc.constantFrom('call', 'integration_task'), { nil: undefined }),
  scope: fc.option(fc.constantFrom('crm', 'erp'), { nil: undefined }),
  count: fc.oneof({ weight: 5, arbitrary: fc.constant(1) }, fc.integer({ min: 2, max: 1_000_000_000 })),
  credits: fc.option(
    fc.integer({ min: 0, max: 99_999 }).map((thousandths) => thousandths / 1000),
    { nil: undefined },
  ),
});
const CALLS: Call[] = fc
  .sample(arbitraryCall, { numRuns: 500, seed: 2026 })
  .map((call, index) => ({ id: `call-${index}`, ...call }));

const DIMENSIONS = { clients: 'client', routes: 'route', users: 'user', ips: 'ip', modules: 'module' } as const;
const MORE = { methods: 'method', functions: 'function', kinds: 'kind', scopes: 'scope' } as const;
const WORDS = { ...DIMENSIONS, ...MORE };
type Key = (typeof WORDS)[keyof typeof WORDS];

function fieldOf(call: Call, key: Key | 'status'): string {
  if (key === 'kind') return call.kind ?? 'call';
  if (key === 'scope') return call.scope ?? 'default';
  return String(call[key] ?? '(none)');
}

/** Days or instants meant by words of a range on Saturday 21 November 2026 in Berlin. */
const RANGES: Record<string, (call: Call) => boolean> = {
  '7d': between('2026-11-14', '2026-11-20'),
  '30d': between('2026-10-22', '2026-11-20'),
  yesterday: between('2026-11-20', '2026-11-20'),
  today: between('2026-11-21', '2026-11-21'),
  '24h': ({ time }) => Date.parse(time) >= Date.parse('2026-11-20T10:00:00Z'),
  'this-month': between('2026-11-01', '2026-11-20'),
  'last-month': between('2026-10-01', '2026-10-31'),
  'last week': between('2026-11-09', '2026-11-15'),
  '2026-10-25': between('2026-10-25', '2026-10-25'),
  '2026-11-03..2026-11-21': between('2026-11-03', '2026-11-21'),
};

function between(first: string, last: string): (call: Call) => boolean {
  return (call) => dayOf(call) >= first && dayOf(call) <= last;
}

function dayOf({ time }: Call): string {
  return Temporal.Instant.from(time).toZonedDateTimeISO(ZONE).toPlainDate().toString();
}

interface Filter {
  key: Key | 'status';
  pattern: string;
  not: boolean;
}

const arbitraryFilter: fc.Arbitrary<Filter> = fc.oneof(
  fc.record({
    key: fc.constantFrom<Key[]>('client', 'user', 'ip', 'module', 'function'),
    // Text in angle brackets would become a mention if it were typed.
    pattern: fc.constantFrom(...TEXTS.filter((each) => !each.startsWith('<')), '*channel*', 'a*', '*CRM', 'nobody'),
    not: fc.boolean(),
  }),
  fc.record({ key: fc.constant('route' as const), pattern: fc.constantFrom('/v1/*', '/v1/orders'), not: fc.boolean() }),
  fc.record({ key: fc.constant('status' as const), pattern: fc.constantFrom('429', '4xx', '200'), not: fc.boolean() }),
  fc.record({ key: fc.constant('method' as const), pattern: fc.constantFrom('GET', 'POST'), not: fc.boolean() }),
);

function passes(call: Call, { key, pattern, not }: Filter): boolean {
  const value = fieldOf(call, key);
  if (key === 'status' && pattern === '4xx') return /^4/.test(value) !== not;
  const parts = pattern.split('*').map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 's').test(value) !== not;
}

const printFilter = ({ key, pattern, not }: Filter): string =>
  `${not ? 'not ' : ''}${key}:${key === 'status' ? pattern : JSON.stringify(pattern)}`;

interface Sums {
  requests: number;
  ok: number;
  failed: number;
  none: number;
  thousandths: number;
}

function sum(list: readonly Call[]): Sums {
  const sums = { requests: 0, ok: 0, failed: 0, none: 0, thousandths: 0 };
  for (const { count, status, credits } of list) {
    sums.requests += count;
    sums[status === undefined ? 'none' : status < 400 ? 'ok' : 'failed'] += count;
    sums.thousandths += credits === undefined ? count * 1000 : Math.round(credits * 1000);
  }
  return sums;
}

const toSums = (row: Record<string, string>): Sums => ({
  requests: Number(row.requests),
  ok: Number(row.ok),
  failed: Number(row.failed),
  none: Number(row.none),
  thousandths: Math.round(Number(row.credits) * 1000),
});

/** Writes a name as a spreadsheet cell: an apostrophe precedes anything that would be read as a formula. */
const asCell = (name: string): string => (/^[=+\-@\t\r]/.test(name) ? `'${name}` : name);

/** Pattern of a first line with the total that the leader's share refers to. */
const saysOf = (requests: number): RegExp =>
  new RegExp(`^.* ${requests === 1 ? 'the only (request|failure)' : `${grouped(requests)} (requests|failures)`}\\b`);

/** Pattern of the first line if no call has a name to rank. */
const saysNone = (requests: number): RegExp => new RegExp(`^${grouped(requests)} requests?, none with an? `);

const question = fc.record({
  report: fc.constantFrom('top', 'top', 'top', 'daily', 'status'),
  word: fc.constantFrom(...(Object.keys(WORDS) as (keyof typeof WORDS)[])),
  range: fc.constantFrom(...Object.keys(RANGES)),
  filters: fc.uniqueArray(arbitraryFilter, { maxLength: 2, selector: ({ key }) => key }),
  byCredits: fc.boolean(),
});

describe.each(WANTED_DIALECTS)('what Slack shows of random calls on %s', (dialect) => {
  let database: TestDatabase;
  let stage: Stage;

  beforeAll(async () => {
    database = await createDatabase(dialect);
    stage = await startStage({ nowMs: NOW, zone: ZONE, databaseUrl: database.url });
    const answers = [await stage.send(CALLS.slice(0, 300)), await stage.send(CALLS.slice(200))];
    expect(answers).toMatchObject([
      { accepted: 300, duplicates: 0, rejected: [] },
      { accepted: 200, duplicates: 100, rejected: [] },
    ]);
  });
  afterAll(async () => {
    stage.slack.assertNoProblems();
    await stage.stop();
    await database.remove();
  });

  it('is what a plain count of the calls gives', async () => {
    await fc.assert(
      fc.asyncProperty(question, async ({ report, word, range, filters, byCredits }) => {
        const inRange = CALLS.filter(RANGES[range]!);
        const fitting = inRange.filter((call) => filters.every((filter) => passes(call, filter)));
        const options = [range, ...filters.map(printFilter)].join(' ');
        const all = sum(fitting);

        if (report === 'top') {
          const command = `top 1000 ${word} ${options}${byCredits ? ' by credits' : ''}`;
          const rows = await stage.csv(command);
          const expected = Map.groupBy(fitting, (call) => asCell(fieldOf(call, WORDS[word])));
          expect(new Map(rows.map((row) => [row.name, toSums(row)])), command).toEqual(
            new Map([...expected].map(([name, group]) => [name, sum(group)])),
          );
          const measure = byCredits ? 'thousandths' : 'requests';
          for (const row of rows) {
            const own = toSums(row)[measure];
            expect(Number(row.share_percent)).toBeCloseTo(all[measure] === 0 ? 0 : (100 * own) / all[measure], 6);
            if (filters.length === 0) continue;
            const whole = sum(inRange)[measure];
            expect(Number(row.share_of_all_percent)).toBeCloseTo(whole === 0 ? 0 : (100 * own) / whole, 6);
          }
          const named = rows.filter(({ name }) => name !== '(none)').map((row) => toSums(row)[measure]);
          expect(named).toEqual(named.toSorted((a, b) => b - a));
        } else if (report === 'daily') {
          const rows = await stage.csv(`daily ${options}`);
          const bars = rows.map((row) => ({ at: (row.day ?? row.hour)!, ...toSums(row) }));
          const hourly = rows[0]?.hour !== undefined;
          for (const { at, ...sums } of bars) {
            const there = fitting.filter((call) => (hourly ? hourOf(call) === at : dayOf(call) === at));
            expect(sums, at).toEqual(sum(there));
          }
          expect(bars.reduce((total, bar) => total + bar.requests, 0)).toBe(all.requests);
        } else {
          const rows = await stage.csv(`status ${options}`);
          const expected = Map.groupBy(fitting, (call) => fieldOf(call, 'status'));
          expect(new Map(rows.map((row) => [row.status, Number(row.requests)]))).toEqual(
            new Map([...expected].map(([status, group]) => [status, sum(group).requests])),
          );
        }
      }),
      { numRuns: size(16, 400), seed: 7 },
    );
  });

  it('says the same in words, in the table and on the picture', async () => {
    await fc.assert(
      fc.asyncProperty(question, async ({ word, range, filters }) => {
        const fitting = CALLS.filter(RANGES[range]!).filter((call) => filters.every((filter) => passes(call, filter)));
        const all = sum(fitting);
        const seen = await stage.ask(`top 5 ${word} ${[range, ...filters.map(printFilter)].join(' ')}`);
        if (all.requests === 0) {
          expect(seen.text).toMatch(
            filters.length > 0 ? /None: no ((failed )?requests|\d{3}s|\dxx responses)\b/ : /No requests \(/,
          );
          return;
        }
        const named = fitting.some((call) => fieldOf(call, WORDS[word]) !== '(none)');
        expect(seen.text).toMatch(named ? saysOf(all.requests) : saysNone(all.requests));
        for (const [name, requests, , ok, failed] of seen.table.slice(1)) {
          const own = sum(fitting.filter((call) => fieldOf(call, WORDS[word]) === name));
          expect([requests, ok, failed]).toEqual([own.requests, own.ok, own.failed].map(grouped));
        }
        expect(seen.words).toContain(ZONE);
      }),
      { numRuns: size(8, 150), seed: 8 },
    );
  });
});

/** Returns the local hour with its offset, which tells apart an hour that comes twice: `2026-10-25T02:00+02:00`. */
function hourOf({ time }: Call): string {
  const local = Temporal.Instant.from(time).toZonedDateTimeISO(ZONE);
  return local.round({ smallestUnit: 'hour', roundingMode: 'floor' }).toString({
    timeZoneName: 'never',
    smallestUnit: 'minute',
  });
}
