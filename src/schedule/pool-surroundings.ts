import type { Words } from '../domain/alert.ts';
import { type Calendar, DAY_MS, HOUR_MS, MINUTE_MS } from '../domain/calendar.ts';
import type { Definitions } from '../domain/definition.ts';
import type { Thousandths } from '../domain/event.ts';
import type { StoredFilter } from '../domain/filter.ts';
import { limitMeter } from '../domain/rules.ts';
import type { PoolState, ScopeState } from '../domain/scope-state.ts';
import { addCredits, ratioOf, sumCredits } from '../domain/thousandths.ts';
import type { MeterStep, Span, UsageReader } from '../domain/usage.ts';
import { getClientNames } from '../report/client-names.ts';
import { capitalise, formatCredits, formatShare, formatShortDate } from '../report/format.ts';
import { describeRunOut } from '../report/scope-words.ts';
import { findMost, isNamed } from '../report/totals.ts';
import { type EvaluationContext, toScopeFilters } from './alert-claims.ts';

/** A pool's forecast and main user, where they are known. */
export interface Surroundings {
  outlook?: Outlook | undefined;
  /** `Mostly Acme CRM (+196 since 17:00).` */
  cause?: Words | undefined;
}

/** A forecast in words. `clause` is the same to be put behind figures; absent where the pool lasts. */
export interface Outlook {
  sentence: Words;
  clause?: Words;
}

/** Finds when a pool runs out and who uses it. Never rejects: an alert goes out without what cannot be found. */
export async function findSurroundings(
  context: EvaluationContext,
  scope: ScopeState,
  pool: PoolState,
): Promise<Surroundings & { burst?: Span | undefined }> {
  const { usage, calendar, nowMs } = context;
  const orNothing = <T>(found: Promise<T>) => found.catch(() => undefined);
  const meter = pool.match ? limitMeter(scope.scope, pool.name) : scope.scope;
  const filters = toScopeFilters(scope.scope, pool.match);
  const [outlook, cause] = await Promise.all([
    orNothing(findOutlook(context, meter, pool)),
    orNothing(
      context
        .definitions()
        .then((definitions) => findPoolCause({ usage, calendar, definitions }, { filters, nowMs }, pool)),
    ),
  ]);
  return { outlook, cause: cause?.sentence, burst: cause?.burst };
}

/** Using 10% of the whole amount since the last full hour is a burst … */
const BURST = 0.1;
/** … made by a client that has half of it. */
const MOSTLY = 0.5;
const NOTABLE = 0.25;

/** The client that uses a pool most, as a sentence, and the hours of its burst if there is one. */
interface PoolCause {
  sentence?: Words;
  burst?: Span;
}

/**
 * Finds who is using a pool up: of a burst in the present and the last hour the client that made most of it, else the client
 * with most of the period. No sentence where many share it.
 */
async function findPoolCause(
  { usage, calendar, definitions }: { usage: UsageReader; calendar: Calendar; definitions: Definitions },
  { filters, nowMs }: { filters: readonly StoredFilter[]; nowMs: number },
  { amount, period }: PoolState,
): Promise<PoolCause> {
  const toMs = calendar.startOfHour(nowMs) + HOUR_MS;
  const names = getClientNames(definitions.clients);
  const find = async (span: Span) => {
    const { rows } = await usage.sum({ span, grain: 'all', groupBy: ['client'], filters });
    const sums = new Map<string, Thousandths>();
    let all: Thousandths = 0;
    for (const { keys, credits } of rows) {
      const name = names.nameOf(keys[0]!);
      sums.set(name, addCredits(sums.get(name) ?? 0, credits));
      all = addCredits(all, credits);
    }
    const [name, credits] = findMost(sums) ?? ['', 0];
    return { name, credits, all, share: all > 0 && isNamed(name) ? ratioOf(credits, all) : 0 };
  };
  const recent = { fromMs: calendar.startOfHour(nowMs - HOUR_MS / 2), toMs };
  const burst = await find(recent);
  if (ratioOf(burst.all, 1) >= BURST * Number(amount) && burst.share >= MOSTLY) {
    const since = { atMs: recent.fromMs };
    return {
      sentence: [`Mostly ${burst.name} (+${formatCredits(burst.credits)} since `, since, ').'],
      burst: recent,
    };
  }
  const whole = await find({ fromMs: calendar.startOfHour(period.fromMs), toMs });
  const isBurst = ratioOf(burst.all, 1) >= BURST * Number(amount) ? { burst: recent } : {};
  if (whole.share < NOTABLE) return isBurst;
  const share = formatShare(whole.credits, whole.all);
  return { sentence: `${whole.share >= MOSTLY ? 'Mostly' : 'Most by'} ${whole.name} (${share}).`, ...isBurst };
}

