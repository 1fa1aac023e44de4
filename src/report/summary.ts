import { MINUTE_MS } from '../domain/calendar.ts';
import { NONE } from '../domain/dimension.ts';
import { only } from '../domain/filter.ts';
import type { Question, SummaryReport } from '../domain/report.ts';
import type { ScopeCard, ScopeState } from '../domain/scope-state.ts';
import type { MeterStep } from '../domain/usage.ts';
import { hasTeams } from './client-names.ts';
import {
  countOf,
  formatClock,
  formatCount,
  formatMoment,
  formatPercent,
  formatRate,
  formatShare,
  joinWords,
} from './format.ts';
import { ask, type Inquiry, openInquiry, type ReporterDeps, toHead } from './inquiry.ts';
import { noteAnswer } from './notes.ts';
import { getScopeStates } from './scope-states.ts';
import { describeScopes, isOver, nameLevel, unknownScope, worstLevelOf } from './scope-words.ts';
import { buildTable } from './table.ts';
import { countNames, findPeak, groupTotals, rankRows, sumTotals } from './totals.ts';

/**
 * Builds a card per scope (or for the one asked for): the pool now drawn from, what the rest of the stack has left, limits, calls
 * today and, with a rate limit, the busiest minute of today. Adds today so far: requests, success, distinct clients. Throws
 * QuestionError for an unknown scope.
 */
export async function reportSummary(deps: ReporterDeps, question: Question, nowMs: number): Promise<SummaryReport> {
  const inquiry = await openInquiry(deps, { ...question, range: 'today' }, nowMs);
  const [states, byScope, byClient] = await Promise.all([
    getScopeStates(deps, { atMs: nowMs, scope: question.scope }),
    ask(inquiry, { groupBy: ['scope'] }),
    ask(inquiry, { groupBy: ['client'] }),
  ]);
  if (question.scope !== undefined && states.length === 0)
    throw unknownScope(question.scope, inquiry.definitions, 'pool');
  const todayOf = groupTotals(byScope.rows, ({ keys }) => keys[0]!);
  const cards = await Promise.all(
    states.map(async (state): Promise<ScopeCard> => {
      const [peakMinute, teams] = await Promise.all([loadPeak(inquiry, state), listTeamShares(inquiry, state)]);
      return {
        ...state,
        requestsToday: todayOf.get(state.scope)?.requests ?? 0,
        peakMinute,
        teams,
      };
    }),
  );
  const today = sumTotals(byScope.rows);
  const clients = countNames(byClient.rows, inquiry.names.nameOf);

  return {
    ...toHead({ ...inquiry, question }, [byScope], {
      title: 'Usage',
      finding: question.focus === 'per-minute' ? await describeRate(inquiry, states) : describeScopes(states),
      population: describeToday(today, clients),
      notes: [...noteAnswer(inquiry, byScope), ...cards.flatMap(noteBulk)],
    }),
    kind: 'summary',
    cards,
    today,
    table: toCardTable(cards),
  };
}

/** `3,252 requests · 95.5% succeeded · 8 clients`, of the day named beside it. */
function describeToday({ requests, ok, failed }: SummaryReport['today'], clients: number): string {
  return [
    requests === 0 ? 'no requests yet today' : countOf(requests, 'request'),
    ...(ok + failed > 0 ? [`${formatShare(ok, ok + failed)} succeeded`] : []),
    ...(clients > 0 ? [countOf(clients, 'client')] : []),
  ].join(' · ');
}

/** Returns each team's share of the credits in the current pool's period. A rolling period is rounded to begin with a full hour. */
async function listTeamShares(inquiry: Inquiry, { scope, current }: ScopeState): Promise<ScopeCard['teams']> {
  const { deps, definitions, names, nowMs } = inquiry;
  if (!current || !hasTeams(definitions.clients)) return undefined;
  const fromMs = deps.calendar.startOfHour(current.period.fromMs);
  const span = { fromMs, toMs: deps.calendar.startOfDay(deps.calendar.dayOf(nowMs) + 1) };
  const { rows } = await ask(inquiry, { span, groupBy: ['client'], filters: [only('scope', scope)] });
  const shares = rankRows(rows, { measure: 'credits', nameOf: names.teamOf })
    .filter(({ credits }) => credits > 0)
    .map(({ name: team, sharePercent }) => ({ team, sharePercent }));
  return shares.length > 0 ? shares : undefined;
}

