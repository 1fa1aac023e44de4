import { describe, expect, it } from 'vitest';
import { createCalendar } from '../../src/domain/calendar.ts';
import type { SourceHealth } from '../../src/domain/source-health.ts';
import { toCsv } from '../../src/report/table.ts';
import { createMemoryUsage } from './memory-usage.ts';
import { ask, at, NOW } from './setup.ts';

const kong: SourceHealth = {
  name: 'kong',
  adapter: 'kong',
  lastReceivedMs: NOW - 3_600_000,
  usualGapMs: 60_000,
  accepted: 1000,
  duplicates: 12,
  conflicts: 2,
  rejected: 5,
  reasons: [{ reason: 'time is more than 5 minutes ahead', events: 5, atMs: NOW - 60_000, excerpt: 'client: "acme"' }],
  unread: [{ name: 'statuss', events: 7 }],
  withoutId: 0,
  late: 3,
};
const uipath: SourceHealth = {
  ...{ name: 'uipath', adapter: 'native', accepted: 4, duplicates: 0, conflicts: 0, rejected: 0, late: 0, reasons: [] },
  withoutId: 4,
  unread: [],
  lastReceivedMs: NOW - 1000,
  usualGapMs: 60_000,
};

describe('sources', () => {
  const noon = at('2026-11-20T12:00:00Z');
  const usage = createMemoryUsage(
    [
      { timeMs: noon, source: 'kong', count: 7 },
      { timeMs: noon, source: 'uipath', count: 4 },
    ],
    createCalendar('UTC'),
    [{ rule: 'kind internal', requests: 30 }],
  );

  it('shows what each sender sent, what is wrong with it, and what rules took out', async () => {
    const report = await ask([], { report: 'sources' }, { deps: { usage, sources: async () => [kong, uipath] } });
    expect(report.finding).toBe(
      'kong is silent. 11 requests from 2 sources; 1 source has rejected events or conflicts. 30 requests excluded by rules.',
    );
    expect(report.sections).toEqual([
      {
        title: 'kong (kong)',
        lines: [
          '7 requests in this range; last received 21 Nov 2026 13:05.',
          'Silent for 1h; usually it sends every 1 min.',
          'Events so far: 1,000 accepted, 12 duplicates, 2 conflicts (same id, other content), 5 rejected, 3 late (after their day was over).',
          'Rejected 5 ×: time is more than 5 minutes ahead',
          'The newest, 21 Nov 2026 14:04: client: "acme"',
          'Not read: statuss (7 events).',
        ],
      },
      {
        title: 'uipath (native)',
        lines: [
          '4 requests in this range; last received 21 Nov 2026 14:04.',
          'Events so far: 4 accepted.',
          '4 events had no id; resending them counts twice (at least once).',
        ],
      },
      { title: 'Excluded', lines: ['kind internal.'] },
    ]);
    expect(toCsv(report)).toContain('kong,kong,7,2026-11-21T13:05:00Z,1000,12,2,5,0,3,0\r\n');
  });

  it('calls no sender silent that pauses for a moment', async () => {
    const busy = { ...uipath, usualGapMs: 50 };
    const silent = async (lastReceivedMs: number) => {
      const sources = async () => [{ ...busy, lastReceivedMs }];
      const { finding } = await ask([], { report: 'sources' }, { deps: { usage, sources } });
      return finding.includes('uipath is silent');
    };
    expect(await silent(NOW - 599_999)).toBe(false);
    expect(await silent(NOW - 600_000)).toBe(true);
  });

  it('shows sources known from usage alone', async () => {
    const report = await ask([], { report: 'sources' }, { deps: { usage } });
    expect(report.sections.map(({ title }) => title)).toEqual(['kong', 'uipath', 'Excluded']);
  });
});
