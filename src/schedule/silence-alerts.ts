import { type Calendar, HOUR_MS } from '../domain/calendar.ts';
import { isOverdue, type SourceHealth } from '../domain/source-health.ts';
import type { Span, UsageReader } from '../domain/usage.ts';
import { formatMoment } from '../report/format.ts';
import { median } from '../report/usual.ts';
import { findAlert } from '../store/alert-repository.ts';
import { type EvaluationContext, raiseAlert } from './alert-claims.ts';
import { weeksBefore } from './hour-cause.ts';

const WEEKS = 4;

/** Tells that a source sends nothing though it used to at this time: once per silence. */
export async function evaluateSilence(context: EvaluationContext, sources: readonly SourceHealth[]): Promise<void> {
  if (!context.isOn('silent')) return;
  const { calendar, nowMs, usage } = context;
  for (const health of sources) {
    const { name, lastReceivedMs } = health;
    const key = `silent:${name}:${lastReceivedMs}`;
    if (lastReceivedMs === undefined || (await findAlert(context.db, key))) continue;
    if (!(await isSilent(health, usage, calendar, nowMs))) continue;
    await raiseAlert(context, {
      key,
      kind: 'silent',
      subject: `source ${name}`,
      period: String(lastReceivedMs),
      content: {
        kind: 'silent',
        sign: '🟠',
        title: `Source ${name} is silent`,
        lines: [
          `Nothing since ${formatMoment(lastReceivedMs, calendar.zone)} (${calendar.zone}). Usage since then is unknown, not zero; levels stay as they were.`,
          'Check that the sender runs, reaches this address and has the right token: /usage sources.',
        ],
        mention: false,
        chart: 'sources',
      },
    });
  }
}

/**
 * Tells whether a source is silent: nothing for far longer than usual, in a time in which it used to send in most of the
 * four weeks before. A source that rests at night is not silent at night.
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
  for (let week = 1; week <= WEEKS; week += 1) {
    const span = toSpan({ fromMs: lastReceivedMs, toMs: nowMs }, week, calendar);
    if (!extent || calendar.startOfDay(extent.firstDay + 1) > span.fromMs) break;
    const filters = [{ key: 'source' as const, patterns: [name], not: false }];
    const { rows } = await usage.sum({ span, grain: 'all', groupBy: [], filters });
    counts.push(rows.reduce((sum, row) => sum + row.requests, 0));
  }
  // Younger than a week: only the gaps are known.
  if (counts.length === 0) return silenceMs >= Math.max(HOUR_MS, 10 * usualGapMs);
  return median(counts) > 0;
}

/**
 * The time of a silence, weeks before, by the local clock. A long one is compared by whole hours inside it, which totals
 * answer; a short one exactly, from raw events.
 */
function toSpan(silence: Span, weeks: number, { zone, startOfHour }: Calendar): Span {
  const lengthMs = silence.toMs - silence.fromMs;
  const fromMs = weeksBefore(silence.fromMs, weeks, zone);
  const endMs = weeksBefore(silence.toMs, weeks, zone);
  // Within an hour that comes twice the clock goes back.
  const toMs = endMs > fromMs ? endMs : fromMs + lengthMs;
  if (lengthMs < 3 * HOUR_MS) return { fromMs, toMs };
  return { fromMs: startOfHour(fromMs + HOUR_MS - 1), toMs: startOfHour(toMs) };
}
