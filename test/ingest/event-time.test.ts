import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseClfTime, parseEventTime } from '../../src/ingest/event-time.ts';

describe('the time of an event', () => {
  it('is any RFC 3339 date-time, to the millisecond', () => {
    const instants = fc.date({
      min: new Date('0000-01-01T00:00:00Z'),
      max: new Date('9999-12-31T23:59:59Z'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(instants, fc.integer({ min: -1439, max: 1439 }), (date, offsetMinutes) => {
        const iso = date.toISOString();
        expect(parseEventTime(iso)).toBe(date.getTime());
        expect(parseEventTime(iso.toLowerCase())).toBe(date.getTime());
        const sign = offsetMinutes < 0 ? '-' : '+';
        const hours = String(Math.floor(Math.abs(offsetMinutes) / 60)).padStart(2, '0');
        const minutes = String(Math.abs(offsetMinutes) % 60).padStart(2, '0');
        const local = `${iso.slice(0, -1)}${sign}${hours}:${minutes}`;
        expect(parseEventTime(local)).toBe(date.getTime() - offsetMinutes * 60_000);
      }),
    );
  });

  it.each([
    ['2026-11-20T12:00:00Z', '2026-11-20T12:00:00.000Z'],
    ['2026-11-20 12:00:00+00:00', '2026-11-20T12:00:00.000Z'],
    ['2026-11-20T12:00:00.5Z', '2026-11-20T12:00:00.500Z'],
    ['2026-11-20T12:00:00.123999999Z', '2026-11-20T12:00:00.123Z'],
    ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000Z'],
    ['2016-12-31T23:59:60Z', '2016-12-31T23:59:59.999Z'],
  ])('%s is %s', (text, iso) => {
    expect(new Date(parseEventTime(text)!).toISOString()).toBe(iso);
  });

  it.each([
    '2026-02-29T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-11-31T00:00:00Z',
    '2026-11-20T24:00:00Z',
    '2026-11-20T12:60:00Z',
    '2026-11-20T12:00:61Z',
    '2026-11-20T12:00:60Z',
    '2026-11-20T12:00:00+24:00',
    '2026-11-20T12:00:00+0100',
    '2026-11-20T12:00Z',
    '2026-11-20T12:00:00',
    '2026-11-20T12:00:00.Z',
    '20261120T120000Z',
    ' 2026-11-20T12:00:00Z',
    '+2026-11-20T12:00:00Z',
    '',
  ])('%j is none', (text) => {
    expect(parseEventTime(text)).toBeUndefined();
  });

  it('is seconds or milliseconds since 1970, as a number or as text', () => {
    expect(parseEventTime(1795176001)).toBe(1795176001000);
    expect(parseEventTime(1795224744.385)).toBe(1795224744385);
    expect(parseEventTime('1795224744.385')).toBe(1795224744385);
    expect(parseEventTime(1795176001123)).toBe(1795176001123);
    expect(parseEventTime(1795176001123.7)).toBe(1795176001123);
    expect(parseEventTime(0)).toBe(0);
    for (const value of [-1, Number.NaN, 1795176001123456, '12', '-1795176001'])
      expect(parseEventTime(value)).toBeUndefined();
  });
});

describe('the time of a log line', () => {
  it('is read with its offset', () => {
    expect(parseClfTime('20/Nov/2026:12:00:00 +0100')).toBe(Date.UTC(2026, 10, 20, 11));
    expect(parseClfTime('20/Nov/2026:12:00:00 -0330')).toBe(Date.UTC(2026, 10, 20, 15, 30));
    for (const text of [
      '31/Nov/2026:12:00:00 +0000',
      '20/nov/2026:12:00:00 +0000',
      '20/anF/2026:12:00:00 +0000',
      '20/Nov/2026 12:00:00',
    ]) {
      expect(parseClfTime(text)).toBeUndefined();
    }
  });
});
