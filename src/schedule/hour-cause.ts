import type { Calendar } from '../domain/calendar.ts';
import type { ClientName } from '../domain/definition.ts';
import type { StoredFilter } from '../domain/filter.ts';
import type { Span, UsageReader } from '../domain/usage.ts';
import { getClientNames } from '../report/client-names.ts';
import { formatSigned } from '../report/format.ts';
import { isNamed } from '../report/totals.ts';
import { USUAL_WEEKS } from '../report/usual.ts';

/** Dimensions that may explain a change: somebody to talk to, or something to look at. */
const KEYS = ['client', 'route', 'user'] as const;
/** A name that made less than half of a change does not explain it. */
const MOSTLY = 0.5;
/** A route or user is named in place of a client only where it explains a quarter more: people talk to clients. */
const CLEARLY = 1.25;

/** The name that made most of a change: `change` more (or fewer) requests or failures than usual, most of them on `route`. */
export interface HourCause {
  key: (typeof KEYS)[number];
  name: string;
  change: number;
  route?: string;
}

/** An hour or a day whose counts are compared. */
interface Moved {
  span: Span;
  /** The same of weeks before. */
  usual: readonly Span[];
  measure: 'requests' | 'failed';
  filters?: readonly StoredFilter[];
}

/**
 * Finds the client, else the route or user, whose count moved most from its own mean of the usual spans; undefined where many
 * moved a little.
 */
export async function findHourCause(
  from: { usage: UsageReader; clients: readonly ClientName[] },
  moved: Moved,
): Promise<HourCause | undefined> {
  const bests = await Promise.all(KEYS.map((key) => findMostMoved(from, moved, key)));
  const [client, ...others] = bests;
  let best = client;
  for (const other of others)
    if (other && (!best || Math.abs(other.change) > Math.abs(best.change) * CLEARLY)) best = other;
  if (best?.key !== 'client') return best && toCause(best);
  const filters = [...(moved.filters ?? []), { key: 'client' as const, patterns: best.ids, not: false }];
  const route = await findMostMoved(from, { ...moved, filters }, 'route');
  return { ...toCause(best), ...(route ? { route: route.name } : {}) };
}

interface Change {
  key: HourCause['key'];
  name: string;
  ids: string[];
  change: number;
}

function toCause({ key, name, change }: Change): HourCause {
  return { key, name, change: Math.round(change) };
}

/** The name whose count moved most in the direction that all moved; undefined where it explains less than half of that. */
export async function findMostMoved(
  { usage, clients }: { usage: UsageReader; clients: readonly ClientName[] },
  { span, usual, measure, filters = [] }: Moved,
  key: HourCause['key'],
): Promise<Change | undefined> {
  const { nameOf } = getClientNames(clients);
  const changes = new Map<string, Change>();
  let all = 0;
  const add = async (counted: Span, weight: number) => {
    const { rows } = await usage.sum({ span: counted, grain: 'all', groupBy: [key], filters });
    for (const row of rows) {
      const id = row.keys[0]!;
      all += weight * row[measure];
      if (!isNamed(id)) continue;
      const name = key === 'client' ? nameOf(id) : id;
      const change = changes.getOrInsertComputed(name, () => ({ key, name, ids: [], change: 0 }));
      if (!change.ids.includes(id)) change.ids.push(id);
      change.change += weight * row[measure];
    }
  };
  await Promise.all([add(span, 1), ...usual.map((each) => add(each, -1 / usual.length))]);
  const sign = Math.sign(all);
  const [best] = [...changes.values()].sort((a, b) => sign * (b.change - a.change));
  return best && sign * best.change >= MOSTLY * Math.abs(all) && Math.round(best.change) !== 0 ? best : undefined;
}

/** `Mostly Acme CRM (+196) on /v2/accounts/{id}.` */
export function describeHourCause({ key, name, change, route }: HourCause): string {
  const who = key === 'user' ? `user ${name}` : name;
  return `Mostly ${who} (${formatSigned(Math.round(change))})${route ? ` on ${route}` : ''}.`;
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
