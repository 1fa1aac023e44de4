import { type Calendar, MONTHS, SHORT_WEEKDAYS, toDate, WEEKDAYS } from '../domain/calendar.ts';
import type { ScopeState } from '../domain/scope-state.ts';
import type { DigestLines } from '../messages/digest-message.ts';
import { countOf, formatClock, formatCount, formatMoment, formatShare, joinWords } from '../report/format.ts';
import { describeRunOutOf, isOver, LEVEL_SIGNS, LEVELS, listScopeSentences } from '../report/scope-words.ts';
import type { DigestContent } from './digest-content.ts';

/** `Sat 28 Nov`. */
export function formatShortDay(day: number): string {
  const date = toDate(day);
  return `${SHORT_WEEKDAYS[date.dayOfWeek - 1]} ${date.day} ${MONTHS[date.month - 1]}`;
}

/** `Saturday`. */
export function weekdayOf(day: number): string {
  return WEEKDAYS[toDate(day).dayOfWeek - 1]!;
}

/** `3,252 requests`, then `, ↓ 53% vs. Friday, ↑ 8% vs. a usual Saturday · 95.5% succeeded`; undefined where both sections are off. */
export function describeHeadline(content: DigestContent): DigestLines['headline'] {
  const { what, totals, dayBefore, weekday, day } = content;
  const success = what.sections.includes('success') ? describeSuccess(content) : undefined;
  if (!what.sections.includes('requests')) return success ? { rest: success } : undefined;
  const comparisons = [
    ...(dayBefore === undefined ? [] : [describeChange(totals.requests, dayBefore, `vs. ${weekdayOf(day - 1)}`)]),
    ...(weekday === undefined ? [] : [describeChange(totals.requests, weekday, `vs. a usual ${weekdayOf(day)}`)]),
  ];
  return {
    count: countOf(totals.requests, 'request'),
    rest: `${comparisons.map((each) => `, ${each}`).join('')}${success ? ` · ${success}` : ''}`,
  };
}

/** `↓ 53% vs. Friday`, `unchanged vs. Friday`, `↑ from 0 vs. Friday`. */
function describeChange(now: number, before: number, than: string): string {
  if (now === before) return `unchanged ${than}`;
  if (before === 0) return `↑ from 0 ${than}`;
  const percent = (Math.abs(now - before) / before) * 100;
  const size = percent < 1 ? '<1' : formatCount(Math.round(percent));
  return `${now > before ? '↑' : '↓'} ${size}% ${than}`;
}

/** `95.5% succeeded`; undefined where no call has a status. */
function describeSuccess({ totals }: DigestContent): string | undefined {
  if (totals.ok + totals.failed === 0) return undefined;
  return `${formatShare(totals.ok, totals.ok + totals.failed)} succeeded`;
}

/** `Last 7 days: 8,400 requests, 1,200 a day, ↑ 5% vs. the 7 before`. Undefined for a daily digest. */
export function describeSpan({ span }: DigestContent): string | undefined {
  if (!span) return undefined;
  const before = span.before === undefined ? '' : `, ${describeChange(span.requests, span.before, 'vs. the 7 before')}`;
  return `${span.name}: ${countOf(span.requests, 'request')}, ${formatCount(span.perDay)} a day${before}`;
}

/** The one line of a day without calls: quiet, or a sender that is silent. Undefined on other days. */
export function describeEmptyDay(content: DigestContent): string | undefined {
  if (content.totals.requests > 0) return undefined;
  const date = `${formatShortDay(content.day)} (${content.zone})`;
  if (content.silent.length > 0) {
    const names = content.silent.map(
      ({ name, sinceMs }) => `${name}${sinceMs === undefined ? '' : ` since ${formatMoment(sinceMs, content.zone)}`}`,
    );
    return `🔴 Usage of ${date} is unknown: nothing came from ${joinWords(names)}. See /usage sources.`;
  }
  const usual = content.weekAverage ? `; the week before had ${formatCount(content.weekAverage)} a day` : '';
  return `Quiet day: no requests on ${date}${usual}.`;
}

/** Each scope by the pool that it now draws from, or by a limit of a worse level, worst first. One that went over is never told as healthy. */
export function listPoolMarks({ pools, what }: DigestContent): DigestLines['pools'] {
  if (!pools || !what.sections.includes('pools')) return undefined;
  return pools
    .flatMap((state) => {
      const { current, level, limits } = state;
      const balances = [
        ...(current ? [{ ...current, level }] : []),
        ...limits.toSorted((a, b) => b.percent - a.percent),
      ];
      const [pool] = balances.toSorted((a, b) => LEVELS.indexOf(b.level) - LEVELS.indexOf(a.level));
      return pool ? [{ state, pool, rank: Math.max(LEVELS.indexOf(pool.level), isOver(state) ? 1 : 0) }] : [];
    })
    .toSorted((a, b) => b.rank - a.rank || b.pool.percent - a.pool.percent)
    .map(({ state, pool, rank }) => ({
      sign: LEVEL_SIGNS[LEVELS[rank]!],
      name: state.title,
      // Rounded down: never at a level that is not reached.
      percent: pool.percent > 0 && pool.percent < 1 ? '<1%' : `${formatCount(Math.floor(pool.percent))}%`,
    }));
}

