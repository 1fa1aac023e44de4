import { type Calendar, DAY_MS, formatDay, WEEKDAYS } from '../domain/calendar.ts';
import type { ClientName } from '../domain/definition.ts';
import type { Span, Totals, UsageReader } from '../domain/usage.ts';
import { countOf, formatClock, formatCount, formatMoment, formatPercent } from '../report/format.ts';
import { shareFailed, sumTotals } from '../report/totals.ts';
import { type Cause, describeCause, findCause, judge, listUsualHours } from '../report/usual.ts';
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
