import { expect, it } from 'vitest';
import { findTimeBounds } from '../../src/sql/time-bounds.ts';
import { openMemory } from '../../src/store/sqlite.ts';

const db = openMemory();
const find = (where: string, before = 'select * from events') =>
  findTimeBounds(`${before} where ${where}`, (expression) => db.prepare(`select ${expression}`).pluck().get());

it('takes what WHERE certainly says of the time', () => {
  const from = '2026-11-18';
  expect(find("time >= '2026-11-18'")).toEqual({ table: 'events', from });
  expect(find("e.time > '2026-11-18' and status = 429 order by time", 'select * from events e')).toEqual({
    ...{ table: 'events', from },
  });
  expect(find("client = 'x or y' AND \"TIME\" < '2026-11-19' -- or\n", 'select time from Minutes')).toEqual({
    ...{ table: 'minutes', until: '2026-11-19' },
  });
  expect(find("time between '2026-11-18' and '2026-11-19T12:00' and (status = 1 or status = 2)")).toEqual({
    ...{ table: 'events', from, until: '2026-11-19T12:00' },
  });
  expect(find("time > date('2026-11-19', '-1 day') and time > '2026-11-01' and time <= '2026-11-20' || 'T12'")).toEqual(
    {
      ...{ table: 'events', from, until: '2026-11-20T12' },
    },
  );
  expect(find("time = '2026-11-18T10:00:00.000Z'")).toMatchObject({ from: '2026-11-18T10:00:00.000Z' });
});

it.each([
  "time >= '2026-11-18' or status = 429",
  "not time >= '2026-11-18'",
  "time not between '2026-11-18' and '2026-11-19'",
  "status between 1 and time >= '2026-11-18'",
  "(time >= '2026-11-18' or 1)",
  "case when 1 then 0 and time >= '2026-11-18' end",
  "time >= '2026-11-18' = 0",
  "time >= '2026-11-18' < 5",
  "time >= '2026-11-18' is null",
  'time >= received_time',
  'time >= 5',
  "time >= 'yesterday'",
  "time >= (select '2026-11-18')",
  "time in ('2026-11-18')",
  "'2026-11-18' <= time",
])('takes nothing of %s', (where) => {
  expect(find(where)).toBeUndefined();
});

it('takes nothing where it may be of another table', () => {
  const where = "time >= '2026-11-18'";
  expect(find(where, 'select * from events join hourly')).toBeUndefined();
  expect(find(where, 'select * from (select * from events)')).toBeUndefined();
  expect(find(where, 'select * from pools')).toBeUndefined();
});