/** The present rate is the mean of this many minutes. */
const RATE_MINUTES = 10;
/** How many scopes a sentence tells the peak minute of. */
const MOST_PEAKS = 3;

/** `7 requests a minute in the last 10 minutes; peak minute of today: 12 of 600 allowed (Public API, 09:41).` */
async function describeRate({ deps, span, nowMs }: Inquiry, states: readonly ScopeState[]): Promise<string> {
  const endMs = Math.floor(nowMs / MINUTE_MS) * MINUTE_MS;
  const fromMs = endMs - RATE_MINUTES * MINUTE_MS;
  const scopes = await Promise.all(
    states.map(async (state) => {
      const meter = { meter: state.scope, grain: 'minute' as const };
      const minutes = await deps.usage.meter({ ...meter, span: { ...span, fromMs: Math.min(span.fromMs, fromMs) } });
      const lately = minutes.filter(({ startMs }) => startMs >= fromMs && startMs < endMs);
      const peak = findPeak(minutes.filter(({ startMs, singles }) => startMs >= span.fromMs && singles > 0));
      return { ...state, peak, lately: lately.reduce((sum, { singles, bulk }) => sum + singles + bulk, 0) };
    }),
  );
  const rate = scopes.reduce((sum, { lately }) => sum + lately, 0) / RATE_MINUTES;
  const peaks = tellPeaks(scopes, (ms) => formatClock(ms, deps.calendar.zone));
  const peak = peaks === '' ? '' : `; peak minute of today: ${peaks}`;
  return `${formatRate(rate)} ${rate === 1 ? 'request' : 'requests'} a minute in the last ${RATE_MINUTES} minutes${peak}.`;
}

/** `Peak minute of Sun 29 Nov 2026: 11 of 300 allowed (Public API, Sun 29 Nov 06:01).` Undefined if no minute of the range is kept. */
export async function describePeakMinutes({ deps, span, nowMs, range }: Inquiry): Promise<string | undefined> {
  const states = await getScopeStates(deps, { atMs: nowMs, plain: true });
  const scopes = await Promise.all(
    states.map(async (state) => {
      const peak = findPeak(await deps.usage.meter({ meter: state.scope, grain: 'minute', span }));
      return { ...state, peak: peak && peak.singles > 0 ? peak : undefined };
    }),
  );
  if (!scopes.some(({ peak }) => peak)) return undefined;
  return `Peak minute of ${range.label}: ${tellPeaks(scopes, (ms) => formatMoment(ms, deps.calendar.zone))}.`;
}

/** `12 of 600 allowed (Public API, 09:41) and 3 (Portal, 10:02)`: the scope nearest to its limit first. */
function tellPeaks(
  scopes: readonly (ScopeState & { peak: MeterStep | undefined })[],
  tell: (ms: number) => string,
): string {
  const shareOf = ({ peak, rateLimitPerMinute = Infinity }: (typeof scopes)[number]) =>
    (peak?.singles ?? 0) / rateLimitPerMinute;
  const peaks = scopes
    .filter(({ peak, rateLimitPerMinute }) => peak || rateLimitPerMinute !== undefined)
    .toSorted((a, b) => shareOf(b) - shareOf(a) || (b.peak?.singles ?? 0) - (a.peak?.singles ?? 0));
  const told = peaks.slice(0, MOST_PEAKS).map(({ title, peak, rateLimitPerMinute: limit }) => {
    const allowed = limit === undefined ? '' : ` of ${formatCount(limit)} allowed`;
    const when = peak ? `, ${tell(peak.startMs)}` : '';
    return `${formatCount(peak?.singles ?? 0)}${allowed} (${title}${when})`;
  });
  const more = peaks.length > MOST_PEAKS ? [countOf(peaks.length - MOST_PEAKS, 'other scope')] : [];
  return joinWords([...told, ...more]);
}

