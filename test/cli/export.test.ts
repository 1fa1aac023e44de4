import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createCommandLine } from '../support/command-line.ts';

const NOW = Date.UTC(2026, 10, 20, 12);
const text = fc.constantFrom('a', 'Acme "CRM"', '=cmd()', '名前, x', 'back\\slash', '{"a":1}', 'é\u2028');
const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const EVENTS = fc
  .sample(
    fc.record({
      time: fc.integer({ min: NOW - 4 * 86_400_000, max: NOW - 1 }).map((ms) => new Date(ms).toISOString()),
      client: text,
      method: optional(fc.constantFrom('GET', 'POST')),
      route: optional(fc.constantFrom('/v1/orders', '/v1/{id}')),
      status: optional(fc.constantFrom(200, 404, 429)),
      user: optional(text),
      ip: optional(fc.constantFrom('203.0.113.7', '2001:db8::1')),
      module: optional(text),
      api_version: optional(text),
      function: optional(text),
      initiator: optional(text),
      kind: optional(fc.constantFrom('call', 'integration_task')),
      scope: optional(fc.constantFrom('crm', 'erp')),
      count: optional(fc.integer({ min: 1, max: 1_000_000_000 })),
      records: optional(fc.nat(1000)),
      credits: optional(fc.nat(10_000_000).map((thousandths) => thousandths / 1000)),
      duration_ms: optional(fc.nat(10_000_000).map((microseconds) => microseconds / 1000)),
    }),
    { numRuns: 300, seed: 5 },
  )
  .map((event, index) => ({ id: String(index), ...event }));
/** Pools with a rule that excludes some of the events. */
const POOLS = 'exclude: [{ kind: internal }]\nclients: [{ id: "a", name: "Named \\"A\\"" }]\n';
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'headroom-export-'));
  writeFileSync(join(folder, 'pools.yml'), POOLS);
  const lines = [...EVENTS, { ...EVENTS[0]!, id: 'x', kind: 'internal' }].map((event) => JSON.stringify(event));
  writeFileSync(join(folder, 'a.ndjson'), `${lines.join('\n')}\n`);
  expect((await run('pools', 'apply', 'pools.yml')).code).toBe(0);
  expect((await run('import', 'a.ndjson')).code).toBe(0);
});
afterAll(() => rmSync(folder, { recursive: true }));

const runIn = (database: string, words: readonly string[]) =>
  createCommandLine({ folder, database, now: () => NOW })(...words);
const run = (...words: string[]) => runIn('headroom.db', words);

const SELECT_EVENTS = `select time, client, method, route, status, user, ip, module, api_version, function, initiator, kind,
  scope, source, count, records, credits, duration_ms, id from events order by 1, 2, 3, 4, 5, 6, 15, 17`;

it('writes single calls that another Headroom imports as they were', async () => {
  const { code, out, err } = await run('export', 'events');
  expect({ code, err }).toEqual({ code: 0, err: '' });
  const lines = out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines).toHaveLength(EVENTS.length);
  const found = lines.find(({ time, credits }) => time === EVENTS[3]!.time && credits !== undefined);
  const given = Object.fromEntries(Object.entries(EVENTS[3]!).filter(([, value]) => value !== undefined));
  expect(found).toMatchObject(given);
  expect(lines.find(({ client }) => client === 'a')).toMatchObject({ client_name: 'Named "A"' });

  writeFileSync(join(folder, 'out.ndjson'), out);
  expect((await runIn('copy.db', ['import', 'out.ndjson'])).out).toContain(`${EVENTS.length} events counted`);
  for (const statement of [
    SELECT_EVENTS,
    'select day, dimension, value, status, requests, ok, failed, credits from daily order by 1, 2, 3, 4',
  ]) {
    const original = await run('sql', statement, '--csv');
    expect(original.out.split('\r\n').length).toBeGreaterThan(EVENTS.length);
    expect((await runIn('copy.db', ['sql', statement, '--csv'])).out).toBe(original.out);
  }
});

it('writes Parquet that another reader reads', async () => {
  for (const [what, statement] of [
    ['events', SELECT_EVENTS],
    ['daily', 'select day, dimension, value, status, requests, ok, failed, credits from daily order by 1, 2, 3, 4'],
  ] as const) {
    const name = `${what}.parquet`;
    expect(await run('export', what, '--format', 'parquet', '--out', name)).toMatchObject({ code: 0, out: '' });
    const rows = await parquetReadObjects({ file: await asyncBufferFromFile(join(folder, name)) });
    const plain = rows.map((row) =>
      Object.fromEntries(
        Object.entries(row).map(([key, value]) => [
          key,
          value instanceof Date
            ? value.toISOString().slice(0, key === 'day' ? 10 : undefined)
            : typeof value === 'bigint'
              ? Number(value)
              : key === 'credits'
                ? // This reader turns decimals into floats, so they must be rounded.
                  Math.round((value as number) * 1000) / 1000
                : value,
        ]),
      ),
    );
    const { out } = await run('sql', statement, '--json');
    const expected = JSON.parse(out) as Record<string, unknown>[];
    const columns = Object.keys(expected[0]!);
    const sort = (list: Record<string, unknown>[]) =>
      list.map((row) => JSON.stringify(columns.map((column) => row[column]))).sort();
    expect(sort(plain)).toEqual(sort(expected));
    expect(rows.length).toBeGreaterThan(100);
  }
});

