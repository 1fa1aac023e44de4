import { STATUS_CODES } from 'node:http';
import { capitalise, MINUTE_MS } from '../domain/calendar.ts';
import { matchesStatus } from '../domain/filter.ts';
import type { Question, StatusReport } from '../domain/report.ts';
import { STEP_NAMES, type StepGrain, type Totals, type UsageRow } from '../domain/usage.ts';
import { diagnoseStatus } from './diagnosis.ts';
import { countOf, formatCount, formatInStep, formatPercent, formatShare, joinWords, toPercent } from './format.ts';
import { ask, describeNothing, type Inquiry, namerOf, openInquiry, type ReporterDeps, toHead } from './inquiry.ts';
import { noteAnswer, noteClients, offerNearest } from './notes.ts';
import { askBySteps, listMarks, STEP_END_COLUMNS, type Step, stepColumns } from './steps.ts';
import { barColumn, buildTable, type Column } from './table.ts';
import { countNames, FAILED_SHARE, groupTotals, isNamed, OK_SHARE, sumTotals, TOTAL_COLUMNS } from './totals.ts';

/**
 * Reports which status codes calls ended in: per step of the range and in all, by exact code and by group, and likely causes of
 * failures where numbers show them.
 */
export async function reportStatus(deps: ReporterDeps, question: Question, nowMs: number): Promise<StatusReport> {
  const inquiry = await openInquiry(deps, question, nowMs);
  const [{ answer, grain, steps: asked, notes }, byClient, byRoute, marked] = await Promise.all([
    askBySteps(inquiry, { groupBy: ['status'] }),
    ask(inquiry, { groupBy: ['client', 'status'] }),
    ask(inquiry, { groupBy: ['route', 'status'] }),
    listMarks(inquiry),
  ]);
  const totals = sumTotals(answer.rows);
  const byCode = groupTotals(answer.rows, ({ keys }) => keys[0]!);
  const codes = [...byCode]
    .map(([status, { requests }]) => ({
      status,
      meaning: describeStatus(status),
      requests,
      sharePercent: toPercent(requests, totals.requests),
    }))
    .sort((a, b) => b.requests - a.requests || (a.status < b.status ? -1 : 1));
  const groups = GROUP_MEANINGS.map(({ group, meaning }) => {
    const requests = codes
      .filter(({ status }) => groupOf(status) === group)
      .reduce((sum, code) => sum + code.requests, 0);
    return { group, meaning, requests, sharePercent: toPercent(requests, totals.requests) };
  }).filter(({ requests }) => requests > 0);

  const isOfSuccess = question.focus === 'succeeded';
  const isOfCodes = inquiry.filters.some(({ key }) => key === 'status');
  // If only some codes are counted, there is no rate.
  const isRated = question.step !== undefined && !inquiry.filters.some(({ key, not }) => key === 'status' && !not);
  const share = isOfSuccess ? OK_SHARE : FAILED_SHARE;
  const steps = asked.map((step): RatedStep => {
    const byGroup = groupTotals(step.rows, ({ keys }) => groupOf(keys[0]!));
    const counts = Object.fromEntries([...byGroup].map(([group, { requests }]) => [group, requests]));
    const sums = sumTotals(step.rows);
    return { ...step, ...sums, counts, ...(isRated && { rate: share.cell(sums) as number | undefined }) };
  });
  const clients = countNames(byClient.rows, inquiry.names.nameOf);
  const diagnosis = await diagnoseStatus(inquiry, { codes, steps, byClient: byClient.rows, byRoute: byRoute.rows });

  const up = question.focus === 'up' && totals.requests > 0 ? `${await describeUp(inquiry)} ` : '';

  return {
    ...toHead(inquiry, [answer], {
      title: 'Status codes',
      finding:
        totals.requests === 0
          ? describeNothing(inquiry, answer)
          : `${up}${describeOutcome(totals, isRated ? [] : codes, isOfSuccess).replace(isOfCodes ? /^All / : /^$/, '')}${describeAsked(inquiry, codes)}${describeWhere(totals, byRoute.rows)}${isRated ? describeRates(steps, grain, isOfSuccess) : ''}`,
      ...(clients > 0 ? { population: countOf(clients, 'client') } : {}),
      notes: [...noteAnswer(inquiry, answer), ...noteClients(inquiry, answer, byClient), ...notes],
      offers: offerNearest(inquiry, answer),
    }),
    kind: 'status',
    ...marked,
    grain,
    totals,
    steps: steps.map(({ startMs, label, counts, rate }) => ({
      startMs,
      label,
      counts,
      ...(rate !== undefined && { rate }),
    })),
    codes,
    groups,
    diagnosis,
    table: isRated
      ? buildTable(steps, [
          ...stepColumns<RatedStep>(grain, inquiry.deps.calendar, ({ label }) => label),
          share,
          ...TOTAL_COLUMNS,
          ...groups
            .filter(({ group }) => /^[45]/.test(group))
            .map(({ group }) => ({
              key: group,
              label: group,
              type: 'count' as const,
              cell: (step: RatedStep) => step.counts[group] ?? 0,
            })),
          ...STEP_END_COLUMNS,
          barColumn('Trend', steps, ({ rate = 0 }) => rate),
        ])
      : buildTable(codes, [...COLUMNS, barColumn('Share', codes, ({ requests }) => requests)]),
  };
}

