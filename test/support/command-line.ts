import { join } from 'node:path';
import type { CliContext } from '../../src/cli/command.ts';
import { runCli } from '../../src/cli/run.ts';

/**
 * Runs commands in this process, as `headroom` in `folder` would, on the SQLite file `database` there. What they write comes
 * back as text, lines with their ends.
 */
export function createCommandLine({
  folder,
  database = 'headroom.db',
  env = {},
  ...more
}: Partial<Omit<CliContext, 'out' | 'err' | 'write'>> & { folder: string; database?: string }) {
  return async (...words: string[]): Promise<{ code: number; out: string; err: string }> => {
    const out: Buffer[] = [];
    const err: string[] = [];
    const code = await runCli(words, {
      env: { DATABASE_URL: `sqlite:${join(folder, database)}`, ...env },
      folder,
      out: (line) => out.push(Buffer.from(`${line}\n`)),
      err: (line) => err.push(`${line}\n`),
      write: async (data) => void out.push(Buffer.from(data)),
      isTerminal: false,
      now: Date.now,
      signal: new AbortController().signal,
      ...more,
    });
    return { code, out: Buffer.concat(out).toString(), err: err.join('') };
  };
}
