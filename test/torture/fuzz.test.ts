import { setTimeout } from 'node:timers/promises';
import { sql } from 'kysely';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { listAdapters } from '../../src/ingest/adapters.ts';
import { addSource } from '../../src/ingest/source-admin.ts';
import { createRandom } from '../../src/playground/traffic.ts';
import { Secret } from '../../src/secret.ts';
import { type Db, openDatabase } from '../../src/store/database.ts';
import { POOLS } from '../slack/whole-app.ts';
import { setUpDatabases } from '../support/databases.ts';
import { type Emulator, startEmulator } from '../support/emulator.ts';
import { tally, tallyInputs } from '../support/figures.ts';
import { typePools } from '../support/pool-text.ts';
import { SEED, size } from '../support/size.ts';
import { type Bot, startBot, toEnv } from './bot.ts';
import { checkEvents } from './ledger.ts';
import { countByClient, inParallel } from './load.ts';
import { type Keys, makeOddRequest } from './odd-http.ts';
import { listControls, makeOddDelivery } from './odd-slack.ts';
import { Wire, type WireAnswer } from './wire.ts';

/** Statuses with which any request may be answered. 503 has a Retry-After and means that nothing was counted. */
const STATUSES = [200, 202, 204, 304, 400, 401, 403, 404, 405, 406, 413, 415, 422, 429, 503];
/** People without rights: guests (even if listed), outsiders, who left, bots, members outside VIEWERS, unlisted admins, unknown. */
const RIGHTLESS = ['U01GUEST', 'U01SOLO', 'U02OUTSIDE', 'U01LEFT', 'U01HEADROOM', 'U01CHLOE', 'U01ADMIN', 'U0NOBODY'];
const { createUrl } = setUpDatabases('sqlite');
let slack: Emulator;
let env: Record<string, string>;
let db: Db;
let bot: Bot;

beforeEach(async () => {
  slack = await startEmulator();
  env = {
    ...toEnv(slack, await createUrl()),
    READ_TOKEN: 'read-token-0123456789-abcdefghijk',
    METRICS_TOKEN: 'metrics-token-0123456789-abcdefgh',
    REPORT_TIMEZONE: 'Europe/Berlin',
  };
  db = openDatabase(env.DATABASE_URL!);
});
afterEach(async () => {
  await bot?.kill();
  await db.destroy();
  await slack.stop();
});

