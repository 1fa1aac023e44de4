import { toDate } from '../domain/calendar.ts';
import type { PoolState, ScopeState } from '../domain/report.ts';
import type { DigestLines } from '../messages/digest-message.ts';
import { countOf, formatCount, formatMoment, formatShare, joinWords } from '../report/format.ts';
import { isOver } from '../report/scope-words.ts';
import type { DigestContent } from './digest-content.ts';

const WEEKDAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `Sat 28 Nov`. */
export function formatShortDay(day: number): string {
  const date = toDate(day);
  return `${WEEKDAYS[date.dayOfWeek - 1]!.slice(0, 3)} ${date.day} ${MONTHS[date.month - 1]}`;
}

/** `Saturday`. */
export function weekdayOf(day: number): string {
  return WEEKDAYS[toDate(day).dayOfWeek - 1]!;
}

/** `3,252 requests`, then `, ↓ 53% vs. Friday, ↑ 8% vs. a usual Saturday · 95.5% succeeded`; undefined where both sections are off. */
export function describeHeadline(content: DigestContent): DigestLines['headline'] {
  const { what, totals, dayBefore, weekday, day } = content;
  const success = what.sections.includes('success') ? describeSuccess(content) : undefined;
  if (!what.sections.includes('requests')) return success ? { rest: success } : undefined;
  const comparisons = [
    describeChange(totals.requests, dayBefore.requests, `vs. ${weekdayOf(day - 1)}`),
    ...(weekday ? [describeChange(totals.requests, weekday.requests, `vs. a usual ${weekdayOf(day)}`)] : []),
  ];
  return {
    count: countOf(totals.requests, 'request'),
    rest: `, ${comparisons.join(', ')}${success ? ` · ${success}` : ''}`,
  };
}

/** `↓ 53% vs. Friday`, `as on Friday`, `none on Friday`. */
function describeChange(now: number, before: number, than: string): string {
  if (now === before) return `= ${than}`;
  if (before === 0) return `from 0 ${than}`;
  const percent = (Math.abs(now - before) / before) * 100;
  const size = percent < 1 ? '<1' : formatCount(Math.round(percent));
  return `${now > before ? '↑' : '↓'} ${size}% ${than}`;
}

/** `95.5% succeeded`; undefined where no call has a status. */
function describeSuccess({ totals }: DigestContent): string | undefined {
  if (totals.ok + totals.failed === 0) return undefined;
  return `${formatShare(totals.ok, totals.ok + totals.failed)} succeeded`;
}

/** `Last 7 days: 8,400 requests, 1,200 a day, ↑ 5% vs. the 7 before`. Undefined for a daily digest. */
export function describeSpan({ span }: DigestContent): string | undefined {
  if (!span) return undefined;
  const before = span.before === undefined ? '' : `, ${describeChange(span.requests, span.before, 'vs. the 7 before')}`;
  return `${span.name}: ${countOf(span.requests, 'request')}, ${formatCount(span.perDay)} a day${before}`;
}

/** The one line of a day without calls: quiet, or a sender that is silent. Undefined on other days. */
export function describeEmptyDay(content: DigestContent): string | undefined {
  if (content.totals.requests > 0) return undefined;
  const date = `${formatShortDay(content.day)} (${content.zone})`;
  if (content.silent.length > 0) {
    const names = content.silent.map(
      ({ name, sinceMs }) => `${name}${sinceMs === undefined ? '' : ` since ${formatMoment(sinceMs, content.zone)}`}`,
    );
    return `🔴 Usage of ${date} is unknown: nothing came from ${joinWords(names)}. See /usage sources.`;
  }
  const usual = content.weekAverage > 0 ? `; the week before had ${formatCount(content.weekAverage)} a day` : '';
  return `Quiet day: no requests on ${date}${usual}.`;
}

const SIGNS = { healthy: '🔵', approaching: '🟠', critical: '🔴', exhausted: '⛔' } as const;
const LEVELS = ['healthy', 'approaching', 'critical', 'exhausted'] as const;

/** Each scope by the pool that it now draws from (or its fullest limit), worst first. One that went over is never told as healthy. */
export function listPoolMarks({ pools, what }: DigestContent): DigestLines['pools'] {
  if (!pools || !what.sections.includes('pools')) return undefined;
  return pools
    .flatMap((state) => {
      const pool = state.current ?? state.limits.toSorted((a, b) => b.percent - a.percent)[0];
      return pool ? [{ state, pool, rank: rankOf(state, pool) }] : [];
    })
    .toSorted((a, b) => b.rank - a.rank || b.pool.percent - a.pool.percent)
    .map(({ state, pool, rank }) => ({
      sign: SIGNS[LEVELS[rank]!],
      name: state.title,
      // Rounded down: never at a level that is not reached.
      percent: pool.percent > 0 && pool.percent < 1 ? '<1%' : `${formatCount(Math.floor(pool.percent))}%`,
    }));
}

function rankOf(state: ScopeState, pool: PoolState): number {
  const levels = [state.current ? state.level : pool.level, ...state.limits.map(({ level }) => level)];
  return Math.max(...levels.map((level) => LEVELS.indexOf(level)), isOver(state) ? 1 : 0);
}
