import type { Calendar } from '../domain/calendar.ts';
import type { ClientName } from '../domain/definition.ts';
import { OTHER } from '../domain/dimension.ts';
import type { StoredFilter } from '../domain/filter.ts';
import type { Span, UsageReader } from '../domain/usage.ts';
import { getClientNames } from './client-names.ts';
import { formatSigned } from './format.ts';
import { isNamed } from './totals.ts';
import { USUAL_WEEKS } from './usual.ts';

/** Dimensions that may explain a change: somebody to talk to, or something to look at. */
const KEYS = ['client', 'route', 'user'] as const;
/** A name that made less than half of a change does not explain it. */
const MOSTLY = 0.5;
/** A route or user is named in place of a client only where it explains a quarter more: people talk to clients. */
const CLEARLY = 1.25;

/** An hour or a day whose counts are compared. */
export interface Compared {
  span: Span;
  /** The same of weeks before. */
  usual: readonly Span[];
  measure: 'requests' | 'failed';
  filters?: readonly StoredFilter[];
}

interface From {
  usage: UsageReader;
  clients: readonly ClientName[];
}

/** A name with its count in the span, then in each of the usual spans; undefined: it may be counted among the rare there. */
export interface NameCounts {
  name: string;
  ids: readonly string[];
  counts: readonly (number | undefined)[];
}

/** Counts each name of a dimension in a span and in its usual spans; `all`: the sums, with what has no name. */
export async function countByName(
  { usage, clients }: From,
  { span, usual, measure, filters = [] }: Compared,
  key: (typeof KEYS)[number],
): Promise<{ names: NameCounts[]; all: number[] }> {
  const { nameOf } = getClientNames(clients);
  const answers = await Promise.all(
    [span, ...usual].map((each) => usage.sum({ span: each, grain: 'all', groupBy: [key], filters })),
  );
  const absent = answers.map(({ rows }) => (rows.some(({ keys }) => keys[0] === OTHER) ? undefined : 0));
  const names = new Map<string, { name: string; ids: string[]; counts: (number | undefined)[] }>();
  answers.forEach(({ rows }, at) => {
    for (const row of rows) {
      const id = row.keys[0]!;
      if (!isNamed(id)) continue;
      const name = key === 'client' ? nameOf(id) : id;
      const found = names.getOrInsertComputed(name, () => ({ name, ids: [], counts: [...absent] }));
      if (!found.ids.includes(id)) found.ids.push(id);
      found.counts[at] = (found.counts[at] ?? 0) + row[measure];
    }
  });
  const all = answers.map(({ rows }) => rows.reduce((sum, row) => sum + row[measure], 0));
  return { names: [...names.values()], all };
}

/** The mean of the usual counts. */
export function usualOf([, ...usual]: NameCounts['counts']): number {
  return usual.reduce<number>((sum, count = 0) => sum + count, 0) / usual.length;
}

function changeOf(counts: NameCounts['counts']): number {
  return (counts[0] ?? 0) - usualOf(counts);
}

/** The name that made most of a change: `change` more (or fewer) requests or failures than usual, most of them on `route`. */
export interface Cause {
  key: (typeof KEYS)[number];
  name: string;
  change: number;
  route?: string;
}

/**
 * Finds the client, else the route or user, whose count moved most from its own mean of the usual spans; undefined where many
 * moved a little.
 */
export async function findCause(from: From, compared: Compared): Promise<Cause | undefined> {
  const [client, ...others] = await Promise.all(KEYS.map((key) => findMostMoved(from, compared, key)));
  let best = client;
  for (const other of others)
    if (other && (!best || Math.abs(other.change) > Math.abs(best.change) * CLEARLY)) best = other;
  if (!best) return undefined;
  const { ids, ...cause } = best;
  if (cause.key !== 'client') return cause;
  const filters = [...(compared.filters ?? []), { key: 'client' as const, patterns: ids, not: false }];
  const route = await findMostMoved(from, { ...compared, filters }, 'route');
  return { ...cause, ...(route ? { route: route.name } : {}) };
}

/** Finds the name whose count moved most in the direction that all moved; undefined where it explains less than half of that. */
export async function findMostMoved(
  from: From,
  compared: Compared,
  key: Cause['key'],
): Promise<(Cause & Pick<NameCounts, 'ids'>) | undefined> {
  const { names, all } = await countByName(from, compared, key);
  const [sign, most] = [Math.sign(changeOf(all)), Math.abs(changeOf(all))];
  const [best] = names.toSorted((a, b) => sign * (changeOf(b.counts) - changeOf(a.counts)));
  const change = best ? changeOf(best.counts) : 0;
  if (!best || sign * change < MOSTLY * most || Math.round(change) === 0) return undefined;
  return { key, name: best.name, ids: best.ids, change: Math.round(change) };
}

/** `Mostly Acme CRM (+196) on /v2/accounts/{id}.` */
export function describeCause({ key, name, change, route }: Cause): string {
  const who = key === 'user' ? `user ${name}` : name;
  return `Mostly ${who} (${formatSigned(change)})${route ? ` on ${route}` : ''}.`;
}

/**
 * The same hour by the zone's clock in up to four weeks before, the nearest first. The day on which data began is seldom whole: it
 * is no usual one.
 */
export function listUsualHours(hour: Span, { firstDay }: { firstDay: number }, { zone, startOfDay }: Calendar): Span[] {
  return Array.from({ length: USUAL_WEEKS }, (_, week) => {
    const fromMs = weeksBefore(hour.fromMs, week + 1, zone);
    return { fromMs, toMs: fromMs + hour.toMs - hour.fromMs };
  }).filter(({ fromMs }) => startOfDay(firstDay + 1) <= fromMs);
}

/** The same time by a zone's clock, whole weeks before: in a DST gap, the time that the clock then showed instead. */
export function weeksBefore(ms: number, weeks: number, zone: string): number {
  return Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(zone).subtract({ weeks }).epochMilliseconds;
}
