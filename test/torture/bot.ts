import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { CHILD_ENV } from '../support/child-env.ts';
import { type Emulator, settingsIn } from '../support/emulator.ts';
import { TOKEN } from './load.ts';

export const ALERTS = 'C01ONCALL';
export const DIGESTS = 'C01USAGE';

/** Returns the settings of a bot in an emulated workspace. */
export function toEnv(slack: Emulator, databaseUrl: string): Record<string, string> {
  return { ...settingsIn(slack, databaseUrl), INGEST_TOKEN: TOKEN, REPORT_TIMEZONE: 'UTC' };
}

export interface Bot {
  url: string;
  pid: number;
  /** Lines of its log. */
  lines: string[];
  kill(): Promise<void>;
}

/** Runs `headroom start` in a child process. Resolves once the bot is running. */
export async function startBot(env: Record<string, string>): Promise<Bot> {
  const child = spawn(process.execPath, [fileURLToPath(new URL('../../src/main.ts', import.meta.url)), 'start'], {
    env: { ...CHILD_ENV, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const url = await new Promise<string>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      createInterface(stream).on('line', (line) => {
        lines.push(line);
        const started = /"url":"([^"]+)".*Headroom is running/.exec(line);
        if (started) resolve(started[1]!);
      });
    }
    child.once('exit', (code) => reject(new Error(`the bot ended with ${code}:\n${lines.join('\n')}`)));
  });
  return {
    url,
    pid: child.pid!,
    lines,
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}
