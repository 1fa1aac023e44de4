import { formatDay, HOUR_MS, monthOf } from '../domain/calendar.ts';
import type { SeriesReport } from '../domain/report.ts';
import { LEVELS, type ScopeState } from '../domain/scope-state.ts';
import type { DigestLines } from '../messages/digest-message.ts';
import { countOf, formatCount, formatCredits, formatMonthName, formatPercent } from '../report/format.ts';
import { getScopeStates } from '../report/scope-states.ts';
import {
  describeOutlook,
  describeRunOutOf,
  describeScopes,
  isOver,
  LEVEL_SIGNS,
  listScopeSentences,
  nameLevel,
  poolsLevelOf,
  worstLevelOf,
} from '../report/scope-words.ts';
import { buildTable, type Column } from '../report/table.ts';
import { foreseeMonth } from '../report/usual.ts';
import { type DigestDay, type Finding, SIGNS, type Spoken, toSpan } from './digest-days.ts';

/** The longest local day: 25 hours, when the clock goes back. */
const LONGEST_DAY_MS = 25 * HOUR_MS;

const POOL_COLUMNS: readonly Column<{ name: string; used: number; left?: number; percent?: number }>[] = [
  { key: 'pool', label: 'Pool', type: 'text', cell: ({ name }) => name },
  { key: 'used', label: 'Used', type: 'credits', cell: ({ used }) => used },
  { key: 'left', label: 'Left', type: 'credits', cell: ({ left }) => left },
  { key: 'percent', label: '%', type: 'percent', cell: ({ percent }) => percent },
];

export async function sayPools(about: DigestDay): Promise<Spoken> {
  const { nowMs, calendar } = about;
  const pools = await about.pools();
  const metered = pools.filter((state) => state.pools.length + state.limits.length > 0);
  const lines = [
    ...(metered.length > 0 ? [`Will they run out? ${describeOutlook(metered, nowMs, calendar)}`] : []),
    ...(await listClosed(about, pools)),
    ...(await listMonth(about)),
  ];
  const table = buildTable(
    metered.flatMap((state) => [
      ...[...state.pools, ...state.limits].map((pool) => ({ ...pool, name: `${state.title}: ${pool.name}` })),
      ...(isOver(state) ? [{ name: `${state.title}: over this month`, used: state.overage }] : []),
    ]),
    POOL_COLUMNS,
  );
  const sentence = metered.length > 0 ? describeScopes(metered) : undefined;
  return {
    part: sentence === undefined && lines.length === 0 ? undefined : { sentence, lines, table },
    findings: pools.flatMap((state) => findPool(state, about)),
  };
}

/** Gives the month's total if the month is over by now; otherwise its sum so far and a forecast of its end. */
async function listMonth({ ask, nowMs, calendar, daily, day, span }: DigestDay): Promise<string[]> {
  if (monthOf(calendar.dayOf(nowMs)) > monthOf(day)) {
    const name = formatMonthName(day);
    const { totals } = await ask<SeriesReport>({ report: 'daily', range: formatDay(day).slice(0, 7) });
    // A monthly digest has the total in its message already.
    const isSaid = span?.name === name && span.requests === totals.requests;
    return isSaid ? [] : [`${name} came to ${countOf(totals.requests, 'request')}.`];
  }
  const month = foreseeMonth(
    daily.bars.map(({ requests }) => requests),
    day,
  );
  if (!month) return [];
  const end = formatCount(Number(month.end.toPrecision(3)));
  return [`${month.name}: ${countOf(month.soFar, 'request')} so far, about ${end} by its end.`];
}

/** Reports what was used of pools whose period ended with the day; periods of a day or less are left out. */
async function listClosed(about: DigestDay, scopes: readonly ScopeState[]): Promise<string[]> {
  const { toMs } = toSpan(about, about.day);
  const isReset = ({ period }: ScopeState['pools'][number]) =>
    period.fromMs === toMs && period.toMs - period.fromMs > LONGEST_DAY_MS;
  const reset = scopes.flatMap(({ scope, pools }) => pools.filter(isReset).map(({ name }) => `${scope}/${name}`));
  if (reset.length === 0) return [];
  const closed = await getScopeStates(about, { atMs: toMs, nowMs: about.nowMs });
  return closed.flatMap(({ scope, title, pools }) =>
    pools
      .filter(({ name }) => reset.includes(`${scope}/${name}`))
      .map(
        ({ name, used, amount, period }) =>
          `${title}: ${name} reset; ${period.label} closed at ${formatCredits(used)} of ${formatCredits(amount)}.`,
      ),
  );
}

/** Returns the worst finding about a scope, or none. A scope over its allowance weighs more than one that is close to it. */
function findPool(state: ScopeState, { nowMs, calendar }: DigestDay): Finding[] {
  const last = state.pools.findLast(({ left }) => left > 0);
  const isEnding = last?.runOut !== undefined || last?.present?.emptyMs !== undefined;
  const [runOut] = isEnding ? describeRunOutOf(state, nowMs, calendar) : [];
  const [worst] = listScopeSentences(state)
    .filter(({ weight }) => weight > 0)
    .toSorted((a, b) => b.weight - a.weight);
  if (!worst) {
    if (runOut === undefined) return [];
    return [{ weight: 65, sign: '🟠', text: runOut.replace(/^It /, `${state.title} `) }];
  }
  const isOut = worst.weight >= 5;
  const more = isOut ? adviseOn(state) : runOut;
  return [
    {
      weight: isOut ? 100 : isOver(state) ? 90 : 70 + worst.weight,
      sign: SIGNS.find((sign) => sign === worst.sign) ?? '🟠',
      text: `${worst.text}${more ? ` ${more}` : ''}`,
    },
  ];
}

function adviseOn({ links }: ScopeState): string {
  const more = links.upgrade ? 'upgrade' : links.addon ? 'buy an add-on' : 'raise the pool';
  return `Pause what can wait, or ${more}.`;
}

/**
 * Lists one mark per scope, worst first: the pool that it draws from now, or a limit at a worse level. A scope that went over is
 * never shown as healthy.
 */
export function listPoolMarks(pools: readonly ScopeState[]): NonNullable<DigestLines['pools']> {
  return pools
    .flatMap((state) => {
      const { current, limits } = state;
      const balances = [
        ...(current ? [{ ...current, level: poolsLevelOf(state) }] : []),
        ...limits.toSorted((a, b) => b.percent - a.percent),
      ];
      const [pool] = balances.toSorted((a, b) => LEVELS.indexOf(b.level) - LEVELS.indexOf(a.level));
      return pool ? [{ state, pool, level: worstLevelOf(state) }] : [];
    })
    .toSorted((a, b) => LEVELS.indexOf(b.level) - LEVELS.indexOf(a.level) || b.pool.percent - a.pool.percent)
    .map(({ state, pool, level }) => {
      const percent = formatPercent(pool.percent, pool.thresholds);
      const over = nameLevel(level, state) === 'over' ? ', over' : '';
      return { sign: LEVEL_SIGNS[level], name: state.title, percent: `${percent}${over}` };
    });
}
