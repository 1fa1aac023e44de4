import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { grouped, type Stage, startStage } from './stage.ts';

/** Four days of a real web server: the sample log of semicomplete.com that Logstash's documentation uses. */
const LOG = gunzipSync(readFileSync(new URL('../fixtures/access-log/semicomplete-access.log.gz', import.meta.url)));
const RANGE = '2015-05-17..2015-05-20';

/** Counts the values of a field, as `awk '{print $1}' | sort | uniq -c | sort -rn` would. */
function count(pattern: RegExp): [string, number][] {
  const counts = new Map<string, number>();
  for (const [, found] of LOG.toString('utf8').matchAll(pattern)) counts.set(found!, (counts.get(found!) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
}

const IPS = count(/^(\S+) /gm);
const STATUSES = count(/^\S+ \S+ \S+ \[[^\]]*\] "(?:[^"\\]|\\.)*" (\d{3}) /gm);
const DAYS = count(/^\S+ \S+ \S+ \[(\d\d)\/May\/2015:/gm).toSorted();
const METHODS = count(/^\S+ \S+ \S+ \[[^\]]*\] "([A-Z]+) /gm);
const LINES = LOG.toString('utf8').trimEnd().split('\n').length;

let stage: Stage;
beforeAll(async () => {
  stage = await startStage({
    nowMs: Date.parse('2026-11-21T10:30:00Z'),
    imports: [{ name: 'access.log', content: LOG }],
  });
});
afterAll(() => stage.stop());

const shown = (table: string[][], column = 1) => table.slice(1).map((row) => [row[0], row[column]]);
const printed = (counts: readonly [string, number][]) => counts.map(([name, times]) => [name, grouped(times)]);

describe('an access log of 2015, imported', () => {
  it('has every line, once', async () => {
    expect(LINES).toBe(10_000);
    expect((await stage.ask(`daily ${RANGE}`)).text).toContain('10,000 requests');
    expect(await stage.cli('import', stage.write('access.log', LOG))).toContain(
      `0 events counted (import 1, ${LOG.length} bytes taken before)`,
    );
    expect((await stage.ask(`daily ${RANGE}`)).text).toContain('10,000 requests');
  });

  it('ranks addresses as a count of the first field does', async () => {
    const seen = await stage.ask(`top ips 10 ${RANGE}`);
    expect(shown(seen.table)).toEqual(printed(IPS.slice(0, 10)));
    expect(seen.text).toContain(`${grouped(IPS.length)} `);
    const rows = await stage.csv(`top 1000 ips ${RANGE}`);
    expect(rows.map(({ name, requests }) => [name, Number(requests)])).toEqual(IPS.slice(0, 1000));
  });

  it('counts status codes as grep does', async () => {
    const seen = await stage.ask(`status ${RANGE}`);
    expect(shown(seen.table)).toEqual(printed(STATUSES));
    const failed = STATUSES.filter(([status]) => Number(status) >= 400).reduce((sum, [, times]) => sum + times, 0);
    expect(seen.text).toContain(
      `2.2% of ${grouped(LINES)} requests failed; most of the ${grouped(failed)} failures are 404s.`,
    );
  });

  it('counts days and methods as grep does', async () => {
    const daily = await stage.ask(`daily ${RANGE}`);
    expect(shown(daily.table)).toEqual(DAYS.map(([day, times]) => [`${Number(day)} May`, grouped(times)]));
    expect(shown((await stage.ask(`top 20 methods ${RANGE}`)).table)).toEqual(printed(METHODS));
  });

  it('draws a day by the hour as grep counts it', async () => {
    const hours = count(/\[18\/May\/2015:(\d\d):/gm).toSorted();
    const seen = await stage.ask('day 2015-05-18');
    expect(shown(seen.table)).toEqual(hours.map(([hour, times]) => [`${hour}:00`, grouped(times)]));
    stage.slack.assertNoProblems();
  });
});
