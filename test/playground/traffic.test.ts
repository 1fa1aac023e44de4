import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseDeclaration } from '../../src/definition/parse.ts';
import { createCalendar, parseDay } from '../../src/domain/calendar.ts';
import { getAdapter } from '../../src/ingest/adapters.ts';
import { readPoolsFile } from '../../src/playground/cast.ts';
import { createTraffic } from '../../src/playground/traffic.ts';
import { size } from '../support/size.ts';

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
    { numRuns: size(5, 150) },
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

test('whatever the day of the week, a window of the rolling pool has room, and a working day fills most of it', () => {
  const { scopes } = parseDeclaration(readPoolsFile(2026));
  expect(scopes.map(({ name }) => name)).toEqual(['crm', 'integration-service', 'public-api']);
  const shares = [];
  const all = traffic.between(start - 14 * DAY_MS, start + 7 * DAY_MS);
  for (let day = 0; day < 7; day += 1) {
    const nowMs = start + day * DAY_MS + 18 * 3_600_000;
    const month = all.filter(({ time }) => time < nowMs);
    const window = month.filter(({ time, module }) => time > nowMs - DAY_MS && module.startsWith('crm'));
    shares.push((window.length * 1000) / scopes[0]!.pools[0]!.base);
  }
  expect(Math.max(...shares)).toBeLessThan(0.9);
  expect(Math.max(...shares)).toBeGreaterThan(0.6);
  expect(Math.min(...shares)).toBeGreaterThan(0.05);
});
