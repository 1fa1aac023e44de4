import type { Calendar } from '../../src/domain/calendar.ts';
import { firstDayOf, monthOf } from '../../src/domain/calendar.ts';
import { type GroupKey, NONE } from '../../src/domain/dimension.ts';
import { matchesStatus, type StoredFilter, toMatcher } from '../../src/domain/filter.ts';
import { addCredits, sumCredits } from '../../src/domain/thousandths.ts';
import type { Grain, Latency, MeterStep, RawEvent, Span, UsageReader, UsageRow } from '../../src/domain/usage.ts';

/** Fields of an event that a test sets; `toRawEvent` fills in the others. */
export type EventOfTest = Partial<RawEvent> & { readonly timeMs: number };

/** Fills in what a test leaves out: one call, one credit, status 200, scope and source `default`. */
export function toRawEvent(event: EventOfTest): RawEvent {
  const count = event.count ?? 1;
  return {
    client: 'acme',
    route: '',
    user: '',
    ip: '',
    module: '',
    method: '',
    function: '',
    version: '',
    kind: 'call',
    initiator: '',
    source: 'default',
    scope: 'default',
    status: 200,
    receivedMs: event.timeMs,
    credits: count * 1000,
    ...event,
    count,
  };
}

/**
 * Creates usage over an array, which every query recounts in the plainest way. Reports are tested with it, and every other
 * implementation of the port must agree with it. Nothing is shortened or capped.
 */
export function createMemoryUsage(
  given: readonly EventOfTest[],
  calendar: Calendar,
  excluded: readonly { rule: string; requests: number }[] = [],
): UsageReader {
  const events = given.map(toRawEvent).sort((a, b) => a.timeMs - b.timeMs);
  const asOfMs = Math.max(0, ...events.map(({ receivedMs }) => receivedMs));

  const within = (span: Span, filters: readonly StoredFilter[] = []) =>
    events.filter(
      (event) =>
        event.timeMs >= span.fromMs && event.timeMs < span.toMs && filters.every((filter) => passes(event, filter)),
    );

  return {
    async sum({ span, grain, groupBy, filters, distinct }) {
      const rows = new Map<string, UsageRow>();
      const values = new Map<UsageRow, Set<string>>();
      for (const event of within(span, filters)) {
        const startMs = grain === 'all' ? span.fromMs : startOfStep(event.timeMs, grain, calendar);
        const keys = groupBy.map((key) => keyOf(event, key));
        const row = rows.getOrInsertComputed(JSON.stringify([startMs, keys]), () => ({
          ...{ startMs, keys, requests: 0, ok: 0, failed: 0, none: 0, credits: 0 },
        }));
        if (distinct && event[distinct] !== '') values.getOrInsertComputed(row, () => new Set()).add(event[distinct]);
        row.requests += event.count;
        row.credits = addCredits(row.credits, event.credits);
        row[event.status === 0 ? 'none' : event.status < 400 ? 'ok' : 'failed'] += event.count;
      }
      if (distinct) for (const row of rows.values()) row.values = values.get(row)?.size ?? 0;
      return { rows: [...rows.values()], origin: 'raw', asOfMs, capped: [] };
    },
    async meter({ meter, span, grain }) {
      const steps = new Map<number, MeterStep>();
      for (const event of within(span).filter(({ scope }) => scope === meter)) {
        const startMs = startOfStep(event.timeMs, grain, calendar);
        const step = steps.getOrInsertComputed(startMs, () => ({ startMs, singles: 0, bulk: 0, credits: 0 }));
        step[event.count > 1 ? 'bulk' : 'singles'] += event.count;
        step.credits = addCredits(step.credits, event.credits);
      }
      return [...steps.values()];
    },
    async values({ key, span, contains = '', limit }) {
      const found = new Map<string, number>();
      for (const event of within(span)) {
        const value = keyOf(event, key);
        found.set(value, (found.get(value) ?? 0) + event.count);
      }
      return [...found]
        .map(([value, requests]) => ({ value, requests }))
        .filter(({ value }) => value.toLowerCase().includes(contains.toLowerCase()))
        .sort((a, b) => b.requests - a.requests)
        .slice(0, limit);
    },
    async latency({ span, filters, grain, groupBy, together = [] }) {
      const toCounts = (of: readonly RawEvent[]) => {
        const latency = toLatency(of);
        return {
          requests: of.reduce((sum, { count }) => sum + count, 0),
          ...(latency ? { latency } : {}),
        };
      };
      const groups = Map.groupBy(within(span, filters), (event) => {
        const value = groupBy ? keyOf(event, groupBy) : '';
        const startMs = grain === 'all' ? span.fromMs : startOfStep(event.timeMs, grain, calendar);
        return JSON.stringify([startMs, together.find((names) => names.includes(value))?.[0] ?? value]);
      });
      const rows = [...groups].map(([name, of]) => {
        const [startMs, key] = JSON.parse(name) as [number, string];
        return { startMs, key, ...toCounts(of) };
      });
      return { rows, total: toCounts(within(span, filters)), asOfMs };
    },
    async events({ span, filters, limit, ids }) {
      const newest = within(span, filters).slice(-limit);
      return ids ? newest : newest.map(({ id: _, ...event }) => event);
    },
    async late(span) {
      const late = within(span).filter(({ timeMs, receivedMs }) => calendar.dayOf(receivedMs) > calendar.dayOf(timeMs));
      return [...Map.groupBy(late, ({ scope }) => scope)].map(([scope, of]) => ({
        scope,
        requests: of.reduce((sum, { count }) => sum + count, 0),
        credits: sumCredits(of.map(({ credits }) => credits)),
      }));
    },
    async excluded() {
      return [...excluded];
    },
    async firstMeterDay() {
      return events.length === 0 ? undefined : calendar.dayOf(events[0]!.timeMs);
    },
    async extent() {
      if (events.length === 0) return undefined;
      const firstDay = calendar.dayOf(events[0]!.timeMs);
      return {
        firstDay,
        lastDay: calendar.dayOf(events.at(-1)!.timeMs),
        firstRawDay: firstDay,
        firstHourDay: firstDay,
        asOfMs,
      };
    },
  };
}

/** Returns percentiles by the nearest rank. */
function toLatency(events: readonly RawEvent[]): Latency | undefined {
  const sorted = events
    .flatMap(({ count, durationMs }) => (count === 1 && durationMs !== undefined ? [durationMs] : []))
    .sort((a, b) => a - b);
  if (sorted.length === 0) return undefined;
  // The first value such that at least p % of all values are no larger.
  const at = (percent: number) => sorted.find((_, index) => (index + 1) * 100 >= percent * sorted.length)!;
  return { timed: sorted.length, p50Ms: at(50), p95Ms: at(95), p99Ms: at(99), slowestMs: sorted.at(-1)! };
}

function keyOf(event: RawEvent, key: GroupKey): string {
  if (key === 'status') return event.status === 0 ? NONE : String(event.status);
  return event[key] || NONE;
}

export function passes(event: RawEvent, { key, patterns, not }: StoredFilter): boolean {
  const fits = patterns.some((pattern) =>
    key === 'status' ? matchesStatus(pattern, event.status) : toMatcher(pattern)(keyOf(event, key)),
  );
  return fits !== not;
}

function startOfStep(ms: number, grain: Exclude<Grain, 'all'>, calendar: Calendar): number {
  if (grain === 'minute') return ms - (ms % 60_000);
  if (grain === 'hour') return calendar.startOfHour(ms);
  const day = calendar.dayOf(ms);
  return calendar.startOfDay(grain === 'day' ? day : firstDayOf(monthOf(day)));
}
