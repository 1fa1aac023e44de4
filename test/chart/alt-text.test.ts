import { describe, expect, it } from 'vitest';
import { buildAltText, MAX_ALT_TEXT } from '../../src/chart/alt-text.ts';
import type { Report } from '../../src/domain/report.ts';
import type { Table } from '../../src/domain/table.ts';
import { answerFixture } from '../slack/reports.ts';
import { CHART_CASES } from './cases.ts';
import { AWKWARD_NAMES, comparedMonths, failingDay, oddDay, poolStack, tableReport, topClients } from './fixtures.ts';

/** A report whose table has a name and a count in each row. */
function withRows(report: Report, rows: Table['rows'], columns: Table['columns'] = []): Report {
  const [name, requests] = [
    { key: 'name', label: 'Client', type: 'text' },
    { key: 'requests', label: 'Requests', type: 'count' },
  ] as const;
  return { ...report, table: { columns: [name, requests, ...columns], rows } };
}

describe('alternative text', () => {
  it.each(CHART_CASES)('has room, and whole words, for $name', ({ report, view }) => {
    const text = buildAltText(
      withRows(
        report,
        [...AWKWARD_NAMES, ...AWKWARD_NAMES].map((name) => [name, 5]),
      ),
      view,
    );
    expect(text.length).toBeLessThanOrEqual(MAX_ALT_TEXT);
    expect(text).toMatch(/[.!?]$/);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these must not be there
    expect(text).not.toMatch(/[\u0000-\u001f\u200b\u200e\u200f\u202a-\u202e]/);
  });

  it('states the numbers of a ranking exactly, and what is in no row', () => {
    const columns = [
      { key: 'share', label: '%', type: 'percent' },
      { key: 'ok', label: 'OK', type: 'count' },
      { key: 'failed', label: 'Failed', type: 'count' },
      { key: 'kept', label: 'Kept', type: 'count', csvOnly: true },
      { key: 'bar', label: 'Share', type: 'bar' },
    ] as const;
    const rows = [
      ['acme-web', 947_312, 41.009, 916_308, 31_004, 7, 1],
      ['billing-sync', 512_006, 22.2, 512_006, 0, 7, 0.5],
    ];
    expect(buildAltText(withRows(topClients(), rows, columns))).toBe(
      'Bar chart: Top clients, 2026-11-14 – 2026-11-20, Europe/Berlin. acme-web made 947,312 of 2,310,000 requests (41%); ' +
        '97,118 requests (4.2%) failed, most of them by mobile-android. acme-web 947,312 requests (41.0%, 916,308 OK, ' +
        '31,004 failed); billing-sync 512,006 requests (22.2%, 512,006 OK); 38 others 166,051 requests.',
    );
    expect(buildAltText(topClients(), 'doughnut')).toMatch(/^Doughnut chart: /);
  });

  it('drops the smallest, counts them with the others and never cuts a number', () => {
    const sizes = Array.from({ length: 100 }, (_, index) => 1_000_000 - ((index * 37) % 100));
    const text = buildAltText(
      withRows(
        topClients(),
        sizes.map((size, index) => [`client ${AWKWARD_NAMES[0]} ${index}`, size]),
      ),
    );
    const stated = sizes.filter((size) => text.includes(` ${size.toLocaleString('en-US')} requests`));
    expect(stated.length).toBeGreaterThan(3);
    expect(Math.min(...stated)).toBe(1_000_001 - stated.length);
    expect(text).toContain(`; and ${100 - stated.length + 38} more.`);
  });

  it.each(['summary', 'top', 'pool', 'daily', 'history', 'client'] as const)(
    'has only numbers of the table: %s',
    (report) => {
      const fixture = answerFixture({ report, ...(report === 'client' ? { name: 'acme-web' } : {}) });
      const text = buildAltText({ ...fixture, title: '', finding: '', range: undefined } as Report);
      const known = new Set<number>();
      for (const cell of fixture.table.rows.flat()) {
        const value = Number(cell);
        for (const number of [value, value / 1000, Math.floor(value * 10) / 10, Math.round(value * 10) / 10])
          known.add(number);
      }
      const rows = fixture.table.rows.flat().filter((cell) => typeof cell === 'string');
      const plain = rows.reduce<string>((rest, name) => rest.replaceAll(name, ''), text);
      const numbers = (
        plain.replace(/and \d+ more|\d+ others .*|<0\.1|Limit .*/g, '').match(/\d[\d,]*(\.\d+)?/g) ?? []
      ).map((number) => Number(number.replaceAll(',', '')));
      expect(numbers.length).toBeGreaterThan(1);
      expect(numbers.filter((number) => !known.has(number))).toEqual([]);
    },
  );

  it('never rounds a percentage up to a level', () => {
    const columns = [{ key: 'percent', label: '%', type: 'percent' }] as const;
    expect(buildAltText(withRows(poolStack(), [['Plan', 5, 89.97]], columns))).toContain('Plan 5 requests (89.9%)');
  });

  it('says levels in words, not as circles of some colour', () => {
    const text = buildAltText({ ...poolStack(), finding: '🔵 CRM has used 83.3% of its bundle. ⛔ ERP is used up.' });
    expect(text).toContain('. CRM has used 83.3% of its bundle. ERP is used up.');
    expect(text).not.toMatch(/[🔵🟠🔴⛔]/u);
  });

  it('says what is far from the usual, and what happened', () => {
    expect(buildAltText(failingDay())).toContain(
      'Far from the usual share of failures: 39.8% at 2026-11-28T08:00+01:00 (usually 2%).',
    );
    expect(buildAltText(comparedMonths())).toMatch(
      /^Line chart: Requests so far, day by day, .* Bars of each day stand below the lines\.$/s,
    );
    expect(buildAltText(oddDay())).toMatch(/Far from the usual: 2026-11-28T18:00\+01:00\. Marked: Alert 90%\.$/);
  });

  it('says what a table is about where there is no chart', () => {
    expect(buildAltText(tableReport())).toBe(
      'Table: Licences, Europe/Berlin. 20 licences grant 100,000 credits a month.',
    );
  });
});
