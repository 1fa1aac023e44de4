import { OTHER } from '../domain/dimension.ts';
import { only } from '../domain/filter.ts';
import type { Offer, PoolReport, Question, StatusReport, TableReport } from '../domain/report.ts';
import { LEVELS, type Level } from '../domain/scope-state.ts';
import { isOverdue, type SourceHealth } from '../domain/source-health.ts';
import type { UsageRow } from '../domain/usage.ts';
import { FAILURES, REFUSED_BELOW } from './diagnosis.ts';
import {
  countOf,
  formatCount,
  formatCredits,
  formatDate,
  formatDuration,
  formatPercent,
  formatShare,
} from './format.ts';
import { ask, type Inquiry, openInquiry, type ReporterDeps, toHead } from './inquiry.ts';
import { reportPool } from './pool.ts';
import { toInnerCase } from './scope-words.ts';
import { reportStatus } from './status.ts';
import { findPollingRoutes } from './symptoms.ts';
import { buildTable } from './table.ts';
import { findMost, groupTotals } from './totals.ts';

interface Advice {
  advice: string;
  evidence: string;
  offer?: Offer;
}

/** At most this many of the busiest client's newest events are searched for polling. */
const MOST_EVENTS = 20_000;
/** A client with at least this share of all requests is busy. */
const BUSY_SHARE = 0.3;

const LEAST_FAILED = 0.01;

/**
 * Advises what to do next, by rules, the most pressing first: pools that run out, failures by likely cause, the busiest client and
 * how it could call less, senders in trouble, undeclared clients. Gives only advice that the numbers support.
 */
export async function reportAdvice(deps: ReporterDeps, question: Question, nowMs: number): Promise<TableReport> {
  const inquiry = await openInquiry(deps, question, nowMs);
  const [pools, status, byClient, healths] = await Promise.all([
    reportPool(deps, { report: 'pool', scope: question.scope }, nowMs),
    reportStatus(deps, { report: 'status', range: question.range, filters: question.filters }, nowMs),
    ask(inquiry, { groupBy: ['client'] }),
    deps.sources?.() ?? [],
  ]);
  const found = [
    ...pools.scopes.toSorted(byLevel).flatMap((scope) => advisePools(scope, deps)),
    ...adviseFailures(status),
    ...(await adviseBusiest(inquiry, byClient.rows)),
    ...adviseStrangers(inquiry, byClient.rows),
    ...healths.flatMap((health) => adviseSource(health, nowMs)),
    ...adviseStatuses(status),
    ...(inquiry.definitions.scopes.every((scope) => scope.pools.length + scope.limits.length === 0)
      ? [{ advice: 'Add a pool', evidence: "Without an allowance I can't say what is left." }]
      : []),
  ];

  return {
    ...toHead(inquiry, [status, byClient], {
      title: 'What to do next',
      finding:
        found.length === 0
          ? 'Nothing to do: no pool is running out and failures show no pattern.'
          : `${found[0]!.advice}.${found.length > 1 ? ` ${countOf(found.length - 1, 'more thing')} to do below.` : ''}`,
      notes: status.notes,
      offers: listOffers(found).slice(0, 5),
    }),
    kind: 'advice',
    sections: found.map(({ advice, evidence }) => ({ title: advice, lines: [evidence] })),
    table: buildTable(found, [
      { key: 'advice', label: 'What to do', type: 'text', cell: ({ advice }) => advice },
      { key: 'evidence', label: 'Why', type: 'text', cell: ({ evidence }) => evidence },
    ]),
  };
}

/** Lists the offers of all advice, each report only once. */
function listOffers(found: readonly Advice[]): Offer[] {
  return [...new Map(found.flatMap(({ offer }) => (offer ? [[offer.label, offer] as const] : []))).values()];
}

/** Orders by level, the worst first. */
function byLevel(a: { level: Level }, b: { level: Level }): number {
  return LEVELS.indexOf(b.level) - LEVELS.indexOf(a.level);
}

