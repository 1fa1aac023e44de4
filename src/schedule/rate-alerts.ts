import { formatDay, HOUR_MS, MINUTE_MS } from '../domain/calendar.ts';
import type { ScopeState } from '../domain/scope-state.ts';
import { formatCount } from '../report/format.ts';
import {
  type Claim,
  type EvaluationContext,
  findPeriod,
  formatHours,
  formatHoursOf,
  formatWho,
  LATE_MS,
  raiseAlert,
  subjectOf,
} from './alert-claims.ts';

/** Tells that a scope's calls in one minute reached its rate limit: once an hour, in the thread of the pool that is drawn from. */
export async function evaluateRates(context: EvaluationContext, states: readonly ScopeState[]): Promise<void> {
  if (!context.isOn('rate')) return;
  const { calendar, usage } = context;
  const toMs = Math.floor(context.nowMs / MINUTE_MS) * MINUTE_MS + MINUTE_MS;
  for (const state of states) {
    const { scope, title, rateLimitPerMinute: limit } = state;
    if (limit === undefined) continue;
    const span = { fromMs: toMs - LATE_MS, toMs };
    const steps = await usage.meter({ meter: scope, span, grain: 'minute' });
    const peak = steps.filter(({ singles }) => singles >= limit).sort((a, b) => b.singles - a.singles)[0];
    if (!peak) continue;
    const hour = new Date(Math.floor(peak.startMs / HOUR_MS) * HOUR_MS).toISOString();
    const fromMs = calendar.startOfHour(peak.startMs);
    await raiseAlert(context, {
      key: `rate:${scope}:${hour}`,
      kind: 'rate',
      subject: `rate of ${scope}`,
      period: hour,
      ...(await findThread(context, state)),
      content: {
        kind: 'rate',
        sign: '🟠',
        title: `${title} reached its rate limit`,
        lines: [
          [
            `${formatCount(peak.singles)} calls in the minute of `,
            { atMs: peak.startMs },
            `; ${formatCount(limit)} are allowed.`,
          ],
          'Spread calls evenly, cache what repeats, and back off after a 429.',
        ],
        mention: false,
        scope,
        who: formatWho(formatHoursOf(calendar, { fromMs, toMs: fromMs + HOUR_MS }), scope),
        chart: formatHours('day', formatDay(calendar.dayOf(peak.startMs)), scope),
      },
    });
  }
}

/** The conversation about the pool that a scope now draws from. */
async function findThread({ db }: EvaluationContext, state: ScopeState): Promise<Pick<Claim, 'note'>> {
  if (!state.current) return {};
  const subject = subjectOf(state, state.current);
  const period = await findPeriod(db, subject, state.current);
  return period === undefined ? {} : { note: { subject, period } };
}
