import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type App, createApp } from '../../src/app.ts';
import { parseConfig } from '../../src/config.ts';
import { createLogger } from '../../src/log.ts';
import { runBeside, runHere } from '../support/command-process.ts';
import { createDatabase } from '../support/databases.ts';
import { type Emulator, settingsIn, startEmulator } from '../support/emulator.ts';

export const CHANNEL = 'C01USAGE';
export const ONCALL = 'C01ONCALL';
export const ALICE = 'U01ALICE';
export const ADMIN = 'U01ADMIN';

type Shown = ReturnType<Emulator['messages']>[number];
type Blocks = readonly { [key: string]: unknown }[];

/** An answer as a person sees it. */
export interface Seen {
  message: Shown;
  /** The fallback text, without the word joiners that keep names from becoming links. */
  text: string;
  /** All texts that the blocks show: headings, lists, cards, tables, buttons. */
  words: string;
  /** Cells of the table, its head first. If a chart is shown, the table is the one behind *Table*. Empty if there is none. */
  table: string[][];
  /** Labels of its buttons and menu entries. */
  controls: string[];
}

export interface Stage {
  app: App;
  slack: Emulator;
  /** Types `/usage …` and returns the answer, posted in the channel or to the person alone. */
  ask(text: string, who?: { user?: string; channel?: string }): Promise<Seen>;
  /** Does something and returns the message that follows. */
  see(action: () => Promise<unknown>, who?: { user?: string; channel?: string }): Promise<Seen>;
  /** Returns an answer with its table. If it shows a chart, presses *Table* first. */
  withTable(shown: Shown, user?: string): Promise<Seen>;
  /** Returns the rows of `/usage export …`, as objects by column. */
  csv(text: string): Promise<Record<string, string>[]>;
  send(events: readonly object[]): Promise<{ accepted: number; duplicates: number; rejected: unknown[] }>;
  /** Runs a command of the command line beside the bot. */
  cli(...words: string[]): Promise<string>;
  write(name: string, content: string | Uint8Array): string;
  stop(): Promise<void>;
}

export interface StageOptions {
  /** Time at the start, epoch ms. It passes normally from there. */
  nowMs: number;
  zone?: string;
  databaseUrl?: string;
  /** YAML of the pools, applied before the bot starts. */
  pools?: string;
  /** Files imported before the bot starts: name, content and further words of `headroom import`. */
  imports?: readonly { name: string; content: string | Uint8Array; words?: readonly string[] }[];
  env?: Readonly<Record<string, string>>;
}

const TOKEN = 'acceptance-0123456789';

