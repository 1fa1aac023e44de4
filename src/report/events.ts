import { type Calendar, DAY_MS, formatDay, HOUR_MS } from '../domain/calendar.ts';
import { NONE } from '../domain/dimension.ts';
import { type EventsReport, MAX_EVENT_ROWS, type Question } from '../domain/report.ts';
import type { Table } from '../domain/table.ts';
import type { RawEvent } from '../domain/usage.ts';
import { formatCount, formatDuration, formatMoment, formatShortDate, joinWords, toLocal } from './format.ts';
import { ask, describeNothing, type Inquiry, openInquiry, type ReporterDeps, toHead } from './inquiry.ts';
import { noteAnswer, noteSingleCalls } from './notes.ts';
import { buildTable, type Column } from './table.ts';
import { sumTotals } from './totals.ts';

const ROWS = 20;

/**
 * Lists the newest single calls that match, 20 unless the question asks for a number up to 10,000; from raw events alone. By default
 * from the last seven days and today, since the newest are of today.
 */
export async function reportEvents(deps: ReporterDeps, question: Question, nowMs: number): Promise<EventsReport> {
  const today = deps.calendar.dayOf(nowMs);
  const inquiry = await openInquiry(deps, question, nowMs, `${formatDay(today - 7)}..${formatDay(today)}`);
  const { span, filters, extent } = inquiry;
  // Totals count the same events then. Under a filter they may not: they count rare values as (other).
  const isKept = extent !== undefined && deps.calendar.startOfDay(extent.firstRawDay) <= span.fromMs;
  const limit = Math.min(Math.max(question.limit ?? ROWS, 1), MAX_EVENT_ROWS);
  const [found, answer] = await Promise.all([
    deps.usage.events({ span, filters, limit, ids: true }),
    ask(inquiry, { raw: !isKept || filters.some(({ key }) => key !== 'status') }),
  ]);
  const events = found.toReversed();
  const totals = sumTotals(answer.rows);
  const { shortened } = answer;
  const alike = listAlike(inquiry, events);
  return {
    ...toHead(inquiry, [answer], {
      title: 'Single calls',
      finding:
        question.focus === 'sending' || question.focus === 'stopped'
          ? await describeSending(inquiry, question.focus, events[0]?.timeMs)
          : events.length === 0
            ? describeNothing(inquiry, answer)
            : describe(),
      notes: [
        ...noteAnswer(inquiry, { ...answer, shortened: undefined, capped: [] }),
        ...(shortened ? [noteSingleCalls(inquiry, shortened.fromMs)] : []),
        ...(alike.size > 0 ? [`Every row: ${joinWords([...alike.values()])}.`] : []),
      ],
      offers: shortened
        ? [
            {
              label: 'Totals of these days',
              question: { report: 'daily', range: question.range, filters: question.filters },
            },
          ]
        : [],
    }),
    kind: 'events',
    totals,
    table: toTable(inquiry, events),
  };

  function describe(): string {
    const part = totals.failed === totals.requests ? 'all' : `${formatCount(totals.failed)} of them`;
    const statuses = inquiry.filters.filter(({ key }) => key === 'status');
    const areFailures = statuses.length > 0 && totals.failed === totals.requests;
    const [code, ...others] = statuses.flatMap(({ patterns, not }) => (not ? [] : patterns));
    const what = (call: string) =>
      code !== undefined && others.length === 0 ? `${call} with status ${code}` : areFailures ? `failed ${call}` : call;
    const calls = `${formatCount(totals.requests)} ${what('calls')}`;
    const failed = totals.failed > 0 && !areFailures ? `; ${part} failed` : '';
    if (events.length === 1 && totals.requests === 1) return `One ${what('call')} matches.`;
    const when = formatMoment(events[0]!.timeMs, deps.calendar.zone);
    const last = `the last on ${when}`;
    if (question.limit === 1) return `The last ${what('call')} was on ${when}; ${calls} in all.`;
    return events.reduce((sum, { count }) => sum + count, 0) >= totals.requests
      ? `${calls}, ${last}${failed}.`
      : `The newest ${formatCount(events.length)} of ${calls}${failed}.`;
  }
}

/**
 * Says whether calls still come. Silence longer than any pause in the range counts as a stop. `No: Acme CRM still sends; its last
 * call was on Sun 29 Nov 10:11.`
 */
