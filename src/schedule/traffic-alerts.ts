import { type Calendar, DAY_MS, formatDay, HOUR_MS, WEEKDAYS } from '../domain/calendar.ts';
import type { ClientName } from '../domain/definition.ts';
import { isOverdue, type SourceHealth } from '../domain/source-health.ts';
import type { Span, Totals, UsageReader } from '../domain/usage.ts';
import { countOf, formatClock, formatCount, formatMoment, formatPercent } from '../report/format.ts';
import { countRequests } from '../report/inquiry.ts';
import { shareFailed, sumTotals } from '../report/totals.ts';
import {
  type Cause,
  describeCause,
  findCause,
  judge,
  listUsualHours,
  median,
  USUAL_WEEKS,
  weeksBefore,
} from '../report/usual.ts';
import { formatQuestion } from '../slack/command/format-question.ts';
import { findAlert } from '../store/alert-repository.ts';
import {
  type AlertFacts,
  type AlertWords,
  formatHoursOf,
  formatWho,
  LATE_MS,
  readForAnHour,
  type Watch,
} from './alert-claims.ts';

/** Returns the last whole local hour that ended at least five minutes ago, so that its events have arrived. */
function lastFullHour({ calendar, nowMs }: AlertFacts): Span {
  const toMs = calendar.startOfHour(nowMs - LATE_MS);
  return { fromMs: calendar.startOfHour(toMs - 1), toMs };
}

const KNOWN_FOR_MS = 90 * DAY_MS;
const MAX_LISTED = 10;
const IP = /^(\d{1,3}(\.\d{1,3}){3}|[0-9a-f:]*:[0-9a-f:]*:[0-9a-f:.]*)$/i;

/** Alerts about clients of the last full hour that had not called for 90 days: one message an hour lists them all. */
export const UNKNOWN_CLIENTS: Watch = {
  kind: 'unknown-client',
  list(context) {
    const { calendar, usage } = context;
    const { zone } = calendar;
    const { fromMs, toMs } = lastFullHour(context);
    const hour = new Date(fromMs).toISOString();
    const tell = async () => {
      const all = { key: 'client' as const, limit: Number.MAX_SAFE_INTEGER };
      const called = await usage.values({ ...all, span: { fromMs, toMs } });
      if (called.length === 0) return undefined;
      const known = await usage.values({ ...all, span: { fromMs: toMs - KNOWN_FOR_MS, toMs: fromMs } });
      const names = new Set(known.map(({ value }) => value));
      const unknown = called.filter(({ value }) => !names.has(value) && !IP.test(value) && !value.startsWith('('));
      const [first] = unknown;
      if (!first || names.size === 0) return undefined;
      const isOne = unknown.length === 1;
      const when = `in 90 days, ${formatMoment(fromMs, zone)}–${formatClock(toMs, zone)} (${zone})`;
      return {
        sign: '🔵' as const,
        title: isOne ? `New client: ${first.value}` : `${unknown.length} new clients`,
        lines: isOne
          ? [`${countOf(first.requests, 'request')}, the first ${when}. If you don’t know it, ask who registered it.`]
          : [
              ...unknown.slice(0, MAX_LISTED).map(({ value, requests }) => `${value}: ${countOf(requests, 'request')}`),
              ...(unknown.length > MAX_LISTED ? [`and ${unknown.length - MAX_LISTED} more`] : []),
              `First calls ${when}. If you don’t know them, ask who registered them.`,
            ],
        who: formatWho(formatHoursOf(calendar, { fromMs, toMs })),
      };
    };
    return [{ key: `unknown-client:${hour}`, subject: 'unknown clients', period: hour, tell }];
  },
  now: readForAnHour,
};

const NUMBERS = ['', 'one', 'two', 'three', 'four'];

/**
 * Alerts when the last full hour was far from the same hour of the weeks before. The first hour of a streak opens a thread, and
 * each later one adds a line there.
 */
export const UNUSUAL: Watch = {
  kind: 'unusual',
  async list(context) {
    const { db, calendar, usage } = context;
    const span = lastFullHour(context);
    const range = formatDay(calendar.dayOf(span.fromMs));
    const { clients } = await context.definitions();
    const before = calendar.startOfHour(span.fromMs - 1);
    const found = await findUnusual({ usage, calendar, clients }, span);
    return Promise.all(
      found.map(async (hour) => {
        const subject = `unusual ${hour.what}`;
        const streak = (await findAlert(db, toKey(hour, before)))?.period;
        return {
          ...{ key: toKey(hour, span.fromMs), subject, period: streak ?? new Date(span.fromMs).toISOString() },
          thread: streak === undefined ? undefined : { subject, period: streak },
          tell: () => ({
            ...toUnusualWords(hour, calendar.zone),
            who: formatWho(formatHoursOf(calendar, span)),
            chart: formatQuestion({ report: hour.what === 'volume' ? 'day' : 'status', range }),
          }),
        };
      }),
    );
  },
  now: readForAnHour,
};

function toKey({ what }: UnusualHour, fromMs: number): string {
  return `unusual:${what}:${new Date(fromMs).toISOString()}`;
}

