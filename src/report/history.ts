import { firstDayOf, monthOf } from '../domain/calendar.ts';
import type { Definitions } from '../domain/definition.ts';
import { only } from '../domain/filter.ts';
import { resolveHistory, resolveMonth } from '../domain/ranges.ts';
import { type HistoryReport, type Question, RefusedQuestion } from '../domain/report.ts';
import { largerOf, sumCredits } from '../domain/thousandths.ts';
import type { Span } from '../domain/usage.ts';
import { creditsOf, formatCredits, formatMonthName } from './format.ts';
import { openInquiry, type ReporterDeps, toHead } from './inquiry.ts';
import { listNames } from './known-names.ts';
import { type DayOfDraws, listDraws } from './scope-states.ts';
import { unknownScope } from './scope-words.ts';
import { listSteps, STEP_END_COLUMNS, stepColumns } from './steps.ts';
import { buildTable, type Column } from './table.ts';

/**
 * Name of the series of credits that no pool covered. Without any pool the series is called USED, because there is nothing to be
 * over.
 */
const OVERAGE = 'Overage';
const USED = 'Used';

/**
 * Reports what a scope drew from each of its pools in twelve months, up to the month that the question's range names (by default the
 * running one, to yesterday). Months without use are included. Σ drawn + overage = total, month by month. Without a scope: the first
 * declared, else the most used. Throws QuestionError for an unknown scope.
 */
export async function reportHistory(deps: ReporterDeps, question: Question, nowMs: number): Promise<HistoryReport> {
  const { calendar, usage } = deps;
  const untilMonth = question.range === undefined ? undefined : resolveMonth(question.range, nowMs, calendar);
  const range = resolveHistory(nowMs, calendar, untilMonth);
  const inquiry = await openInquiry(deps, { ...question, filters: [], range: undefined }, nowMs);
  const { extent } = inquiry;
  const span = { fromMs: range.fromMs, toMs: Math.max(range.toMs, calendar.startOfDay(range.firstDay + 1)) };
  const names = (await usage.values({ key: 'scope', span, limit: 1000 })).map(({ value }) => value);
  const scope = chooseScope(question.scope, inquiry.definitions, names) ?? (await refuseScope(deps, question, span));
  const declared = inquiry.definitions.scopes.find(({ name }) => name === scope);
  const draws = await listDraws(deps, { scope, fromDay: range.firstDay, untilDay: range.lastDay, nowMs });
  const days = draws?.days ?? (await listUse(deps, scope, span));
  const hasPools = draws !== undefined && draws.series.length > 0;
  const rest = hasPools ? OVERAGE : USED;
  const all = [...(draws?.series ?? []), rest];
  // Include every month, also the running one on its first day.
  const lastDay = firstDayOf(monthOf(range.firstDay) + 12) - 1;
  const whole = { ...inquiry, range: { ...range, lastDay, toMs: calendar.startOfDay(lastDay + 1) } };
  const used = days.map((day) => ({ ...day, startMs: calendar.startOfDay(day.day) }));
  const months = listSteps(whole, 'month', used).map(({ startMs, label, partial, rows }) => {
    const sumOf = (name: string) =>
      sumCredits(rows.flatMap(({ drawn, overage }) => [drawn.get(name) ?? 0, ...(name === rest ? [overage] : [])]));
    const drawn = Object.fromEntries(all.map((name) => [name, sumOf(name)]));
    return { startMs, label, partial, drawn, total: sumCredits(rows.map((row) => row.used)) };
  });
  const drew = (name: string) => months.some(({ drawn }) => drawn[name]! > 0);
  const inForce = (declared?.pools ?? []).filter(({ fromDay, untilDay = range.lastDay, period }) => {
    const once = period.kind === 'once' ? period : { fromDay, untilDay };
    const [first, last] = [Math.max(fromDay, once.fromDay), Math.min(untilDay, once.untilDay)];
    return first <= range.lastDay && last >= range.firstDay;
  });
  // Leave out pools of other years: their columns would be empty.
  const series = [
    ...(draws?.series ?? []).filter((name) => drew(name) || inForce.some((pool) => pool.name === name)),
    rest,
  ];
  const total = sumCredits(months.map((month) => month.total));
  const most = months.reduce((best, month) => (month.total > best.total ? month : best));
  const title = declared?.title ?? scope;
  const overage = sumCredits(months.map(({ drawn }) => drawn[OVERAGE] ?? 0));
  const over = hasPools && overage > 0 ? ` ${creditsOf(overage)} went over the allowance.` : '';

  return {
    ...toHead({ ...inquiry, question, range }, [], {
      title: `12 months of ${title}`,
      finding:
        total === 0
          ? `${title} used no credits in ${range.label}.`
          : `${title} used ${creditsOf(total)} in 12 months, most in ${most.label} (${formatCredits(most.total)}).${over}`,
      notes: [
        ...(hasPools ? [] : [`${title} has no pool yet.`]),
        ...(extent && extent.firstDay > range.firstDay && total > 0
          ? [`Data begins in ${formatMonthName(extent.firstDay)}.`]
          : []),
      ],
      offers:
        question.scope === undefined
          ? inquiry.definitions.scopes
              .filter(({ name }) => name !== scope)
              .slice(0, 5)
              .map(({ name, title: label }) => ({ label, question: { ...question, scope: name } }))
          : [],
    }),
    kind: 'history',
    scope,
    series,
    months,
    table: buildTable(months, [
      ...stepColumns<HistoryReport['months'][number]>('month', calendar, ({ label }) => label),
      ...series.map(
        (name): Column<HistoryReport['months'][number]> => ({
          ...{ key: name, label: name, type: 'credits', cell: ({ drawn }) => drawn[name]! },
        }),
      ),
      { key: 'total', label: 'Total', type: 'credits', cell: ({ total }) => total },
      ...STEP_END_COLUMNS,
    ]),
  };
}

/** Returns the scope to report; undefined where the asked one does not exist. */
function chooseScope(asked: string | undefined, definitions: Definitions, used: readonly string[]): string | undefined {
  const declared = definitions.scopes.map(({ name }) => name);
  if (asked === undefined) return declared[0] ?? used[0] ?? 'default';
  return declared.includes(asked) || used.includes(asked) ? asked : undefined;
}

/** Refuses a name that is no scope. If it is a client, offers twelve months of its calls instead. */
async function refuseScope(deps: ReporterDeps, { scope = '' }: Question, span: Span): Promise<never> {
  const { shown } = await listNames(deps, 'client', span);
  const client = shown.find((name) => name.toLowerCase() === scope.toLowerCase());
  if (client === undefined) throw unknownScope(scope, await deps.definitions(), 'history');
  throw new RefusedQuestion(`A history is of a scope, and ${client} is a client. Its calls can be told by the month.`, [
    {
      label: `12 months of ${client}`,
      question: { report: 'daily', range: '12-months', filters: [only('client', client)] },
    },
  ]);
}

/** Lists the daily use of an undeclared scope, which no pool covers. */
async function listUse(
  { usage, calendar }: ReporterDeps,
  scope: string,
  span: { fromMs: number; toMs: number },
): Promise<DayOfDraws[]> {
  const steps = await usage.meter({ meter: scope, span, grain: 'day' });
  return steps.map(({ startMs, credits }) => {
    const used = largerOf(0, credits);
    return { day: calendar.dayOf(startMs), drawn: new Map(), overage: used, used };
  });
}
