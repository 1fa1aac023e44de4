import { HOUR_MS } from '../domain/calendar.ts';
import type { Span } from '../domain/usage.ts';
import { countOf, formatCount, formatMoment } from '../report/format.ts';
import { countRequests } from '../report/inquiry.ts';
import { LATE_MS, type Watch } from './alert-claims.ts';

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
