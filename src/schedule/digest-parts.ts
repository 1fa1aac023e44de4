import type { Calendar } from '../domain/calendar.ts';
import { DIGEST_SECTIONS, type DigestSection } from '../domain/digest.ts';
import type { Report } from '../domain/report.ts';
import type { DigestPart } from '../messages/digest-message.ts';
import { countOf, formatClock, formatCount, formatCredits, formatShortDate, formatSigned } from '../report/format.ts';
import { describeOutlook, describeScopes, isOver, titleOfMeter } from '../report/scope-words.ts';
import { buildTable, type Column } from '../report/table.ts';
import type { DigestContent } from './digest-content.ts';
import { weekdayOf } from './digest-lines.ts';

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
