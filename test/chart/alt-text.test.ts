import { describe, expect, it } from 'vitest';
import { buildAltText, MAX_ALT_TEXT } from '../../src/chart/alt-text.ts';
import { CHART_CASES } from './cases.ts';
import {
  AWKWARD_NAMES,
  dailyWithLimit,
  oddDay,
  poolStack,
  rankingOf,
  statusOfWeek,
  tableReport,
  topClients,
  totalsOf,
} from './fixtures.ts';

describe('alternative text', () => {
  it.each(CHART_CASES)('has room, and whole words, for $name', ({ report, view }) => {
    const text = buildAltText(report, view);
    expect(text.length).toBeLessThanOrEqual(MAX_ALT_TEXT);
    expect(text).toMatch(/[.!?]$/);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these must not be there
    expect(text).not.toMatch(/[\u0000-\u001f\u200b\u200e\u200f\u202a-\u202e]/);
  });

  it('states the numbers of a ranking, largest first, exactly', () => {
    expect(buildAltText(topClients())).toBe(
      'Bar chart: Top clients, 2026-11-14 – 2026-11-20, Europe/Berlin. acme-web made 947,312 of 2,310,000 requests (41%); ' +
        '97,118 requests (4.2%) failed, most of them by mobile-android. acme-web 947,312 (41.0%), 31,004 failed; ' +
        'billing-sync 512,006 (22.2%), 1,200 failed; mobile-ios 301,440 (13.0%); mobile-android 288,190 (12.5%), ' +
        '64,002 failed; partner-feed-north-america 95,001 (4.1%), 12 failed; 38 others 166,051. In all 2,310,000 requests.',
    );
    expect(buildAltText(topClients(), 'doughnut')).toMatch(/^Doughnut chart: /);
  });

  it('drops the smallest, counts them with the others and never cuts a number', () => {
    const report = rankingOf(
      Array.from({ length: 100 }, (_, index) => [`client ${AWKWARD_NAMES[0]} ${index}`, 1_000_000 - index] as const),
      { ...totalsOf(5), count: 7 },
    );
    const text = buildAltText(report);
    const stated = report.rows.filter(({ requests }) => text.includes(` ${requests.toLocaleString('en-US')} (`));
    expect(stated).toEqual(report.rows.slice(0, stated.length));
    expect(stated.length).toBeGreaterThan(3);
    expect(text).toContain(`; and ${100 - stated.length + 7} more. In all`);
  });

  it.each([topClients(), statusOfWeek(), dailyWithLimit(), poolStack()])(
    'has only numbers of the report: $kind',
    (report) => {
      const text = buildAltText({ ...report, finding: '' });
      const known = new Set<number>();
      JSON.stringify(report, (_, value) => {
        if (typeof value === 'number') {
          for (const number of [value, value / 1000, Math.floor(value * 10) / 10, Math.round(value * 10) / 10])
            known.add(number);
        }
        return value;
      });
      const numbers = text
        .replace(/\d{4}-\d\d-\d\d(T[\d:+]+)?|\b[1-5]xx|\b429\b|<0\.1/g, '')
        .replace(/and \d+ more/, '')
        .match(/\d[\d,]*(\.\d+)?/g)!
        .map((number) => Number(number.replaceAll(',', '')));
      expect(numbers.length).toBeGreaterThan(3);
      expect(numbers.filter((number) => !known.has(number))).toEqual([]);
    },
  );

  it('never rounds a percentage up to a level', () => {
    const report = poolStack();
    const pool = { ...report.scopes[0]!.pools[0]!, percent: 89.97, level: 'approaching' as const };
    expect(buildAltText({ ...report, scopes: [{ ...report.scopes[0]!, pools: [pool] }] })).toContain(
      '(89.9%), approaching',
    );
  });

  it('says levels in words, not as circles of some colour', () => {
    const text = buildAltText({ ...poolStack(), finding: '🔵 CRM has used 83.3% of its bundle. ⛔ ERP is used up.' });
    expect(text).toContain('. CRM has used 83.3% of its bundle. ERP is used up. Bundled licences ');
    expect(text).not.toMatch(/[🔵🟠🔴⛔]/u);
  });

  it('says what failed, what is far from the usual, and what happened', () => {
    const text = buildAltText(oddDay());
    expect(text).toContain('566 (31 failed, usually 126); ');
    expect(text).toMatch(/In all 3,312 requests, 94 failed\. Marked: Alert 90%\.$/);
  });

  it('says what a table is about where there is no chart', () => {
    expect(buildAltText(tableReport())).toBe(
      'Table: Licences, Europe/Berlin. 20 licences grant 100,000 credits a month.',
    );
  });
});
