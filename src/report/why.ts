import { only } from '../domain/filter.ts';
import type { Offer, Question, TableReport } from '../domain/report.ts';
import type { UsageRow } from '../domain/usage.ts';
import { listPeaks } from './diagnosis.ts';
import { countOf, formatCount, formatDate } from './format.ts';
import { ask, describeNothing, type Inquiry, openInquiry, type ReporterDeps, toHead } from './inquiry.ts';
import { getName } from './known-names.ts';
import { askLatency } from './latency.ts';
import { noteAnswer } from './notes.ts';
import { describeOutcome } from './status.ts';
import {
  findBursts,
  findFailingRoutes,
  findGrowth,
  findManyAddresses,
  findOtherDates,
  findPollingRoutes,
  findSlowdown,
  listRefused,
  MANY_ADDRESSES,
  type Symptom,
} from './symptoms.ts';
import { buildTable } from './table.ts';
import { countNames, sumTotals } from './totals.ts';

/** At most this many of a client's newest events are examined. */
const MOST_EVENTS = 50_000;
/** The first call of a client is searched this far back. */
const FIRST_CALL_DAYS = 30;
const NEW_DAYS = 7;

/**
 * Diagnoses a client by its numbers: polling, malformed requests, bursts over the rate limit, one key on many addresses, an
 * undeclared or new client, days that differ in UTC. Tells only what the numbers show, with the numbers. Throws QuestionError without
 * a client, or for one that was never seen.
 */
export async function reportWhy(deps: ReporterDeps, question: Question, nowMs: number): Promise<TableReport> {
  const { name, notes } = await getName('client', deps, question, nowMs);
  const others = (question.filters ?? []).filter((filter) => filter.key !== 'client' || filter.not);
  const filters = [...others, only('client', name)];
  const inquiry = await openInquiry(deps, { ...question, filters }, nowMs);
  const { span, range, extent } = inquiry;
  const { calendar } = deps;
  const lengthMs = span.toMs - span.fromMs;
  const before = {
    fromMs: range.timed ? span.fromMs - lengthMs : calendar.startOfDay(2 * range.firstDay - range.lastDay - 1),
    toMs: span.fromMs,
  };

  const [byClient, byRoute, byAddress, earlier, byDay, events, timed, timedBefore] = await Promise.all([
    ask(inquiry, { groupBy: ['client'] }),
    ask(inquiry, { groupBy: ['route', 'status'] }),
    ask(inquiry, { groupBy: ['ip'] }),
    lengthMs > 0 ? ask(inquiry, { groupBy: ['route'], span: before }) : undefined,
    ask(inquiry, { grain: 'day', span: daysBefore(inquiry, FIRST_CALL_DAYS) }),
    deps.usage.events({ span, filters: inquiry.filters, limit: MOST_EVENTS }),
    askLatency(inquiry, {}),
    lengthMs > 0 ? askLatency(inquiry, { span: before }) : undefined,
  ]);
  // Compare with all others only if the client has many addresses.
  const everybody =
    byAddress.rows.length < MANY_ADDRESSES
      ? undefined
      : await ask(inquiry, { groupBy: ['client'], distinct: 'ip', filters: [] });
  const ids = new Set(byClient.rows.map(({ keys }) => keys[0]!));
  const wholeBefore = extent !== undefined && calendar.startOfDay(extent.firstDay) < before.fromMs && !range.partial;
  const symptoms: Symptom[] = [
    ...findBursts(inquiry, byRoute.rows, events, await listPeaks(inquiry, listRefused(events))),
    ...findFailingRoutes(byRoute.rows),
    ...(wholeBefore && earlier && timedBefore && !timedBefore.shortened
      ? findSlowdown(
          { ...sumTotals(byClient.rows), latency: timed.total.latency },
          { ...sumTotals(earlier.rows), latency: timedBefore.total.latency },
        )
      : []),
    ...findPollingRoutes(events),
    ...(wholeBefore && earlier ? findGrowth(byRoute.rows, earlier.rows, range.timed ? 'as long' : 'as many days') : []),
    ...(everybody
      ? findManyAddresses(
          countNames(byAddress.rows, (address) => address),
          everybody.rows.filter(({ keys }) => !ids.has(keys[0]!)),
        )
      : []),
    ...findStranger(inquiry, [...ids], byDay.rows, extent?.firstDay),
    ...findOtherDates(events, calendar),
  ];
  const totals = sumTotals(byClient.rows);

  return {
    ...toHead({ ...inquiry, question }, [byClient], {
      title: `Why ${name}`,
      finding:
        totals.requests === 0
          ? describeNothing(inquiry, byClient)
          : symptoms.length > 0
            ? `${name}: ${symptoms.map(({ claim }) => claim.charAt(0).toLowerCase() + claim.slice(1)).join(', ')}.`
            : `Nothing unusual in the ${countOf(totals.requests, 'request')} of ${name}.`,
      notes: [
        ...notes,
        ...noteAnswer(inquiry, byClient),
        ...(events.length === MOST_EVENTS
          ? [`Intervals, bursts and late calls: of its newest ${formatCount(MOST_EVENTS)} events.`]
          : []),
        ...(extent && extent.firstRawDay > range.firstDay
          ? [`Intervals, bursts and late calls: since ${formatDate(extent.firstRawDay)}.`]
          : []),
      ],
      offers: offerNext(name, question),
    }),
    kind: 'why',
    sections: [
      ...(totals.requests > 0 ? [{ title: 'Overall', lines: [describeOutcome(totals)] }] : []),
      ...symptoms.map(({ claim, evidence, remedy }) => ({ title: claim, lines: [evidence, remedy] })),
    ],
    table: buildTable(symptoms, [
      { key: 'claim', label: 'What', type: 'text', cell: ({ claim }) => claim },
      { key: 'evidence', label: 'Evidence', type: 'text', cell: ({ evidence }) => evidence },
      { key: 'remedy', label: 'What to do', type: 'text', cell: ({ remedy }) => remedy },
    ]),
  };
}

