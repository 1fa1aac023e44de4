import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseDeclaration } from '../../src/definition/parse.ts';
import { createCalendar, parseDay } from '../../src/domain/calendar.ts';
import { getAdapter } from '../../src/ingest/adapters.ts';
import { buildPoolsFile, measureVolumes } from '../../src/playground/pools.ts';
import { createTraffic } from '../../src/playground/traffic.ts';

const calendar = createCalendar('Europe/Berlin');
const FIRST_DAY = parseDay('2026-11-20');
const traffic = createTraffic(calendar, FIRST_DAY);
const DAY_MS = 86_400_000;
const start = calendar.startOfDay(FIRST_DAY);

test('a span gives the same calls, however it is cut', () => {
  const cut = fc.integer({ min: 0, max: 2 * DAY_MS });
  fc.assert(
    fc.property(cut, cut, cut, (...cuts) => {
      const [from, middle, until] = cuts.sort((a, b) => a - b).map((ms) => start - DAY_MS + ms);
      const whole = traffic.between(from!, until!);
      expect([...traffic.between(from!, middle!), ...traffic.between(middle!, until!)]).toEqual(whole);
      expect(new Set(whole.map(({ id }) => id)).size).toBe(whole.length);
    }),
    { numRuns: 15 },
  );
});

test('the bot takes every call of it', () => {
  const events = [...traffic.between(start - 2 * DAY_MS, start), ...traffic.inBrief(FIRST_DAY - 200)];
  const { rejected, events: taken } = getAdapter('native').parse({
    body: Buffer.from(JSON.stringify(events)),
    contentType: 'application/json',
    headers: {},
    receivedMs: start,
    options: {},
  });
  expect(rejected).toEqual([]);
  expect(taken).toHaveLength(events.length);
  expect(new Set(taken.map(({ route }) => route)).size).toBeLessThan(30);
});

test('people work by day and rest at weekends, the server broke down once, one client asks too fast', () => {
  const week = traffic.between(start - 7 * DAY_MS, start);
  const byDay = Object.values(Object.groupBy(week, ({ time }) => calendar.dayOf(time))).map((day) => day!.length);
  expect(Math.max(...byDay)).toBeGreaterThan(1.8 * Math.min(...byDay));
  const broken = week.filter(({ status }) => status >= 500);
  expect(new Set(broken.map(({ time }) => calendar.dayOf(time)))).toEqual(new Set([FIRST_DAY - 3]));
  const limited = week.filter(({ status }) => status === 429);
  expect(new Set(limited.map(({ client }) => client))).toEqual(new Set(['warehouse-export']));
  const since = (client: string) => week.find((event) => event.client === client)!.time;
  expect(calendar.dayOf(since('insights-beta'))).toBe(FIRST_DAY - 2);
});

test('whatever the day of the week, the rolling pool stands just below 75 %', () => {
  for (let day = 0; day < 7; day += 1) {
    const nowMs = start + day * DAY_MS + 9.5 * 3_600_000;
    const volumes = measureVolumes(traffic.between(nowMs - DAY_MS, nowMs), traffic.between(nowMs - 2 * DAY_MS, nowMs));
    const { scopes } = parseDeclaration(buildPoolsFile(volumes, 2026));
    expect(scopes.map(({ name }) => name)).toEqual(['crm', 'integration-service', 'public-api']);
    const [daily] = scopes[0]!.pools;
    const share = (volumes.crmDay * 1000) / daily!.base;
    expect(share).toBeGreaterThan(0.7);
    expect(share).toBeLessThan(0.75);
  }
});
