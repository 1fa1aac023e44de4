import { resolveBalance } from '../domain/ranges.ts';
import type { PoolReport, Question } from '../domain/report.ts';
import type { ScopeState } from '../domain/scope-state.ts';
import { noteBalanceCorrections } from './corrections.ts';
import { formatDate, formatMoment } from './format.ts';
import { openInquiry, type ReporterDeps, toHead } from './inquiry.ts';
import { describeOutlook, describeRunOutOf, describeScopes } from './outlook.ts';
import { getScopeStates } from './scope-states.ts';
import { checkSuppose, noteSuppose, unknownScope } from './scope-words.ts';

/**
 * Balances of each scope's pools and limits (or of the one asked for) now, or at the end of a day or range: what is used and
 * left, in the order of drawing, how the amount is made, what no pool covered this month, and when it runs out.
 * With `suppose`, as it would be with other quantities. Throws QuestionError for a scope that there is not.
 */
export async function reportPool(deps: ReporterDeps, question: Question, nowMs: number): Promise<PoolReport> {
  const opened = await openInquiry(deps, { ...question, filters: [], range: undefined }, nowMs, 'today');
  const range =
    question.range === undefined
      ? undefined
      : resolveBalance(question.range, nowMs, deps.calendar, opened.extent?.firstDay);
  const inquiry = { ...opened, range: range ?? opened.range };
  const atMs = range === undefined ? nowMs : Math.min(nowMs, range.toMs);
  const { scope, suppose } = question;
  checkSuppose(question, inquiry.definitions);
  const states = await getScopeStates(deps, { atMs, nowMs, scope, suppose });
  if (scope !== undefined && states.length === 0) throw unknownScope(scope, inquiry.definitions, 'pool');
  const corrected = await noteBalanceCorrections(deps, states, atMs < nowMs ? atMs : nowMs + 1);

  const bare = states.filter(({ pools, limits }) => pools.length + limits.length === 0);
  return {
    ...toHead({ ...inquiry, question }, [], {
      title: states.length === 1 ? `Pools of ${states[0]!.title}` : 'Pools',
      finding:
        question.focus === 'run-out'
          ? describeOutlook(states, nowMs, deps.calendar)
          : [
              describeScopes(states),
              ...(states.length === 1 && atMs >= nowMs ? describeRunOutOf(states[0]!, nowMs, deps.calendar) : []),
            ].join(' '),
      notes: [
        ...(atMs < nowMs
          ? [
              range?.timed
                ? `As of ${formatMoment(atMs, deps.calendar.zone)}.`
                : `As of the end of ${formatDate(deps.calendar.dayOf(atMs - 1))}.`,
            ]
          : []),
        ...noteSuppose(suppose),
        ...(suppose ? ['Calculated as if this had always applied.'] : []),
        ...corrected,
        // Where none has a pool, the finding says so.
        ...(bare.length < states.length ? bare.map(({ title }) => `${title} has no pool yet.`) : []),
      ],
    }),
    kind: 'pool',
    scopes: states,
    table: toPoolTable(states),
  };
}

function toPoolTable(states: readonly ScopeState[]): PoolReport['table'] {
  const nameOf = (title: string, pool: string) => (states.length === 1 ? pool : `${title}: ${pool}`);
  const ends = states.some(({ pools, limits }) => [...pools, ...limits].some(({ runOut }) => runOut));
  return {
    columns: [
      { key: 'scope', label: 'Scope', type: 'text', csvOnly: true },
      { key: 'pool', label: 'Pool', type: 'text', csvOnly: true },
      { key: 'sort', label: 'Sort', type: 'text', csvOnly: true },
      { key: 'used', label: 'Used', type: 'credits' },
      { key: 'amount', label: 'Amount', type: 'credits' },
      { key: 'left', label: 'Left', type: 'credits' },
      { key: 'used_percent', label: '%', type: 'percent' },
      { key: 'level', label: 'Level', type: 'text' },
      { key: 'period', label: 'Period', type: 'text' },
      { key: 'pace', label: 'Pace', type: 'text', shownOnly: true },
      { key: 'arithmetic', label: 'Formula', type: 'text' },
      { key: 'burn_rate', label: 'Burn rate', type: 'count', csvOnly: true },
      { key: 'runs_out_earliest', label: 'Runs out', type: 'time', csvOnly: !ends },
      { key: 'runs_out_latest', label: 'At the latest', type: 'time', csvOnly: !ends },
      { key: 'name', label: 'Pool', type: 'text', shownOnly: true, name: true },
    ],
    rows: states.flatMap(({ scope, title, pools, limits, overage }) => [
      ...[...pools, ...limits].map((pool, index) => [
        ...[scope, pool.name, index < pools.length ? 'pool' : 'limit', pool.used, pool.amount, pool.left],
        ...[pool.percent, pool.level, pool.period.label, describePace(pool.burnRate), pool.arithmetic],
        ...[
          pool.burnRate ?? null,
          pool.runOut?.earliestMs ?? null,
          pool.runOut?.latestMs ?? null,
          nameOf(title, pool.name),
        ],
      ]),
      ...(overage > 0
        ? [toRest(scope, overage, pools.length > 0 ? 'Overage' : 'Used', (name) => nameOf(title, name))]
        : []),
    ]),
  };
}

/** Says how fast a pool is used beside how fast its period goes by: `8% too fast`, `4.1× too fast`, `on track`. */
function describePace(burnRate: number | undefined): string | null {
  if (burnRate === undefined) return null;
  if (burnRate >= 2) return `${burnRate.toFixed(1)}× too fast`;
  const excess = Math.round((burnRate - 1) * 100);
  return excess > 0 ? `${excess}% too fast` : 'on track';
}

/** Says what a scope used in the month that no pool gave. */
function toRest(
  scope: string,
  credits: number,
  name: 'Overage' | 'Used',
  show: (name: string) => string,
): PoolReport['table']['rows'][number] {
  const [sort, none] = [name.toLowerCase(), null];
  return [...[scope, name, sort, credits, none, none, none, none, 'month'], ...Array(5).fill(none), show(name)];
}
