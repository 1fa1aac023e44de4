import { DAY_MS } from '../domain/calendar.ts';
import { countOf, formatClock, formatMoment } from '../report/format.ts';
import type { Watch } from './alert-claims.ts';
import { formatHoursOf, formatWho, lastFullHour } from './alert-subjects.ts';

const KNOWN_FOR_MS = 90 * DAY_MS;
const MAX_LISTED = 10;
const IP = /^(\d{1,3}(\.\d{1,3}){3}|[0-9a-f:]*:[0-9a-f:]*:[0-9a-f:.]*)$/i;

/** Tells which clients of the last full hour were unknown for 90 days: one message an hour that lists them. */
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
      return {
        sign: '🔵' as const,
        title: unknown.length === 1 ? `New client: ${first.value}` : `${unknown.length} new clients`,
        lines: [
          ...unknown.slice(0, MAX_LISTED).map(({ value, requests }) => `${value}: ${countOf(requests, 'request')}`),
          ...(unknown.length > MAX_LISTED ? [`and ${unknown.length - MAX_LISTED} more`] : []),
          `First calls in 90 days, ${formatMoment(fromMs, zone)}–${formatClock(toMs, zone)} (${zone}). If you don’t know them, ask who registered them.`,
        ],
        who: formatWho(formatHoursOf(calendar, { fromMs, toMs })),
      };
    };
    return [{ key: `unknown-client:${hour}`, subject: 'unknown clients', period: hour, tell }];
  },
};