/** Finds a client that no declaration fits (if any clients are declared), and one whose first call is recent. */
function findStranger(
  { definitions, names, range, deps }: Inquiry,
  ids: readonly string[],
  byDay: readonly UsageRow[],
  firstDayOfData: number | undefined,
): Symptom[] {
  const strangers = ids.filter((id) => !names.knows(id)).sort();
  const firstMs = byDay.reduce((least, { startMs }) => Math.min(least, startMs), Infinity);
  const firstDay = Number.isFinite(firstMs) ? deps.calendar.dayOf(firstMs) : undefined;
  const isNew =
    firstDay !== undefined &&
    firstDayOfData !== undefined &&
    firstDay > range.lastDay - NEW_DAYS &&
    firstDay - firstDayOfData >= NEW_DAYS;
  const found: Symptom[] = [];
  if (definitions.clients.length > 0 && strangers.length > 0)
    found.push({
      claim: 'Unknown client',
      evidence: `None of the ${countOf(definitions.clients.length, 'client')} in the pools file matches ${strangers.slice(0, 3).join(', ')}.`,
      remedy: 'Find out who uses it, then name it in the pools file or revoke its key.',
    });
  if (isNew)
    found.push({
      claim: 'New client',
      evidence: `Its first call in the last ${FIRST_CALL_DAYS} days was on ${formatDate(firstDay)}.`,
      remedy: 'Agree with its owner how much it may use.',
    });
  return found;
}

function daysBefore({ range, span, deps }: Inquiry, days: number): { fromMs: number; toMs: number } {
  return { fromMs: deps.calendar.startOfDay(range.lastDay - days), toMs: span.toMs };
}

function offerNext(name: string, { range }: Question): Offer[] {
  const filters = [only('client', name)];
  return [
    { label: 'Its routes', question: { report: 'top', dimension: 'route', filters, range } },
    { label: 'Its status codes', question: { report: 'status', filters, range } },
    { label: 'Everything about it', question: { report: 'client', name, range } },
  ];
}
