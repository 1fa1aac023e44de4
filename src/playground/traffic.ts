import { type Calendar, HOUR_MS, toDate } from '../domain/calendar.ts';
import { CAST, type CastCall, type CastClient } from './cast.ts';
import type { DemoClock } from './clock.ts';

/** An event as a sender puts it into `POST /v1/events`; `time` is epoch ms. */
export type SampleEvent = ReturnType<typeof toEvent>;

export type Traffic = ReturnType<typeof createTraffic>;

/** A day in brief has this many events for each call of a client, each at a random hour of the client's habit. */
const BRIEF_PARTS = 4;
/** Three days before the demo starts, from 14:00 to 16:00 local time, the server breaks down: 42% of the calls get a 5xx status. */
const BREAKDOWN = { daysAgo: 3, fromHour: 14, untilHour: 15, share: 0.42 };

/**
 * Creates the sample traffic of all clients. `firstDay`: the day on which the demo starts. Calls depend on client and time
 * alone, so history, live traffic and the time that a moved clock skips fit together without a gap or a repetition.
 */
export function createTraffic(calendar: Calendar, firstDay: number) {
  function hourOf(client: CastClient, hourMs: number): SampleEvent[] {
    const day = calendar.dayOf(hourMs);
    const hour = Temporal.Instant.fromEpochMilliseconds(hourMs).toZonedDateTimeISO(calendar.zone).hour;
    const random = createRandom(client.id, hourMs);
    const calls = volumeOf(client, day, hour) * (0.85 + 0.3 * random());
    return Array.from({ length: Math.floor(calls + random()) }, (_, index) =>
      toEvent(client, pick(client.calls, random), {
        id: `${client.id}-${hourMs / HOUR_MS}-${index}`,
        time: hourMs + Math.floor(random() * HOUR_MS),
        broken: day === firstDay - BREAKDOWN.daysAgo && hour >= BREAKDOWN.fromHour && hour <= BREAKDOWN.untilHour,
        random,
      }),
    );
  }

  /** Returns the expected number of calls in one local hour. */
  function volumeOf(client: CastClient, day: number, hour: number): number {
    if (day < firstDay - client.newForDays) return 0;
    const weekend = toDate(day).dayOfWeek >= 6;
    const growth = 1 + (day - firstDay) / 1500;
    const mood = 0.85 + 0.3 * createRandom(client.id, day)();
    return client.perDay * shareOf(client.habit, hour, weekend) * growth * mood;
  }

  return {
    /** Returns the calls that start in the half-open span, ordered by time. The same span always has the same calls. */
    between(fromMs: number, toMs: number): SampleEvent[] {
      const first = Math.floor(fromMs / HOUR_MS);
      const hours = Array.from({ length: Math.max(0, Math.ceil(toMs / HOUR_MS) - first) }, (_, index) => first + index);
      return hours
        .flatMap((hour) => CAST.flatMap((client) => hourOf(client, hour * HOUR_MS)))
        .filter(({ time }) => time >= fromMs && time < toMs)
        .sort((a, b) => a.time - b.time);
    },
    /** Returns a day's traffic in brief: a few events with a `count`, instead of one event per call. */
    inBrief(day: number): SampleEvent[] {
      return CAST.flatMap((client) => {
        const random = createRandom(client.id, 'brief', day);
        const hours = Array.from({ length: 24 }, (_, hour) => ({ weight: volumeOf(client, day, hour) }));
        const total = hours.reduce((sum, { weight }) => sum + weight, 0);
        const weights = client.calls.reduce((sum, { weight }) => sum + weight, 0);
        return client.calls.flatMap((call, index) => {
          const calls = Math.round((total * call.weight) / weights);
          return Array.from({ length: BRIEF_PARTS }, (_, part) => ({
            ...toEvent(client, call, {
              id: `${client.id}-day${day}-${index}-${part}`,
              time: calendar.startOfDay(day) + hours.indexOf(pick(hours, random)) * HOUR_MS + index,
              random,
            }),
            count: Math.floor((calls + part) / BRIEF_PARTS),
          })).filter(({ count }) => count > 0);
        });
      });
    },
  };
}

/** Burst calls are spread over the last four minutes, so that they stay below the rate limit per minute. */
const SPREAD_MS = 4 * 60_000;

/** Creates calls of the CRM's busiest client within the last minutes, all of one route. */
export function createBurst(nowMs: number, calls: number): SampleEvent[] {
  const client = CAST[0]!;
  const random = createRandom('burst', nowMs);
  return Array.from({ length: calls }, (_, index) =>
    toEvent(client, client.calls[0]!, {
      id: `burst-${nowMs}-${index}`,
      time: nowMs - Math.floor(random() * SPREAD_MS),
      random,
    }),
  );
}

