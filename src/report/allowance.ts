import type { Match } from '../domain/definition.ts';
import { only } from '../domain/filter.ts';
import type { PoolState } from '../domain/scope-state.ts';
import type { Totals } from '../domain/usage.ts';
import { countOf, creditsOf, formatCredits, formatPercent } from './format.ts';
import { ask, type Inquiry } from './inquiry.ts';
import { getScopeStates } from './scope-states.ts';
import { listScopeSentences } from './scope-words.ts';
import { sumTotals } from './totals.ts';

/**
 * Says whether a client had reached its own allowance by the end of the range: a limit that is declared for this client alone.
 * Without such a limit, says how many of its calls were rate-limited.
 */
export async function describeAllowance(inquiry: Inquiry, name: string, { requests }: Totals): Promise<string> {
  const { deps, names, nowMs, range, filters } = inquiry;
  const refused = sumTotals((await ask(inquiry, { filters: [...filters, only('status', '429')] })).rows).requests;
  const told =
    refused > 0 ? `${countOf(refused, 'call')} ended in 429 (rate-limited).` : 'None of its calls ended in 429.';
  const isNow = inquiry.question.range === undefined || range.partial;
  const atMs = Math.min(isNow ? nowMs : range.toMs, nowMs);
  const isOfItself = ({ client, ...others }: Match) =>
    client !== undefined && names.nameOf(client) === names.nameOf(name) && Object.keys(others).length === 0;
  const states = await getScopeStates(deps, { atMs, nowMs, plain: true });
  const own = states
    .flatMap(({ limits }) => limits)
    .filter(({ match = [] }) => match.length > 0 && match.every(isOfItself));
  const [worst] = own.toSorted((a, b) => b.percent - a.percent);
  if (!worst) {
    const called = (await ask(inquiry, { groupBy: ['scope'] })).rows.map(({ keys }) => keys[0]!);
    const [near] = states
      .filter(({ scope }) => called.includes(scope))
      // Limits of some calls are rather of others.
      .flatMap((state) =>
        listScopeSentences({ ...state, limits: state.limits.filter(({ match = [] }) => match.length === 0) }),
      )
      .filter(({ weight }) => weight > 0)
      .toSorted((a, b) => b.weight - a.weight || b.percent - a.percent);
    const shared = near ? [`Of what it calls, ${near.text}`] : [];
    return [`${name} has no allowance of its own.`, ...shared, ...(requests === 0 ? [] : [told])].join(' ');
  }
  return `${describeLimit(name, worst)} ${told}`;
}

/** `No: Acme CRM used 150 of the 200 credits of Fair share (75%, 20 Nov 2026), 50 left.` */
function describeLimit(name: string, { name: limit, used, amount, left, percent, period }: PoolState): string {
  const answer = percent >= 100 ? 'Yes' : 'No';
  return `${answer}: ${name} used ${formatCredits(used)} of the ${creditsOf(amount)} of ${limit} (${formatPercent(percent)}, ${period.label}), ${formatCredits(left)} left.`;
}