/** One thing that somebody should look at. The higher the weight, the worse. */
export interface Finding {
  weight: number;
  sign: (typeof SIGNS)[number];
  text: string;
}

export const MAX_FINDINGS = 3;
/** Worst last. */
const SIGNS = ['🔵', '🟠', '🔴', '⛔'] as const;
/** Failures of one kind are worth a line from 1% of the requests on, … */
const NOTABLE_SHARE = 1;
/** … and a client that is new or gone from 5% on. */
const NOTABLE_CLIENT = 0.05;

/** Lists what needs attention, worst first: no data, then an allowance that is used up or exceeded, then what was odd about the day. */
export function listFindings(content: DigestContent, calendar: Calendar): Finding[] {
  return [
    ...findSilence(content),
    ...(content.pools ?? []).flatMap((state) => findPools(state, content, calendar)),
    ...findOddHours(content),
    ...findFailures(content),
    ...findAlerts(content),
    ...findClients(content),
  ].toSorted((a, b) => b.weight - a.weight);
}

function findSilence({ silent, zone }: DigestContent): Finding[] {
  if (silent.length === 0) return [];
  const names = silent.map(
    ({ name, sinceMs }) => `${name} ${sinceMs === undefined ? 'that day' : `since ${formatMoment(sinceMs, zone)}`}`,
  );
  return [{ weight: 110, sign: '🔴', text: `The numbers are not complete: nothing came from ${joinWords(names)}.` }];
}

/** A scope over its allowance comes before one that is close to it. Of one scope the worst says enough. */
function findPools(state: ScopeState, { nowMs }: DigestContent, calendar: Calendar): Finding[] {
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

/** `18:00 was 4.5× the usual: 196 extra calls by Acme CRM on /v2/accounts/{id}.` */
function findOddHours({ oddHours = [] }: DigestContent): Finding[] {
  return oddHours.slice(0, 1).map(({ label, requests, usual, because }) => {
    const size =
      requests > usual
        ? usual > 0
          ? `was ${(requests / usual).toFixed(1)}× the usual`
          : `had ${countOf(requests, 'call')} where there are none usually`
        : `had ${Math.round((1 - requests / usual) * 100)}% fewer calls than usual`;
    const who = because
      ? `: ${formatCount(Math.abs(because.change))} ${because.change > 0 ? 'extra' : 'fewer'} calls by ${because.key === 'user' ? 'user ' : ''}${because.name}${because.route ? ` on ${because.route}` : ''}`
      : '';
    return { weight: 60, sign: '🟠', text: `${label} ${size}${who}.` };
  });
}

/** The worst kind of failure, by the diagnosis of the status codes. */
function findFailures({ status }: DigestContent): Finding[] {
  const worst = status?.diagnosis[0];
  if (!status || !worst) return [];
  const failed = status.codes.filter(({ status: code }) => Number(code) >= 400);
  if (!failed.some(({ sharePercent }) => sharePercent >= NOTABLE_SHARE)) return [];
  // How many, from whom, on what: the rest stands in the thread.
  const [evidence = ''] = worst.evidence.split('. ');
  const clauses = evidence.replace(/\.$/, '').split(', ').slice(0, 3);
  return [{ weight: 50, sign: '🟠', text: `${worst.claim}: ${clauses.join(', ')}.` }];
}

/** Finds the worst level told that day among scopes that are fine again. */
function findAlerts({ alerts = [], pools = [], zone }: DigestContent): Finding[] {
  const standing = new Set(
    pools.filter((state) => listScopeSentences(state).some(({ weight }) => weight > 0)).map(({ scope }) => scope),
  );
  const told = alerts
    .map((alert) => ({ atMs: alert.atMs, ...alert.content }))
    .filter(({ kind, scope }) => kind === 'level' && !standing.has(scope ?? ''));
  const [worst] = told.toSorted((a, b) => SIGNS.indexOf(b.sign) - SIGNS.indexOf(a.sign));
  if (!worst) return [];
  const weight = worst.sign === '🔵' ? 25 : 55;
  return [{ weight, sign: worst.sign, text: `Alert at ${formatClock(worst.atMs, zone)}: ${worst.title}.` }];
}

function findClients({ newClients = [], silentClients = [], totals }: DigestContent): Finding[] {
  const gone = silentClients.filter(({ requests }) => requests >= NOTABLE_CLIENT * totals.requests)[0];
  const fresh = newClients.filter(({ requests }) => requests >= NOTABLE_CLIENT * totals.requests)[0];
  return [
    ...(gone
      ? [
          {
            weight: 45,
            sign: '🟠' as const,
            text: `${gone.name} made no calls; a week before it made ${formatCount(gone.requests)}.`,
          },
        ]
      : []),
    ...(fresh
      ? [{ weight: 30, sign: '🔵' as const, text: `${fresh.name} is new: ${countOf(fresh.requests, 'call')}.` }]
      : []),
  ];
}
