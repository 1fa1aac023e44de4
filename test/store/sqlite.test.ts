import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { expect, it, onTestFinished } from 'vitest';
import { openSqlite } from '../../src/store/sqlite.ts';

it('a new file that another process is writing to is waited for, not refused', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'headroom-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'headroom.db');
  const holder = new Worker(new URL('../support/lock-holder.ts', import.meta.url), { workerData: { path } });
  await once(holder, 'message');
  const sqlite = openSqlite(path);
  expect(sqlite.pragma('journal_mode', { simple: true })).toBe('wal');
  expect(sqlite.pragma('table_info(theirs)')).toHaveLength(1);
  sqlite.close();
  await once(holder, 'exit');
});
