import type { DemoClock } from './clock.ts';
import type { SampleEvent, Traffic } from './traffic.ts';

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
