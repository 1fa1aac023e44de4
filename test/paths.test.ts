import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CHILD_ENV } from './support/child-env.ts';
import { runBeside, runHere } from './support/command-process.ts';
import type { Asked } from './support/counted-bot.ts';
import { createDatabase } from './support/databases.ts';
import { type Emulator, settingsIn, startEmulator } from './support/emulator.ts';
import type { Called } from './support/precise-coverage.ts';

/**
 * Largest number of files that a reader must open to follow each of the four main paths from end to end. A file counts if one of
 * its functions is called on the path and not while the bot is idle. `own`: without the parts that `ASKED` leaves to other
 * paths. Files of types and constants do not count, nor does the demo's clock. `PATHS=list` prints the files.
 *
 * These ceilings may be lowered but not raised, so that the paths do not grow unnoticed.
 */
const CEILINGS = {
  'event → disk → total': { all: 42, own: 39 },
  '/usage top clients → message': { all: 78, own: 67 },
  'pool at 75% → message': { all: 67, own: 22 },
  'day → digest': { all: 91, own: 28 },
};

type Path = keyof typeof CEILINGS;

/** Files that must be on each path, from its first to its last. Without them, the count would be of something else. */
const HOPS: Record<Path, readonly string[]> = {
  'event → disk → total': ['http/server.ts', 'ingest/intake.ts', 'usage/commit.ts', 'usage/totals.ts'],
  '/usage top clients → message': ['slack/listen.ts', 'report/top.ts', 'usage/reader.ts', 'slack/client/post.ts'],
  'pool at 75% → message': ['schedule/pool-alerts.ts', 'delivery/sender.ts', 'slack/client/post.ts'],
  'day → digest': ['schedule/digest-posts.ts', 'delivery/sender.ts', 'messages/digest-message.ts'],
};

/** Parts that a path only calls: the rules of `domain`, and what the path of a question covers (reports, charts, stored usage). */
const ASKED: Record<Path, RegExp> = {
  'event → disk → total': /^domain\//,
  '/usage top clients → message': /^domain\//,
  'pool at 75% → message': /^(domain|report|chart|usage|slack\/command)\//,
  'day → digest': /^(domain|report|chart|usage|slack\/command)\//,
};

const NOW_MS = Date.UTC(2026, 10, 20, 7, 30);
const HOUR_MS = 3_600_000;
/** The intake thread, which is named after the first key of its `workerData`. */
const INTAKE = 'databaseUrl ';
/** Threads that take events. Other threads read for the evaluation of alerts. */
const TAKING = /^(main|databaseUrl) /;
const TOKEN = 'paths-0123456789abcdef';
const ALICE = 'U01ALICE';
const USAGE = 'C01USAGE';
const ONCALL = 'C01ONCALL';

const touched = new Map<Path, string[]>();

