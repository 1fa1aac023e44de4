import { expect, it } from 'vitest';
import { parseDay } from '../../src/domain/calendar.ts';
import { burnRate, findPace, formatForecast } from '../../src/domain/forecast.ts';

const firstDay = parseDay('2026-10-19');

it('takes the quartiles of the days that there are', () => {
  const pace = findPace({ firstDay, credits: [8000, 16_000, 10_000, 14_000, 12_000] })!;
  expect([pace.slower(firstDay), pace.quicker(firstDay + 99)]).toEqual([10_000, 14_000]);
});

it('takes the median of the weekday from four weeks on, widened as days differ from it', () => {
  // A quiet weekend, and one week in which everything doubled.
  const credits = Array.from({ length: 28 }, (_, day) => (day % 7 < 5 ? 10_000 : 1000) * (day >= 21 ? 2 : 1));
  const pace = findPace({ firstDay, credits })!;
  const [monday, saturday] = [firstDay + 28, firstDay + 33];
  expect([pace.slower(monday), pace.slower(saturday)]).toEqual([10_000, 1000]);
  expect([pace.quicker(monday), pace.quicker(saturday)]).toEqual([12_500, 1250]);
});

it('looks back four weeks and no further', () => {
  const credits = [...Array.from({ length: 7 }, () => 999_000), ...Array.from({ length: 28 }, () => 1000)];
  expect(findPace({ firstDay, credits })).toMatchObject({ slowerPerDay: 1000, quickerPerDay: 1000 });
});

it('says nothing under three days, or without use', () => {
  expect(findPace({ firstDay, credits: [1000, 1000] })).toBeUndefined();
  expect(findPace({ firstDay, credits: [0, 0, 0, 0] })).toBeUndefined();
  expect(
    findPace({ firstDay, credits: Array.from({ length: 28 }, (_, day) => (day === 3 ? 1000 : 0)) }),
  ).toBeUndefined();
});

it('prints its arithmetic', () => {
  const pace = findPace({ firstDay, credits: [4_100_400, 5_300_000, 4_100_400, 5_300_000, 4_700_000] })!;
  expect(formatForecast(pace, 12_400_000, { earliest: 2.34, latest: 3.02 })).toBe(
    'at 4,100–5,300 a day (p25–p75 of the last 5 days), the 12,400 left last 2.3–3 days',
  );
  expect(formatForecast(pace, 12_400_000, { earliest: 2.34, latest: undefined })).toBe(
    'at 4,100–5,300 a day (p25–p75 of the last 5 days), the 12,400 left last 2.3 days at the faster pace, past the reset at the slower',
  );
});

it('burns at 1 where the amount just lasts', () => {
  const period = { fromMs: 0, toMs: 1000 };
  expect(burnRate(50, 100, period, 500)).toBe(1);
  expect(burnRate(50, 100, period, 250)).toBe(2);
  expect(burnRate(50, 100, period, 5000)).toBe(0.5);
  expect(burnRate(0, 100, period, 0)).toBeUndefined();
});
