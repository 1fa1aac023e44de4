import { CAST } from './cast.ts';
import type { DemoClock } from './clock.ts';
import { createRandom } from './random.ts';
import type { SampleEvent, Traffic } from './traffic.ts';

/** Events of one request. */
const BATCH = 5000;

export interface LiveTrafficOptions {
  traffic: Traffic;
  clock: DemoClock;
  /** Where the bot takes events, and the token of the demo's source. */
  url: string;
  token: string;
  fromMs: number;
  onError: (error: unknown) => void;
}

/** Sends what happens as it happens, over HTTP like any sender; nothing is skipped when the clock is moved. */
export class LiveTraffic {
  readonly #options: LiveTrafficOptions;
  #sentUntilMs: number;
  #timer: NodeJS.Timeout | undefined;
  #turn: Promise<void> = Promise.resolve();

  constructor(options: LiveTrafficOptions) {
    this.#options = options;
    this.#sentUntilMs = options.fromMs;
  }

  /** Everything before this has been taken. */
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

  /** One request with these events. Rejects unless the bot took them. */
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

/** Burst calls are spread over the last minutes: one of the rate limit is another story. */
const SPREAD_MS = 4 * 60_000;

/** Creates calls of the CRM's busiest client within the last minutes, all of one route. */
export function createBurst(nowMs: number, calls: number): SampleEvent[] {
  const client = CAST[0]!;
  const random = createRandom('burst', nowMs);
  const call = client.calls[0]!;
  return Array.from({ length: calls }, (_, index) => {
    return {
      id: `burst-${nowMs}-${index}`,
      time: nowMs - Math.floor(random() * SPREAD_MS),
      client: client.id,
      method: call.method,
      url: call.url.replaceAll('#', String(1000 + index)),
      status: random() < 0.97 ? 200 : 429,
      user: client.users[index % client.users.length]!,
      ip: client.ips[0]!,
      module: call.module,
      api_version: client.version,
      initiator: client.initiator,
      duration_ms: 40,
    };
  });
}