/**
 * Foretells when what is left of a pool will be used: of a day or 24 hours by the pace of the last hour, of longer periods by
 * the usual pace of the last weeks, or by that of today where this is sooner. Undefined where there is no pace.
 */
async function findOutlook(context: EvaluationContext, meter: string, pool: PoolState): Promise<Outlook | undefined> {
  if (pool.left <= 0) return undefined;
  return ['day', 'rolling-24h'].includes(pool.periodKind)
    ? findHourly(context, meter, pool)
    : findDaily(context, meter, pool);
}

async function findHourly(
  { usage, nowMs }: EvaluationContext,
  meter: string,
  pool: PoolState,
): Promise<Outlook | undefined> {
  const toMs = Math.floor(nowMs / MINUTE_MS) * MINUTE_MS + MINUTE_MS;
  const steps = await usage.meter({ meter, span: { fromMs: toMs - DAY_MS, toMs }, grain: 'minute' });
  const perMinute = ratioOf(sumSince(steps, toMs - HOUR_MS), 60);
  if (perMinute <= 0) return undefined;
  const rolling = pool.periodKind === 'rolling-24h';
  const endMs = rolling ? toMs + DAY_MS : pool.period.toMs;
  const atMs = project(rolling ? steps : [], pool, { perMinute, fromMs: toMs, endMs });
  if (atMs !== undefined) return soon(atMs, 'the pace of the last hour');
  return rolling
    ? { sentence: 'It will not run out at the pace of the last hour.' }
    : { sentence: ['It lasts until its reset at ', { atMs: endMs }, ' at the pace of the last hour.'] };
}

/** The minute in which a pool is empty if use goes on at a pace, while what its window holds grows older. */
function project(
  steps: readonly MeterStep[],
  { used, amount }: PoolState,
  { perMinute, fromMs, endMs }: { perMinute: number; fromMs: number; endMs: number },
): number | undefined {
  let held = Number(used);
  let oldest = 0;
  for (let ms = fromMs; ms < endMs; ms += MINUTE_MS) {
    for (; oldest < steps.length && steps[oldest]!.startMs <= ms - DAY_MS; oldest += 1)
      held -= Number(steps[oldest]!.credits);
    held += perMinute;
    if (held >= amount) return ms;
  }
  return undefined;
}

async function findDaily(context: EvaluationContext, meter: string, pool: PoolState): Promise<Outlook | undefined> {
  const { calendar, nowMs } = context;
  const usual = await (pool.foresee?.() ?? pool);
  const atMs = await findAtTodaysPace(context, meter, pool.left);
  if (atMs !== undefined && atMs < Math.min(pool.period.toMs, usual?.runOut?.earliestMs ?? Number.POSITIVE_INFINITY)) {
    if (atMs - nowMs < DAY_MS / 2) return soon(atMs, 'today’s pace');
    const day = formatShortDate(calendar.dayOf(atMs));
    return { sentence: `Runs out around ${day} at today’s pace.`, clause: `runs out around ${day}` };
  }
  if (usual?.runOut) {
    const clause = describeRunOut(usual.runOut, calendar.zone);
    return { sentence: `${capitalise(clause)}.`, clause };
  }
  if (!usual?.pace) return undefined;
  const isOnce = pool.periodKind === 'once';
  const day = formatShortDate(calendar.dayOf(pool.period.toMs - (isOnce ? 1 : 0)));
  return { sentence: `At the usual pace it lasts past its ${isOnce ? 'end' : 'reset'} on ${day}.` };
}

/** Returns undefined in the first hour of a day: too little to go by. */
async function findAtTodaysPace(
  { usage, calendar, nowMs }: EvaluationContext,
  meter: string,
  left: Thousandths,
): Promise<number | undefined> {
  const day = calendar.dayOf(nowMs);
  const span = { fromMs: calendar.startOfDay(day), toMs: calendar.startOfDay(day + 1) };
  const goneMs = nowMs - span.fromMs;
  if (goneMs < HOUR_MS) return undefined;
  const used = sumSince(await usage.meter({ meter, span, grain: 'day' }), span.fromMs);
  return used > 0 ? Math.round(nowMs + ratioOf(left, used) * goneMs) : undefined;
}

function sumSince(steps: readonly MeterStep[], fromMs: number): Thousandths {
  return sumCredits(steps.filter(({ startMs }) => startMs >= fromMs).map(({ credits }) => credits));
}

function soon(atMs: number, pace: string): Outlook {
  return { sentence: ['Runs out around ', { atMs }, ` at ${pace}.`], clause: ['runs out around ', { atMs }] };
}