/** Returns the share of a working day's calls that falls into a local hour. On a working day the shares sum to about 1. */
function shareOf(habit: CastClient['habit'], hour: number, weekend: boolean): number {
  switch (habit) {
    case 'always':
      return (hour >= 8 && hour < 20 ? 0.05 : 0.033) * (weekend ? 0.7 : 1);
    case 'night':
      return hour >= 1 && hour < 5 ? 0.24 : 0.002;
    case 'morning':
      return (hour >= 6 && hour < 9 ? 0.28 : 0.0076) * (weekend ? 0.4 : 1);
    case 'office': {
      const busy = Math.max(0, 1 - Math.abs(hour - 13.5) / 6.5);
      const lunch = hour === 13 ? 0.7 : 1;
      return (0.004 + 0.142 * busy * lunch) * (weekend ? 0.15 : 1);
    }
  }
}

function toEvent(
  client: CastClient,
  call: CastCall,
  { id, time, broken = false, random }: { id: string; time: number; broken?: boolean; random: () => number },
) {
  const status = broken && random() < BREAKDOWN.share ? (random() < 0.7 ? 503 : 500) : statusOf(call, random());
  const one = (values: readonly string[]) => values[Math.floor(random() ** 1.6 * values.length)]!;
  return {
    id,
    time,
    client: client.id,
    method: call.method,
    url: call.url.replaceAll('#', () => String(1000 + Math.floor(random() * 90_000))),
    status,
    user: one(client.users),
    ip: one(client.ips),
    module: call.module,
    ...(call.function ? { function: call.function } : {}),
    ...(call.kind ? { kind: call.kind } : {}),
    count: 1,
    api_version: client.version,
    initiator: client.initiator,
    duration_ms: Math.round(30 + 400 * random() ** 3 + (status >= 500 ? 2000 : 0)),
  };
}

function statusOf(call: CastCall, chance: number): number {
  let left = chance;
  for (const [status, share] of Object.entries(call.failures)) {
    left -= share;
    if (left < 0) return Number(status);
  }
  return call.method === 'POST' ? 201 : 200;
}

/** Creates a generator of numbers in [0, 1), the same for the same words. FNV-1a seeds mulberry32; both are in the public domain. */
export function createRandom(...words: (string | number)[]): () => number {
  let seed = 0x811c9dc5;
  for (const char of words.join('\u0000')) seed = Math.imul(seed ^ char.codePointAt(0)!, 0x01000193);
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), seed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Picks one of the entries at random, in proportion to their weights. */
function pick<T extends { weight: number }>(entries: readonly T[], random: () => number): T {
  let left = random() * entries.reduce((sum, { weight }) => sum + weight, 0);
  for (const entry of entries) {
    left -= entry.weight;
    if (left < 0) return entry;
  }
  return entries.at(-1)!;
}

/** Events per request. */
const BATCH = 5000;

export interface LiveTrafficOptions {
  traffic: Traffic;
  clock: DemoClock;
  /** Address of the bot, and the token of the demo's source. */
  url: string;
  token: string;
  fromMs: number;
  onError: (error: unknown) => void;
}

/** Sends the sample traffic over HTTP as its time comes. When the clock is moved ahead, it sends the calls of the time between too. */
export class LiveTraffic {
  readonly #options: LiveTrafficOptions;
  #sentUntilMs: number;
  #timer: NodeJS.Timeout | undefined;
  #turn: Promise<void> = Promise.resolve();

  constructor(options: LiveTrafficOptions) {
    this.#options = options;
    this.#sentUntilMs = options.fromMs;
  }

  /** The bot has taken all calls before this instant. */
  get sentUntilMs(): number {
    return this.#sentUntilMs;
  }

  start(everyMs = 3000): void {
    this.#timer = setInterval(() => void this.catchUp().catch(this.#options.onError), everyMs);
  }

  /** Sends all calls up to now. */
  catchUp(): Promise<void> {
    const turn = this.#turn.then(async () => {
      const untilMs = this.#options.clock.now();
      const events = this.#options.traffic.between(this.#sentUntilMs, untilMs);
      for (let from = 0; from < events.length; from += BATCH) await this.send(events.slice(from, from + BATCH));
      this.#sentUntilMs = Math.max(this.#sentUntilMs, untilMs);
    });
    this.#turn = turn.catch(() => {});
    return turn;
  }

  /** Sends the events in one request. Rejects unless the bot took them. */
  async send(events: readonly SampleEvent[]): Promise<void> {
    const { url, token } = this.#options;
    const response = await fetch(`${url}/v1/events`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(events),
    });
    if (!response.ok) throw new Error(`POST /v1/events answered ${response.status}: ${await response.text()}`);
    await response.body?.cancel();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#turn;
  }
}
