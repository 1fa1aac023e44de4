import { readFileSync } from 'node:fs';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatDay } from '../../src/domain/calendar.ts';
import type { UsageEvent } from '../../src/domain/event.ts';
import { createReporter } from '../../src/report/reporter.ts';
import type { Cell, Origin } from '../../src/sql/part-rows.ts';
import { runSql } from '../../src/sql/run-sql.ts';
import { createDatabase, type TestDatabase, WANTED_DIALECTS } from '../support/databases.ts';
import { COUNTED, calendar, fillStage, NOW, type Stage } from './stage.ts';

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
const [rowQueries, queries] = [...readme.matchAll(/```sql\n([\s\S]+?)```/g)].map(
  ([, block]) =>
    new Map(
      block!
        .split(/^-- /m)
        .slice(1)
        .map((text): [string, string] => [text.split('\n')[0]!, text.slice(text.indexOf('\n'))]),
    ),
) as [Map<string, string>, Map<string, string>];

const dayOf = ({ timeMs }: UsageEvent): string => formatDay(calendar.dayOf(timeMs!));
const nameOf = ({ client }: UsageEvent): string => (client.startsWith('b9c1') ? 'Acme CRM' : client);
const isFailed = ({ status = 0 }: UsageEvent): boolean => status >= 400;
const isOk = ({ status = 0 }: UsageEvent): boolean => status > 0 && status < 400;
const calls = (events: readonly UsageEvent[]): number => events.reduce((sum, { count }) => sum + count, 0);
const percent = (part: number, all: number): number => Math.round((1000 * part) / all) / 10;
const inNovember = COUNTED.filter((event) => dayOf(event) >= '2026-11-01');
const lately = COUNTED.filter((event) => dayOf(event) >= '2026-11-14');
const onThe18th = COUNTED.filter((event) => dayOf(event) === '2026-11-18');
const group = <K>(events: readonly UsageEvent[], key: (event: UsageEvent) => K) => [...Map.groupBy(events, key)];

