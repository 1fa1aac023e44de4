import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isUntil, parseUntil } from '../../../src/slack/command/until.ts';
import { size } from '../../support/size.ts';

/** A Saturday, 15:23 in Berlin. */
const NOW = Date.UTC(2026, 10, 21, 14, 23);
const ZONE = 'Europe/Berlin';

describe('parseUntil', () => {
  test.each([
    ['2h', '2026-11-21T16:23:00Z'],
    ['for 30 minutes', '2026-11-21T14:53:00Z'],
    ['an hour', '2026-11-21T15:23:00Z'],
    ['two hours', '2026-11-21T16:23:00Z'],
    ['half an hour', '2026-11-21T14:53:00Z'],
    ['3d', '2026-11-24T14:23:00Z'],
    ['1 week', '2026-11-28T14:23:00Z'],
    ['tomorrow', '2026-11-22T08:00:00Z'],
    ['until monday', '2026-11-23T08:00:00Z'],
    ['monday 10:30', '2026-11-23T09:30:00Z'],
    ['saturday', '2026-11-28T08:00:00Z'],
    ['next week', '2026-11-23T08:00:00Z'],
    ['18:00', '2026-11-21T17:00:00Z'],
    ['6pm', '2026-11-21T17:00:00Z'],
    ['09:00', '2026-11-22T08:00:00Z'],
    ['today 18:00', '2026-11-21T17:00:00Z'],
    ['2026-11-25', '2026-11-25T08:00:00Z'],
    ['2026-11-25 at 14:00', '2026-11-25T13:00:00Z'],
    ['24 dec', '2026-12-24T08:00:00Z'],
    ['jan 2', '2027-01-02T08:00:00Z'],
  ])('%s', (text, expected) => {
    expect(parseUntil(text, NOW, ZONE)).toBe(Temporal.Instant.from(expected).epochMilliseconds);
    expect(isUntil(text)).toBe(true);
  });

  test('a day is all of it where what rests may be due before 09:00', () => {
    expect(parseUntil('until monday', NOW, ZONE, 0)).toBe(Date.parse('2026-11-22T23:00:00Z'));
    expect(parseUntil('monday 10:30', NOW, ZONE, 0)).toBe(Date.parse('2026-11-23T09:30:00Z'));
  });

  test('29 February is a day of leap years', () => {
    expect(isUntil('29 feb')).toBe(true);
    expect(isUntil('30 feb')).toBe(false);
    expect(parseUntil('29 feb', NOW, ZONE)).toBeUndefined();
    const inAYear = Temporal.Instant.from('2028-02-29T08:00:00Z').epochMilliseconds;
    for (const now of ['2027-03-15T12:00:00Z', '2028-02-01T12:00:00Z'])
      expect(parseUntil('29 feb', Temporal.Instant.from(now).epochMilliseconds, ZONE)).toBe(inAYear);
  });

  test.each(['', 'whenever', 'crm', '2026-02-30', '2026-11-20', 'today 09:00', '25:00', '9999d', '0h'])(
    '“%s” is no time to come',
    (text) => {
      expect(parseUntil(text, NOW, ZONE)).toBeUndefined();
    },
  );

  test('whatever it reads lies ahead, within a year', () => {
    const words = fc.constantFrom(
      ...'2 h 3d until monday 09:00 18:00 tomorrow today 2026-11-25 dec 24 5pm week'.split(' '),
    );
    const texts = fc.oneof(
      fc.string(),
      fc.array(words, { maxLength: 4 }).map((parts) => parts.join(' ')),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const untilMs = parseUntil(text, NOW, ZONE);
        if (untilMs === undefined) return;
        expect(untilMs).toBeGreaterThan(NOW);
        expect(untilMs).toBeLessThanOrEqual(NOW + 366 * 86_400_000);
        expect(isUntil(text)).toBe(true);
      }),
      { numRuns: size(500, 20_000) },
    );
  });
});