/** Lists the errors in the bot's log. */
const listErrors = (): string[] => bot.lines.filter((line) => /"level":"?(error|fatal|50|60)/.test(line));

it('odd requests at every endpoint: none is failed by us, opens what is not its own, or costs an honest event', async () => {
  const keys: Keys = { sources: new Map(), read: env.READ_TOKEN!, metrics: env.METRICS_TOKEN! };
  const secrets = { secretKey: new Secret(env.SECRET_KEY!), secretKeyPath: '' };
  for (const adapter of listAdapters()) {
    const { token } = await addSource(db, secrets, { name: adapter, adapter, options: {} }, Date.now());
    (keys.sources as Map<string, string>).set(adapter, token.reveal());
  }
  bot = await startBot(env);
  const wire = new Wire(bot.url, 8);
  const count = size(4000, 750_000);
  const random = createRandom('fuzz', SEED);
  const honest = new Map<string, number>();
  let unanswered = 0;
  await inParallel(Array(count).keys().toArray(), 400, async (number) => {
    const request = makeOddRequest(number, random, keys);
    let answer = await wire.send(request);
    // An honest sender repeats its request, because a busy machine may refuse it for a while.
    while (request.honest && answer?.status === 503) {
      await setTimeout(Number(answer.headers['retry-after']) * 1000);
      answer = await wire.send(request);
    }
    const told = (): string => `${number} of seed ${SEED}: ${answer?.status} ${answer?.body}\n${request.told}`;
    if (!answer) {
      unanswered += 1;
      return;
    }
    if (!STATUSES.includes(answer.status)) throw new Error(told());
    if ([429, 503].includes(answer.status) && !(Number(answer.headers['retry-after']) > 0)) throw new Error(told());
    if (request.opens === false && answer.status < 400) throw new Error(told());
    if (request.opens === true && answer.status === 401) throw new Error(told());
    if (!request.honest) return;
    const { client, events: sent } = request.honest;
    if (answer.status !== 200 || (JSON.parse(answer.body) as { accepted: number }).accepted !== sent)
      throw new Error(told());
    honest.set(client, (honest.get(client) ?? 0) + sent);
  });
  wire.close();
  const { totals, raw } = await countByClient(env.DATABASE_URL!);
  const sent = [...honest].map(([client, size]) => ({ client, size }));
  const ofHonest = Object.fromEntries(sent.map(({ client }) => [client, totals[client] ?? 0]));
  const { faults, ...figures } = checkEvents(sent, () => true, ofHonest);
  tally('sqlite', figures);
  tallyInputs('requests', count - unanswered);
  expect(faults).toEqual([]);
  expect(totals).toEqual(raw);
  expect(listErrors()).toEqual([]);
  // Every request got an answer: only bytes that are no HTTP end a connection and lose the requests behind them.
  expect(unanswered).toBe(0);
});

it('odd commands, presses, forms and events of Slack: each is acknowledged, and who may nothing causes nothing', async () => {
  bot = await startBot(env);
  slack.eventsUrl = `${bot.url}/slack/events`;
  await typePools(slack, { user: 'ada', channel: 'general', yaml: POOLS });
  await bot.kill();
  const listed = { ADMINS: 'U01BORIS,U01GUEST,U02OUTSIDE', VIEWERS: 'U01ALICE,U01GUEST,U02OUTSIDE' };
  bot = await startBot({ ...env, ...listed });
  const controls = await listControls();
  const send = async (count: number, people: readonly string[], odd: boolean): Promise<void> => {
    const wire = new Wire(bot.url, 8);
    const random = createRandom('slack', people.join(), String(odd), SEED);
    await inParallel(Array(count).keys().toArray(), 32, async (number) => {
      const delivery = makeOddDelivery(number, random, controls, { people, secret: slack.signingSecret, odd });
      const answer: WireAnswer | undefined = await wire.send(delivery);
      if (answer?.status !== (delivery.signed ? 200 : 401))
        throw new Error(`${number} of seed ${SEED}: ${answer?.status} ${answer?.body}\n${delivery.told}`);
    });
    wire.close();
    tallyInputs('deliveries of Slack', count);
  };
  const before = await readAll(db);
  const from = slack.calls.length;
  await send(size(600, 30_000), RIGHTLESS, true);
  expect(slack.calls.slice(from).filter((call) => !isHarmless(call))).toEqual([]);
  expect(await readAll(db)).toEqual(before);
  const members = ['U01ALICE', 'U01BORIS'];
  const errors = listErrors().length;
  await send(size(300, 15_000), members, false);
  expect(listErrors().slice(errors, errors + 5)).toEqual([]);
  // A listener may fail on a senseless request. The sender is told, and the next request is served.
  await send(size(300, 15_000), members, true);
  const told = slack.ephemerals('alice').length;
  await slack.command({ user: 'alice', channel: 'api-usage', text: 'help' });
  await slack.waitFor(() => slack.ephemerals('alice').length > told, 'alice is helped');
  expect(bot.lines.filter((line) => /unhandled|"level":"fatal"/i.test(line))).toEqual([]);
  slack.takeProblems();
});

/**
 * Tells whether a call of the bot only looks up a person, refuses something to one person, or introduces the bot to a channel
 * that it has joined.
 */
function isHarmless({ method, args }: Emulator['calls'][number]): boolean {
  if (['auth.test', 'users.info', 'usergroups.users.list'].includes(method)) return true;
  const said = method === 'views.publish' ? JSON.stringify(args.view) : String(args.text);
  if (/API usage is for full members|Only the people listed in VIEWERS/.test(said))
    return ['chat.postEphemeral', 'views.publish'].includes(method) || /^[DU]/.test(String(args.channel));
  return method === 'chat.postMessage' && said.startsWith('I tell how much of your API allowance is used');
}

/** Reads all rows that people's actions can change, by table; not those that the bot writes by itself. */
async function readAll(db: Db): Promise<Record<string, unknown>> {
  const { rows } = await sql<{ name: string }>`select name from sqlite_master where type = 'table'`.execute(db);
  const kept: Record<string, unknown> = {};
  for (const { name } of rows) {
    if (/^(sqlite_|instance|lease|inbox|source|slack_request|greeting)/.test(name)) continue;
    kept[name] = (await sql`select * from ${sql.table(name)}`.execute(db)).rows;
  }
  return kept;
}