/** A step; `rate`, if asked for, is the share of its calls that failed (or succeeded), in percent. */
type RatedStep = Step & Totals & { counts: Readonly<Record<string, number>>; rate?: number | undefined };

/** ` Highest in the week of 9 Nov with 7.1%, lowest in the week of 5 Oct with 3.9%.` */
function describeRates(steps: readonly RatedStep[], grain: StepGrain, isOfSuccess: boolean): string {
  const rated = steps.flatMap(({ rate, label }) => (rate === undefined ? [] : [{ rate, label }]));
  const [high, low] = [Math.max, Math.min].map((pick) => pick(...rated.map(({ rate }) => rate)));
  if (rated.length < 2 || high === low) return '';
  const tell = (wanted: number) => {
    const [first, ...others] = rated.filter(({ rate }) => rate === wanted);
    const also = others.length > 0 ? ` and ${countOf(others.length, `other ${STEP_NAMES[grain]}`)}` : '';
    return `${formatInStep(first!.label, grain)}${also} (${formatPercent(wanted)})`;
  };
  const ends = [`highest ${tell(high!)}`, `lowest ${tell(low!)}`];
  const [first, last] = isOfSuccess ? ends.toReversed() : ends;
  return ` ${capitalise(first!)}, ${last}.`;
}