for (const dialect of WANTED_DIALECTS)
  describe(`the queries that README shows, on ${dialect}`, () => {
    let database: TestDatabase;
    let stage: Stage;
    beforeAll(async () => {
      database = await createDatabase(dialect);
      stage = await fillStage(database.url);
    });
    afterAll(async () => {
      await stage.close();
      await database.remove();
    });

    const query = (text: string, onPart?: (table: string) => void): Promise<Record<string, Cell>[]> =>
      stage.usage.freeze(async (frozen) => {
        const origin: Origin = { frozen, calendar, definitions: stage.definitions, nowMs: NOW };
        const found: Record<string, Cell>[] = [];
        await runSql(origin, text, {
          take: async (columns, rows) => {
            for (const row of rows) found.push(Object.fromEntries(columns.map((name, place) => [name, row[place]!])));
          },
          ...(onPart ? { onPart } : {}),
        });
        return found;
      });
    const run = (name: string) => query(queries.get(name)!);
    const runOnRows = async (name: string) =>
      (await sql.raw<Record<string, Cell>>(rowQueries.get(name)!.replace(/;\s*$/, '')).execute(stage.db)).rows;
    const reporter = () => {
      const { usage, definitions } = stage;
      return createReporter({ usage, calendar, definitions: async () => definitions, sources: async () => [] });
    };

    it('are ten, and three over rows', () => {
      expect([queries.size, rowQueries.size]).toEqual([10, 3]);
    });

    it('rank clients as the reporter does', async () => {
      const report = await reporter().answer(
        { report: 'top', dimension: 'client', limit: 5, range: '2026-11-01..2026-11-21' },
        NOW,
      );
      const rows = report.kind === 'top' ? report.rows : [];
      expect(rows.length).toBeGreaterThan(2);
      expect(await run('who used most in November')).toEqual(
        rows.map(({ name, requests, failed }) => ({ client_name: name, requests, failed })),
      );
      const named = group(inNovember, nameOf).map(([name, events]) => [name, calls(events)]);
      expect(Object.fromEntries(named)).toEqual(Object.fromEntries(rows.map(({ name, requests }) => [name, requests])));
    });

    it('compare months', async () => {
      const expected = group(COUNTED, nameOf)
        .map(([name, events]) => {
          const november = calls(events.filter((event) => dayOf(event) >= '2026-11-01'));
          return { client_name: name, november, october: calls(events) - november };
        })
        .sort((a, b) => b.november - a.november);
      expect(await run('November against October')).toEqual(expected);
    });

    it('count what succeeded and what failed', async () => {
      const days = group(lately, dayOf).sort(([a], [b]) => (a < b ? -1 : 1));
      expect(await run('success rate by day')).toEqual(
        days.map(([day, events]) => {
          const [ok, failed] = [calls(events.filter(isOk)), calls(events.filter(isFailed))];
          return { day, requests: calls(events), success_percent: percent(ok, ok + failed) };
        }),
      );
      const refused = group(
        onThe18th.filter(({ status }) => status === 429),
        ({ timeMs }) => new Date(calendar.startOfHour(timeMs!)).toISOString(),
      ).map(([time, events]) => ({ time, refused: calls(events) }));
      refused.sort((a, b) => b.refused - a.refused || (a.time < b.time ? -1 : 1));
      expect(refused.length).toBeGreaterThan(0);
      expect(await run('hours in which most calls were refused for their rate')).toEqual(refused.slice(0, 3));
      const failing = group(lately.filter(isFailed), ({ route, status }) => JSON.stringify([route, status]));
      const expected = failing.map(([key, events]) => {
        const [route, status] = JSON.parse(key);
        return { route, status, requests: calls(events) };
      });
      expected.sort(
        (a, b) => b.requests - a.requests || (a.route < b.route ? -1 : a.route > b.route ? 1 : a.status - b.status),
      );
      expect(await run('what fails, by route and status')).toEqual(expected);
    });

    it('read single calls', async () => {
      const timed = onThe18th.filter(({ count, durationMs }) => count === 1 && durationMs !== undefined);
      const expected = group(timed, ({ route }) => route!).map(([route, events]) => {
        const durations = events.map(({ durationMs }) => durationMs!).sort((a, b) => a - b);
        return { route, calls: events.length, p95_ms: durations[Math.ceil((95 * events.length) / 100) - 1]! };
      });
      expect(expected.length).toBeGreaterThan(1);
      const found = await run('p95 of each route on a day, by nearest rank');
      expect(found).toEqual(expected.sort((a, b) => b.p95_ms - a.p95_ms));
      const span = { fromMs: calendar.startOfDay(calendar.dayOf(onThe18th[0]!.timeMs!)), toMs: 0 };
      span.toMs = span.fromMs + 86_400_000;
      const { rows } = await stage.usage.latency({ span, filters: [], grain: 'all', groupBy: 'route' });
      expect(Object.fromEntries(found.map(({ route, p95_ms }) => [route, p95_ms]))).toEqual(
        Object.fromEntries(rows.map(({ key, latency }) => [key, latency!.p95Ms])),
      );

      const failed = lately.filter((event) => event.client === 'b9c1f0' && isFailed(event));
      failed.sort((a, b) => b.timeMs! - a.timeMs!);
      expect(await run('the newest failed calls of one client')).toEqual(
        failed.slice(0, 20).map(({ timeMs, id, method = null, route, status, user = null }) => ({
          ...{ time: new Date(timeMs!).toISOString(), id, method, route, status, user },
        })),
      );
    });

    it('tell minutes, draws and pools as cards do', async () => {
      const peaks = await run('the peak minute of each scope');
      const minutes = group(
        onThe18th.filter(({ count, route }) => count === 1 && route!.startsWith('/v1/')),
        ({ timeMs }) => Math.floor(timeMs! / 60_000),
      );
      expect(peaks.map(({ scope }) => scope)).toEqual(['crm', 'default']);
      expect(peaks[0]!.peak).toBe(Math.max(...minutes.map(([, events]) => events.length)));

      const history = await reporter().answer({ report: 'history', scope: 'crm', range: '2026-11' }, NOW);
      const drawn = new Map<string, number>();
      for (const { month, scope, pool, credits } of await run(
        'credits by month, scope and pool; without a pool: beyond all of them',
      ))
        if (scope === 'crm') drawn.set(`${month} ${pool ?? 'Overage'}`, Number(credits) * 1000);
      expect(drawn.size).toBeGreaterThan(3);
      const october = history.kind === 'history' ? history.months.at(-2)! : undefined;
      expect(Object.fromEntries([...drawn].filter(([key]) => key.startsWith('2026-10')))).toEqual(
        Object.fromEntries(Object.entries(october!.drawn).map(([pool, credits]) => [`2026-10 ${pool}`, credits])),
      );
      const used = inNovember.filter(({ route }) => route!.startsWith('/v1/'));
      const credits = used.reduce((sum, { count, method }) => sum + count * (method === 'POST' ? 2500 : 1000), 0);
      const november = [...drawn].filter(([key]) => key.startsWith('2026-11'));
      expect(november.reduce((sum, [, part]) => sum + part, 0)).toBe(credits);

      const report = await reporter().answer({ report: 'pool', scope: 'crm' }, NOW);
      const pools = report.kind === 'pool' ? report.table.rows : [];
      const full = await run('pools that are nearly used up');
      expect(full.map(({ pool }) => pool)).toContain('Bundle');
      for (const { pool, used, amount } of full)
        expect(
          pools.some(
            (row) => row.includes(pool!) && row.includes(Number(used) * 1000) && row.includes(Number(amount) * 1000),
          ),
        ).toBe(true);
    });

    it('over rows say the same', async () => {
      await stage.intake.usage.foldAll();
      await stage.intake.usage.writeDailyRows();
      const clients = group(inNovember, ({ client }) => client).map(([client, events]) => ({
        ...{ client, requests: calls(events), failed: calls(events.filter(isFailed)) },
      }));
      clients.sort((a, b) => b.requests - a.requests || (a.client < b.client ? -1 : 1));
      expect(await runOnRows('requests per client in November')).toEqual(clients);
      const days = group(lately, dayOf).sort(([a], [b]) => (a < b ? -1 : 1));
      expect(await runOnRows('share of failed calls per day')).toEqual(
        days.map(([day, events]) => {
          const [ok, failed] = [calls(events.filter(isOk)), calls(events.filter(isFailed))];
          return { day, requests: calls(events), failed_percent: percent(failed, ok + failed) };
        }),
      );
      const refused = COUNTED.filter(({ status }) => status === 429);
      const expected = group(refused, (event) => JSON.stringify([dayOf(event).slice(0, 7), event.route])).map(
        ([key, events]) => ({ month: JSON.parse(key)[0], route: JSON.parse(key)[1], refused: calls(events) }),
      );
      expected.sort((a, b) => b.refused - a.refused || (a.month + a.route < b.month + b.route ? -1 : 1));
      expect(await runOnRows('calls refused for their rate, per route and month')).toEqual(expected);
    });

    it('read the days that they ask for, and no more', async () => {
      const count = async (text: string): Promise<[number, Cell]> => {
        let parts = 0;
        const [row] = await query(text, () => (parts += 1));
        return [parts, Object.values(row!)[0]!];
      };
      const ofDay = onThe18th.length;
      expect(await count(`select count(*) from events where day = '2026-11-18'`)).toEqual([1, ofDay]);
      expect(await count(`select count(*) from events where '2026-11-18' = day and status >= 400`)).toEqual([
        1,
        onThe18th.filter(isFailed).length,
      ]);
      const two = COUNTED.filter((event) => dayOf(event) >= '2026-11-18' && dayOf(event) <= '2026-11-19').length;
      expect(await count(`select count(*) from events where day between '2026-11-18' and '2026-11-19'`)).toEqual([
        2,
        two,
      ]);
      expect(
        await count(
          `with d as (select day, count(*) as n from events group by day) select n from d where day = '2026-11-18'`,
        ),
      ).toEqual([1, ofDay]);
      expect(await count(`select sum(requests) from daily where day = '2026-11-18' and dimension = 'user'`)).toEqual([
        1,
        calls(onThe18th),
      ]);
      const hours = COUNTED.filter(
        ({ timeMs }) => timeMs! >= Date.parse('2026-11-18T10:00:00Z') && timeMs! < Date.parse('2026-11-18T16:00:00Z'),
      );
      expect(
        await count(
          `select count(*) from events e where e.time >= '2026-11-18T10' and time < strftime('%Y-%m-%dT%H', '2026-11-18', '+16 hours')`,
        ),
      ).toEqual([2, hours.length]);
      // Reads the newest day only, because it has more than one call.
      const [parts] = await count('select time from events order by day desc, time desc limit 1');
      expect(parts).toBeLessThan(4);
    });
  });