function toUnusualWords(found: UnusualHour, zone: string): AlertWords {
  const { what, observed, expected, fromMs, comparedWeeks } = found;
  const isVolume = what === 'volume';
  const shown = (value: number) => (isVolume ? formatCount(Math.round(value)) : formatPercent(value * 100));
  const local = Temporal.Instant.fromEpochMilliseconds(fromMs).toZonedDateTimeISO(zone);
  const weekday = WEEKDAYS[local.dayOfWeek - 1]!;
  const times =
    isVolume && expected > 0 && observed > expected ? `, ${(observed / expected).toFixed(1)}× the usual` : '';
  const because = found.because && describeCause(found.because);
  const isLess = observed < expected;
  const isMended = !isVolume && isLess;
  return {
    sign: isMended ? '🔵' : '🟠',
    title: isVolume
      ? `${isLess ? 'Unusually little' : 'Unusual'} traffic: ${shown(observed)} requests in an hour${times}`
      : `${isMended ? 'Fewer errors than usual' : 'Unusual errors'}: ${shown(observed)} of calls failed`,
    lines: [
      `Expected ${shown(expected)} for the hour from ${formatMoment(fromMs, zone)} (${zone}), by the last ${NUMBERS[comparedWeeks]} ${weekday}s.${because ? ` ${because}` : ''}`,
      isVolume
        ? `Check for ${isLess ? 'a job or a sender that stopped' : 'a new job, or a loop of retries'}.`
        : isMended
          ? 'Nothing to do, unless calls that used to fail are missing.'
          : 'Check credentials, the endpoint’s settings, and whether an integration is down.',
    ],
  };
}

/** An hour that was far from the usual, with the cause of most of the difference. */
export interface UnusualHour {
  what: 'volume' | 'failures';
  fromMs: number;
  observed: number;
  expected: number;
  comparedWeeks: number;
  because: Cause | undefined;
}

/**
 * Compares a whole hour with the same local hour of the last four same weekdays: requests, and the share of failures. Empty with
 * fewer than two weeks of data.
 */
export async function findUnusual(
  { usage, calendar, clients }: { usage: UsageReader; calendar: Calendar; clients: readonly ClientName[] },
  hour: Span,
): Promise<UnusualHour[]> {
  const extent = await usage.extent();
  if (!extent) return [];
  const spans = listUsualHours(hour, extent, calendar);
  const [now, ...before] = await Promise.all([sumHour(usage, hour), ...spans.map((span) => sumHour(usage, span))]);
  const usual = judge(now, before);
  if (!usual) return [];
  const found: UnusualHour[] = [];
  const add = async (what: UnusualHour['what'], observed: number, expected: number) => {
    const measure = what === 'volume' ? 'requests' : 'failed';
    const because = await findCause({ usage, clients }, { span: hour, usual: spans, measure });
    found.push({ what, fromMs: hour.fromMs, comparedWeeks: spans.length, observed, expected, because });
  };
  if (usual.isOdd) await add('volume', now.requests, usual.median);
  if (usual.usualFailed !== undefined) await add('failures', shareFailed(now), usual.usualFailed);
  return found;
}

async function sumHour(usage: UsageReader, span: Span): Promise<Totals> {
  return sumTotals((await usage.sum({ span, grain: 'all', groupBy: [], filters: [] })).rows);
}

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

/** Alerts when a saved view passes the threshold that somebody set: once per hour or day of the report zone. */
export const VIEWS: Watch = {
  kind: 'view',
  async list(context) {
    const { nowMs, calendar } = context;
    return (await context.rules()).flatMap(({ name, question, over, per }) => {
      const spanAt = (ms: number): Span => {
        const day = calendar.dayOf(ms);
        if (per === 'day') return { fromMs: calendar.startOfDay(day), toMs: calendar.startOfDay(day + 1) };
        return { fromMs: calendar.startOfHour(ms), toMs: calendar.startOfHour(ms) + HOUR_MS };
      };
      const spans = new Map([nowMs - LATE_MS, nowMs].map(spanAt).map((span) => [span.fromMs, span]));
      return [...spans.values()].map((span) => {
        const period = new Date(span.fromMs).toISOString();
        return {
          ...{ key: `view:${name}:${period}`, subject: name, period },
          async tell() {
            const requests = await countRequests(context, question, span);
            if (requests <= over) return undefined;
            const since = `${formatMoment(span.fromMs, calendar.zone)} (${calendar.zone})`;
            return {
              sign: '🟠',
              title: `“${name}” passed ${formatCount(over)} ${per === 'day' ? 'a day' : 'an hour'}`,
              lines: [`${countOf(requests, 'request')} in the ${per} from ${since}.`],
            };
          },
        };
      });
    });
  },
  async now({ subject, period, content }, { nowMs, rules }) {
    const rule = (await rules()).find(({ name }) => name === subject);
    return rule && nowMs < Date.parse(period) + (rule.per === 'day' ? 24 : 1) * HOUR_MS ? content : undefined;
  },
};
