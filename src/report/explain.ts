import { capitalise, formatDay } from '../domain/calendar.ts';
import {
  type CostRule,
  DEFAULT_SCOPE,
  formatArithmetic,
  formatPeriodRule,
  type Match,
  type Pool,
  type RuleSet,
  type Scope,
} from '../domain/definition.ts';
import type { Thousandths } from '../domain/event.ts';
import type { PoolReport, Question, TableReport } from '../domain/report.ts';
import { QuestionError } from '../errors.ts';
import {
  countOf,
  creditsOf,
  formatCount,
  formatCredits,
  formatDate,
  formatInstant,
  formatSignedCredits,
  joinWords,
} from './format.ts';
import { ask, openInquiry, type ReporterDeps, toHead } from './inquiry.ts';
import { noteAnswer } from './notes.ts';
import { listPoolRows, type PoolRow, reportPool } from './pool.ts';
import { describeRunOut, titleOfMeter } from './scope-words.ts';
import { listExcluded } from './sources.ts';
import { buildTable } from './table.ts';
import { sumTotals } from './totals.ts';

/**
 * Explains where the numbers of a scope (or of all) come from: what is counted and what it costs, what was excluded, how amounts add
 * up and since when, what each pool gave in the running periods, corrections, and how fresh the data are. Volumes are of the range,
 * by default of 30 days with today. Throws QuestionError for an unknown scope.
 */
export async function reportExplain(deps: ReporterDeps, question: Question, nowMs: number): Promise<TableReport> {
  const today = deps.calendar.dayOf(nowMs);
  // Balances are of now, so their explanation includes today.
  const inquiry = await openInquiry(deps, question, nowMs, `${formatDay(today - 29)}..${formatDay(today)}`);
  const { definitions, span, extent } = inquiry;
  const { calendar } = deps;
  const [answer, pools, excluded, late, corrections] = await Promise.all([
    ask(inquiry, { groupBy: ['scope'] }),
    reportPool(deps, { report: 'pool', scope: question.scope }, nowMs),
    deps.usage.excluded(span),
    deps.usage.late(span),
    deps.corrections?.(span) ?? [],
  ]);
  const scopes = definitions.scopes.filter(({ name }) => question.scope === undefined || question.scope === name);
  if (question.scope !== undefined && scopes.length === 0 && question.scope !== DEFAULT_SCOPE) {
    throw new QuestionError(
      `No scope is called “${question.scope}”.`,
      definitions.scopes.map(({ name, title }) => ({ label: title, command: `explain ${name}` })),
    );
  }
  const rules = definitions.ruleSets.findLast(({ fromDay }) => fromDay <= today);
  const counted = new Map(answer.rows.map(({ keys, requests, credits }) => [keys[0]!, { requests, credits }]));
  const totals = sumTotals(answer.rows.filter(({ keys }) => (question.scope ?? keys[0]) === keys[0]));
  const out = excluded.reduce((sum, { requests }) => sum + requests, 0);
  const titleOf = ({ title }: Scope, part: string) => (scopes.length === 1 ? capitalise(part) : `${title}: ${part}`);
  const applying = corrections.filter(
    ({ meter }) => scopes.length === 0 || scopes.some(({ name }) => meter.split('/')[0] === name),
  );

  return {
    ...toHead(inquiry, [answer], {
      title: scopes.length === 1 ? `How ${scopes[0]!.title} is calculated` : 'How this is calculated',
      finding:
        `${countOf(totals.requests, 'request')} cost ${creditsOf(totals.credits)}` +
        `${out > 0 ? `; ${countOf(out, 'request')} excluded` : ''}${applying.length > 0 ? `; ${countOf(applying.length, 'correction')}` : ''}.`,
      notes: noteAnswer(inquiry, answer),
      offers: [
        ...(scopes.length > 1
          ? scopes.map(({ name, title }) => ({
              label: `Explain ${title}`,
              question: { report: 'explain' as const, scope: name },
            }))
          : []),
        ...scopes.map(({ name, title }) => ({
          label: `Pools of ${title}`,
          question: { report: 'pool' as const, scope: name },
        })),
      ],
    }),
    kind: 'explain',
    sections: [
      ...scopes.flatMap((scope) => [
        {
          title: titleOf(scope, 'what counts'),
          lines: describeCounting(
            scope,
            rules,
            // With a single scope, the finding already says how much was counted.
            scopes.length === 1 ? undefined : counted.get(scope.name),
            late.find((each) => each.scope === scope.name),
          ),
        },
        ...describePools(
          scope,
          pools.scopes.find((each) => each.scope === scope.name),
          { zone: calendar.zone, titleOf },
        ),
      ]),
      ...listIfAny('Excluded', listExcluded(excluded)),
      ...listIfAny(
        'Corrections',
        applying.map(
          ({ meter, timeMs, credits, reason, actor }) =>
            `${formatSignedCredits(credits)} credits of ${titleOfMeter(meter, pools.scopes) ?? meter} on ${formatDate(calendar.dayOf(timeMs))}: ${reason} (${actor})`,
        ),
      ),
      {
        title: 'How fresh',
        lines: extent
          ? [
              `Newest event received at ${formatInstant(extent.asOfMs, calendar.zone)}.`,
              `Data begins on ${formatDate(extent.firstDay)}, single events on ${formatDate(extent.firstRawDay)}, hours on ${formatDate(extent.firstHourDay)}.`,
            ]
          : ['Nothing received yet.'],
      },
    ],
    table: buildTable(
      listPoolRows(pools.scopes).filter(({ sort }) => sort !== 'used'),
      [
        { key: 'scope', label: 'Scope', type: 'text', csvOnly: true, cell: ({ scope }) => scope },
        { key: 'pool', label: 'Pool', type: 'text', csvOnly: true, cell: nameOf },
        { key: 'period', label: 'Period', type: 'text', cell: ({ pool }) => pool?.period.label ?? 'month' },
        { key: 'amount', label: 'Amount', type: 'credits', cell: ({ pool }) => pool?.amount },
        { key: 'drawn', label: 'Drawn', type: 'credits', cell: ({ used }) => used },
        { key: 'left', label: 'Left', type: 'credits', cell: ({ pool }) => pool?.left },
        {
          key: 'arithmetic',
          label: 'Formula',
          type: 'text',
          cell: ({ pool }) => pool?.arithmetic ?? 'over the allowance',
        },
        {
          ...{ key: 'name', label: 'Pool', type: 'text', shownOnly: true, name: true },
          cell: (row) => (pools.scopes.length === 1 ? nameOf(row) : `${row.title}: ${nameOf(row)}`),
        },
      ],
    ),
  };
}