it('writes CSV that no spreadsheet takes for formulas', async () => {
  const { out } = await run('export', 'events', '--format', 'csv', 'client:=cmd()');
  const lines = out.trimEnd().split('\r\n');
  expect(lines[0]).toMatch(/^time,client,client_name,method,route,status,/);
  expect(lines.slice(1).every((line) => line.includes(",'=cmd(),'=cmd(),"))).toBe(true);
  expect(lines).toHaveLength(1 + EVENTS.filter(({ client }) => client === '=cmd()').length);
});

it('takes ranges and filters as questions do', async () => {
  const count = async (...words: string[]): Promise<number> => {
    const { code, out, err } = await run('export', 'events', ...words);
    expect({ code, err }).toEqual({ code: 0, err: expect.stringMatching(/^$|^Single calls are kept from/) });
    return out === '' ? 0 : out.trimEnd().split('\n').length;
  };
  const on = (...days: string[]) => EVENTS.filter(({ time }) => days.includes(time.slice(0, 10)));
  expect(await count('yesterday')).toBe(on('2026-11-19').length);
  expect(await count('--from', '2026-11-18', '--to', '2026-11-19')).toBe(on('2026-11-18', '2026-11-19').length);
  expect(await count('--from', '2026-11-20')).toBe(on('2026-11-20').length);
  expect(await count('--to', '2026-11-17')).toBe(on('2026-11-16', '2026-11-17').length);
  expect(await count('yesterday', 'status:4xx')).toBe(
    on('2026-11-19').filter(({ status = 0 }) => status >= 400).length,
  );
  expect(await count('client:Named "A"')).toBe(EVENTS.filter(({ client }) => client === 'a').length);
  const { out } = await run('export', 'daily', 'yesterday', '--format', 'csv', 'method:POST');
  const [header, ...rows] = out.trimEnd().split('\r\n');
  expect(header).toBe('day,dimension,value,client_name,status,requests,ok,failed,credits');
  const posts = on('2026-11-19').filter(({ method }) => method === 'POST');
  const kinds = rows.filter((row) => row.startsWith('2026-11-19,kind,')).map((row) => Number(row.split(',')[5]));
  expect(kinds.reduce((sum, requests) => sum + requests, 0)).toBe(
    posts.reduce((sum, { count: of = 1 }) => sum + of, 0),
  );
});

it('goes on with the days that a folder lacks', async () => {
  const out = join(folder, 'days');
  expect(await run('export', 'events', 'yesterday', '--out', 'days/')).toMatchObject({ code: 0 });
  expect(readdirSync(out).sort()).toEqual(['events-2026-11-19.ndjson', 'export.json']);
  const kept = join(out, 'events-2026-11-19.ndjson');
  const whole = readFileSync(kept, 'utf8');
  writeFileSync(kept, 'kept');
  const { err } = await run('export', 'events', '--out', 'days');
  expect(err).toMatch(/4 days written, 1 already there\.$/);
  expect(readFileSync(kept, 'utf8')).toBe('kept');
  expect(readdirSync(out).filter((name) => name.endsWith('.ndjson'))).toHaveLength(5);
  // The file was written before the day was over, so the day may have more events by now.
  utimesSync(kept, new Date('2026-11-19T20:00:00Z'), new Date('2026-11-19T20:00:00Z'));
  await run('export', 'events', '--out', 'days');
  expect(readFileSync(kept, 'utf8')).toBe(whole);
  expect((await run('export', 'events', 'status:429', '--out', 'days')).err).toMatch(/holds another export/);
});

it.each([
  [[], /^events\|daily is missing: headroom export events\|daily/],
  [['calls'], /^Say what to export, events or daily, not "calls": /],
  [['events', '--format', 'xml'], /^--format is "xml": use ndjson, csv, parquet\.$/],
  [['events', '--from', 'monday'], /^--from must be a date such as 2026-11-01, not "monday"\.$/],
  [['events', '7d', '--from', '2026-11-01'], /^Give either a range \(7d\) or --from and --to\.$/],
  [['events', 'top', 'clients'], /./],
  [['daily', '3h'], /^Daily totals are of whole days, /],
  [['events', 'statsu:429'], /statsu[\s\S]*headroom export events "status:429"/],
  [['events', '--out', 'none/such/file'], /cannot be written .*: choose another place\.$/],
] as [string[], RegExp][])('says what is wrong with export %j', async (words, expected) => {
  const { code, out, err } = await run('export', ...words);
  expect(out).toBe('');
  expect(code).not.toBe(0);
  expect(err).toMatch(expected);
  expect(err).not.toContain('    at ');
});
