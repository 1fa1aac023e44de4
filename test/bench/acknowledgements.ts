import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { startEmulator } from '../../src/playground/emulator/workspace.ts';
import type { LoadResult, LoadSettings } from './load.ts';

const TOKEN = 'bench-0123456789abcdef';
const COMMANDS = ['', 'top 5 users', 'status 7d', 'daily 30d', 'pool', 'top routes client:client-3'];

export interface AcknowledgementFigures {
  commands: number;
  p50Ms: number;
  p95Ms: number;
  maxMs: number;
  /** What went in meanwhile. */
  eventsPerSecond: number;
}

/**
 * How long Slack waits for an acknowledgement while senders send as fast as they are answered and every command is
 * answered with its chart: the bot in a process of its own, senders and the emulated Slack on the same cores.
 */
export async function measureAcknowledgements(folder: string, events: number): Promise<AcknowledgementFigures> {
  const slack = await startEmulator();
  const port = 20_000 + (process.pid % 20_000);
  const bot = spawn(process.execPath, [join(import.meta.dirname, '../../src/main.ts'), 'start'], {
    env: {
      PATH: process.env.PATH,
      TZ: 'UTC',
      SLACK_BOT_TOKEN: slack.botToken,
      SLACK_SIGNING_SECRET: slack.signingSecret,
      SLACK_API_URL: slack.apiUrl,
      DATABASE_URL: `sqlite:${join(folder, 'acknowledgements.db')}`,
      SECRET_KEY: Buffer.alloc(32, 7).toString('base64'),
      INGEST_TOKEN: TOKEN,
      HOST: '127.0.0.1',
      PORT: String(port),
      LOG_LEVEL: 'error',
    },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  try {
    const url = `http://127.0.0.1:${port}`;
    while (
      !(await fetch(`${url}/readyz`).then(
        ({ ok }) => ok,
        () => false,
      ))
    ) {
      if (bot.exitCode !== null) throw new Error('the bot did not start');
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    slack.eventsUrl = `${url}/slack/events`;
    const eventsPerRequest = 1000;
    const settings: LoadSettings = {
      port,
      token: TOKEN,
      eventsPerRequest,
      connections: 8,
      requests: Math.ceil(events / eventsPerRequest),
      seed: 5,
    };
    const load = new Worker(new URL('./load.ts', import.meta.url), { workerData: settings });
    let result: LoadResult | undefined;
    load.on('message', (message: LoadResult | 'begun') => {
      if (message !== 'begun') result = message;
    });
    await once(load, 'message');
    const times: number[] = [];
    while (!result) {
      const text = COMMANDS[times.length % COMMANDS.length]!;
      const { delivery } = await slack.command({ user: 'alice', channel: 'api-usage', text });
      times.push(delivery!.ackMs);
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
    times.sort((a, b) => a - b);
    const at = (share: number): number => times[Math.min(times.length - 1, Math.floor(times.length * share))]!;
    return {
      commands: times.length,
      p50Ms: at(0.5),
      p95Ms: at(0.95),
      maxMs: at(1),
      eventsPerSecond: result.events / result.seconds,
    };
  } finally {
    bot.kill('SIGTERM');
    await once(bot, 'exit');
    await slack.stop();
  }
}