function nameOf({ sort, name }: PoolRow): string {
  return sort === 'limit' ? `limit ${name}` : name;
}

function listIfAny(title: string, lines: string[]): { title: string; lines: string[] }[] {
  return lines.length > 0 ? [{ title, lines }] : [];
}

function describeCounting(
  { name }: Scope,
  rules: RuleSet | undefined,
  counted: { requests: number; credits: Thousandths } | undefined,
  late: { requests: number; credits: Thousandths } | undefined,
): string[] {
  const rule = rules?.scopes.find((each) => each.name === name);
  const holidays = rules?.holidays.filter(({ scope }) => scope === undefined || scope === name) ?? [];
  return [
    `Calls with scope ${name}${rule && rule.match.length > 0 ? `, or without a scope and ${rule.match.map(describeMatch).join(', or ')}` : ''}.`,
    rule && rule.costs.length > 0
      ? `Cost per call, first match: ${rule.costs.map(describeCost).join('; ')}; else 1 credit, unless the event says otherwise.`
      : 'A call costs 1 credit, unless the event says otherwise.',
    ...holidays.map(
      ({ fromDay, untilDay }) => `Recorded but not charged from ${formatDate(fromDay)} to ${formatDate(untilDay)}.`,
    ),
    ...(counted ? [`${countOf(counted.requests, 'request')} cost ${creditsOf(counted.credits)} in this range.`] : []),
    late ? `${formatCount(late.requests)} came late (${creditsOf(late.credits)}).` : 'None came late.',
  ];
}

function describePools(
  scope: Scope,
  state: PoolReport['scopes'][number] | undefined,
  { zone, titleOf }: { zone: string; titleOf: (scope: Scope, part: string) => string },
): { title: string; lines: string[] }[] {
  const { pools, limits } = scope;
  if (!state || pools.length + limits.length === 0) return [];
  const drawn = state.pools.map(
    ({ name, used, amount, left, period }) =>
      `${name}, ${period.label}: ${formatCredits(used)} of ${formatCredits(amount)} drawn, ${formatCredits(left)} left`,
  );
  return [
    {
      title: titleOf(scope, 'draws this period'),
      lines: [
        ...(drawn.length > 1 ? [`Draw order: ${state.pools.map(({ name }) => name).join(' → ')}.`] : []),
        ...drawn,
        ...state.limits.map(
          ({ name, used, amount, period }) =>
            `Limit ${name}, ${period.label}: ${formatCredits(used)} of ${formatCredits(amount)} used`,
        ),
        ...state.pools.flatMap(({ name, runOut }) =>
          runOut ? [`${name} ${describeRunOut(runOut, zone)}: ${runOut.arithmetic}`] : [],
        ),
        ...(state.overage > 0 ? [`Over the allowance this month: ${formatCredits(state.overage)}`] : []),
      ],
    },
    { title: titleOf(scope, 'how the allowance adds up'), lines: [...pools, ...limits].flatMap(describeVersions) },
  ];
}

function describeVersions({ name, period, amounts }: Pool): string[] {
  return amounts.map(
    (version, index) =>
      `${name} (${formatPeriodRule(period)})${amounts.length > 1 || index > 0 ? ` from ${formatDate(version.fromDay)}` : ''}: ${formatArithmetic(version)}`,
  );
}

/** `module erp* and kind call`: the conditions of a rule's entry. */
function describeMatch(match: Match): string {
  const parts = Object.entries(match).map(([dimension, pattern]) => `${dimension} ${pattern}`);
  return parts.length === 0 ? 'every call' : joinWords(parts);
}

/** `kind integration_task: 2 credits a call`. */
function describeCost({ match, credits, perRecords, max }: CostRule): string {
  const each = `${formatCredits(credits)} ${credits === 1000 ? 'credit' : 'credits'}`;
  const per = perRecords === undefined ? 'a call' : `per ${countOf(perRecords, 'record')}`;
  return `${describeMatch(match)}: ${each} ${per}${max === undefined ? '' : `, at most ${formatCredits(max)} a call`}`;
}
