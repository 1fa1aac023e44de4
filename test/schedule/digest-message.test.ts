import { describe, expect, it } from 'vitest';
import type { AlertSign } from '../../src/domain/alert.ts';
import { createCalendar } from '../../src/domain/calendar.ts';
import { EVERYTHING } from '../../src/domain/digest.ts';
import type { ScopeState } from '../../src/domain/scope-state.ts';
import { buildDigest, buildDigestPart } from '../../src/messages/digest-message.ts';
import { countCharacters } from '../../src/messages/text.ts';
import type { DigestContent } from '../../src/schedule/digest-content.ts';
import { describeHeadline, listFindings, listPoolMarks } from '../../src/schedule/digest-words.ts';
import type { Alert } from '../../src/store/alert-repository.ts';

const calendar = createCalendar('UTC');
const TOTALS = { requests: 3252, ok: 3106, failed: 146, none: 0, credits: 3_252_000 };
const LEVELS = ['healthy', 'approaching', 'critical', 'exhausted'] as const;

function content(change: Partial<DigestContent> = {}): DigestContent {
  return {
    ...{ day: 20_785, zone: 'UTC', nowMs: 0, what: EVERYTHING, totals: TOTALS, clients: 2, weekAverage: 10 },
    ...{ dayBefore: 6880, weekday: 3020, silent: [], missing: [] },
    ...change,
  };
}

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

describe('the headline of a digest', () => {
  it('names the day before and the usual weekday', () => {
    const { count, rest } = describeHeadline(content())!;
    expect(count + rest).toBe('3,252 requests, ↓ 53% vs. Friday, ↑ 8% vs. a usual Saturday · 95.5% succeeded');
  });

  it('leaves out what is off', () => {
    const only = (sections: readonly string[]) =>
      describeHeadline(content({ what: { sections: sections as never, filters: [] } }));
    expect(only(['success'])).toEqual({ rest: '95.5% succeeded' });
    expect(only(['pools'])).toBeUndefined();
  });
});

describe('what needs attention', () => {
  const found = (change: Partial<DigestContent>) => listFindings(content(change), calendar).map(({ text }) => text);

  it('is no data first, then a scope over its allowance, then one close to it, then the odd hour', () => {
    const oddHour = {
      ...{ startMs: 0, label: '18:00', requests: 252, usual: 56 },
      because: { key: 'client' as const, name: 'Acme CRM', change: 196, route: '/v2/accounts/{id}' },
    };
    expect(
      found({
        pools: [
          state('Close', 95, 100),
          state('Went over', 10, 100, { overage: 28_671_000 }),
          state('Out', 680, 651, { links: { upgrade: 'https://example.com' } }),
          state('Fine', 1, 100),
        ],
        oddHours: [oddHour],
        silent: [{ name: 'kong' }],
      }),
    ).toEqual([
      'The numbers are not complete: nothing came from kong that day.',
      'Out is over its daily credits: 680 of 651. Pause what can wait, or upgrade.',
      expect.stringMatching(/^Went over went 28,671 credits over its allowance this month/),
      expect.stringMatching(/^Close has used 95% of its daily credits/),
      '18:00 was 4.5× the usual: 196 extra calls by Acme CRM on /v2/accounts/{id}.',
    ]);
  });

  it('says when a pool is empty at the pace of now', () => {
    const close = state('Close', 95, 100);
    const present = { pace: 'the pace of the last hour' as const, emptyMs: 3 * 3_600_000 };
    expect(found({ pools: [{ ...close, pools: [{ ...close.pools[0]!, present }] }] })).toEqual([
      'Close has used 95% of its daily credits (95 of 100). It runs out around 03:00 at the pace of the last hour.',
    ]);
  });

  it('is nothing on a day like others, and says so', () => {
    expect(found({ pools: [state('Fine', 1, 100)] })).toEqual([]);
    const { text } = buildDigest({ title: 'API usage', findings: [], context: ['UTC'], buttons: [] });
    expect(text).toContain('Nothing needs attention.');
  });

  it('tells the worst alert of the day where its pool stands well again', () => {
    const alert = (level: number, sign: AlertSign, scope: string): Alert => ({
      ...{ id: level, key: '', kind: 'level', subject: '', period: '', level, arm: 0, amount: 1, covered: false },
      ...{ deliveryKeys: [], atMs: 18 * 3_600_000, acked: undefined },
      content: { kind: 'level', sign, title: `${scope} at ${level}`, lines: [], mention: false, scope, level },
    });
    const alerts = [alert(100, '🔵', 'Fine'), alert(90, '🔴', 'Fine'), alert(100, '⛔', 'Out')];
    expect(found({ alerts, pools: [state('Fine', 1, 100), state('Out', 100, 100)] })).toEqual([
      expect.stringContaining('Out is out of daily credits'),
      'Alert at 18:00: Fine at 90.',
    ]);
  });
});

describe('the line of pools', () => {
  it('has the worst first, and none that went over as healthy', () => {
    const pools = [state('Fine', 59, 100), state('Over', 10, 100, { overage: 1000 }), state('Out', 680, 651)];
    expect(listPoolMarks(content({ pools }))).toEqual([
      { sign: '⛔', name: 'Out', percent: '104%' },
      { sign: '🟠', name: 'Over', percent: '10%' },
      { sign: '🔵', name: 'Fine', percent: '59%' },
    ]);
  });
});

describe('the percentage beside a sign', () => {
  it('is of what the sign is for: a limit that is worse than the pool', () => {
    const limits = [state('Fair use', 41, 40), state('Night', 1, 40)].flatMap(({ pools }) => pools);
    const pools = [state('CRM', 82, 100, { limits }), state('Same', 80, 100, { limits: state('', 78, 100).pools })];
    expect(listPoolMarks(content({ pools }))).toEqual([
      { sign: '⛔', name: 'CRM', percent: '102%' },
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
