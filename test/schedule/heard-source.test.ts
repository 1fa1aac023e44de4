import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { listAlerts } from '../../src/store/alert-repository.ts';
import { openDatabase } from '../../src/store/database.ts';
import { addSourceCounts, findSource } from '../../src/store/source-repository.ts';
import { startWholeApp } from '../slack/whole-app.ts';

const NOW = Date.UTC(2026, 10, 20, 9, 30);
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

it('a source that was heard just before the tick is not silent, however long it was quiet', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'headroom-heard-'));
  const url = `sqlite:${join(folder, 'headroom.db')}`;
  const bot = await startWholeApp({ nowMs: NOW, env: { DATABASE_URL: url } });
  // Opened in a thread, so that waiting for a lock does not block the bot that holds it.
  const db = openDatabase(url, { thread: true });
  onTestFinished(async () => {
    await bot.stop();
    await db.destroy();
    rmSync(folder, { recursive: true, force: true });
  });
  const call = (ms: number) => ({ id: String(ms), time: new Date(ms).toISOString(), client: 'Acme', status: 200 });
  const source = await findSource(db, 'default');
  const none = { accepted: 0, duplicates: 0, conflicts: 0, rejected: 0, withoutId: 0, late: 0 };
  // Another instance hears the source every minute. What this bot hears is written later, and is the newest.
  for (let minute = 7; minute > 0; minute -= 1)
    await addSourceCounts(db, source!.id, { ...none, receivedMs: NOW - minute * MINUTE_MS });
  await bot.send(Array.from({ length: 600 }, (_, hour) => call(NOW - hour * HOUR_MS)));
  const listSilent = async () => (await listAlerts(db, 0, 100)).filter(({ kind }) => kind === 'silent');

  bot.setNow(NOW + HOUR_MS);
  await bot.send([call(NOW + HOUR_MS)]);
  await bot.app.tick();
  expect(await listSilent()).toEqual([]);

  bot.setNow(NOW + 2 * HOUR_MS);
  await bot.app.tick();
  expect(await listSilent()).toHaveLength(1);
});
