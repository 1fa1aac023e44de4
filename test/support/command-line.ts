import { join } from 'node:path';
import type { CliContext } from '../../src/cli/command.ts';
import { runCli } from '../../src/cli/run.ts';

/**
 * Returns a function that runs a command in this process, as `headroom` would in `folder`, on the SQLite file `database` there.
 * `out` holds the data that the command wrote, then its lines.
 */
export function createCommandLine({
  folder,
  database = 'headroom.db',
  env = {},
  ...more
}: Partial<Omit<CliContext, 'out' | 'err' | 'write'>> & { folder: string; database?: string }) {
  return async (...words: string[]): Promise<{ code: number; out: string; err: string }> => {
    const lines: string[] = [];
    const data: Buffer[] = [];
    const err: string[] = [];
    const code = await runCli(words, {
      env: { DATABASE_URL: `sqlite:${join(folder, database)}`, ...env },
      folder,
      out: (line) => lines.push(line),
      err: (line) => err.push(line),
      write: async (piece) => void data.push(Buffer.from(piece)),
      isTerminal: false,
      now: Date.now,
      signal: new AbortController().signal,
      ...more,
    });
    return { code, out: Buffer.concat(data).toString() + lines.join('\n'), err: err.join('\n') };
  };
}