/** Starts the whole bot on a real database, in an emulated workspace. Tests use it by HTTP and by commands in Slack. */
export async function startStage(options: StageOptions): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), 'headroom-acceptance-'));
  const database = await createDatabase('sqlite');
  const startedMs = Date.now();
  const now = () => options.nowMs + (Date.now() - startedMs);
  const slack = await startEmulator({ now });
  const env = {
    ...settingsIn(slack, options.databaseUrl ?? database.url),
    INGEST_TOKEN: TOKEN,
    LOG_LEVEL: 'silent',
    REPORT_TIMEZONE: options.zone ?? 'UTC',
    ...options.env,
  };
  const write = (name: string, content: string | Uint8Array): string => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };
  let running = false;
  const cli = async (...words: string[]): Promise<string> => {
    const run = running ? runBeside : runHere;
    const { code, lines } = await run({ words, env, folder, nowMs: now() });
    if (code !== 0) throw new Error(`headroom ${words.join(' ')} ended with ${code}:\n${lines.join('\n')}`);
    return lines.join('\n');
  };
  if (options.pools) await cli('pools', 'apply', write('pools.yaml', options.pools));
  for (const { name, content, words = [] } of options.imports ?? [])
    await cli('import', write(name, content), ...words);

  const clock = {
    now,
    sleep: (ms: number, signal?: AbortSignal) =>
      new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        signal?.addEventListener('abort', () => {
          clearTimeout(timer);
          resolve();
        });
      }),
  };
  const app = createApp(parseConfig(env, 'slack'), { clock, log: createLogger('silent') });
  await app.start();
  running = true;
  slack.eventsUrl = `${app.url}/slack/events`;

  const withTable: Stage['withTable'] = async (shown, user = ALICE) => {
    const seen = toSeen(shown);
    if (!isChart(shown)) return seen;
    await slack.click({ user, message: shown, action_id: 'answer_view:table' });
    const look = () => [...slack.messages(shown.channel), ...slack.ephemerals(user)];
    const turned = await slack.waitFor(
      () => look().find(({ ts, blocks }) => ts === shown.ts && blocks?.some(({ type }) => type === 'table')),
      'the table of an answer',
      10_000,
    );
    const { message, table, words, controls } = toSeen(turned);
    return { ...seen, message, table, words: `${seen.words}\n${words}`, controls: [...seen.controls, ...controls] };
  };
  const see: Stage['see'] = async (action, { user = ALICE, channel = CHANNEL } = {}) => {
    const look = () =>
      // On a busy machine, a message that the bot is still counting comes first.
      [...slack.messages(channel), ...slack.ephemerals(user)].filter(({ text }) => !text.startsWith('Still counting'));
    const before = new Set(look().map(({ ts }) => ts));
    await action();
    const first = await slack.waitFor(() => look().find(({ ts }) => !before.has(ts)), 'an answer', 10_000);
    return withTable(first, user);
  };
  return {
    app,
    slack,
    see,
    withTable,
    ask: (text, who = {}) =>
      see(() => slack.command({ user: who.user ?? ALICE, channel: who.channel ?? CHANNEL, text }), who).catch(
        (error) => {
          throw new Error(`/usage ${text}: ${error.message}`);
        },
      ),
    async csv(text) {
      const files = () =>
        [...slack.workspace.files.values()].filter((file) => file.completed && file.filetype === 'csv');
      const before = files().length;
      await slack.command({ user: ALICE, channel: CHANNEL, text: `export ${text}` });
      const file = await slack.waitFor(() => files().length > before && files().at(-1), `a CSV of ${text}`, 10_000);
      await slack.waitFor(
        () => slack.messages(CHANNEL).some((message) => message.files?.some(({ id }) => id === file.id)),
        `the message with the CSV of ${text}`,
      );
      return parseCsv(file.bytes.toString('utf8'));
    },
    async send(events) {
      const response = await fetch(`${app.url}/v1/events`, {
        method: 'POST',
        headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
        body: JSON.stringify(events),
      });
      if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
      return (await response.json()) as Awaited<ReturnType<Stage['send']>>;
    },
    cli,
    write,
    async stop() {
      await app.stop();
      await slack.stop();
      await database.remove();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Tells whether an answer shows a chart, because then it offers its table. */
function isChart({ blocks = [] }: Shown): boolean {
  const elements = blocks.flatMap((block) => (block.elements ?? []) as { action_id?: string }[]);
  return elements.some(({ action_id }) => action_id === 'answer_view:table');
}

export function toSeen(message: Shown): Seen {
  const blocks = (message.blocks ?? []) as Blocks;
  const table = blocks.find(({ type }) => type === 'table') as { rows: { text: string }[][] } | undefined;
  return {
    message,
    text: clean(message.text),
    words: clean(listTexts(blocks).join('\n')),
    table: (table?.rows ?? []).map((row) => row.map(({ text }) => clean(text))),
    controls: blocks.filter(({ type }) => type === 'actions').flatMap((block) => listTexts([block])),
  };
}

/** Returns a text as people read it: without word joiners, with Slack's three escapes decoded. */
function clean(text: string): string {
  return text.replaceAll('\u2060', '').replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}

function listTexts(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(listTexts);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, part]) =>
    ['text', 'fallback', 'alt_text', 'url'].includes(key) && typeof part === 'string' ? [part] : listTexts(part),
  );
}

/** Parses CSV (RFC 4180), as a spreadsheet does. */
function parseCsv(text: string): Record<string, string>[] {
  const rows: string[][] = [[]];
  for (const [, quoted, bare, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|$)/g)) {
    if (end === '' && quoted === undefined && bare === '') break;
    rows.at(-1)!.push(quoted === undefined ? bare! : quoted.replaceAll('""', '"'));
    if (end === '\r\n') rows.push([]);
  }
  const [head, ...body] = rows.filter((row) => row.length > 0);
  return body.map((row) => Object.fromEntries(head!.map((name, at) => [name, row[at] ?? ''])));
}

/** `2,878`, as answers print numbers. */
export function grouped(value: number): string {
  return value.toLocaleString('en-US');
}
