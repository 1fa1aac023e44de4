import { describe, expect, it } from 'vitest';
import type { AlertSign } from '../../src/domain/alert.ts';
import { createCalendar } from '../../src/domain/calendar.ts';
import { EVERYTHING } from '../../src/domain/digest.ts';
import type { Report } from '../../src/domain/report.ts';
import type { ScopeState } from '../../src/domain/scope-state.ts';
import { buildDigest, buildDigestPart } from '../../src/messages/digest-message.ts';
import { countCharacters } from '../../src/messages/text.ts';
import { claimAlert } from '../../src/schedule/alert-claims.ts';
import { describeHeadline } from '../../src/schedule/digest-composer.ts';
import type { DigestDay } from '../../src/schedule/digest-days.ts';
import { listPoolMarks } from '../../src/schedule/digest-pools.ts';
import { speak } from '../../src/schedule/digest-sections.ts';
import { createMemoryUsage } from '../report/memory-usage.ts';
import { NO_DEFINITIONS } from '../report/setup.ts';
import { answerFixture } from '../slack/reports.ts';
import { setUpDatabases } from '../support/databases.ts';

const calendar = createCalendar('UTC');
const HOUR = 3_600_000;
/** Sat 28 Nov 2026. */
const DAY = 20_785;
const TOTALS = { requests: 3252, ok: 3106, failed: 146, none: 0, credits: 3_252_000 };
const LEVELS = ['healthy', 'approaching', 'critical', 'exhausted'] as const;

function state(title: string, used: number, amount: number, change: Partial<ScopeState> = {}): ScopeState {
  const level = LEVELS[[75, 90, 100].filter((each) => used * 100 >= each * amount).length]!;
  const pool = {
    ...{ name: 'Daily credits', used: used * 1000, amount: amount * 1000, left: Math.max(0, amount - used) * 1000 },
    ...{ percent: (used / amount) * 100, level, thresholds: [75, 90], arithmetic: '', drawnNow: true },
    ...{ periodKind: 'day' as const, reached: [], period: { fromMs: 0, toMs: 1, label: '' } },
  };
  return {
    ...{ scope: title, title, pools: [pool], limits: [], current: pool },
    ...{ restLeft: 0, restCount: 0, level, used: used * 1000, overage: 0, exhaustions: [], links: {} },
    ...change,
  };
}

/** Returns a function that makes the day of a full digest, without calls and with the given states of pools. */
function dayOf(databases: ReturnType<typeof setUpDatabases>) {
  return async (change: Partial<DigestDay> & { states?: readonly ScopeState[] } = {}): Promise<DigestDay> => {
    const usage = createMemoryUsage([], calendar);
    const nothing = { rows: [], sections: [], diagnosis: [], codes: [] };
    const answer = async () => ({ ...answerFixture({ report: 'top' }), ...nothing }) as Report;
    const series = { ...answerFixture({ report: 'daily' }), kind: 'daily', bars: [] } as never;
    return {
      ...{ day: DAY, nowMs: 0, what: EVERYTHING, totals: TOTALS, weekAverage: 10, dayBefore: 6880, weekday: 3020 },
      ...{ db: await databases.open(), calendar, usage, reporter: { answer }, definitions: async () => NO_DEFINITIONS },
      ...{ sources: async () => [], stated: { requestsOf: new Map(), correctionsUntilMs: undefined } },
      ...{ filters: [], stored: [], clients: [], daily: series, hours: series, span: undefined, silent: [] },
      ask: answer as DigestDay['ask'],
      pools: async () => change.states ?? [],
      countClients: async () => [],
      ...change,
    };
  };
}

describe('the headline of a digest', () => {
  const open = dayOf(setUpDatabases());
  it('names the day before and the usual weekday', async () => {
    const { count, rest } = describeHeadline(await open())!;
    expect(count + rest).toBe('3,252 requests, ↓ 53% vs. Friday, ↑ 8% vs. a usual Saturday · 95.5% succeeded');
  });

  it('leaves out what is off', async () => {
    const only = async (sections: readonly string[]) =>
      describeHeadline(await open({ what: { sections: sections as never, filters: [] } }));
    expect(await only(['success'])).toEqual({ rest: '95.5% succeeded' });
    expect(await only(['pools'])).toBeUndefined();
  });
});

