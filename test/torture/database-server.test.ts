import { sql } from 'kysely';
import { afterEach, expect, it } from 'vitest';
import { openDatabase } from '../../src/store/database.ts';
import { createMortalPostgres, WANTED_DIALECTS } from '../support/databases.ts';
import { tally } from '../support/figures.ts';
import { size } from '../support/size.ts';
import { checkEvents } from './ledger.ts';
import { countByClient, inParallel, makeRequests, send, sendUntilTaken, startVictim } from './load.ts';

const LANES = 8;

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

it.runIf(WANTED_DIALECTS.includes('postgres'))(
  'a PostgreSQL that is killed, and whose connections are cut, under two instances: what was answered counts once, the rest wholly or not at all',
  async () => {
    const { url, crash, remove } = await createMortalPostgres();
    closing.push(remove);
    const victims = [await startVictim(url), await startVictim(url)];
    for (const victim of victims) closing.push(() => victim.kill());
    // A larger number of clients would not be listed by name.
    const requests = makeRequests('server', size(120, 1500));
    const acknowledged = new Set<string>();
    const rounds = size(2, 12);
    let sent = 0;
    let struck = 0;
    let striking = Promise.resolve();
    await inParallel(requests, LANES, async (request) => {
      sent += 1;
      if (sent % Math.floor(requests.length / rounds) === 0) {
        struck += 1;
        const kill = struck % 2 === 1;
        striking = striking.then(kill ? crash : () => cutAll(url));
      }
      const outcome = await send(victims[sent % 2]!.url, request);
      if (outcome?.status === 200) acknowledged.add(request.client);
      else expect([503, undefined]).toContain(outcome?.status);
    });
    await striking;
    const { totals, raw } = await countByClient(url);
    const { faults, ...figures } = checkEvents(requests, (client) => acknowledged.has(client), totals);
    tally('postgres', { kills: Math.ceil(struck / 2), ...figures });
    expect(struck).toBeGreaterThan(1);
    expect(acknowledged.size).toBeGreaterThan(LANES);
    expect(totals).toEqual(raw);
    expect(faults).toEqual([]);
    // Both processes go on without a restart.
    await inParallel(requests, LANES, async (request) => {
      const { accepted, duplicates } = await sendUntilTaken(victims[request.size % 2]!.url, request);
      expect(accepted + duplicates).toBe(request.size);
    });
    const after = await countByClient(url);
    expect(after.totals).toEqual(Object.fromEntries(requests.map(({ client, size }) => [client, size])));
    expect(after.raw).toEqual(after.totals);
    expect(victims.map(({ process }) => process.exitCode)).toEqual([null, null]);
  },
);

/** Ends every connection to the database, except its own. */
async function cutAll(url: string): Promise<void> {
  const db = openDatabase(url);
  await sql`
    select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()`.execute(db);
  await db.destroy();
}