/** If a filter names several codes or groups, counts each of them, also those without a call: ` 4xx: 95, 5xx: 0.` */
function describeAsked({ filters }: Inquiry, codes: StatusReport['codes']): string {
  const patterns = filters.find(({ key, not }) => key === 'status' && !not)?.patterns ?? [];
  if (patterns.length < 2 || patterns.some((pattern) => /^[123(]/.test(pattern))) return '';
  const told = patterns.map((pattern) => {
    const found = codes.filter(({ status }) => matchesStatus(pattern, Number(status) || 0));
    return `${pattern}: ${formatCount(found.reduce((sum, { requests }) => sum + requests, 0))}`;
  });
  return ` ${told.join(', ')}.`;
}

/** If all calls failed, says where most of them are: ` 22 are on /v1/orders.` */
function describeWhere({ requests, failed }: Totals, rows: readonly UsageRow[]): string {
  if (failed < requests || requests < 2) return '';
  const byRoute = groupTotals(rows, ({ keys }) => keys[0]!);
  const [most] = [...byRoute].filter(([route]) => isNamed(route)).sort(([, a], [, b]) => b.requests - a.requests);
  if (!most || byRoute.size < 2 || most[1].requests * 2 <= requests) return '';
  return ` ${formatCount(most[1].requests)} are on ${most[0]}.`;
}

const COLUMNS: readonly Column<StatusReport['codes'][number]>[] = [
  { key: 'status', label: 'Status', type: 'text', cell: ({ status }) => status },
  { key: 'meaning', label: 'Meaning', type: 'text', cell: ({ meaning }) => meaning },
  { key: 'requests', label: 'Requests', type: 'count', cell: ({ requests }) => requests },
  { key: 'share_percent', label: '%', type: 'percent', cell: ({ sharePercent }) => sharePercent },
];

/**
 * `1.8% of 12,000 requests failed; most of the 216 failures are 429s.` Without `codes` the failures are only counted. Requests
 * without a status are told apart.
 */
export function describeOutcome(
  totals: Totals,
  codes: readonly { status: string; requests: number }[] = [],
  isOfSuccess = false,
): string {
  const { requests, ok, failed, none } = totals;
  const all = countOf(requests, 'request');
  if (ok + failed === 0) return `${all}, none with a status.`;
  const silent = none > 0 ? ` ${formatCount(none)} had no status.` : '';
  const known = none > 0 ? `${countOf(ok + failed, 'request')} with a status` : all;
  const whole =
    requests === 1 ? 'The only request' : none > 0 ? `All ${known}` : `All ${formatCount(requests)} requests`;
  if (failed === 0) return `${whole} succeeded.${silent}`;
  const [worst, second] = codes
    .filter(({ status }) => Number(status) >= 400)
    .toSorted((a, b) => b.requests - a.requests);
  if (ok === 0) {
    return worst && !second && requests > 1
      ? `All ${formatCount(requests)} requests ended in ${worst.status} (${describeStatus(worst.status)}).${silent}`
      : `${whole} failed.${silent}`;
  }
  const told = isOfSuccess ? ([ok, 'succeeded'] as const) : ([failed, 'failed'] as const);
  const share = `${formatShare(told[0], ok + failed)} of ${known} ${told[1]}`;
  if (!worst) return `${share}.${silent}`;
  const failures = countOf(failed, 'failure');
  if (!second)
    return `${share}; ${failed === 1 ? `the only failure is a ${worst.status}` : `all ${failures} are ${worst.status}s`}.${silent}`;
  if (worst.requests * 2 > failed) return `${share}; most of the ${failures} are ${worst.status}s.${silent}`;
  if (isOfSuccess) return `${share}; ${formatCount(worst.requests)} of the ${failures} are ${worst.status}s.${silent}`;
  return `${share} (${formatCount(failed)}), most often with ${worst.status}.${silent}`;
}

/** Describes a status in plain words: Headroom's own, else the standard's; `''` if nothing is known of it. */
function describeStatus(status: string): string {
  const standard = STATUS_CODES[status]?.replace(/\b[A-Z](?=[a-z])/g, (letter) => letter.toLowerCase());
  return MEANINGS[status] ?? standard ?? GROUP_MEANINGS.find(({ group }) => group === groupOf(status))?.meaning ?? '';
}

/** The documented groups: 2xx, 3xx, 4xx (429 apart), 5xx and calls without a status. */
const GROUP_MEANINGS: readonly { group: string; meaning: string }[] = [
  { group: '1xx', meaning: 'informational' },
  { group: '2xx', meaning: 'success' },
  { group: '3xx', meaning: 'redirect or not modified' },
  { group: '4xx', meaning: 'client error' },
  { group: '429', meaning: 'rate-limited' },
  { group: '5xx', meaning: 'server error' },
  { group: '(none)', meaning: 'no status' },
];

function groupOf(status: string): string {
  if (status === '429' || status === '(none)') return status;
  return `${status.charAt(0)}xx`;
}

const MEANINGS: Readonly<Record<string, string>> = {
  204: 'OK, no content',
  422: 'unprocessable',
  429: 'rate-limited',
  499: 'client closed connection',
};

/** A step of a scope looks like an outage if it has this many calls and this share of them ended in server errors. */
const LEAST_CALLS = 5;
const OUTAGE = 0.5;
/** An outage whose step ended less than this ago may continue, so it is told in the present tense. */
const LATELY_MS = 5 * MINUTE_MS;

/**
 * Says whether calls come and are answered, scope by scope: `CRM API is up.`, or when it looked down. Names scopes without calls,
 * since nothing shows whether they are up.
 */
async function describeUp(inquiry: Inquiry): Promise<string> {
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
