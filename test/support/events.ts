import fc from 'fast-check';
import type { Calendar } from '../../src/domain/calendar.ts';
import { DIMENSIONS, type Dimension } from '../../src/domain/dimension.ts';
import type { Thousandths, UsageEvent } from '../../src/domain/event.ts';
import type { StoredFilter } from '../../src/domain/filter.ts';
import { matchesStatus, toMatcher } from '../../src/domain/filter.ts';
import { fromBigInt } from '../../src/domain/thousandths.ts';
import type { UsageQuery } from '../../src/domain/usage.ts';

/** Values of dimensions. They are few, so that random events fall into the same groups; some are hostile. */
const TEXTS = ['a', 'b', 'Acme CRM', '<!channel> *x*', '名前', '(none)x'];

export function arbitraryEvent(fromMs: number, toMs: number): fc.Arbitrary<UsageEvent> {
  const text = fc.constantFrom(...TEXTS);
  const optional = fc.option(text, { nil: undefined });
  return fc
    .record({
      timeMs: fc.integer({ min: fromMs, max: toMs - 1 }),
      client: text,
      method: fc.option(fc.constantFrom('GET', 'POST'), { nil: undefined }),
      route: fc.option(fc.constantFrom('/v1/orders', '/v1/orders/{id}'), { nil: undefined }),
      status: fc.option(fc.constantFrom(200, 201, 304, 400, 404, 429, 503), { nil: undefined }),
      user: optional,
      ip: optional,
      module: optional,
      version: optional,
      function: optional,
      initiator: optional,
      kind: fc.constantFrom('call', 'integration_task'),
      scope: fc.option(fc.constantFrom('crm', 'erp'), { nil: undefined }),
      count: fc.oneof({ weight: 4, arbitrary: fc.constant(1) }, fc.integer({ min: 2, max: 1_000_000_000 })),
      // A few repeated values, some of several hours, and some with fractions of a millisecond.
      durationMs: fc.option(
        fc.oneof(
          fc.constantFrom(0, 12, 40.5),
          fc.integer({ min: 0, max: 20_000_000 }),
          fc.double({ min: 0, max: 900, noNaN: true }).map((ms) => Math.round(ms * 1000) / 1000),
        ),
        { nil: undefined },
      ),
      // Far more than an event may have, so that some sums go beyond 2^53.
      credits: fc.option(fc.oneof(fc.integer({ min: 0, max: 5_000_000 }), fc.maxSafeNat()), { nil: undefined }),
    })
    .map(
      (event) =>
        Object.fromEntries(Object.entries(event).filter(([, value]) => value !== undefined)) as unknown as UsageEvent,
    );
}

/** Returns an event's value of a dimension. The scope is the event's own, else `default`, as in the writer under test. */
function dimensionOf(event: UsageEvent, key: Dimension, source: string): string {
  if (key === 'source') return source;
  if (key === 'scope') return event.scope ?? 'default';
  return event[key] ?? '(none)';
}

export interface OracleRow {
  startMs: number;
  keys: string[];
  requests: number;
  ok: number;
  failed: number;
  none: number;
  credits: Thousandths;
}

/** Answers a query in the plain way, by a loop over all events. Tests compare the store's answer with this one. */
export function answerPlainly(
  events: readonly UsageEvent[],
  query: UsageQuery,
  calendar: Calendar,
  source: string,
): OracleRow[] {
  const rows = new Map<string, OracleRow>();
  for (const event of events) {
    const ms = event.timeMs!;
    if (ms < query.span.fromMs || ms >= query.span.toMs) continue;
    if (!query.filters.every((filter) => passes(event, filter, source))) continue;
    const keys = query.groupBy.map((key) =>
      key === 'status' ? String(event.status ?? '(none)') : dimensionOf(event, key, source),
    );
    const startMs = stepStart(ms, query, calendar);
    const name = JSON.stringify([startMs, keys]);
    const row = rows.get(name) ?? { startMs, keys, requests: 0, ok: 0, failed: 0, none: 0, credits: 0 };
    rows.set(name, row);
    row.requests += event.count;
    if (event.status === undefined) row.none += event.count;
    else if (event.status < 400) row.ok += event.count;
    else row.failed += event.count;
    const credits = BigInt(event.credits ?? event.count * 1000);
    row.credits = fromBigInt(BigInt(row.credits) + credits);
  }
  return sortRows([...rows.values()]);
}

export function sortRows<T extends { startMs: number; keys: readonly string[] }>(rows: readonly T[]): T[] {
  const name = (row: T): string => JSON.stringify([row.startMs, row.keys]);
  return [...rows].sort((a, b) => (name(a) < name(b) ? -1 : 1));
}

function passes(event: UsageEvent, filter: StoredFilter, source: string): boolean {
  const hit = filter.patterns.some((pattern) =>
    filter.key === 'status'
      ? matchesStatus(pattern, event.status ?? 0)
      : toMatcher(pattern)(dimensionOf(event, filter.key, source)),
  );
  return hit !== filter.not;
}

function stepStart(ms: number, query: UsageQuery, calendar: Calendar): number {
  if (query.grain === 'all') return query.span.fromMs;
  if (query.grain === 'minute') return Math.floor(ms / 60_000) * 60_000;
  if (query.grain === 'hour') return calendar.startOfHour(ms);
  const local = Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(calendar.zone);
  const date = query.grain === 'month' ? local.toPlainDate().with({ day: 1 }) : local.toPlainDate();
  return date.toZonedDateTime(calendar.zone).epochMilliseconds;
}

export function arbitraryFilters(): fc.Arbitrary<StoredFilter[]> {
  const keys = fc.constantFrom(...DIMENSIONS, 'status' as const);
  return fc.uniqueArray(
    keys.chain((key) =>
      fc.record({
        key: fc.constant(key),
        patterns: fc.array(
          key === 'status'
            ? fc.constantFrom('200', '4xx', '5xx', '(none)')
            : fc.constantFrom('a', '*', 'A*', '(none)', '/v1/*', 'crm', 'nobody', 'GET'),
          { minLength: 1, maxLength: 2 },
        ),
        not: fc.boolean(),
      }),
    ),
    { maxLength: 2, selector: (filter) => filter.key },
  );
}
