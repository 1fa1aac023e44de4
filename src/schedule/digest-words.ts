import { type Calendar, MONTHS, SHORT_WEEKDAYS, toDate, WEEKDAYS } from '../domain/calendar.ts';
import { DIGEST_SECTIONS, type DigestSection } from '../domain/digest.ts';
import type { Report } from '../domain/report.ts';
import type { ScopeState } from '../domain/scope-state.ts';
import type { DigestLines, DigestPart } from '../messages/digest-message.ts';
import {
  countOf,
  formatClock,
  formatCount,
  formatCredits,
  formatMoment,
  formatShare,
  formatShortDate,
  formatSigned,
  joinWords,
} from '../report/format.ts';
import {
  describeOutlook,
  describeRunOutOf,
  describeScopes,
  isOver,
  LEVEL_SIGNS,
  LEVELS,
  listScopeSentences,
  titleOfMeter,
  worstLevelOf,
} from '../report/scope-words.ts';
import { buildTable, type Column } from '../report/table.ts';
import type { DigestContent } from './digest-content.ts';

/** `Sat 28 Nov`. */
export function formatShortDay(day: number): string {
  const date = toDate(day);
  return `${SHORT_WEEKDAYS[date.dayOfWeek - 1]} ${date.day} ${MONTHS[date.month - 1]}`;
}

