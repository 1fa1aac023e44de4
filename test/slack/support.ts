import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import type { KnownName } from '../../src/domain/names.ts';
import type { Picture } from '../../src/domain/picture.ts';
import type { Question, Report } from '../../src/domain/report.ts';
import { QuestionError } from '../../src/errors.ts';
import { sendAnswer } from '../../src/http/message-body.ts';
import { createLogger } from '../../src/log.ts';
import { toCsv } from '../../src/report/table.ts';
import { createSlackApp, type SlackApp } from '../../src/slack/app.ts';
import { RefusedBlocks } from '../../src/slack/client/post.ts';
import type { SlackConfig, SlackDeps } from '../../src/slack/context.ts';
import { type Db, openDatabase } from '../../src/store/database.ts';
import { createDatabase } from '../support/databases.ts';
import { type Emulator, type EmulatorOptions, startEmulator } from '../support/emulator.ts';
import { answerFixture } from './reports.ts';

/** 1 × 1 pixel. */
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

export const PICTURE: Picture = { png: PNG, width: 1, height: 1, altText: 'Bar chart: acme-web 947,000 of 2,310,000' };

export interface Rig {
  slack: Emulator;
  app: SlackApp;
  db: Db;
  /** Address for Slack's requests. */
  url: string;
  /** Questions that the reporter was asked. */
  questions: Question[];
  refused: RefusedBlocks;
  /** Lines of the log, parsed. */
  log: Record<string, unknown>[];
  /** Calls of the ports, such as `digests.add`, with their arguments. */
  done: { action: string; given: unknown[] }[];
}

export interface RigOptions {
  config?: Partial<SlackConfig>;
  emulator?: EmulatorOptions;
  socketMode?: boolean;
  report?: (question: Question) => Report;
  /** Names that the reporter knows. */
  names?: readonly KnownName[];
  charts?: SlackDeps['charts'];
  wait?: (ms: number) => Promise<void>;
  now?: () => number;
  db?: Db;
  digests?: Partial<SlackDeps['digests']>;
  digestPosts?: Partial<SlackDeps['digestPosts']>;
  alerts?: Partial<SlackDeps['alerts']>;
  pools?: Partial<SlackDeps['pools']>;
  /** Every answer waits for this first. */
  before?: () => Promise<void>;
}

/**
 * Starts the Slack app with a real database, on its own HTTP server, in an emulated workspace. Everything ends with the test,
 * which fails on any problem in that workspace. A test that causes problems on purpose takes them.
 */
