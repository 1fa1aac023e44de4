import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { type Emulator, startEmulator } from '../support/emulator.ts';

export const TOKEN = 'bench-0123456789abcdef';

export interface BenchBot {
  slack: Emulator;
  port: number;
  pid: number;
  stop(): Promise<void>;
}

/** Starts the bot as deployed, in a child process, with an emulated Slack. `index` numbers the bots on one database. */
export async function startBot(databaseUrl: string, index = 0): Promise<BenchBot> {
  const slack = await startEmulator();
  const port = 20_000 + (process.pid % 20_000) + index;
  const bot = spawn(process.execPath, [join(import.meta.dirname, '../../src/main.ts'), 'start'], {
    env: {
      PATH: process.env.PATH,
      NODE_OPTIONS: process.env.NODE_OPTIONS,
      HOME: process.env.HOME,
      TZ: 'UTC',
      SLACK_BOT_TOKEN: slack.botToken,
      SLACK_SIGNING_SECRET: slack.signingSecret,
      SLACK_API_URL: slack.apiUrl,
      DATABASE_URL: databaseUrl,
      SECRET_KEY: Buffer.alloc(32, 7).toString('base64'),
      INGEST_TOKEN: TOKEN,
      HOST: '127.0.0.1',
      PORT: String(port),
      LOG_LEVEL: 'error',
    },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const exited = once(bot, 'exit');
  const stop = async (): Promise<void> => {
    bot.kill('SIGTERM');
    await exited;
    await slack.stop();
  };
  const url = `http://127.0.0.1:${port}`;
  while (
    !(await fetch(`${url}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    ))
  ) {
    if (bot.exitCode !== null) {
      await stop();
      throw new Error('the bot did not start');
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  slack.eventsUrl = `${url}/slack/events`;
  return { slack, port, pid: bot.pid!, stop };
}
