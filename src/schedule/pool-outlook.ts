import type { Words } from '../domain/alert.ts';
import type { Calendar } from '../domain/calendar.ts';
import type { Thousandths } from '../domain/event.ts';
import type { PoolState } from '../domain/report.ts';
import type { MeterStep, UsageReader } from '../domain/usage.ts';
import { capitalise, formatShortDate } from '../report/format.ts';
import { describeRunOut } from '../report/scope-words.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** When a pool runs out. `clause`: the same behind its figures; absent where it lasts. */
export interface Outlook {
  sentence: Words;
  clause?: Words;
}

interface OutlookPorts {
  usage: UsageReader;
  calendar: Calendar;
  nowMs: number;
  /** The pool with its forecast at the usual pace of weeks. */
  foresee(): Promise<PoolState | undefined>;
}

/**
 * Foretells when what is left of a pool will be used: of a day or 24 hours by the pace of the last hour, of longer periods by
 * the usual pace of the last weeks, or by that of today where this is sooner. Undefined where there is no pace.
 */
export async function findOutlook(ports: OutlookPorts, meter: string, pool: PoolState): Promise<Outlook | undefined> {
  if (pool.left <= 0) return undefined;
  return ['day', 'rolling-24h'].includes(pool.periodKind)
    ? findHourly(ports, meter, pool)
    : findDaily(ports, meter, pool);
}

async function findHourly(
  { usage, nowMs }: OutlookPorts,
  meter: string,
  pool: PoolState,
): Promise<Outlook | undefined> {
  const toMs = Math.floor(nowMs / MINUTE_MS) * MINUTE_MS + MINUTE_MS;
  const steps = await usage.meter({ meter, span: { fromMs: toMs - DAY_MS, toMs }, grain: 'minute' });
  const perMinute = sumSince(steps, toMs - HOUR_MS) / 60;
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
  let held = used;
  let oldest = 0;
  for (let ms = fromMs; ms < endMs; ms += MINUTE_MS) {
    for (; oldest < steps.length && steps[oldest]!.startMs <= ms - DAY_MS; oldest += 1) held -= steps[oldest]!.credits;
    held += perMinute;
    if (held >= amount) return ms;
  }
  return undefined;
}

async function findDaily(ports: OutlookPorts, meter: string, pool: PoolState): Promise<Outlook | undefined> {
  const { calendar, nowMs } = ports;
  const usual = await ports.foresee();
  const atMs = await findAtTodaysPace(ports, meter, pool.left);
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

/** Undefined in the first hour of a day, which says little of it. */
async function findAtTodaysPace(
  { usage, calendar, nowMs }: OutlookPorts,
  meter: string,
  left: Thousandths,
): Promise<number | undefined> {
  const day = calendar.dayOf(nowMs);
  const span = { fromMs: calendar.startOfDay(day), toMs: calendar.startOfDay(day + 1) };
  const goneMs = nowMs - span.fromMs;
  if (goneMs < HOUR_MS) return undefined;
  const used = sumSince(await usage.meter({ meter, span, grain: 'day' }), span.fromMs);
  return used > 0 ? Math.round(nowMs + (left / used) * goneMs) : undefined;
}

function sumSince(steps: readonly MeterStep[], fromMs: number): Thousandths {
  return steps.reduce((sum, { startMs, credits }) => (startMs >= fromMs ? sum + credits : sum), 0);
}

function soon(atMs: number, pace: string): Outlook {
  return { sentence: ['Runs out around ', { atMs }, ` at ${pace}.`], clause: ['runs out around ', { atMs }] };
}