function advisePools(
  { scope, title, pools, limits, overage, level, links }: PoolReport['scopes'][number],
  deps: ReporterDeps,
): Advice[] {
  const state = [...pools, ...limits]
    .filter((pool) => pool.level !== 'healthy')
    .map(({ name, percent, thresholds }) => `${name} at ${formatPercent(percent, thresholds)}`)
    .join(', ');
  // While a later pool has something left, an empty one changes nothing.
  const last = pools.findLast(({ left }) => left > 0);
  const more =
    [links.addon && 'buy an add-on', links.upgrade && 'upgrade'].filter(Boolean).join(' or ') ||
    'add credits or use less';
  const found: Advice[] = [];
  const offer: Offer = { label: `Pools of ${title}`, question: { report: 'pool', scope } };
  const add = (advice: string, evidence: string) => found.push({ advice, evidence, offer });
  if (pools.length > 0 && overage > 0)
    add(`${title} is over its allowance: ${more}`, `${formatCredits(overage)} credits over the allowance this month.`);
  if (level !== 'healthy' && overage === 0) add(`${title} is nearly used up: ${more}`, `${state}.`);
  else if (limits.some((limit) => limit.level !== 'healthy'))
    add(`Slow ${title} down to stay within its limit`, `${state}.`);
  if (level === 'healthy' && last?.runOut)
    add(
      `Plan ahead: ${title} may run out of ${toInnerCase(last.name)}`,
      `As early as ${formatDate(deps.calendar.dayOf(last.runOut.earliestMs))}: ${last.runOut.arithmetic}.`,
    );
  return found;
}

function adviseFailures({ diagnosis, totals, question }: StatusReport): Advice[] {
  if (totals.failed < totals.requests * LEAST_FAILED) return [];
  return diagnosis.map(({ claim, evidence }) => ({
    advice: [...FAILURES, REFUSED_BELOW].find((failure) => failure.claim === claim)!.advice,
    evidence,
    offer: { label: 'Status codes', question },
  }));
}

async function adviseBusiest(inquiry: Inquiry, rows: readonly UsageRow[]): Promise<Advice[]> {
  const { names, span, deps, question } = inquiry;
  const clients = [...groupTotals(rows, ({ keys }) => names.nameOf(keys[0]!))]
    .map(([name, { requests }]) => [name, requests] as const)
    .filter(([name]) => name !== OTHER);
  const all = clients.reduce((sum, [, requests]) => sum + requests, 0);
  const [name, requests] = findMost(clients) ?? ['', 0];
  if (clients.length < 2 || requests < all * BUSY_SHARE) return [];
  const filters = names.toIdFilters([only('client', name)]);
  const polls = findPollingRoutes(await deps.usage.events({ span, filters, limit: MOST_EVENTS }));
  if (polls.length === 0) return [];
  return [
    {
      advice: `Have ${name} poll less often or cache`,
      evidence: `It made ${formatShare(requests, all)} of all requests. ${polls[0]!.evidence}`,
      offer: { label: `Why ${name}`, question: { report: 'why', name, range: question.range } },
    },
  ];
}

/** Advises to name unknown clients, but only if any clients are declared. */
function adviseStrangers({ definitions, names, question }: Inquiry, rows: readonly UsageRow[]): Advice[] {
  if (definitions.clients.length === 0) return [];
  const strangers = [...groupTotals(rows, ({ keys }) => keys[0]!)]
    .map(([id, { requests }]) => [id, requests] as const)
    .filter(([id]) => id !== OTHER && !names.knows(id));
  if (strangers.length === 0) return [];
  const calls = strangers.reduce((sum, [, requests]) => sum + requests, 0);
  const [name] = findMost(strangers)!;
  const evidence =
    strangers.length === 1
      ? `${name} is not in the pools file, and made ${countOf(calls, 'request')}.`
      : `${countOf(strangers.length, 'client')} not in the pools file made ${countOf(calls, 'request')}; the busiest is ${name}.`;
  return [
    {
      advice: 'Name the unknown clients',
      evidence,
      offer: { label: `Why ${name}`, question: { report: 'why', name, range: question.range } },
    },
  ];
}

function adviseSource(health: SourceHealth, nowMs: number): Advice[] {
  const { name, rejected, reasons, lastReceivedMs, usualGapMs, withoutId } = health;
  const found: Advice[] = [];
  const offer: Offer = { label: 'Sources', question: { report: 'sources' } };
  const add = (advice: string, evidence: string) => found.push({ advice, evidence, offer });
  if (isOverdue(health, nowMs))
    add(
      `Check the source ${name}: it is silent`,
      `Nothing for ${formatDuration(nowMs - lastReceivedMs!)}; usually it sends every ${formatDuration(usualGapMs!)}.`,
    );
  if (rejected > 0 && reasons.length > 0)
    add(
      `Fix what ${name} sends`,
      `${countOf(rejected, 'event')} rejected, ${formatCount(reasons[0]!.events)} of them because ${reasons[0]!.reason}.`,
    );
  if (withoutId > 0)
    add(`Have ${name} send ids`, `${countOf(withoutId, 'event')} had no id; resending them counts twice.`);
  return found;
}

function adviseStatuses({ totals }: StatusReport): Advice[] {
  if (totals.none * 2 <= totals.requests) return [];
  return [
    {
      advice: 'Send a status with each call',
      evidence: `${formatShare(totals.none, totals.requests)} of the requests have none, so their success is unknown.`,
    },
  ];
}