describe('what needs attention', () => {
  const open = dayOf(setUpDatabases());
  const found = async (change: Parameters<typeof open>[0]) =>
    (await speak(await open(change))).findings.map(({ text }) => text);

  it('is no data first, then a scope over its allowance, then one close to it, then the odd hour', async () => {
    const at = calendar.startOfDay(DAY) + 18 * HOUR;
    const week = 7 * 24 * HOUR;
    const events = [
      ...[1, 2, 3, 4, 5].map((weeks) => ({ timeMs: at - weeks * week, client: 'Acme CRM', route: '/v2/b', count: 56 })),
      { timeMs: at, client: 'Acme CRM', route: '/v2/b', count: 56 },
      { timeMs: at, client: 'Acme CRM', route: '/v2/accounts/{id}', count: 196 },
    ];
    const bar = { startMs: at, label: '18:00', requests: 252 };
    const hours = { bars: [bar], usual: [{ median: 56, low: 56, high: 56, isOdd: true }] } as never;
    expect(
      await found({
        states: [
          state('Close', 95, 100),
          state('Went over', 10, 100, { overage: 28_671_000 }),
          state('Out', 680, 651, { links: { upgrade: 'https://example.com' } }),
          state('Fine', 1, 100),
        ],
        ...{ usage: createMemoryUsage(events, calendar), hours, silent: [{ name: 'kong' }] },
      }),
    ).toEqual([
      'The numbers are not complete: nothing came from kong that day.',
      'Out is over its daily credits: 680 of 651. Pause what can wait, or upgrade.',
      expect.stringMatching(/^Went over went 28,671 credits over its allowance this month/),
      expect.stringMatching(/^Close has used 95% of its daily credits/),
      '18:00 was 4.5× the usual: 196 extra calls by Acme CRM on /v2/accounts/{id}.',
    ]);
  });

  it('says when a pool is empty at the pace of now', async () => {
    const close = state('Close', 95, 100);
    const present = { pace: 'the pace of the last hour' as const, emptyMs: 3 * HOUR };
    expect(await found({ states: [{ ...close, pools: [{ ...close.pools[0]!, present }] }] })).toEqual([
      'Close has used 95% of its daily credits (95 of 100). It runs out around 03:00 at the pace of the last hour.',
    ]);
  });

  it('is nothing on a day like others, and says so', async () => {
    expect(await found({ states: [state('Fine', 1, 100)] })).toEqual([]);
    const { text } = buildDigest({ title: 'API usage', findings: [], context: ['UTC'], buttons: [] });
    expect(text).toContain('Nothing needs attention.');
  });

  it('tells the worst alert of the day where its pool stands well again', async () => {
    const day = await open({ states: [state('Fine', 1, 100), state('Out', 100, 100)] });
    const claim = (level: number, sign: AlertSign, scope: string) => ({
      ...{ key: `${scope}:${level}`, subject: `${scope}/Daily`, period: 'now' },
      content: {
        ...{ kind: 'level' as const, sign, title: `${scope} at ${level}`, lines: [] },
        ...{ mention: false, scope, level },
      },
    });
    const nowMs = calendar.startOfDay(DAY) + 18 * HOUR;
    for (const one of [claim(100, '🔵', 'Fine'), claim(90, '🔴', 'Fine'), claim(100, '⛔', 'Out')])
      await claimAlert(day.db, one, { targets: [], webhook: false, nowMs });
    expect((await speak(day)).findings.map(({ text }) => text)).toEqual([
      expect.stringContaining('Out is out of daily credits'),
      'Alert at 18:00: Fine at 90.',
    ]);
  });

  it('is told where the sections that find it are off; one that fails is named in its place', async () => {
    const states = [state('Out', 680, 651)];
    const { parts, findings } = await speak(await open({ states, what: { sections: ['attention'], filters: [] } }));
    expect([parts, findings.length]).toEqual([[], 1]);
    const pools = async () => {
      throw new Error('database is locked');
    };
    const { missing, spoken } = await speak(await open({ pools, what: { sections: ['pools'], filters: [] } }));
    expect([missing, [...spoken]]).toEqual([['Pools and run-out (database is locked)'], []]);
  });
});

describe('the line of pools', () => {
  it('has the worst first, and none that went over as healthy', () => {
    const pools = [state('Fine', 59, 100), state('Over', 10, 100, { overage: 1000 }), state('Out', 680, 651)];
    expect(listPoolMarks(pools)).toEqual([
      { sign: '⛔', name: 'Out', percent: '104.5%' },
      { sign: '🟠', name: 'Over', percent: '10%, over' },
      { sign: '🔵', name: 'Fine', percent: '59%' },
    ]);
  });
});

describe('the percentage beside a sign', () => {
  it('is of what the sign is for: a limit that is worse than the pool', () => {
    const limits = [state('Fair use', 41, 40), state('Night', 1, 40)].flatMap(({ pools }) => pools);
    const pools = [state('CRM', 82, 100, { limits }), state('Same', 80, 100, { limits: state('', 78, 100).pools })];
    expect(listPoolMarks(pools)).toEqual([
      { sign: '⛔', name: 'CRM', percent: '102.5%' },
      { sign: '🟠', name: 'Same', percent: '80%' },
    ]);
  });
});

describe('a digest of hostile names', () => {
  it('stays short, and mentions nobody', () => {
    const name = '&<!channel> *x*'.repeat(50);
    const findings = Array.from({ length: 3 }, () => ({ sign: '🔴', text: name }));
    const pools = Array.from({ length: 40 }, () => ({ sign: '🔵', name, percent: '1%' }));
    const { text, blocks } = buildDigest({ title: 'API usage', findings, pools, context: ['UTC'], buttons: [] });
    expect(countCharacters(blocks)).toBeLessThan(3000);
    expect(JSON.stringify(blocks)).toContain('and 34 more');
    expect(text).not.toContain('<!channel>');
  });

  it('has at most ten rows a section', () => {
    const part = { title: 'New and silent clients', lines: Array.from({ length: 40 }, (_, n) => `client ${n}`) };
    const { text } = buildDigestPart(part, 'UTC');
    expect(text.split('\n')).toHaveLength(12);
    expect(text).toContain('and 30 more');
  });
});