describe('files that a path touches', () => {
  let slack: Emulator;
  let bot: ChildProcess;
  let end = async (): Promise<void> => {};

  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'headroom-paths-'));
    const database = await createDatabase('sqlite');
    let aheadMs = NOW_MS - Date.now();
    const now = () => Date.now() + aheadMs;
    slack = await startEmulator({ now });
    const env = {
      ...settingsIn(slack, database.url),
      INGEST_TOKEN: TOKEN,
      LOG_LEVEL: 'error',
      TZ: 'UTC',
    };
    const write = (name: string, content: string): string => {
      writeFileSync(join(folder, name), content);
      return join(folder, name);
    };
    const cli = async (run: typeof runHere, ...words: string[]): Promise<void> => {
      const { code, lines } = await run({ words, env, folder, nowMs: now() });
      if (code !== 0) throw new Error(`headroom ${words.join(' ')} ended with ${code}:\n${lines.join('\n')}`);
    };
    await cli(runHere, 'pools', 'apply', write('pools.yaml', POOLS));
    await cli(runHere, 'import', write('month.ndjson', makeMonth()));

    bot = fork(fileURLToPath(new URL('support/counted-bot.ts', import.meta.url)), [String(now())], {
      execArgv: ['--import', new URL('support/precise-coverage.ts', import.meta.url).href],
      env: { ...CHILD_ENV, ...env },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    end = async () => {
      await ask({ what: 'stop' });
      await slack.stop();
      await database.remove();
      rmSync(folder, { recursive: true, force: true });
    };
    const url = await ask<string>({ what: 'start' });
    slack.eventsUrl = `${url}/slack/events`;
    const moveTo = async (atMs: number): Promise<void> => {
      aheadMs = atMs - Date.now();
      await ask({ what: 'tick', atMs });
    };
    /** Commits an event in another process. The bot notices it as any other commit. */
    const commitBeside = (id: string, count: number): Promise<void> =>
      cli(runBeside, 'import', write(`${id}.ndjson`, JSON.stringify({ id, client: 'client 1', module: 'm', count })));
    const drawn = (channel: string, from: number): Promise<unknown> =>
      slack.waitFor(
        () =>
          slack
            .messages(channel)
            .slice(from)
            .find(({ blocks }) => blocks?.some(({ type }) => type === 'image')),
        `a message with its picture in ${channel}`,
      );

    await slack.command({ user: ALICE, channel: USAGE, text: 'digest add daily 09:00 UTC' });
    await settle();
    const resting = await settle(() => moveTo(NOW_MS + HOUR_MS));
    const isWork = (one: string): boolean => !resting.has(one);
    // The intake thread folds and cleans up by itself meanwhile, so it is left out.
    const isAnswering = (one: string): boolean => isWork(one) && !one.startsWith(INTAKE);

    const asked = await settle(async () => {
      await slack.command({ user: ALICE, channel: USAGE, text: 'top clients' });
      await drawn(USAGE, 0);
    });
    touched.set('/usage top clients → message', toFiles([...asked].filter(isAnswering)));

    const evaluating = await settle(() => commitBeside('beside-1', 1));
    const isTaking = (one: string): boolean => isWork(one) && !evaluating.has(one) && TAKING.test(one);
    const taken = await settle(async () => {
      const response = await fetch(`${url}/v1/events`, {
        method: 'POST',
        headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
        body: JSON.stringify({ id: 'one', client: 'client 2', module: 'm', status: 200, url: '/v1/orders/12' }),
      });
      expect(await response.json()).toMatchObject({ accepted: 1 });
      await ask({ what: 'fold' });
    });
    touched.set('event → disk → total', toFiles([...taken].filter(isTaking)));

    const told = await settle(async () => {
      await commitBeside('beside-2', 270);
      await drawn(ONCALL, 0);
    });
    touched.set('pool at 75% → message', toFiles([...told].filter(isAnswering)));

    const before = slack.messages(USAGE).length;
    const posted = await settle(async () => {
      await moveTo(Date.UTC(2026, 10, 20, 9, 0));
      await drawn(USAGE, before);
    });
    touched.set('day → digest', toFiles([...posted].filter(isAnswering)));
  });

  afterAll(() => end());

  it.each(Object.keys(CEILINGS) as Path[])('%s', (path) => {
    const files = touched.get(path)!;
    const own = files.filter((file) => !ASKED[path].test(file));
    if (process.env.PATHS === 'list') console.log(`${path}: ${files.length}, ${own.length} own\n${files.join('\n')}`);
    expect(files).toEqual(expect.arrayContaining([...HOPS[path]]));
    expect(files.length, files.join('\n')).toBeLessThanOrEqual(CEILINGS[path].all);
    expect(own.length, own.join('\n')).toBeLessThanOrEqual(CEILINGS[path].own);
  });

  function ask<T>(asked: Asked): Promise<T> {
    return new Promise((resolve, reject) => {
      const gone = (code: number | null): void => reject(new Error(`the bot ended with ${code}`));
      bot.once('exit', gone);
      bot.once('message', ({ done, fault }: { done: T; fault?: string }) => {
        bot.off('exit', gone);
        if (fault) reject(new Error(fault));
        else resolve(done);
      });
      bot.send(asked);
    });
  }

  /** Does something, and lists the called functions until no new one is called, as `thread file function`. */
  async function settle(action = async (): Promise<void> => {}): Promise<ReadonlySet<string>> {
    const called = new Set<string>();
    await action();
    for (let quiet = 0; quiet < 3; ) {
      const known = called.size;
      for (const { thread, functions } of await ask<Called[]>({ what: 'take' }))
        for (const one of functions) called.add(`${thread} ${one}`);
      quiet = called.size === known ? quiet + 1 : 0;
    }
    return called;
  }
});

/** Returns the files of called functions. Files of the playground are left out: the test only uses its clock. */
function toFiles(called: readonly string[]): string[] {
  const files = new Set(called.map((one) => one.split(' ')[1]!));
  return [...files].filter((file) => !file.startsWith('playground/')).sort();
}

const POOLS = `
scopes:
  - name: crm
    match: [{ module: "*" }]
    pools: [{ name: Month, period: month, base: 1000 }]
`;

/** Makes three weeks of calls, which use half of the pool. */
function makeMonth(): string {
  return Array.from({ length: 480 }, (_, index) =>
    JSON.stringify({
      id: `month-${index}`,
      time: new Date(Date.UTC(2026, 10, 1) + index * HOUR_MS * 0.96).toISOString(),
      client: `client ${index % 7}`,
      user: `user ${index % 5}`,
      method: 'GET',
      route: `/v1/orders/${index % 4}`,
      module: 'm',
      status: index % 9 === 0 ? 429 : 200,
    }),
  ).join('\n');
}
