import { type Calendar, HOUR_MS } from '../domain/calendar.ts';
import { isOverdue, type SourceHealth } from '../domain/source-health.ts';
import type { Span, UsageReader } from '../domain/usage.ts';
import { formatMoment } from '../report/format.ts';
import { median, USUAL_WEEKS, weeksBefore } from '../report/usual.ts';
import type { Watch } from './alert-claims.ts';

/** Alerts when a source sends nothing at a time when it usually does: once per silence. */
export const SILENCE: Watch = {
  kind: 'silent',
  async list({ sources, usage, calendar, nowMs }) {
    return (await sources()).flatMap((health) => {
      const { name, lastReceivedMs } = health;
      if (lastReceivedMs === undefined) return [];
      const since = `${formatMoment(lastReceivedMs, calendar.zone)} (${calendar.zone})`;
      const words = {
        sign: '🟠' as const,
        title: `Source ${name} is silent`,
        lines: [
          `Nothing since ${since}. Usage since then is unknown, not zero: pools may be fuller than shown.`,
          'Check that the sender runs, reaches this address and has the right token: /usage sources.',
        ],
        chart: 'sources',
      };
      return {
        ...{ key: `silent:${name}:${lastReceivedMs}`, subject: `source ${name}`, period: String(lastReceivedMs) },
        tell: async () => ((await isSilent(health, usage, calendar, nowMs)) ? words : undefined),
      };
    });
  },
  async now({ subject, period, content }, { sources }) {
    const source = (await sources()).find(({ name }) => subject === `source ${name}`);
    return source && period === String(source.lastReceivedMs) ? content : undefined;
  },
};

/**
 * Tells whether a source is silent: it has sent nothing for far longer than usual, though it sent at this time in most of the
 * four weeks before. A source that always rests at night is not silent at night.
 */
export async function isSilent(
  health: SourceHealth,
  usage: UsageReader,
  calendar: Calendar,
  nowMs: number,
): Promise<boolean> {
  const { lastReceivedMs, usualGapMs, name } = health;
  if (lastReceivedMs === undefined || usualGapMs === undefined || !isOverdue(health, nowMs)) return false;
  const silenceMs = nowMs - lastReceivedMs;
  const extent = await usage.extent();
  const counts: number[] = [];
  for (let week = 1; week <= USUAL_WEEKS; week += 1) {
    const span = toSpan({ fromMs: lastReceivedMs, toMs: nowMs }, week, calendar);
    if (!extent || calendar.startOfDay(extent.firstDay + 1) > span.fromMs) break;
    const filters = [{ key: 'source' as const, patterns: [name], not: false }];
    const { rows } = await usage.sum({ span, grain: 'all', groupBy: [], filters });
    counts.push(rows.reduce((sum, row) => sum + row.requests, 0));
  }
  // With less than a week of data only the usual gap is known.
  if (counts.length === 0) return silenceMs >= Math.max(HOUR_MS, 10 * usualGapMs);
  return median(counts) > 0;
}

/**
 * Returns the same local time as a silence, some weeks before. A long one is narrowed to its whole hours, which totals answer; a
 * short one is exact, and read from raw events.
 */
function toSpan(silence: Span, weeks: number, { zone, startOfHour }: Calendar): Span {
  const lengthMs = silence.toMs - silence.fromMs;
  const fromMs = weeksBefore(silence.fromMs, weeks, zone);
  const endMs = weeksBefore(silence.toMs, weeks, zone);
  // In the hour that a clock change repeats, the end may come before the start.
  const toMs = endMs > fromMs ? endMs : fromMs + lengthMs;
  if (lengthMs < 3 * HOUR_MS) return { fromMs, toMs };
  return { fromMs: startOfHour(fromMs + HOUR_MS - 1), toMs: startOfHour(toMs) };
}