export async function startRig(options: RigOptions = {}): Promise<Rig> {
  const now = options.now ?? Date.now;
  const slack = await startEmulator({ now, ...options.emulator });
  const closing: (() => Promise<unknown> | undefined)[] = [() => slack.stop()];
  let started = false;
  onTestFinished(async () => {
    for (const close of closing.reverse()) await close();
    if (started) slack.assertNoProblems();
  });
  const db = options.db ?? (await openTestDatabase(closing));
  const questions: Question[] = [];
  const log: Record<string, unknown>[] = [];
  const done: Rig['done'] = [];
  const logger = createLogger('debug', { write: (line) => void log.push(JSON.parse(line)) });
  const refused = new RefusedBlocks(logger);
  const app = createSlackApp({
    config: {
      botToken: slack.botToken,
      ...(options.socketMode ? { appToken: slack.appToken } : { signingSecret: slack.signingSecret }),
      apiUrl: slack.apiUrl,
      admins: [],
      viewers: [],
      answers: 'channel',
      zone: 'Europe/Berlin',
      publicUrl: 'https://usage.example.com',
      ...options.config,
    },
    reporter: {
      async answer(question) {
        questions.push(question);
        await options.before?.();
        if (question.name === 'nobody') {
          throw new QuestionError('There is no client nobody.', [{ label: 'acme-web', command: 'client acme-web' }]);
        }
        if (question.name === 'defect') throw new TypeError('undefined is not a number');
        return (options.report ?? answerFixture)(question);
      },
      names: async () => options.names ?? [],
      examples: async () => ({}),
    },
    charts: options.charts ?? { render: async () => PICTURE },
    toCsv,
    usage: { values: async ({ key, contains }) => [{ value: `${key}-${contains ?? 'any'}`, requests: 5 }] },
    db,
    ...createPorts(done, options),
    log: logger,
    now,
    refused,
    ...(options.wait ? { wait: options.wait } : {}),
  });
  const server = createServer(async (request, response) => {
    const body = await buffer(request);
    sendAnswer(request, response, (await app.handleRequest?.({ headers: request.headers, body })) ?? { status: 404 });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/slack/events`;
  closing.push(() => new Promise((resolve) => void server.close(resolve).closeAllConnections()));
  closing.push(() => app.stop());
  if (!options.socketMode) slack.eventsUrl = url;
  await app.start();
  started = true;
  return { slack, app, db, url, questions, refused, log, done };
}

/** Sends a signed body to the app as Slack would: a form, or JSON with `json`. */
export async function sendSigned(
  { url, slack }: Rig,
  body: string,
  options: { json?: boolean; stampS?: number; secret?: string } = {},
): Promise<{ status: number; text: string }> {
  const stampS = options.stampS ?? Math.floor(Date.now() / 1000);
  const secret = options.secret ?? slack.signingSecret;
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': options.json ? 'application/json' : 'application/x-www-form-urlencoded',
      'x-slack-request-timestamp': String(stampS),
      'x-slack-signature': `v0=${createHmac('sha256', secret).update(`v0:${stampS}:${body}`).digest('hex')}`,
    },
    body,
  });
  return { status: response.status, text: await response.text() };
}

/** Sends an interaction as Slack would: a press, a form, a search in a menu. */
export function sendPayload(rig: Rig, payload: unknown): ReturnType<typeof sendSigned> {
  return sendSigned(rig, new URLSearchParams({ payload: JSON.stringify(payload) }).toString());
}

async function openTestDatabase(closing: (() => Promise<unknown> | undefined)[]): Promise<Db> {
  const { url, remove } = await createDatabase('sqlite');
  const db = openDatabase(url);
  closing.push(async () => {
    await db.destroy();
    await remove();
  });
  return db;
}

/** Creates ports that note their calls in `done`, with one digest and one alert. */
function createPorts(
  done: Rig['done'],
  { digests, digestPosts, alerts, pools }: RigOptions,
): Pick<
  SlackDeps,
  'digests' | 'digestPosts' | 'alerts' | 'alertRules' | 'alertRouting' | 'pools' | 'corrections' | 'doctor' | 'instance'
> {
  const digest = {
    id: 7,
    channel: 'C01USAGE',
    owner: 'U01ALICE',
    schedule: 'daily 09:00 Europe/Berlin',
    sections: ['requests', 'pools'],
    paused: false,
    limits: [],
    nextRuns: [Date.UTC(2026, 10, 22, 8)],
  };
  const told =
    <T>(action: string, answer: T) =>
    async (...given: unknown[]): Promise<T> => {
      done.push({ action, given });
      return answer;
    };
  return {
    digests: {
      list: async () => [digest],
      add: told('digests.add', digest),
      change: told('digests.change', digest),
      pause: told('digests.pause', { ...digest, paused: true }),
      remove: told('digests.remove', digest),
      ...digests,
    },
    digestPosts: {
      compose: async () => ({ text: 'Digest of yesterday', blocks: [], drawn: undefined, chartAt: 0, follows: [] }),
      send: told('digests.send', digest),
      history: async () => ['20 Nov 09:00 posted'],
      ...digestPosts,
    },
    alerts: {
      list: async () => [
        { sort: 'raised' as const, id: 'level:crm', title: 'Daily credits of crm', detail: '93% used', enabled: true },
        { sort: 'kind' as const, id: 'silent', title: 'A source is silent', detail: '', enabled: false },
      ],
      told: async (range) => ({
        label: range ?? 'the last 30 days',
        alerts: [{ title: 'CRM has used 90%', sign: '🔴' as const, atMs: Date.UTC(2026, 10, 20, 8) }],
      }),
      mute: told('alerts.mute', 'CRM API'),
      unmute: told('alerts.unmute', 'CRM API'),
      find: async () => ({ scope: 'crm', periodEndMs: Date.UTC(2026, 10, 30) }),
      acknowledge: told('alerts.acknowledge', ['CRM has used 90%']),
      ...alerts,
    },
    alertRules: { add: told('alerts.add', undefined), remove: told('alerts.remove', undefined) },
    alertRouting: {
      get: async () => ({
        channel: 'C01ONCALL',
        mention: 'S0123',
        kinds: [
          { kind: 'level', title: 'A pool reaches 75, 90 or 100%', on: true },
          { kind: 'silent', title: 'A source is silent', on: false },
        ],
      }),
      change: told('alertRouting.change', true),
      test: told('alerts.test', undefined),
    },
    pools: {
      list: async () => [],
      clients: async () => [],
      check: async () => [],
      show: async () => 'scopes: []\n',
      apply: told('pools.apply', ['crm: base 50,000 → 60,000 from today']),
      ...pools,
    },
    instance: { version: '1.2.3', lastTickMs: () => Date.UTC(2026, 10, 21, 9) },
    corrections: { correct: told('corrections.correct', ['Corrected crm']) },
    doctor: {
      check: async () => [
        { ok: true, line: 'database: sqlite, newest schema' },
        { ok: false, line: 'ALERT_CHANNEL is not set: set it' },
      ],
    },
  };
}

/** Block types of a message, in order. */
export function typesOf(message: { blocks?: { type: string }[] } | undefined): string[] {
  return (message?.blocks ?? []).map(({ type }) => type);
}

/** Returns the press that chooses an entry of the menus under an answer, by its label. */
export function entryOf(
  message: { blocks?: { type: string; [key: string]: unknown }[] },
  label: string,
): { action_id: string; selected_option: string } {
  const elements = (message.blocks ?? []).flatMap(({ elements }) => (elements ?? []) as Menu[]);
  for (const { action_id, options = [], option_groups = [] } of elements) {
    const entries = [...options, ...option_groups.flatMap((group) => group.options)];
    const found = entries.find(({ text }) => text.text === label);
    if (found) return { action_id, selected_option: found.value };
  }
  throw new Error(`No menu has the entry ${label}`);
}

interface Menu {
  action_id: string;
  options?: Entry[];
  option_groups?: { options: Entry[] }[];
}

interface Entry {
  value: string;
  text: { text: string };
}
