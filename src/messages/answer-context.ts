import type { Report, SummaryReport } from '../domain/report.ts';
import { describeFilters, formatClock, formatCount, formatMoment } from '../report/format.ts';
import { MAX_CONTEXT_TEXT } from './limits.ts';
import { type Block, clip, defuse, markdown, toOneLine } from './text.ts';

/** Readers of an answer, and the person who asked for it. */
export interface Readers {
  /** IANA zone of the only reader, where it is known; undefined where there are several. */
  readerZone?: string | undefined;
  /** User who asked: on answers that others see. */
  askedBy?: string | undefined;
}

const MAX_FILTERS = 300;
const MAX_NOTE = 600;
const SEPARATOR = ' · ';

/** The small print under an answer: one line of context, and below it what a reader must know to trust the numbers. */
export function buildContext(report: Report, readers: Readers, notes: readonly string[]): Block {
  const line = [
    ...listContext(report).map((part) => defuse(toOneLine(part))),
    ...describeAge(report, readers.readerZone),
    ...(readers.askedBy ? [`asked by <@${readers.askedBy}>`] : []),
  ].join(SEPARATOR);
  let left = MAX_CONTEXT_TEXT - line.length;
  const kept = notes
    .map((note) => defuse(toOneLine(clip(note, MAX_NOTE))))
    .filter((note) => {
      left -= note.length + 1;
      return left >= 0;
    });
  const text = kept.length > 0 ? `${line}\n${kept.join(' ')}` : line;
  return { type: 'context', elements: [markdown(text, MAX_CONTEXT_TEXT)] };
}

/** `14–20 Nov 2026 · Europe/Berlin · 8 clients · Filters: status:429` for places that Slack does not read as markup. */
export function describeContext(report: Report): string {
  const { asOfMs, zone } = report;
  const age = asOfMs === 0 || !isLive(report) ? [] : [`as of ${toFormat(report)(asOfMs, zone)}`];
  return [...listContext(report), ...age].join(SEPARATOR);
}

function listContext(report: Report): string[] {
  const filters = describeFilters(report.filters);
  return [
    // Of everything, while there is nothing, the beginning is not known.
    ...(report.range && report.range.firstDay > 0
      ? [
          `${report.range.label}${isRunning(report) ? ', still running' : ''}${report.versus ? ` vs ${report.versus.label}` : ''}${report.kind === 'compare' && report.sameWeekdays ? ' (same weekdays)' : ''}`,
        ]
      : []),
    report.zone,
    ...(report.population ? [report.population] : []),
    ...(report.kind === 'summary' ? describePeak(report) : []),
    ...(filters ? [clip(filters, MAX_FILTERS)] : []),
    ...(report.asOfMs === 0 ? ['no data yet'] : []),
  ];
}

/** More calls will be added to it. Balances are of now whatever the range. */
function isRunning({ range, kind }: Report): boolean {
  return range?.partial === true && !['summary', 'pool', 'history', 'explain', 'advice'].includes(kind);
}

/** Its numbers still change: balances of now, and ranges that are not over. */
function isLive({ range }: Report): boolean {
  return range === undefined || range.partial;
}

/** Slack writes the time in each reader's zone; the only reader is told the difference where there is one. */
function describeAge(report: Report, readerZone: string | undefined): string[] {
  const { asOfMs, zone } = report;
  if (asOfMs === 0 || !isLive(report)) return [];
  const format = toFormat(report);
  if (readerZone === undefined) {
    const shape = format === formatClock ? '{time}' : '{date_short_pretty} {time}';
    return [`as of <!date^${Math.floor(asOfMs / 1000)}^${shape}|${format(asOfMs, zone)}>`];
  }
  const [here, theirs] = [format(asOfMs, zone), format(asOfMs, readerZone)];
  return [here === theirs ? `as of ${here}` : `as of ${here} (${theirs} your time)`];
}

/** The hour is enough on the last day of the range. */
function toFormat({ asOfMs, range }: Report): (ms: number, zone: string) => string {
  return range && asOfMs < range.toMs && asOfMs >= range.toMs - 86_400_000 ? formatClock : formatMoment;
}

/** From this part of the limit on, where and when the peak minute was is told too. */
const HIGH_PEAK = 0.5;

/** The minute of today that came closest to its scope's rate limit: `peak minute 280 of 300 allowed (Public API, 07:38)`. */
function describePeak({ cards, zone }: SummaryReport): string[] {
  const peaks = cards.flatMap(({ title, peakMinute, rateLimitPerMinute }) =>
    peakMinute?.requests && rateLimitPerMinute ? [{ title, ...peakMinute, limit: rateLimitPerMinute }] : [],
  );
  if (peaks.length === 0) return [];
  const most = peaks.reduce((best, peak) => (peak.requests / peak.limit > best.requests / best.limit ? peak : best));
  const told = `peak minute ${formatCount(most.requests)} of ${formatCount(most.limit)}`;
  if (most.requests < most.limit * HIGH_PEAK) return [told];
  const where = cards.length > 1 ? `${most.title}, ` : '';
  return [`${told} allowed (${where}${formatClock(most.startMs, zone)})`];
}
