import type { SummaryReport } from '../domain/report.ts';
import type { Level, PoolBalance, ScopeCard } from '../domain/scope-state.ts';
import { formatCredits, formatPercent } from '../report/format.ts';
import { LEVEL_SIGNS, LEVELS } from '../report/scope-words.ts';
import { describeTeams } from '../report/summary.ts';
import { type Block, leaf, richText } from './text.ts';

/** Cards that one view shows. */
const MAX_CARDS = 12;

/** The level as a sign and a word: never the sign, or its colour, alone. */
export const LEVEL_WORDS = Object.fromEntries(
  LEVELS.map((level) => [level, `${LEVEL_SIGNS[level]} ${level}`]),
) as Record<Level, string>;

/** The worst first: by level, then by what is used. */
function compareCards(a: ScopeCard, b: ScopeCard): number {
  return LEVELS.indexOf(b.level) - LEVELS.indexOf(a.level) || (b.pool?.percent ?? 0) - (a.pool?.percent ?? 0);
}

/** A card per scope with its gauge, for where there is no picture; the worst first. */
export function buildSummaryCards({ cards }: SummaryReport): Block[] {
  return cards.toSorted(compareCards).slice(0, MAX_CARDS).map(buildCard);
}

function buildCard(card: ScopeCard): Block {
  const { pool, limits, restLeft, overage } = card;
  const rest = restLeft > 0 ? ` · ${formatCredits(restLeft)} more in other pools` : '';
  const over = pool && overage > 0 ? ` · ${formatCredits(overage)} over this month` : '';
  return richText(
    leaf(card.title, { bold: true }),
    pool ? `   ${LEVEL_WORDS[card.level]}` : '   no pool yet',
    ...(pool ? [`\n${describeGauge(pool)}`, `\n${describeBalance(pool)}${rest}${over}`] : []),
    ...(card.teams ? [`\nBy team: ${describeTeams(card)}`] : []),
    ...limits.map((limit) => `\n${describeGauge(limit)}\n${describeBalance(limit)}`),
  );
}

/** `680 of 651 used in Daily credits, last 24 hours`. */
function describeBalance({ name, used, amount, period }: PoolBalance): string {
  return `${formatCredits(used)} of ${formatCredits(amount)} used in ${name}, ${period.label}`;
}

function describeGauge({ percent, thresholds }: PoolBalance): string {
  return `${drawGauge(percent, thresholds)} ${formatPercent(percent, thresholds)}`;
}

/**
 * A gauge of 20 steps with its thresholds as upright strokes: `███████████████│███│░░`. A step is filled once it is
 * reached in full (the first with any use), so the fill never touches a mark that use has not reached.
 */
export function drawGauge(percent: number, marks: readonly number[]): string {
  const steps = 20;
  const filled = percent > 0 ? Math.max(1, Math.min(steps, Math.floor((percent * steps) / 100))) : 0;
  let gauge = '';
  for (let step = 0; step < steps; step += 1) {
    const from = (step * 100) / steps;
    if (marks.some((mark) => mark > 0 && mark < 100 && mark > from - 100 / steps && mark <= from)) gauge += '│';
    gauge += step < filled ? '█' : '░';
  }
  return gauge;
}
