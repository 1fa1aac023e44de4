import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:net';
import { HOUR_MS } from '../domain/calendar.ts';
import { createToken } from '../ingest/credentials.ts';
import type { Logger } from '../log.ts';
import { ALERT_CHANNEL, BURST_POOL } from './cast.ts';
import { DemoClock } from './clock.ts';
import type { Faults } from './emulator/answer.ts';
import { createPlayground } from './playground.ts';
import { createBurst } from './traffic.ts';
import { DEMO_ZONE, startWorld } from './world.ts';

export interface DemoOptions {
  log: Logger;
  /** Preferred ports: of the page, and of the bot. Taken ones are replaced by free ones; 0 takes a free one at once. */
  pagePort?: number;
  botPort?: number;
  /** When it plays; default: now. */
  startMs?: number;
  /** Slack's bad days, for tests. */
  faults?: Faults;
}

export type Demo = Awaited<ReturnType<typeof startDemo>>;

const PAGE_PORT = 4100;
const BOT_PORT = 3000;
/** Percentages that a burst goes for, the next of them; beyond the last it adds a tenth. */
const GOALS = [75, 90, 100] as const;
/** Percent beyond a goal: the window loses calls until the burst has counted. */
const MARGIN = 1;

/** The whole bot in an emulated workspace on this machine, with a year of made-up traffic behind it and more coming in. */
export async function startDemo(options: DemoOptions) {
  const { log, faults } = options;
  const clock = new DemoClock(options.startMs);
  const token = createToken();
  let ports = {
    pagePort: await findPort(options.pagePort ?? PAGE_PORT),
    botPort: await findPort(options.botPort ?? BOT_PORT),
  };
  // Moves, bursts and resets take turns.
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
      // Answered first: the reset takes this very server down.
      reset: async () =>
        void setImmediate(() => void demo.reset().catch((error) => log.error({ err: error }, 'reset'))),
    },
  });
  const pages = (request: IncomingMessage, response: ServerResponse, url: URL) => playground(request, response, url);
  let world = await startWorld({ clock, log, pages, token, faults, ...ports });
  ports = { pagePort: Number(new URL(world.emulator.url).port), botPort: Number(new URL(world.app.url).port) };

  /** So that the page is not empty when it is opened. */
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
    /** The playground. */
    get pageUrl() {
      return world.emulator.url;
    },
    /** Where events can be sent. */
    get botUrl() {
      return world.app.url;
    },
    /** Token for sending events and for `/v1/ask`; the same after a reset. */
    token: token.reveal(),
    clock,
    /** What runs now; another after a reset. */
    get world() {
      return world;
    },
    /** Moves the clock, sends what happened meanwhile, and does what became due. */
    moveTo: (ms: number) => inTurn(() => moveTo(ms)),
    /** To the moment at which the next digest is due; that and its channel, or undefined where no channel has one. */
    moveToNextDigest: () =>
      inTurn(async () => {
        const next = await world.findNextDigest();
        if (next) await moveTo(next.dueMs);
        return next;
      }),
    /**
     * Sends enough calls to carry the CRM's pool over its next threshold, and waits until they have counted. Answers how many,
     * the percentage of the pool that they reach, and the channel of the alert.
     */
    burst: () =>
      inTurn(async () => {
        await world.live.catchUp();
        const [{ used, amount }, told] = await Promise.all([
          world.readPool(BURST_POOL),
          world.findToldLevel(BURST_POOL),
        ]);
        // The window may have slipped below a level that was told: reaching it again tells nothing.
        const isNext = (goal: number) => goal > told && used < (amount * goal) / 100;
        const percent = GOALS.find(isNext) ?? Math.floor((used / amount) * 100) + 10;
        const events = createBurst(clock.now(), Math.ceil((amount * (percent + MARGIN)) / 100 - used));
        await world.live.send(events);
        return { calls: events.length, percent, channel: ALERT_CHANNEL };
      }),
    /** A new workspace, bot and database at the same addresses. */
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

/** `wanted` if nobody listens there, else any free port. */
export async function findPort(wanted: number): Promise<number> {
  return (await isFree(wanted)) ? wanted : 0;
}

function isFree(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const server = createServer();
  server.once('error', () => resolve(false));
  server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  return promise;
}
