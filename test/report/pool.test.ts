import { describe, expect, it } from 'vitest';
import { createCalendar, parseDay } from '../../src/domain/calendar.ts';
import type { PeriodRule, Pool, Scope } from '../../src/domain/definition.ts';
import type { Question } from '../../src/domain/report.ts';
import { createReporter } from '../../src/report/reporter.ts';
import { createMemoryUsage } from './memory-usage.ts';
import { at, NO_DEFINITIONS, NOW } from './setup.ts';

const calendar = createCalendar('UTC');
const MONTH: PeriodRule = { kind: 'month', anchor: 1 };

function pool(name: string, period: PeriodRule, base: number, rest: Partial<Pool> = {}): Pool {
  const amounts = [{ fromDay: 0, base: base * 1000, grants: [] }];
  return { name, period, priority: 1, fromDay: 0, amounts, thresholds: [75, 90], order: 0, ...rest };
}

function scope(name: string, title: string, pools: Pool[], rest: Partial<Scope> = {}): Scope {
  return { name, title, links: {}, pools, limits: [], ...rest };
}

describe('a pool that is asked for by its name', () => {
  const jobs = scope(
    'jobs',
    'Jobs',
    [
      pool('Bundle', MONTH, 100),
      pool('Add-on', { kind: 'once', fromDay: parseDay('2026-01-01'), untilDay: parseDay('2026-12-31') }, 5000, {
        priority: 2,
      }),
    ],
    { limits: [{ ...pool('Fair use', { kind: 'day' }, 400) }] },
  );
  const portal = scope('portal', 'Portal', [pool('Bundle', MONTH, 1000)]);
  const events = Array.from({ length: 10 }, (_, day) => ({
    ...{ timeMs: at(`2026-11-1${day}T12:00:00Z`), count: 30, scope: 'jobs' },
  }));
  const reporter = createReporter({
    usage: createMemoryUsage(events, calendar),
    definitions: async () => ({ ...NO_DEFINITIONS, scopes: [jobs, portal] }),
    calendar,
  });
  const ask = async (question: Partial<Question>) => {
    const report = await reporter.answer({ report: 'pool', ...question }, NOW);
    return {
      finding: report.finding,
      rows: report.kind === 'pool' ? report.table.rows.length : 0,
      notes: report.notes,
    };
  };

  it('is told alone, in whatever case it was typed', async () => {
    const left = { finding: '🔵 Jobs has 4,800 of 5,000 left in its add-on (4% used).', rows: 1 };
    expect(await ask({ scope: 'Add-on' })).toMatchObject(left);
    expect(await ask({ scope: 'jobs/add-on' })).toMatchObject(left);
    expect((await ask({ scope: 'fair use' })).finding).toBe(
      '🔵 Jobs has 400 of 400 left in its limit Fair use (0% used).',
    );
    expect((await ask({ scope: 'fair use', focus: 'lasts' })).finding).toMatch(/^🔵 Jobs has 400 of 400 left/);
    expect((await ask({ scope: 'add-on', focus: 'used-first' })).finding).toMatch(/^🔵 Jobs has used 200 of the 5,000/);
  });

  it('gives way to those of a day where today is asked for, and scopes without one are named', async () => {
    expect((await ask({ range: 'today' })).finding).toBe(
      '🔵 Jobs has 400 of 400 left in its limit Fair use (0% used). Portal has no daily pool or limit.',
    );
    expect((await ask({ scope: 'portal', range: 'today' })).finding).toBe(
      'Portal has no daily pool or limit. 🔵 Portal has 1,000 of 1,000 left in its bundle (0% used).',
    );
    const scarce = { ...portal, limits: [pool('Fair use', { kind: 'day' }, 5000)] };
    const other = createReporter({
      usage: createMemoryUsage(events, calendar),
      definitions: async () => ({ ...NO_DEFINITIONS, scopes: [scarce] }),
      calendar,
    });
    expect((await other.answer({ report: 'pool', scope: 'portal', range: 'today' }, NOW)).finding).toBe(
      '🔵 Portal has 5,000 of 5,000 left in its limit Fair use (0% used). Portal has only 1,000 left in its pools.',
    );
  });

  it('says when it ran out, though others had credits left', async () => {
    expect((await ask({ scope: 'jobs/bundle', focus: 'overage' })).finding).toBe(
      'Yes: Bundle of Jobs ran out on Fri 13 Nov 2026.',
    );
    expect((await ask({ scope: 'bundle', focus: 'overage-sum' })).finding).toBe(
      'Bundle of Jobs ran out on Fri 13 Nov 2026. Bundle of Portal had 1,000 of 1,000 left.',
    );
    expect((await ask({ scope: 'add-on', focus: 'overage' })).finding).toBe(
      'No: Add-on of Jobs had 4,800 of 5,000 left.',
    );
  });

  it('says how much went over without yes or no', async () => {
    expect((await ask({ focus: 'overage-sum' })).finding).toBe(
      'Nothing went over its allowance in Nov 2026. Bundle of Jobs ran out on Fri 13 Nov 2026.',
    );
    expect((await ask({ scope: 'add-on', focus: 'when' })).finding).toMatch(/^Not (known|before it ends)/);
  });

  it('is what runs out and resets, not its scope', async () => {
    expect((await ask({ scope: 'jobs/bundle', focus: 'run-out' })).finding).toBe(
      'Yes: Bundle of Jobs has run out already; it resets on 1 Dec.',
    );
    expect((await ask({ scope: 'add-on', focus: 'resets' })).finding).toBe('Add-on of Jobs ends on 31 Dec.');
  });

  it('may be of several scopes, and is none where nothing is called so', async () => {
    expect(await ask({ scope: 'bundle' })).toMatchObject({ finding: expect.stringMatching(/Jobs.*Portal/), rows: 2 });
    await expect(ask({ scope: 'bundles' })).rejects.toThrow('No scope is called “bundles”');
  });

  it('stands for its scope in reports of whole scopes, which is said', async () => {
    const { finding, notes } = await ask({ report: 'history', scope: 'add-on' });
    expect(finding).toMatch(/^Jobs used 300 credits/);
    expect(notes[0]).toBe('Add-on is one of the pools and limits of Jobs: this is of the whole scope.');
  });

  it('of the running month is the balance of now, from its first day on', async () => {
    const first = at('2026-12-01T09:00:00Z');
    const drawn = [
      { timeMs: at('2026-11-30T12:00:00Z'), count: 1200, scope: 'portal' },
      { timeMs: at('2026-12-01T08:00:00Z'), count: 1100, scope: 'portal' },
    ];
    const told = async (question: Partial<Question>, nowMs = first) => {
      const young = createReporter({
        usage: createMemoryUsage(
          drawn.filter(({ timeMs }) => timeMs < nowMs),
          calendar,
        ),
        definitions: async () => ({ ...NO_DEFINITIONS, scopes: [portal] }),
        calendar,
      });
      return (await young.answer({ report: 'pool', scope: 'portal', ...question }, nowMs)).finding;
    };
    const running: Partial<Question> = { range: 'this-month', focus: 'overage' };
    expect(await told(running)).toBe('Yes: Portal went 100 credits over its allowance in Dec 2026.');
    expect(await told({ ...running, range: 'last-month' })).toBe(
      'Yes: Portal went 200 credits over its allowance in Nov 2026.',
    );
    expect(await told(running, at('2026-11-30T13:00:00Z'))).toBe(
      'Yes: Portal went 200 credits over its allowance in Nov 2026.',
    );
    expect(await told(running, at('2026-12-01T07:00:00Z'))).toBe(
      'No: Portal did not go over its allowance in Dec 2026.',
    );
    expect(await told({ range: 'this-month' })).toBe(await told({}));
    expect(await told({ range: 'this-month', focus: 'used-first' })).not.toContain('30 Nov');
  });

  it('is a known name', async () => {
    const names = await reporter.names(NOW);
    expect(names.filter(({ key }) => key === 'pool').map(({ name }) => name)).toEqual([
      'Bundle',
      'Add-on',
      'Fair use',
      'Bundle',
    ]);
  });
});