async function describeSending(inquiry: Inquiry, asked: 'sending' | 'stopped', newestMs?: number): Promise<string> {
  const { deps, nowMs, range, question } = inquiry;
  const { rows } = await ask(inquiry, { grain: 'hour' });
  const hours = [...new Set(rows.flatMap(({ startMs, requests }) => (requests > 0 ? [startMs] : [])))].sort(
    (a, b) => a - b,
  );
  const named = question.filters?.find(({ key, not }) => key !== 'status' && !not)?.patterns;
  const statuses = question.filters?.find(({ key, not }) => key === 'status' && !not)?.patterns;
  const codes = named ? undefined : statuses && (statuses.length > 1 ? 'failures' : `${statuses[0]}s`);
  const who = codes ?? (named ? joinWords(named) : 'It');
  const lastMs = newestMs ?? hours.at(-1);
  const answer = (isSending: boolean) => ((asked === 'sending') === isSending ? 'Yes' : 'No');
  if (lastMs === undefined)
    return `${answer(false)}: ${codes ? `no ${codes} came` : `${who} made no call`} (${range.label}).`;
  const last = `${codes ? 'the last' : 'its last call'} was on ${formatMoment(lastMs, deps.calendar.zone)}`;
  const pauses = hours.slice(1).map((hour, index) => hour - hours[index]!);
  const longest = pauses.length > 0 ? Math.max(...pauses) : DAY_MS;
  const silence = nowMs - lastMs;
  // Pauses are known only to the hour.
  if (silence < longest + HOUR_MS) return `${answer(true)}: ${who} ${codes ? 'still come' : 'still sends'}; ${last}.`;
  const before = pauses.length > 0 ? `; before, it paused ${formatDuration(longest)} at most` : '';
  return `${answer(false)}: ${who} ${codes ? 'have' : 'has'} stopped; ${last}, ${formatDuration(silence)} ago${before}.`;
}

/** Builds the table. People see only columns that differ: a value that all calls share is told in a note instead. */
function toTable(inquiry: Inquiry, events: readonly RawEvent[]): Table {
  const { deps, range, names } = inquiry;
  const alike = listAlike(inquiry, events);
  const isOneDay = range.lastDay === range.firstDay || alike.has('day');
  const isTimed = events.some(({ durationMs }) => durationMs !== undefined);
  const text = (key: string, label: string, cell: Column<RawEvent>['cell']): Column<RawEvent> => ({
    ...{ key, label, type: 'text', cell: (event) => cell(event) || null },
  });
  // A column for programs only.
  const exact = (key: string, label: string, cell: Column<RawEvent>['cell']) => ({
    ...text(key, label, cell),
    csvOnly: true,
  });
  return {
    inOrder: true,
    ...buildTable(events, [
      { key: 'time', label: 'Time', type: 'time', csvOnly: true, cell: ({ timeMs }) => timeMs },
      { ...text('when', 'Time', ({ timeMs }) => formatWhen(timeMs, deps.calendar, isOneDay)), shownOnly: true },
      exact('client', 'Client', ({ client }) => client),
      { ...text('status', 'Status', toStatus), csvOnly: alike.has('status') },
      { ...text('call', 'Call', describeCall), shownOnly: true },
      { ...text('client_name', 'Client', ({ client }) => names.nameOf(client)), csvOnly: alike.has('client_name') },
      exact('method', 'Method', ({ method }) => method),
      exact('route', 'Route', ({ route }) => route),
      exact('user', 'User', ({ user }) => user),
      exact('ip', 'IP', ({ ip }) => ip),
      { key: 'duration_ms', label: 'Took', type: 'duration', csvOnly: !isTimed, cell: (event) => event.durationMs },
      exact('id', 'ID', ({ id }) => id ?? null),
      exact('module', 'module', ({ module }) => module),
      exact('function', 'function', (event) => event.function),
      exact('api_version', 'api_version', ({ version }) => version),
      exact('kind', 'kind', ({ kind }) => kind),
      exact('initiator', 'initiator', ({ initiator }) => initiator),
      exact('source', 'source', ({ source }) => source),
      exact('scope', 'scope', ({ scope }) => scope),
      { key: 'count', label: 'Calls', type: 'count', csvOnly: true, cell: ({ count }) => count },
      { key: 'credits', label: 'Credits', type: 'credits', csvOnly: true, cell: ({ credits }) => credits },
    ]),
  };
}

type Alike = 'day' | 'client_name' | 'status';

/** Finds the values that all calls share, if there are several calls: `Every row: 20 Nov, client Acme CRM and status 429.` */
function listAlike({ names, range, deps }: Inquiry, events: readonly RawEvent[]): Map<Alike, string> {
  const alike = new Map<Alike, string>();
  if (events.length < 2) return alike;
  const clients = new Set(events.map(({ client }) => names.nameOf(client)));
  const statuses = new Set(events.map(toStatus));
  const days = new Set(events.map(({ timeMs }) => deps.calendar.dayOf(timeMs)));
  if (days.size === 1 && range.firstDay !== range.lastDay) alike.set('day', formatShortDate([...days][0]!));
  if (clients.size === 1) alike.set('client_name', `client ${[...clients][0]}`);
  if (statuses.size === 1) alike.set('status', `status ${[...statuses][0]}`);
  return alike;
}

function toStatus({ status }: RawEvent): string {
  return status === 0 ? NONE : String(status);
}

/** `14:05:09`; over several days `27 Nov 14:05:09`. */
function formatWhen(ms: number, { dayOf, zone }: Calendar, isOneDay: boolean): string {
  const clock = toLocal(ms, zone).toPlainTime().toString({ smallestUnit: 'second' });
  return isOneDay ? clock : `${formatShortDate(dayOf(ms))} ${clock}`;
}

/** `GET /v1/orders/{id}`; for an event that stands for several calls `GET /v1/orders ×25`. */
function describeCall({ method, route, function: called, kind, count }: RawEvent): string {
  const call = [method, route || called].filter(Boolean).join(' ') || kind;
  return count > 1 ? `${call} ×${formatCount(count)}` : call;
}