/** `Saturday`. */
function weekdayOf(day: number): string {
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
    return `🔴 Usage of ${date} is unknown: nothing came from ${describeSilent(content, '')}. See /usage sources.`;
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
      return pool ? [{ name: state.title, pool, level: worstLevelOf(state) }] : [];
    })
    .toSorted((a, b) => LEVELS.indexOf(b.level) - LEVELS.indexOf(a.level) || b.pool.percent - a.pool.percent)
    .map(({ name, pool, level }) => ({
      sign: LEVEL_SIGNS[level],
      name,
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

function findSilence(content: DigestContent): Finding[] {
  if (content.silent.length === 0) return [];
  const who = describeSilent(content, ' that day');
  return [{ weight: 110, sign: '🔴', text: `The numbers are not complete: nothing came from ${who}.` }];
}

/** `kong since Wed 18 Nov 23:55 and erp that day`; `then`: what is said where something was heard since. */
function describeSilent({ silent, zone }: DigestContent, then: string): string {
  return joinWords(
    silent.map(
      ({ name, sinceMs }) => `${name}${sinceMs === undefined ? then : ` since ${formatMoment(sinceMs, zone)}`}`,
    ),
  );
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

/** A message of the thread, and the report that is drawn in it. */
export interface DrawnPart extends DigestPart {
  drawn?: Report | undefined;
}

/** A section of the thread; undefined where there is nothing to say, or it belongs to the message alone. */
export function toPart(content: DigestContent, section: DigestSection, calendar: Calendar): DrawnPart | undefined {
  const title = DIGEST_SECTIONS.find(({ key }) => key === section)!.title;
  const part = content.what.sections.includes(section) ? MAKERS[section]?.(content, calendar) : undefined;
  return part && { title, ...part };
}

type Maker = (content: DigestContent, calendar: Calendar) => Omit<DrawnPart, 'title'> | undefined;

const MAKERS: Partial<Record<DigestSection, Maker>> = {
  pools: toPools,
  clients: ({ topClients }) => topClients && { sentence: topClients.finding, drawn: topClients },
  routes: ({ topRoutes }) => topRoutes && { sentence: topRoutes.finding, table: topRoutes.table },
  status: ({ status }) =>
    status && {
      sentence: status.finding,
      lines: status.diagnosis.map(({ claim, evidence }) => `${claim}: ${evidence}`),
      drawn: status,
    },
  movers: toMovers,
  'new-clients': toNewClients,
  alerts: toAlerts,
  corrections: toCorrections,
  advice: toAdvice,
};

function toPools({ pools = [], closed = [], month, nowMs }: DigestContent, calendar: Calendar): ReturnType<Maker> {
  const metered = pools.filter((state) => state.pools.length + state.limits.length > 0);
  const lines = [
    ...(metered.length > 0 ? [`Will they run out? ${describeOutlook(metered, nowMs, calendar)}`] : []),
    ...closed.map(
      ({ title, pool, used, amount, label }) =>
        `${title}: ${pool} was reset; it closed ${label} at ${formatCredits(used)} of ${formatCredits(amount)}.`,
    ),
    ...(month
      ? [
          `${month.name}: ${countOf(month.soFar, 'request')} so far, about ${formatCount(toThreeDigits(month.end))} by its end.`,
        ]
      : []),
  ];
  if (metered.length === 0 && lines.length === 0) return undefined;
  return {
    ...(metered.length > 0 ? { sentence: describeScopes(metered) } : {}),
    lines,
    table: buildTable(
      metered.flatMap((state) => [
        ...[...state.pools, ...state.limits].map((pool) => ({ ...pool, name: `${state.title}: ${pool.name}` })),
        ...(isOver(state) ? [{ name: `${state.title}: over this month`, used: state.overage }] : []),
      ]),
      POOL_COLUMNS,
    ),
  };
}

const POOL_COLUMNS: readonly Column<{ name: string; used: number; left?: number; percent?: number }>[] = [
  { key: 'pool', label: 'Pool', type: 'text', cell: ({ name }) => name },
  { key: 'used', label: 'Used', type: 'credits', cell: ({ used }) => used },
  { key: 'left', label: 'Left', type: 'credits', cell: ({ left }) => left },
  { key: 'percent', label: '%', type: 'percent', cell: ({ percent }) => percent },
];

/** Advice without the lines that the section on status codes has said already. */
function toAdvice({ advice, status, what }: DigestContent): ReturnType<Maker> {
  if (!advice || advice.sections.length === 0) return undefined;
  const said = new Set(what.sections.includes('status') ? status?.diagnosis.map(({ evidence }) => evidence) : []);
  return {
    lines: advice.sections.map(({ title, lines }) =>
      [`${title}.`, ...lines.filter((line) => !said.has(line))].join(' '),
    ),
  };
}

function toMovers({ movers = [], day }: DigestContent): ReturnType<Maker> {
  const [first] = movers;
  if (!first) return undefined;
  const change = first.requests - first.usual;
  const where = first.route ? `, mostly on ${first.route}` : '';
  return {
    sentence: `${first.name} made ${formatCount(Math.abs(change))} ${change > 0 ? 'more' : 'fewer'} requests than on a usual ${weekdayOf(day)}${where}.`,
    table: buildTable(movers, [
      { key: 'client', label: 'Client', type: 'text', cell: ({ name }) => name },
      { key: 'change', label: 'Change', type: 'count', signed: true, cell: ({ requests, usual }) => requests - usual },
      { key: 'requests', label: 'Requests', type: 'count', cell: ({ requests }) => requests },
      { key: 'usual', label: 'Usual', type: 'count', cell: ({ usual }) => usual },
    ]),
  };
}

/** `166,630` → `167,000`. */
function toThreeDigits(count: number): number {
  return Number(count.toPrecision(3));
}

function toNewClients({ newClients = [], silentClients = [] }: DigestContent): ReturnType<Maker> {
  const lines = [
    ...newClients.map(({ name, requests }) => `New: ${name}, ${countOf(requests, 'request')}`),
    ...silentClients.map(({ name, requests }) => `Silent: ${name}, ${countOf(requests, 'request')} a week before`),
  ];
  return lines.length > 0 ? { lines } : undefined;
}

function toAlerts({ alerts = [], zone }: DigestContent): ReturnType<Maker> {
  const lines = alerts.map((alert) => {
    const { sign, title } = alert.content;
    return `${formatClock(alert.atMs, zone)} ${sign} ${title}`;
  });
  return lines.length > 0 ? { lines } : undefined;
}

function toCorrections({ corrections = [], changes = [], pools = [] }: DigestContent): ReturnType<Maker> {
  const lines = [
    ...changes.map(({ day, stated, requests }) => {
      const change = requests - stated;
      return `${formatShortDate(day)} now has ${countOf(requests, 'request')}: ${formatSigned(change)} since its digest`;
    }),
    ...corrections.map(
      ({ meter, day, credits, reason, actor }) =>
        `${titleOfMeter(meter, pools) ?? meter}, ${formatShortDate(day)}: ${formatSigned(credits, formatCredits)} credits, ${reason} (${actor})`,
    ),
  ];
  return lines.length > 0 ? { lines } : undefined;
}
