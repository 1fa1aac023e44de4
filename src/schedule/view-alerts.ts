import { HOUR_MS } from '../domain/calendar.ts';
import type { Span } from '../domain/usage.ts';
import { countOf, formatCount, formatMoment } from '../report/format.ts';
import { countRequests } from '../report/inquiry.ts';
import { findAlert } from '../store/alert-repository.ts';
import type { AlertRule } from '../store/alert-rule-repository.ts';
import { type EvaluationContext, LATE_MS, raiseAlert } from './alert-claims.ts';

/** Tells which saved views passed the threshold that somebody set: once per hour or day of the report zone. */
export async function evaluateViews(context: EvaluationContext, rules: readonly AlertRule[]): Promise<void> {
  const { nowMs, calendar } = context;
  for (const rule of rules) {
    const spanAt = (ms: number): Span => {
      const day = calendar.dayOf(ms);
      if (rule.per === 'day') return { fromMs: calendar.startOfDay(day), toMs: calendar.startOfDay(day + 1) };
      return { fromMs: calendar.startOfHour(ms), toMs: calendar.startOfHour(ms) + HOUR_MS };
    };
    const running = spanAt(nowMs);
    const before = spanAt(nowMs - LATE_MS);
    const spans = before.fromMs === running.fromMs ? [running] : [before, running];
    for (const span of spans) await evaluateView(context, rule, span);
  }
}

async function evaluateView(context: EvaluationContext, rule: AlertRule, span: Span): Promise<void> {
  const { zone } = context.calendar;
  const period = new Date(span.fromMs).toISOString();
  const key = `view:${rule.name}:${period}`;
  if (await findAlert(context.db, key)) return;
  const requests = await countRequests(context, rule.question, span);
  if (requests <= rule.over) return;
  await raiseAlert(context, {
    key,
    kind: 'view',
    subject: rule.name,
    period,
    content: {
      kind: 'view',
      sign: '🟠',
      title: `“${rule.name}” passed ${formatCount(rule.over)} ${rule.per === 'day' ? 'a day' : 'an hour'}`,
      lines: [`${countOf(requests, 'request')} in the ${rule.per} from ${formatMoment(span.fromMs, zone)} (${zone}).`],
      mention: false,
    },
  });
}
