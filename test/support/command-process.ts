import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { CliContext } from '../../src/cli/command.ts';
import { runCli } from '../../src/cli/run.ts';

interface Command {
  words: readonly string[];
  env: Readonly<Record<string, string>>;
  folder: string;
  /** The command's current time, epoch ms; default: now. */
  nowMs?: number;
}

/**
 * Runs a command in a child process, as people run it beside the bot. In the bot's own process, waiting for a lock would block
 * the very bot that holds it.
 */
export function runBeside(command: Command): Promise<{ code: number; lines: string[] }> {
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      [fileURLToPath(import.meta.url), JSON.stringify(command)],
      { env: { ...process.env, TZ: 'UTC' }, maxBuffer: 64 * 1024 * 1024 },
      (error, stdout, stderr) => {
        if (error && typeof error.code !== 'number') reject(error);
        else resolve({ code: Number(error?.code ?? 0), lines: `${stdout}${stderr}`.split('\n').slice(0, -1) });
      },
    );
  });
}

/** Runs a command in this process, ten times as fast as `runBeside`. Only for tests in which no bot runs beside it. */
export async function runHere(command: Command): Promise<{ code: number; lines: string[] }> {
  const lines: string[] = [];
  const code = await run(command, { out: (line) => void lines.push(line), err: (line) => void lines.push(line) });
  return { code, lines };
}

function run(
  { words, env, folder, nowMs = Date.now() }: Command,
  print: Pick<CliContext, 'out' | 'err'>,
): Promise<number> {
  const aheadMs = nowMs - Date.now();
  return runCli(words, {
    ...print,
    env,
    folder,
    isTerminal: false,
    now: () => Date.now() + aheadMs,
    signal: new AbortController().signal,
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.exitCode = await run(JSON.parse(process.argv[2]!), {
    out: (line) => void process.stdout.write(`${line}\n`),
    err: (line) => void process.stderr.write(`${line}\n`),
  });
}
