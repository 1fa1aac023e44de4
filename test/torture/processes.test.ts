import { sql } from 'kysely';
import { afterEach, expect, it } from 'vitest';
import { openDatabase } from '../../src/store/database.ts';
import { describeEachDialect } from '../support/databases.ts';
import { tally } from '../support/figures.ts';
import { SEED, size } from '../support/size.ts';
import { checkEvents } from './ledger.ts';
import {
  countByClient,
  inParallel,
  makeRequests,
  type Outcome,
  type Request,
  send,
  sendUntilTaken,
  startVictim,
  type Victim,
} from './load.ts';

const LANES = 8;

/** A random generator that can be repeated, unlike Math.random. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 0x1_0000_0000;
  };
}

function whole(requests: readonly Request[]): Record<string, number> {
  return Object.fromEntries(requests.map(({ client, size }) => [client, size]));
}

describeEachDialect('processes that take events', ({ dialect, createUrl }) => {
  const victims: Victim[] = [];
  const start = async (url: string): Promise<Victim> => {
    const victim = await startVictim(url);
    victims.push(victim);
    return victim;
  };
  afterEach(async () => {
    for (const victim of victims.splice(0)) await victim.kill();
  });

  // Each seed has its own database, because only a limited number of clients are listed by name.
  const seeds = Array.from({ length: size(1, 10) }, (_, run) => SEED + run);
  it.each(seeds)(
    'are killed at any moment (seed %i): what was answered counts once, the rest wholly or not at all, and a retry adds nothing',
    async (seed) => {
      const url = await createUrl();
      const random = createRandom(seed);
      const sent: Request[] = [];
      const acknowledged = new Set<string>();
      const rounds = dialect === 'sqlite' ? 3 : 2;
      for (let round = 0; round < rounds; round += 1) {
        const victim = await start(url);
        const requests = makeRequests(`round ${round}`, 150);
        let events = Math.floor(20 + random() * 200);
        let killed: Promise<void> | undefined;
        // The kill follows a counted moment: a request is sent, or its answer arrives.
        const advance = (): void => {
          events -= 1;
          if (events === 0) killed = victim.kill();
        };
        await inParallel(requests, LANES, async (request) => {
          if (killed) return;
          sent.push(request);
          const outcome = send(victim.url, request);
          advance();
          const { status, accepted } = (await outcome) ?? {};
          if (status !== 200) return;
          acknowledged.add(request.client);
          expect(accepted).toBe(request.size);
          advance();
        });
        await killed;
      }
      expect(acknowledged.size).toBeGreaterThan(rounds * 5);
      expect(sent.length).toBeGreaterThan(acknowledged.size);

      const { totals, raw } = await countByClient(url);
      const { faults, ...figures } = checkEvents(sent, (client) => acknowledged.has(client), totals);
      tally(dialect, { kills: rounds, ...figures });
      expect(totals).toEqual(raw);
      expect(faults).toEqual([]);

      const survivor = await start(url);
      await inParallel(sent, LANES, async (request) => {
        const { accepted, duplicates } = await sendUntilTaken(survivor.url, request);
        expect(accepted + duplicates).toBe(request.size);
        expect(accepted).toBe(totals[request.client] === undefined ? request.size : 0);
      });
      const after = await countByClient(url);
      expect(after.totals).toEqual(whole(sent));
      expect(after.raw).toEqual(whole(sent));
    },
  );

  it('write the same ids into one database at once: each is counted once, and none waits for another for good', async () => {
    const url = await createUrl();
    const both = [await start(url), await start(url)];
    const requests = makeRequests('shared', 200);
    const accepted = new Map<string, number>();
    await inParallel(requests, LANES, async (request) => {
      const outcomes = await Promise.all(both.map((victim) => sendUntilTaken(victim.url, request)));
      accepted.set(
        request.client,
        outcomes.reduce((sum, outcome) => sum + outcome.accepted, 0),
      );
    });
    const { totals, raw, requests: all } = await countByClient(url);
    const { faults: _, ...figures } = checkEvents(requests, () => true, totals);
    tally(dialect, figures);
    expect(Object.fromEntries(accepted)).toEqual(whole(requests));
    expect(totals).toEqual(whole(requests));
    expect(raw).toEqual(totals);
    expect(all).toBe(figures.events);
    expect(both.flatMap(({ faults }) => faults)).toEqual([]);
  });

  // SQLite allows one instance at a time.
  if (dialect !== 'postgres') return;

  it.each(seeds)(
    'are two, of which one is killed at any moment (seed %i): the other takes at once what that left unanswered, and each counts once',
    async (seed) => {
      const url = await createUrl();
      const random = createRandom(seed);
      const survivor = await start(url);
      const requests = makeRequests('two', 240);
      const rounds = 3;
      const unanswered: Request[] = [];
      for (let round = 0; round < rounds; round += 1) {
        const victim = await start(url);
        const part = requests.slice((round * requests.length) / rounds, ((round + 1) * requests.length) / rounds);
        let events = Math.floor(10 + random() * 50);
        let killed: Promise<void> | undefined;
        const advance = (): void => {
          events -= 1;
          if (events === 0) killed = victim.kill();
        };
        await inParallel(part, LANES, async (request) => {
          const isVictims = !killed && request.size % 2 === 0;
          if (isVictims) {
            const outcome = send(victim.url, request);
            advance();
            const answered = await outcome;
            advance();
            if (answered?.status === 200) return;
            unanswered.push(request);
          }
          const { accepted, duplicates } = await sendUntilTaken(survivor.url, request);
          expect(accepted + duplicates).toBe(request.size);
        });
        expect(killed).toBeDefined();
        await killed;
      }
      const { totals, raw } = await countByClient(url);
      const { faults: _, ...figures } = checkEvents(requests, () => true, totals);
      tally(dialect, { kills: rounds, ...figures });
      expect(unanswered.length).toBeGreaterThan(0);
      expect(totals).toEqual(whole(requests));
      expect(raw).toEqual(totals);
      expect([survivor.process.exitCode, survivor.faults]).toEqual([null, []]);
    },
  );

  it('are frozen in the middle of a transaction: the others go on, and on waking nothing is lost or doubled', async () => {
    const url = await createUrl();
    const frozen = await start(`${url}?application_name=frozen`);
    const other = await start(url);
    const db = openDatabase(url);
    const requests = makeRequests('frozen', 4000);
    const taken: Request[] = [];
    let stopped = false;
    const load = inParallel(requests, LANES, async (request) => {
      if (stopped) return;
      const outcome: Outcome | undefined = await send(frozen.url, request);
      if (outcome?.status === 200) taken.push(request);
    });
    for (;;) {
      frozen.process.kill('SIGSTOP');
      const open = await sql<{ open: number }>`
        select count(*)::int as open from pg_stat_activity
        where application_name = 'frozen' and state like 'idle in transaction%'`.execute(db);
      if (open.rows[0]!.open > 0) break;
      frozen.process.kill('SIGCONT');
      await send(frozen.url, requests[0]!);
    }
    stopped = true;
    const frozenMs = performance.now();
    const elsewhere = makeRequests('frozen', 40);
    // All these requests are answered while the first instance is frozen, because it holds nothing that others need.
    await inParallel(elsewhere, LANES, async (request) => {
      await sendUntilTaken(other.url, request);
    });
    console.log(`others waited ${Math.round(performance.now() - frozenMs)} ms for a frozen instance`);
    frozen.process.kill('SIGCONT');
    await load;
    for (const request of elsewhere) expect((await sendUntilTaken(frozen.url, request)).accepted).toBe(0);
    const { totals, raw } = await countByClient(url);
    expect(totals).toEqual(raw);
    for (const { client, size } of [...taken, ...elsewhere]) expect([client, totals[client]]).toEqual([client, size]);
    expect(frozen.process.exitCode).toBeNull();
    expect(frozen.faults.filter((fault) => !/terminat|timeout/i.test(fault))).toEqual([]);
    await db.destroy();
  });
});
