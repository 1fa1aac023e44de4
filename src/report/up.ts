import { MINUTE_MS } from '../domain/calendar.ts';
import { formatInStep, formatShare, joinWords } from './format.ts';
import { type Inquiry, namerOf } from './inquiry.ts';
import { askBySteps } from './steps.ts';
import { groupTotals, sumTotals } from './totals.ts';

/** A step of a scope looks like an outage from this many calls on, where this share of them ended in server errors. */
const LEAST_CALLS = 5;
const OUTAGE = 0.5;
/** An outage whose step ended less than five minutes ago may go on: it is told in the present. */
const LATELY_MS = 5 * MINUTE_MS;

/**
 * Tells whether calls come and are answered, scope by scope: `CRM API is up.`, or when it looked down. A scope without calls
 * is named: nothing shows whether it is up.
 */
export async function describeUp(inquiry: Inquiry): Promise<string> {
  const { answer, grain, steps } = await askBySteps(inquiry, { groupBy: ['scope', 'status'] });
  const titleOf = namerOf(inquiry, 'scope');
  const called = [...groupTotals(answer.rows, ({ keys }) => keys[0]!).keys()];
  const outages = steps.flatMap(({ endMs, label, rows }) =>
    called.flatMap((scope) => {
      const own = rows.filter(({ keys }) => keys[0] === scope);
      const { requests } = sumTotals(own);
      const errors = sumTotals(own.filter(({ keys }) => keys[1]!.startsWith('5'))).requests;
      return requests >= LEAST_CALLS && errors >= requests * OUTAGE ? [{ scope, endMs, label, errors, requests }] : [];
    }),
  );
  const newest = outages.toSorted((a, b) => b.endMs - a.endMs)[0];
  if (newest) {
    const share = formatShare(newest.errors, newest.requests);
    const verb = inquiry.nowMs - newest.endMs < LATELY_MS ? 'looks' : 'looked';
    return `${titleOf(newest.scope)} ${verb} down ${formatInStep(newest.label, grain)}: ${share} of its calls ended in server errors.`;
  }
  const asked = inquiry.filters.some(({ key }) => key === 'scope');
  const silent = asked
    ? []
    : inquiry.definitions.scopes.filter(({ name }) => !called.includes(name)).map(({ title }) => title);
  const quiet = silent.length > 0 ? ` No calls came to ${joinWords(silent)}.` : '';
  const all = called.map(titleOf);
  const verb = inquiry.range.partial ? ['is', 'are'] : ['was', 'were'];
  return `${joinWords(all)} ${verb[all.length === 1 ? 0 : 1]} up.${quiet}`;
}