/** Finds the minute of today with the most single calls; events that stand for several calls cannot be placed within a minute. */
async function loadPeak(
  { deps, span }: Inquiry,
  { scope, rateLimitPerMinute }: ScopeState,
): Promise<ScopeCard['peakMinute']> {
  if (rateLimitPerMinute === undefined) return undefined;
  const minutes = await deps.usage.meter({ meter: scope, span, grain: 'minute' });
  const peak = findPeak(minutes);
  return peak && { startMs: peak.startMs, requests: peak.singles, bulkLeftOut: peak.bulk };
}

function noteBulk({ title, peakMinute }: ScopeCard): string[] {
  if (!peakMinute || peakMinute.bulkLeftOut === 0) return [];
  return [`${countOf(peakMinute.bulkLeftOut, 'call')} of ${title} came as counts and are not part of its peak minute.`];
}

/** `Sales 62% · Support 30% · 2 others 8%`; undefined if a card has no teams. */
export function describeTeams({ teams }: Pick<ScopeCard, 'teams'>): string | undefined {
  if (!teams) return undefined;
  const shown = teams.slice(0, MAX_TEAMS);
  const rest = teams.slice(MAX_TEAMS);
  const others = rest.reduce((sum, { sharePercent }) => sum + sharePercent, 0);
  return [
    ...shown.map(({ team, sharePercent }) => `${team === NONE ? 'no team' : team} ${formatPercent(sharePercent)}`),
    ...(rest.length > 0 ? [`${countOf(rest.length, 'other')} ${formatPercent(others)}`] : []),
  ].join(' · ');
}

/** How many teams a card names, the most used first. */
const MAX_TEAMS = 3;

function toCardTable(cards: readonly ScopeCard[]): SummaryReport['table'] {
  return buildTable(cards, [
    { key: 'scope', label: 'Scope', type: 'text', csvOnly: true, cell: ({ scope }) => scope },
    { key: 'pool', label: 'Pool', type: 'text', cell: ({ current }) => current?.name },
    { key: 'used', label: 'Used', type: 'credits', cell: ({ current }) => current?.used },
    { key: 'amount', label: 'Amount', type: 'credits', cell: ({ current }) => current?.amount },
    { key: 'left', label: 'Left', type: 'credits', cell: ({ current }) => current?.left },
    { key: 'used_percent', label: '%', type: 'percent', cell: ({ current }) => current?.percent },
    {
      key: 'level',
      label: 'Level',
      type: 'text',
      cell: (card) => (card.current || card.limits.length > 0 ? nameLevel(worstLevelOf(card), card) : null),
    },
    { key: 'rest_left', label: 'Left in other pools', type: 'credits', csvOnly: true, cell: (card) => card.restLeft },
    { key: 'overage', label: 'Over', type: 'credits', csvOnly: !cards.some(isOver), cell: ({ overage }) => overage },
    { key: 'requests_today', label: 'Today', type: 'count', cell: ({ requestsToday }) => requestsToday },
    { key: 'peak_minute', label: 'Peak minute', type: 'count', cell: ({ peakMinute }) => peakMinute?.requests },
    { key: 'rate_limit', label: 'Rate limit', type: 'count', cell: (card) => card.rateLimitPerMinute },
    { key: 'teams', label: 'Teams', type: 'text', csvOnly: !cards.some(({ teams }) => teams), cell: describeTeams },
    { key: 'title', label: 'Scope', type: 'text', shownOnly: true, name: true, cell: ({ title }) => title },
    { key: 'bar', label: 'Gauge', type: 'bar', cell: ({ current }) => current && Math.min(1, current.percent / 100) },
  ]);
}
