import type { IncomingMessage, ServerResponse } from 'node:http';
import { HOUR_MS } from '../domain/calendar.ts';
import { createToken } from '../ingest/credentials.ts';
import type { Logger } from '../log.ts';
import { ALERT_CHANNEL, BURST_POOL } from './cast.ts';
import { DemoClock } from './clock.ts';
import type { Faults } from './emulator/core.ts';
import { createPlayground } from './playground.ts';
import { createBurst } from './traffic.ts';
import { DEMO_ZONE, findPort, startWorld } from './world.ts';

export interface DemoOptions {
  log: Logger;
  /** Preferred ports of the page and of the bot. A free port replaces one that is taken; 0 means any free port. */
  pagePort?: number;
  botPort?: number | string;
  /** The demo's time at its start; default: now. */
  startMs?: number;
  /** Failures of the emulated Slack, for tests. */
  faults?: Faults;
}

export type Demo = Awaited<ReturnType<typeof startDemo>>;

const PAGE_PORT = 4100;
const BOT_PORT = 3000;
/** A burst fills the pool to the next of these percentages; beyond the last it adds ten percentage points. */
const GOALS = [75, 90, 100] as const;
/** A burst goes this many percentage points beyond its goal, because calls leave the rolling window until the burst is counted. */
const MARGIN = 1;

/** Starts the whole bot in an emulated workspace on this machine, with a year of sample traffic behind it and more coming in. */
export async function startDemo(options: DemoOptions) {
  const { log, faults } = options;
  const clock = new DemoClock(options.startMs);
  const token = createToken();
  let ports: { pagePort: number; botPort: number | string } = {
    pagePort: await findPort(options.pagePort ?? PAGE_PORT),
    botPort: options.botPort ?? BOT_PORT,
  };
  // Moves of the clock, bursts and resets run one after another.
  let turn: Promise<unknown> = Promise.resolve();
  let stopped: Promise<void> | undefined;
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = turn.then(work);
    turn = done.catch(() => {});
    return done;
  }

  const playground = createPlayground({
    emulator: () => world.emulator,
    zone: DEMO_ZONE,
    now: clock.now,
    actions: {
      'plus-hour': async () => void (await demo.moveTo(clock.now() + HOUR_MS)),
      'next-digest': () => demo.moveToNextDigest(),
      burst: () => demo.burst(),
      // Answers before the reset begins, because the reset stops the server that answers.
      reset: async () =>
        void setImmediate(() => void demo.reset().catch((error) => log.error({ err: error }, 'reset'))),
    },
  });
  const pages = (request: IncomingMessage, response: ServerResponse, url: URL) => playground(request, response, url);
  let world = await startWorld({ clock, log, pages, token, faults, ...ports });
  ports = { pagePort: Number(new URL(world.emulator.url).port), botPort: Number(new URL(world.app.url).port) };

  /** Sends `/usage` once, so that the page is not empty when it is opened. */
  function askFirst(): void {
    const asked = world.emulator.command({ user: 'alice', channel: 'api-usage', text: '' });
    asked.catch((error) => log.warn({ error: String(error) }, 'the first question was not asked'));
  }
  askFirst();

  async function moveTo(ms: number): Promise<void> {
    clock.moveTo(ms);
    await world.live.catchUp();
    await world.app.tick();
  }

  const demo = {
    /** Address of the playground's page. */
    get pageUrl() {
      return world.emulator.url;
    },
    /** Address of the bot, which takes events. */
    get botUrl() {
      return world.app.url;
    },
    /** Token for sending events and for `/v1/ask`; the same after a reset. */
    token: token.reveal(),
    clock,
    /** The running workspace, bot and traffic. A reset replaces it. */
    get world() {
      return world;
    },
    /** Moves the clock ahead, sends the calls of the time between, and lets the bot do everything that has become due. */
    moveTo: (ms: number) => inTurn(() => moveTo(ms)),
    /** Moves the clock to the next digest. Returns its due time and channel, or undefined if no channel has a digest. */
    moveToNextDigest: () =>
      inTurn(async () => {
        const next = await world.findNextDigest();
        if (next) await moveTo(next.dueMs);
        return next;
      }),
    /**
     * Sends enough calls to carry the CRM's pool over its next threshold, and waits until they have counted. Returns their
     * number, the percentage of the pool that they reach, and the channel of the alert.
     */
    burst: () =>
      inTurn(async () => {
        await world.live.catchUp();
        const [{ used, amount }, told] = await Promise.all([
          world.readPool(BURST_POOL),
          world.findToldLevel(BURST_POOL),
        ]);
        // Old calls may have left the window, so that usage is below a level whose alert is still open. No second alert is
        // sent for that level, so the burst has to reach a higher one.
        const isNext = (goal: number) => goal > told && used < (amount * goal) / 100;
        const percent = GOALS.find(isNext) ?? Math.floor((used / amount) * 100) + 10;
        const events = createBurst(clock.now(), Math.ceil((amount * (percent + MARGIN)) / 100 - used));
        await world.live.send(events);
        return { calls: events.length, percent, channel: ALERT_CHANNEL };
      }),
    /** Replaces the workspace, the bot and its database by new ones at the same addresses. */
    reset: () =>
      inTurn(async () => {
        await world.stop();
        clock.reset();
        world = await startWorld({ clock, log, pages, token, faults, ...ports });
        askFirst();
      }),
    stop(): Promise<void> {
      stopped ??= inTurn(() => world.stop());
      return stopped;
    },
  };
  return demo;
}
