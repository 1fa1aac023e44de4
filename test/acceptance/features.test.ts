import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MONTHS } from '../../src/domain/calendar.ts';
import {
  between,
  CONNECTORS,
  COUNTED,
  calls,
  credits,
  EVENTS,
  EXCLUDED,
  failures,
  fieldOf,
  lastWeek,
  NOW,
  OLD_EVENTS,
  POOLS,
  ranked,
  type SampleEvent,
} from './sample.ts';
import { ALICE, CHANNEL, grouped, ONCALL, type Seen, type Stage, startStage, toSeen } from './stage.ts';

/** Numbers of features listed on the reference systems' pages: A UiPath, B Genesys Cloud, C account app, D Zoho CRM, E Bigin. */
const ROWS = { A: 22, B: 37, C: 19, D: 28, E: 13 } as const;
const IDS = Object.entries(ROWS).flatMap(([system, count]) =>
  Array.from({ length: count }, (_, index) => `${system}${index + 1}`),
);

let stage: Stage;
const answers = new Map<string, Promise<Seen>>();

beforeAll(async () => {
  const content = `${OLD_EVENTS.map((event) => JSON.stringify(event)).join('\n')}\n`;
  stage = await startStage({ nowMs: NOW, pools: POOLS, imports: [{ name: 'old.ndjson', content }] });
  expect(await stage.send(EVENTS)).toMatchObject({ accepted: EVENTS.length, duplicates: 0, rejected: [] });
});

afterAll(() => stage.stop());

/** Asks `/usage …` and keeps the answer, so that a repeated question is asked once. */
function usage(text: string): Promise<Seen> {
  let answer = answers.get(text);
  if (!answer) {
    answer = stage.ask(text);
    answers.set(text, answer);
  }
  return answer;
}

/** Returns the rows of an answer's table, by the labels of its columns. */
function rowsOf({ table }: Seen): Record<string, string>[] {
  const [head = [], ...rows] = table;
  return rows.map((row) => Object.fromEntries(head.map((label, at) => [label || 'bar', row[at] ?? ''])));
}

/** Returns the row with these cells. If there is none, the failure shows the whole table. */
function rowOf(seen: Seen, cells: Record<string, string>): Record<string, string> {
  const row = rowsOf(seen).find((each) => Object.entries(cells).every(([label, text]) => each[label] === text));
  expect(row, `a row with ${JSON.stringify(cells)} in\n${seen.text}`).toBeDefined();
  return row!;
}

/** Asserts that a ranking shows exactly these values with their calls, in this order. */
function expectRanking(seen: Seen, expected: readonly (readonly [string, number])[]): void {
  expect(seen.table.slice(1).map(([name, requests]) => [name, requests])).toEqual(
    expected.map(([name, count]) => [name, grouped(count)]),
  );
}

/** Asserts the counts of a ranking. Rows with equal counts may be in any order. */
function expectCounts(seen: Seen, expected: readonly (readonly [string, number])[]): void {
  const shown = seen.table.slice(1).map(([name, requests]) => `${name} ${requests}`);
  expect(shown.toSorted()).toEqual(expected.map(([name, count]) => `${name} ${grouped(count)}`).toSorted());
}

const shortDay = (date: string) =>
  Temporal.PlainDate.from(date).toLocaleString('en-GB', { day: 'numeric', month: 'short' });
const monthly = (where: Parameters<typeof between>[2] = {}) => between('2026-10-22', '2026-11-20', where);
const today = (where: Parameters<typeof between>[2] = {}) => between('2026-11-21', '2026-11-21', where);
const percent = (part: number, whole: number) => Number(((100 * part) / whole).toFixed(1));
const percentOf = (cell: string | undefined) => Number.parseFloat(cell ?? '');

/** Shows an answer as a chart again, since stage.ask leaves its table, and waits for the picture. */
async function picture(seen: Seen): Promise<string> {
  const current = () => stage.slack.messages(CHANNEL).find(({ ts }) => ts === seen.message.ts)!;
  const chart = elementsOf(current()).find(({ action_id }) => action_id === 'answer_view:chart');
  if (chart) await stage.slack.click({ user: ALICE, message: current(), action_id: chart.action_id! });
  const image = await stage.slack.waitFor(() => current().blocks?.find(({ type }) => type === 'image'), 'a picture');
  const file = stage.slack.file((image.slack_file as { id: string }).id);
  expect(file!.bytes.subarray(1, 4).toString()).toBe('PNG');
  return String(image.alt_text);
}

interface Entry {
  value: string;
  text: { text: string };
}

interface Element {
  action_id?: string;
  text?: { text: string };
  options?: Entry[];
  option_groups?: { options: Entry[] }[];
}

function elementsOf(message: Seen['message']): Element[] {
  return (message.blocks ?? []).flatMap((block) => (block.elements ?? []) as Element[]);
}

function entriesOf({ options = [], option_groups = [] }: Element): Entry[] {
  return [...options, ...option_groups.flatMap((group) => group.options)];
}

/** Presses a control under an answer and returns the changed message. */
async function press(seen: Seen, action: string, choice?: string, user = ALICE): Promise<Seen> {
  const current = () => stage.slack.messages(CHANNEL).find(({ ts }) => ts === seen.message.ts)!;
  const before = toSeen(current());
  const element = elementsOf(before.message).find(({ action_id: id }) => id === action || id?.startsWith(`${action}:`));
  await stage.slack.click({
    user,
    message: current(),
    action_id: element?.action_id ?? action,
    ...(choice === undefined ? {} : { selected_option: choice }),
  });
  const after = await stage.slack.waitFor(() => {
    const now = toSeen(current());
    return now.text !== before.text || now.controls.join() !== before.controls.join() ? now : undefined;
  }, `the answer after ${action}`);
  return stage.withTable(after.message, user);
}

/** Presses a button, or chooses an entry of a menu, by its label. */
function pressLabel(seen: Seen, label: string): Promise<Seen> {
  const elements = elementsOf(seen.message);
  const found = elements.find(({ text }) => text?.text === label);
  if (found) return press(seen, found.action_id!);
  const menu = elements.find((element) => entriesOf(element).some(({ text }) => text.text === label));
  const entry = menu && entriesOf(menu).find(({ text }) => text.text === label);
  expect(entry, `${label} among ${seen.controls.join(', ')}`).toBeDefined();
  return press(seen, menu!.action_id!, entry!.value);
}

interface Feature {
  id: string;
  what: string;
  check: () => Promise<void>;
}

const FEATURES: Feature[] = [];

function feature(id: string, what: string, check: () => Promise<void>): void {
  FEATURES.push({ id, what, check });
}

const CREDITS_BEFORE = OLD_EVENTS.filter(({ id }) => id.startsWith('month-'));
const BUNDLE = 100_000;

function drawnFromAddOn(): number {
  const months = Map.groupBy(
    [...CREDITS_BEFORE, ...COUNTED.filter(({ scope }) => scope === 'integration-service')],
    (event: SampleEvent) => event.time.slice(0, 7),
  );
  return [...months.values()].reduce((sum, month) => sum + Math.max(0, credits(month) - BUNDLE), 0);
}

// A. UiPath Integration Service

feature('A1', '153 connectors, those in preview apart', async () => {
  const rows = await stage.csv('top 1000 modules 30d scope:integration-service');
  for (const [index, name] of CONNECTORS.entries())
    expect(
      rows.find((row) => row.name === name),
      name,
    ).toMatchObject({ requests: String(600 + index) });
  const previews = CONNECTORS.filter((name) => name.endsWith('Preview'));
  expect(CONNECTORS).toHaveLength(153);
  expect((await stage.csv('top 1000 modules 30d module:*Preview')).map(({ name }) => name).toSorted()).toEqual(
    previews.toSorted(),
  );
});
feature('A2', 'licences and usage on one page', async () => {
  const { words } = toSeen({ ...(await stage.slack.openHome(ALICE)), text: '' } as never);
  expect(words).toMatch(/9,200 of 10,000 used in Plan/);
});
feature('A3', 'licences of the whole organisation', async () => {
  const row = rowOf(await usage('licences'), { Licence: 'Automation Developer' });
  expect(row).toMatchObject({ Quantity: '10', Each: '5,000', Granted: '50,000' });
});
feature('A4', 'number of all purchased licences', async () => {
  expect((await usage('licences')).text).toContain('30 licences');
});
feature('A5', 'consumables', async () => {
  const seen = await usage('consumables');
  expect(rowOf(seen, { Pool: 'Annual add-on', Licence: 'Base' }).Granted).toBe('3,000,000');
});
feature('A6', 'what counts as a call', async () => {
  const sent = between('2026-10-23', '2026-11-21', { scope: 'integration-service' });
  const { words } = await usage('explain integration-service');
  expect(words).toContain('kind rpa: 0 credits a call');
  expect(words).toContain(`${grouped(calls(sent))} requests cost ${grouped(credits(sent))} credits`);
});
feature('A7', 'manual, attended, unattended: counted alike', async () => {
  const sent = monthly({ scope: 'integration-service' });
  const seen = await usage('top initiators 30d scope:integration-service by credits');
  for (const [name, count] of ranked(sent, 'initiator').filter(([each]) => each !== '(none)'))
    expect(rowOf(seen, { Initiator: name })).toMatchObject({ Requests: grouped(count), Credits: grouped(count) });
});
feature('A8', 'bundles of licences, and additional ones', async () => {
  const seen = await usage('pool integration-service');
  expect(rowOf(seen, { Pool: 'Bundled licences' }).Amount).toBe('100,000');
  expect(rowOf(seen, { Pool: 'Annual add-on' }).Amount).toBe('3,000,000');
});
feature('A9', 'what use means for the time to come', async () => {
  const row = rowOf(await usage('pool permits'), { Pool: 'Plan' });
  expect(row.Pace).toMatch(/^4\.\d× too fast$/);
  expect(row['Runs out']).toMatch(/^2\d Nov 2026 \d\d:\d\d$/);
  expect((await usage('explain permits')).words).toMatch(
    /Plan (runs out (between|on)|may run out as early as) \w{3} 2\d Nov \d\d:\d\d.*: .*800/,
  );
});
feature('A10', 'the bundle is drawn first', async () => {
  expect((await usage('explain integration-service')).words).toContain('Draw order: Bundled licences → Annual add-on');
  expect(rowOf(await usage('explain'), { Pool: 'Public API: limit Fair use' }).Amount).toBe('1,000');
  const { words } = await usage('explain public-api');
  expect(words).toMatch(/Limit Fair use, .* of 1,000 used/);
  expect(words).toMatch(/(None|[\d,]+) came late/);
});
feature('A11', 'then the add-on, and people are told', async () => {
  const told = await stage.slack.waitFor(
    () => stage.slack.messages(ONCALL).find(({ text }) => text.includes('now draw from the annual add-on')),
    'the message of the switch',
  );
  expect(told.text).toContain('bundled licences');
  expect(rowOf(await usage('pool integration-service'), { Pool: 'Bundled licences' }).Left).toBe('0');
});
feature('A12', '10 Automation Developer × 5,000', async () => {
  const rows = await stage.csv('licences');
  expect(rows.find(({ licence }) => licence === 'Automation Developer')).toMatchObject({ granted: '50000' });
});
feature('A13', '10 Unattended Robot × 5,000', async () => {
  const rows = await stage.csv('licences');
  expect(rows.find(({ licence }) => licence === 'Unattended Robot')).toMatchObject({ granted: '50000' });
});
feature('A14', 'the add-on of a year keeps its balance', async () => {
  const row = rowOf(await usage('pool integration-service'), { Pool: 'Annual add-on' });
  expect(row).toMatchObject({ Used: grouped(drawnFromAddOn()), Period: '1 Dec 2025 – 30 Nov 2026' });
  expect(row.Left).toBe(grouped(3_000_000 - drawnFromAddOn()));
});
feature('A15', 'monthly total of the bundle', async () => {
  expect((await usage('pool integration-service')).words).toContain(
    '10 × 5,000 Automation Developer + 10 × 5,000 Unattended Robot = 100,000',
  );
});
feature('A16', 'October 2023: 125,000 = 100,000 + 25,000', async () => {
  const seen = await usage('pool integration-service 2023-10-31');
  expect(rowOf(seen, { Pool: 'Bundled licences' })).toMatchObject({ Used: '100,000', Left: '0' });
  expect(rowOf(seen, { Pool: 'Annual add-on 2023' })).toMatchObject({ Used: '25,000', Left: '2,975,000' });
});
feature('A17', 'view usage: a graph, from the pools', async () => {
  const seen = await press(await stage.ask('pool integration-service'), 'answer_drill', '0');
  expect(await picture(seen)).toMatch(/^Stacked column chart/);
});
feature('A18', 'twelve months', async () => {
  const months = rowsOf(await usage('history integration-service')).map(({ Month }) => Month);
  expect(months).toHaveLength(12);
  expect([months[0], months.at(-1)]).toEqual(['Dec 2025', 'Nov 2026']);
});
feature('A19', 'by what was purchased', async () => {
  const seen = await usage('history integration-service');
  expect(seen.table[0]).toEqual(expect.arrayContaining(['Bundled licences', 'Annual add-on', 'Total']));
});
feature('A20', 'the breakdown in numbers', async () => {
  const seen = await usage('history integration-service');
  for (const { time, count = 0 } of CREDITS_BEFORE) {
    const month = `${MONTHS[Number(time.slice(5, 7)) - 1]} ${time.slice(0, 4)}`;
    expect(rowOf(seen, { Month: month })).toMatchObject({
      'Bundled licences': grouped(Math.min(count, BUNDLE)),
      'Annual add-on': grouped(Math.max(0, count - BUNDLE)),
      Total: grouped(count),
    });
  }
});
feature('A21', 'a month is its first to its last day', async () => {
  expect(rowOf(await usage('pool integration-service'), { Pool: 'Bundled licences' }).Period).toBe('1–30 Nov 2026');
});
feature('A22', 'topics of help', async () => {
  for (const topic of ['getting started', 'notifications', 'flex licensing', 'overview', 'faq', 'troubleshooting']) {
    const { words } = await usage(`help ${topic}`);
    expect(words.length, topic).toBeGreaterThan(300);
  }
  expect((await usage('help flex licensing')).words).toContain('10 × 5,000 + 10 × 5,000 = 100,000');
});

// B. Genesys Cloud

feature('B1', 'a report and a view of the same numbers', async () => {
  const count = calls(between('2026-11-20', '2026-11-20'));
  expect((await usage('digest preview')).text).toContain(`${grouped(count)} requests`);
  expect((await usage('day 2026-11-20')).text).toContain(`${grouped(count)} requests`);
});
feature('B2', 'several ways to the same answer', async () => {
  const typed = await usage('top clients');
  const lines = typed.text.split('\n').slice(0, 6);
  const mentioned = await stage.see(async () => {
    await stage.slack.mention({ user: ALICE, channel: CHANNEL, text: 'top clients' });
    const bot = stage.slack.botUserId;
    await stage.slack.waitFor(() => stage.slack.messages(CHANNEL).at(-1)?.user === bot, 'the answer to a mention');
  });
  const said = stage.slack.messages(CHANNEL).at(-1)!;
  expect(mentioned.text).toContain('top clients');
  expect(toSeen(said).text.split('\n').slice(0, 6)).toEqual(lines);
  await stage.slack.shortcut({
    user: ALICE,
    callback_id: 'usage_here',
    message: { channel: CHANNEL, ts: said.ts },
  });
  const modal = await stage.slack.waitFor(() => stage.slack.modal(ALICE), 'a form');
  expect(modal.callback_id).toBe('ask');
  const seen = await stage.see(() =>
    stage.slack.submitView({ user: ALICE, viewId: modal.id, values: { text: 'top clients' } }),
  );
  expect(seen.text.split('\n').slice(0, 6)).toEqual(lines);
});
feature('B3', 'consumption, busy clients, failures, fair use', async () => {
  const { text } = await usage('digest preview');
  const order = ['requests', 'Pools', 'Top clients', 'Status codes'].map((word) => text.indexOf(word));
  expect(order.every((at) => at >= 0)).toBe(true);
  expect(order).toEqual(order.toSorted((a, b) => a - b));
});
feature('B4', 'who may see it', async () => {
  const guest = await stage.ask('top clients', { user: 'U01GUEST' });
  expect(guest.text).toContain('not for guests');
  const closed = await startStage({ nowMs: NOW, env: { VIEWERS: 'U01BORIS' } });
  try {
    expect((await closed.ask('top clients')).text).toContain('Only the people listed in VIEWERS');
    expect((await closed.ask('top clients', { user: 'U01BORIS' })).text).not.toContain('Only the people listed');
    closed.slack.assertNoProblems();
  } finally {
    await closed.stop();
  }
});
feature('B5', 'days of UTC', async () => {
  const seen = await usage('daily 7d scope:public-api');
  for (let day = 14; day <= 20; day++) {
    const date = `2026-11-${day}`;
    expect(rowOf(seen, { Day: shortDay(date) }).Requests).toBe(
      grouped(calls(between(date, date, { scope: 'public-api' }))),
    );
  }
  expect(seen.words).toContain('UTC');
});
feature('B6', 'today is never in a range of days', async () => {
  const seen = await usage('top clients');
  expect(seen.text).toContain('14–20 Nov 2026');
  expect(seen.text).toContain(`of ${grouped(calls(lastWeek()))} requests`);
  expect((await usage('day today')).words).toMatch(/still running/);
});
feature('B7', 'dates of the zone, local time beside', async () => {
  const seen = await usage('top clients 7d private');
  expect(seen.words).toContain('UTC');
  expect((await usage('top clients today private')).words).toContain('as of 10:30 (11:30 your time)');
});
feature('B8', 'who calls, and with what', async () => {
  expectRanking(await usage('top clients'), ranked(lastWeek(), 'name').slice(0, 5));
  expectRanking(
    await usage('top methods 30d scope:public-api'),
    ranked(monthly({ scope: 'public-api' }), 'method').slice(0, 5),
  );
});
feature('B9', 'what is included', async () => {
  const sent = monthly({ scope: 'public-api' });
  expectCounts(await usage('top clients 100 30d scope:public-api'), ranked(sent, 'name'));
  for (const method of ['PUT', 'POST', 'GET', 'DELETE']) {
    rowOf(await usage('top methods 30d scope:public-api'), { Method: method });
  }
});
feature('B10', 'what is excluded, with its volume', async () => {
  const out = between('2026-10-22', '2026-11-20', {}, EVENTS).filter((event) => !COUNTED.includes(event));
  const seen = await usage('sources 30d');
  expect(seen.words).toContain(`${grouped(calls(out))} requests excluded by rules`);
  const byRule = ranked(
    out.map((event) => (EXCLUDED.includes(event.client) ? event : { ...event, client: event.kind! })),
    'client',
  );
  for (const [name, count] of byRule)
    expect(rowsOf(seen).find(({ Source }) => Source!.includes(`"${name}"`))!.Requests).toBe(grouped(count));
  expect((await stage.csv('top 1000 clients 30d')).filter(({ name }) => EXCLUDED.includes(name!))).toEqual([]);
});
feature('B11', 'totals of requests and clients at the head', async () => {
  const sent = monthly({ scope: 'public-api' });
  const clients = ranked(sent, 'name').length;
  for (const report of ['top clients', 'status', 'top routes']) {
    const { text } = await usage(`${report} 30d scope:public-api`);
    expect(text).toContain(`${grouped(calls(sent))} requests`);
    expect(text).toContain(`${clients} clients`);
  }
});
feature('B12', 'five clients, success and failure, CSV', async () => {
  const seen = await usage('top clients 30d scope:public-api');
  expect(seen.table).toHaveLength(6);
  for (const { Client, OK, Failed } of rowsOf(seen)) {
    const theirs = monthly({ scope: 'public-api', name: Client });
    expect([OK, Failed]).toEqual([grouped(calls(theirs) - failures(theirs)), grouped(failures(theirs))]);
  }
  const [row] = await stage.csv('top clients 30d scope:public-api');
  expect(Object.keys(row!).slice(0, 5)).toEqual(['name', 'requests', 'share_percent', 'ok', 'failed']);
});
feature('B13', 'status codes in plain words', async () => {
  const seen = await usage('status 30d scope:public-api');
  const sent = monthly({ scope: 'public-api' });
  const meanings = { 200: /ok/i, 301: /moved/, 400: /bad request/, 429: /rate-limited/, 500: /server error/ };
  for (const [status, meaning] of Object.entries(meanings)) {
    const row = rowOf(seen, { Status: status });
    expect(row.Requests).toBe(grouped(calls(sent.filter((event) => event.status === Number(status)))));
    expect(row.Meaning).toMatch(meaning);
  }
});
feature('B14', 'groups, and the exact codes', async () => {
  const seen = await stage.ask('status 30d scope:public-api');
  const sent = monthly({ scope: 'public-api' });
  const group = calls(sent.filter(({ status = 0 }) => status >= 400 && status < 500 && status !== 429));
  expect(await picture(seen)).toContain(`4xx ${grouped(group)}`);
  for (const status of [401, 404]) {
    expect(rowOf(seen, { Status: String(status) }).Requests).toBe(
      grouped(calls(sent.filter((event) => event.status === status))),
    );
  }
});
feature('B15', 'top URLs, failing or polled', async () => {
  const seen = await usage('top urls 30d scope:public-api');
  expectRanking(seen, ranked(monthly({ scope: 'public-api' }), 'route').slice(0, 5));
  expect(rowOf(seen, { Route: '/v2/analytics/query' }).Failed).toBe(
    grouped(failures(monthly({ route: '/v2/analytics/query' }))),
  );
  expect((await usage('why "Beta Sync"')).words).toMatch(/Polls every 1 min[\s\S]*GET \/v2\/flows/);
});
feature('B16', 'chosen clients in a period', async () => {
  const seen = await usage('clients client:"Acme CRM","Beta Sync" last 30 days');
  const chosen = ranked(monthly(), 'name').filter(([name]) => ['Acme CRM', 'Beta Sync'].includes(name));
  expectRanking(seen, chosen);
});
feature('B17', 'status codes of one client, and what they mean', async () => {
  const seen = await usage('status 30d client:"Acme CRM"');
  expectCounts(
    { ...seen, table: seen.table.map(([status = '', requests = '']) => [status, requests]) },
    ranked(monthly({ name: 'Acme CRM' }), 'status'),
  );
  const malformed = calls(monthly({ name: 'Acme CRM', status: 400 }));
  expect(seen.words).toMatch(new RegExp(`Bad requests[\\s\\S]*${malformed} calls [\\s\\S]*/v2/analytics/query`));
});
feature('B18', 'endpoints of one client, and where they fail', async () => {
  const seen = await usage('client "Acme CRM" 30d');
  const theirs = monthly({ name: 'Acme CRM' });
  for (const row of rowsOf(seen).filter(({ By }) => By === 'route')) {
    const there = theirs.filter((event) => fieldOf(event, 'route') === row.Name);
    expect(row).toMatchObject({ Requests: grouped(calls(there)), Failed: grouped(failures(there)) });
  }
  expect(seen.text).toContain('failures are on /v2/analytics/query');
});
feature('B19', 'a selection of clients that stays until reset', () => expectSelection('client', 'Beta Sync'));
feature('B20', 'the list of all URLs', async () => {
  const seen = await stage.ask('top routes 30d');
  const all = await pressLabel(seen, 'View all');
  expectCounts(all, ranked(monthly(), 'route'));
});
feature('B21', 'a selection of URLs that stays until reset', () => expectSelection('route', '/v2/queues'));
feature('B22', 'success against failure, and what to check', async () => {
  const sent = monthly({ name: 'Acme CRM' });
  const { text, words } = await usage('status 30d client:"Acme CRM"');
  expect(text).toContain(
    `${percent(failures(sent), calls(sent))}% of ${grouped(calls(sent))} requests failed; most of the ${grouped(failures(sent))} failures`,
  );
  expect(words).toMatch(/Access refused[\s\S]*Server errors/);
});
feature('B23', 'panels that can be turned off', async () => {
  await stage.slack.command({ user: ALICE, channel: CHANNEL, text: 'digest add' });
  const modal = await stage.slack.waitFor(() => stage.slack.modal(ALICE), 'the form of a digest');
  const boxes = [...JSON.stringify(modal.blocks).matchAll(/"type":"checkboxes"[\s\S]*?"options":(\[[\s\S]*?\}\])/g)];
  const [message, thread] = boxes.map((found) => JSON.parse(found[1]!) as { value: string; text: { text: string } }[]);
  expect(message!.length + thread!.length).toBeGreaterThanOrEqual(10);
  const status = thread!.find(({ text }) => /status/i.test(text.text))!;
  const kept = thread!.map(({ value }) => value).filter((value) => value !== status.value);
  await stage.see(() => stage.slack.submitView({ user: ALICE, viewId: modal.id, values: { thread: kept } }));
  const preview = await stage.ask('digest preview');
  expect(preview.text).toContain('Top clients');
  expect(preview.text).not.toContain('Status codes');
  await stage.ask('digest remove');
});
feature('B24', 'a graph and the lists of clients and requests', async () => {
  const seen = await stage.ask('top methods 30d scope:public-api');
  expect(await picture(seen)).toMatch(/^Bar chart: Top methods/);
  expect(seen.table.length).toBeGreaterThan(1);
  expect(await picture(await usage('top clients'))).toMatch(/^Bar chart: Top clients/);
});
feature('B25', 'name, requests, share and a bar', async () => {
  const [head, first] = (await usage('top clients')).table;
  expect(head!.slice(0, 3)).toEqual(['Client', 'Requests', '%']);
  const [, most] = ranked(lastWeek(), 'name')[0]!;
  expect(percentOf(first![2])).toBe(percent(most, calls(lastWeek())));
  expect(first!.at(-1)).toMatch(/^█+$/);
});
feature('B26', 'from a client to its requests, and on', async () => {
  const routes = await stage.ask('top routes 30d scope:public-api');
  const route = await press(routes, 'answer_drill', indexOfOption(routes, '/v2/flows'));
  expect(route.text).toContain('268 requests');
  const callers = monthly({ route: '/v2/flows' });
  for (const row of rowsOf(route).filter(({ By }) => By === 'client'))
    expect(row.Requests).toBe(grouped(calls(callers.filter((event) => fieldOf(event, 'name') === row.Name))));
  const next = await press(route, 'answer_drill', indexOfOption(route, 'client Beta Sync'));
  expect(next.message.ts).toBe(routes.message.ts);
  const sum = calls(monthly({ route: '/v2/flows', name: 'Beta Sync' }));
  expect(next.text).toContain(`${grouped(sum)} requests`);
});
feature('B27', 'a fifth column under a filter', async () => {
  const seen = await usage('top routes 30d client:"Acme CRM"');
  const theirs = monthly({ name: 'Acme CRM' });
  const [name, most] = ranked(theirs, 'route')[0]!;
  const row = rowOf(seen, { Route: name });
  expect(percentOf(row['%'])).toBe(percent(most, calls(theirs)));
  const [line] = await stage.csv('top routes 30d client:"Acme CRM"');
  expect(Number(line!.share_of_all_percent)).toBeCloseTo((100 * most) / calls(monthly()), 9);
});
feature('B28', 'one filter, or several', async () => {
  const one = await usage('top routes 30d client:"Beta Sync"');
  expectCounts(one, ranked(monthly({ name: 'Beta Sync' }), 'route').slice(0, 5));
  const two = await usage('top routes 30d client:"Beta Sync" method:GET user:bo');
  expectCounts(two, ranked(monthly({ name: 'Beta Sync', method: 'GET', user: 'bo' }), 'route').slice(0, 5));
});
feature('B29', 'a single day has a graph too', async () => {
  const seen = await stage.ask('day 2026-11-20');
  expect(seen.table).toHaveLength(25);
  expect(await picture(seen)).toMatch(/^Column chart: Requests per hour/);
  const polls = between('2026-11-20', '2026-11-20').filter(({ time }) => time.slice(11, 13) === '14');
  expect(seen.table[15]![1]).toBe(grouped(calls(polls)));
});
feature('B30', 'a question saved with its filter and dates', async () => {
  await stage.ask('save queues top clients 2026-11-01..2026-11-10 route:/v2/queues');
  const seen = await stage.ask('open queues');
  expect(seen.text).toContain('1–10 Nov 2026');
  expectCounts(seen, ranked(between('2026-11-01', '2026-11-10', { route: '/v2/queues' }), 'name').slice(0, 5));
});
feature('B31', 'the preset ranges', async () => {
  const seen = await stage.ask('top clients 7d');
  for (const preset of ['7d', '30d', 'this-month', 'last-month', '3-months']) expect(rangesOf(seen)).toContain(preset);
  const chosen = await press(seen, 'answer_range', '30d');
  expectRanking(chosen, ranked(monthly(), 'name').slice(0, 5));
});
feature('B32', 'first and last day of one’s own, both included', async () => {
  const seen = await usage('daily 2026-11-03..2026-11-05');
  expect(seen.text).toContain('3–5 Nov 2026');
  expect(seen.table.slice(1).map(([day, requests]) => [day, requests])).toEqual(
    ['2026-11-03', '2026-11-04', '2026-11-05'].map((day) => [shortDay(day), grouped(calls(between(day, day)))]),
  );
});
feature('B33', 'a CSV by a button, in the thread', async () => {
  const seen = await stage.ask('top ips 30d scope:public-api');
  await stage.slack.click({ user: ALICE, message: seen.message, action_id: 'answer_more', selected_option: 'csv' });
  const posted = await stage.slack.waitFor(
    () =>
      stage.slack
        .messages(CHANNEL)
        .find(
          ({ thread_ts: thread, files }) =>
            thread === seen.message.ts && files?.some(({ name }) => String(name).endsWith('.csv')),
        ),
    'the CSV in the thread',
  );
  const csv = stage.slack.file(String(posted.files![0]!.id))!.bytes.toString('utf8');
  for (const [ip, count] of ranked(monthly({ scope: 'public-api' }), 'ip')) expect(csv).toContain(`\n${ip},${count},`);
});
feature('B34', 'filters by client and URL', async () => {
  const seen = await usage('status 30d client:acme-1 url:/v2/analytics/*');
  const sent = monthly({ client: 'acme-1', route: '/v2/analytics/query' });
  expect(seen.text).toContain(`${grouped(calls(sent))} requests`);
});
feature('B35', 'advice, each with its reason', async () => {
  const seen = await usage('advice 30d scope:public-api');
  expect(seen.words).toMatch(/Have Beta Sync poll less often or cache\n.*of all requests/);
  expect(seen.words).toMatch(/back off after a 429\n.*calls/);
});
feature('B36', 'the seven cases of troubleshooting', async () => {
  const beta = await usage('why "Beta Sync"');
  expect(beta.words).toMatch(/Polls every 1 min[\s\S]*cache/);
  const acme = await usage('why "Acme CRM" 30d');
  const malformed = calls(monthly({ name: 'Acme CRM', status: 400 }));
  const refused = calls(monthly({ name: 'Acme CRM', status: 429 }));
  expect(acme.words).toMatch(new RegExp(`${malformed} calls, .*/v2/analytics/query`));
  expect(acme.words).toContain(`${refused} calls refused`);
  const codes = (await usage('status 30d client:"Acme CRM"')).words;
  expect(codes).toMatch(/Server errors \(5xx\)\s+– 11 calls/);
  expect(codes).toMatch(/peak minute stayed below the limit of Public API .*of 300\), so another limit applies/);
  expect((await usage('why unknown-77')).words).toContain('Unknown client');
  const help = (await usage('help faq')).words;
  expect(help).toContain('Days are those of the report time zone');
  expect((await usage('day 2026-11-20')).table).toHaveLength(25);
});
feature('B37', 'where to read on', async () => {
  expect((await usage('help')).words).toMatch(
    /more topics in the menu below[\s\S]*Ranges\s+Filters\s+Rankings\s+Pools/,
  );
});

// C. The account app

feature('C1', 'counts, rate limits, trend and plan at one look', async () => {
  const { words } = await usage('summary');
  expect(words).toMatch(/peak minute 70 of 60 allowed \(Carriers, 10:29\)/);
  expect(words).toContain(`${grouped(calls(today()))} requests`);
  expect(words).toContain('9,200 of 10,000');
  // The first line answers this question, so the context line does not repeat it.
  expect((await usage('requests per minute now')).words).toMatch(/\d clients · as of/);
});
feature('C2', 'keys belong to a client', async () => {
  expect((await usage('client "Acme CRM" 30d')).words).toContain('Ids: acme-1, acme-2');
});
feature('C3', 'one card per scope', async () => {
  const scopes = [...POOLS.matchAll(/^ {2}- name: (\S+)\n {4}title: (.+)$/gm)];
  const seen = await usage('summary');
  expect(rowsOf(seen).map(({ Scope }) => Scope)).toEqual(scopes.map(([, , title]) => title));
});
feature('C4', 'used in the billing period', async () => {
  const used = calls(between('2026-11-15', '2026-11-21', { scope: 'permits' }));
  expect(rowOf(await usage('summary'), { Scope: 'Permits' }).Used).toBe(grouped(used));
  expect(rowOf(await usage('pool permits'), { Pool: 'Plan' }).Period).toBe('15 Nov – 14 Dec 2026');
});
feature('C5', 'the limit', async () => {
  expect(rowOf(await usage('summary'), { Scope: 'Permits' })).toMatchObject({ Amount: '10,000', Left: '800' });
});
feature('C6', 'a bar of progress', async () => {
  const seen = await usage('summary');
  const [permits, carriers] = ['Permits', 'Carriers'].map((name) => rowOf(seen, { Scope: name }).Gauge!);
  expect(permits!.split('█').length).toBeGreaterThan(carriers!.split('█').length + 5);
  expect(await picture(seen)).toContain('Permits');
});
feature('C7', 'the exact percentage', async () => {
  const used = calls(between('2026-11-15', '2026-11-21', { scope: 'carriers' }));
  expect(rowOf(await usage('summary'), { Scope: 'Carriers' })['%']).toBe(`${percent(used, 10_000)}%`);
});
feature('C8', 'the rate limit, and the busiest minute', async () => {
  expect(rowsOf(await usage('summary'))).toContainEqual(
    expect.objectContaining({ 'Peak minute': '310', 'Rate limit': '300' }),
  );
});
feature('C9', 'healthy below 75%', async () => {
  expect(rowOf(await usage('summary'), { Scope: 'Carriers' }).Level).toBe('healthy');
});
feature('C10', 'amber from 75%, and people are told', async () => {
  expect(rowOf(await usage('summary'), { Scope: 'Bigin' })).toMatchObject({ '%': '78.1%', Level: 'approaching' });
  const told = await stage.slack.waitFor(
    () => stage.slack.messages(ONCALL).find(({ text }) => text.includes('Bigin has used 78.1% of its daily credits')),
    'the alert at 75%',
  );
  expect(told.text).not.toContain('<!subteam');
});
feature('C11', 'red from 90%, and on-call is called', async () => {
  expect(rowOf(await usage('summary'), { Scope: 'Permits' })).toMatchObject({ '%': '92%', Level: 'critical' });
  const told = await stage.slack.waitFor(
    () => stage.slack.messages(ONCALL).find(({ text }) => text.includes('Permits has used 92% of its plan')),
    'the alert at 90%',
  );
  // Looks at the text as posted, which mentions on-call. The chart is added by an edit, which mentions nobody.
  const posted = await stage.slack.waitFor(
    () => stage.slack.calls.find(({ answer }) => answer.ts === told.ts),
    'the call',
  );
  expect(posted.args.text).toContain('<!subteam^S0123>');
});
feature('C12', 'a bar for each of thirty days', async () => {
  const seen = await stage.ask('daily 30d');
  expect(seen.table).toHaveLength(31);
  const days = Array.from({ length: 30 }, (_, at) =>
    Temporal.PlainDate.from('2026-10-22').add({ days: at }).toString(),
  );
  expect(seen.table.slice(1).map(([day, requests]) => [day, requests])).toEqual(
    days.map((day) => [shortDay(day), grouped(calls(between(day, day)))]),
  );
  expect(await picture(seen)).toMatch(/^Column chart: Requests per day/);
});
feature('C13', 'exact date and count of a bar', async () => {
  const rows = await stage.csv('daily 30d');
  expect(rows.find(({ day }) => day === '2026-11-05')).toMatchObject({
    requests: String(calls(between('2026-11-05', '2026-11-05'))),
  });
});
feature('C14', 'the range of dates with the chart', async () => {
  const seen = await stage.ask('daily 30d');
  expect(await picture(seen)).toContain('22 Oct – 20 Nov 2026, UTC');
});
feature('C15', 'the limit per minute stands apart from the allowance', async () => {
  const told = await stage.slack.waitFor(
    () => stage.slack.messages(ONCALL).find(({ text }) => /Carriers.*(rate|minute)/i.test(text)),
    'the alert on the rate',
  );
  expect(told.text).toContain('60');
  expect(rowOf(await usage('summary'), { Scope: 'Carriers' }).Level).toBe('healthy');
});
feature('C16', 'calls refused for being too fast', async () => {
  const refused = calls(today({ scope: 'public-api', status: 429 }));
  expect(rowOf(await usage('status today scope:public-api'), { Status: '429' }).Requests).toBe(grouped(refused));
});
feature('C17', 'back off, cache, spread', async () => {
  expect((await usage('why "Acme CRM" 30d')).words).toContain('back off after each 429');
});
feature('C18', 'add-on and upgrade where it is short', async () => {
  const seen = await usage('pool permits');
  expect(seen.controls).toEqual(expect.arrayContaining(['Add-on', 'Upgrade']));
  expect((await usage('pool carriers')).controls).not.toContain('Add-on');
});
feature('C19', 'when it will run out, in the digest', async () => {
  expect((await usage('digest preview')).text).toMatch(
    /Permits has used 92% of its plan.*runs out around \d\d:\d\d at today’s pace/,
  );
});

// D. Zoho CRM

feature('D1', 'graph or table', async () => {
  const graph = await stage.ask('top modules 30d scope:crm');
  expect(graph.controls).toContain('Table');
  expect(graph.message.blocks!.some(({ type }) => type === 'image')).toBe(false);
  expect(graph.table.length).toBeGreaterThan(2);
  await picture(graph);
});
feature('D2', 'by module, address, method, user, application and time', async () => {
  const sent = monthly({ scope: 'crm' });
  const dimensions = { module: 'modules', ip: 'ips', method: 'methods', user: 'users', name: 'apps' } as const;
  for (const [key, word] of Object.entries(dimensions))
    expectCounts(await usage(`top ${word} 100 30d scope:crm`), ranked(sent, key as never));
  const seen = await usage('daily 30d scope:crm');
  expect(rowOf(seen, { Day: '10 Nov' }).Requests).toBe(
    grouped(calls(between('2026-11-10', '2026-11-10', { scope: 'crm' }))),
  );
});
feature('D3', 'every version of the API', async () => {
  expectRanking(await usage('top versions 30d scope:crm'), ranked(monthly({ scope: 'crm' }), 'api_version'));
});
feature('D4', 'used, left, and calls a day on average', async () => {
  const used = credits(between('2026-11-01', '2026-11-21', { scope: 'crm' }));
  expect(rowOf(await usage('pool crm'), { Pool: 'Monthly credits' })).toMatchObject({
    Used: grouped(used),
    Left: grouped(900_000 - used),
  });
  const average = Math.round(calls(lastWeek({ scope: 'crm' })) / 7);
  expect((await usage('daily 7d scope:crm')).text).toContain(`${grouped(average)} a day`);
});
feature('D5', 'today, yesterday, 24 hours, 30 days, a date', async () => {
  const seen = await usage('top clients');
  for (const preset of ['today', '24h', 'yesterday', '30d']) expect(rangesOf(seen)).toContain(preset);
  const sent = between('2026-11-05', '2026-11-05', { scope: 'crm' });
  expect((await usage('top users 2026-11-05 scope:crm')).text).toContain(`of ${calls(sent)} requests`);
});
feature('D6', 'integration tasks cost credits', async () => {
  const sent = monthly({ scope: 'crm' });
  const seen = await usage('top kinds 30d scope:crm by credits');
  for (const [kind, amount] of ranked(sent, 'kind', credits))
    expect(rowOf(seen, { Kind: kind })).toMatchObject({
      Credits: grouped(amount),
      Requests: grouped(calls(sent.filter((event) => fieldOf(event, 'kind') === kind))),
    });
});
feature('D7', 'how fresh statistics are', async () => {
  expect((await usage('top modules today scope:crm')).text).toContain('as of 10:30');
});
feature('D8', 'what is used counts at once', async () => {
  const before = rowOf(await stage.ask('top scopes today scope:fresh,permits'), { Scope: 'Permits' });
  const event = { time: new Date(NOW).toISOString(), client: 'portal', scope: 'fresh', status: 200, count: 7 };
  await stage.send([{ id: 'fresh', ...event }]);
  const seen = await stage.ask('top scopes today scope:fresh,permits');
  expect(rowOf(seen, { Scope: 'fresh' }).Requests).toBe('7');
  expect(rowOf(seen, { Scope: 'Permits' }).Requests).toBe(before.Requests);
});
feature('D9', 'old events are forgotten, and refused', async () => {
  const outcome = await stage.send([
    { id: 'too-old', time: '2026-09-01T00:00:00Z', client: 'portal', scope: 'fresh' },
    { id: 'fresh', time: new Date(NOW).toISOString(), client: 'portal', scope: 'fresh', status: 200, count: 7 },
  ]);
  expect(outcome).toMatchObject({ accepted: 0, duplicates: 1, rejected: [{ id: 'too-old' }] });
});
feature('D10', 'planning: what if', async () => {
  const seen = await usage('pool bigin if users=25');
  expect(rowOf(seen, { Pool: 'Daily credits' }).Amount).toBe(grouped(50_000 + 25 * 250));
});
feature('D11', 'a doughnut of applications', async () => {
  const { message } = await stage.ask('top apps 30d');
  const [menu] = elementsOf(message).filter(({ action_id }) => action_id === 'answer_drill');
  const { value } = entriesOf(menu!).find(({ text }) => text.text === 'Doughnut')!;
  await stage.slack.click({ user: ALICE, message, action_id: 'answer_drill', selected_option: value });
  const drawn = () => stage.slack.messages(CHANNEL).find(({ ts }) => ts === message.ts)!;
  await stage.slack.waitFor(() => drawn().blocks?.some(({ type }) => type === 'image'), 'the picture');
  expect(await picture(toSeen(drawn()))).toMatch(/^Doughnut/);
});
feature('D12', 'functions as slices', async () => {
  const seen = await stage.ask('top functions 30d scope:crm by credits as doughnut');
  const [name, most] = ranked(monthly({ scope: 'crm', kind: 'integration_task' }), 'function', credits)[0]!;
  expect(await picture(seen)).toMatch(new RegExp(`${name} [^;]*${grouped(most)} credits`));
});
feature('D13', 'from an application to its table', async () => {
  const seen = await stage.ask('top apps 30d');
  const drilled = await press(seen, 'answer_drill', indexOfOption(seen, 'Zoho apps'));
  expect(drilled.text).toContain(`Zoho apps made ${grouped(calls(monthly({ name: 'Zoho apps' })))} requests`);
});
feature('D14', 'from a function to modules, tasks and credits', async () => {
  const seen = await stage.ask('top functions 30d scope:crm');
  const drilled = await press(seen, 'answer_drill', indexOfOption(seen, 'lead_sync'));
  const sent = monthly({ scope: 'crm', function: 'lead_sync' });
  expect(drilled.table[0]).toEqual(expect.arrayContaining(['Module', 'Requests', 'Credits']));
  for (const { Module, Requests, Credits } of rowsOf(drilled)) {
    const there = sent.filter((event) => event.module === Module);
    expect([Requests, Credits]).toEqual([grouped(calls(there)), grouped(credits(there))]);
  }
});
feature('D15', 'the five most used applications', async () => {
  expectRanking(await usage('top apps'), ranked(lastWeek(), 'name').slice(0, 5));
});
feature('D16', 'users and addresses of an application', async () => {
  const seen = await usage('client "Zoho apps" 30d');
  const theirs = monthly({ name: 'Zoho apps' });
  for (const key of ['user', 'ip'] as const) {
    const shown = rowsOf(seen).filter(({ By }) => By === key);
    expect(shown).toHaveLength(5);
    for (const { Name, Requests } of shown)
      expect(Requests).toBe(grouped(calls(theirs.filter((event) => event[key] === Name))));
  }
});
feature('D17', 'modules: five', async () => {
  const expected = ranked(monthly({ scope: 'crm' }), 'module').slice(0, 5);
  expectCounts(await usage('top modules 30d scope:crm'), expected);
});
feature('D18', 'from a module to who uses it', async () => {
  const seen = await stage.ask('top modules 30d scope:crm');
  expect(seen.table[0]![0]).toBe('Module');
  const [name] = seen.table[1]!;
  const drilled = await press(seen, 'answer_drill', indexOfOption(seen, name!));
  expect(drilled.text).toContain(`${grouped(calls(monthly({ scope: 'crm', module: name })))} requests`);
});
feature('D19', 'methods: five', async () => {
  const expected = ranked(monthly({ scope: 'crm' }), 'method').slice(0, 5);
  expectCounts(await usage('top methods 30d scope:crm'), expected);
});
feature('D20', 'view all', async () => {
  const all = await pressLabel(await stage.ask('top modules 30d scope:crm'), 'View all');
  expectCounts(all, ranked(monthly({ scope: 'crm' }), 'module'));
});
feature('D21', 'everything about a module at once', async () => {
  const rows = await stage.csv('top 1000 modules 30d scope:crm');
  for (const [name, count] of ranked(monthly({ scope: 'crm' }), 'module')) {
    const there = monthly({ scope: 'crm', module: name });
    expect(rows.find((row) => row.name === name)).toMatchObject({
      requests: String(count),
      failed: String(failures(there)),
      credits: String(credits(there)),
    });
  }
});
feature('D22', 'sorted by any column', async () => {
  const seen = await stage.ask('top 10 modules 30d scope:crm');
  const byName = await pressLabel(seen, 'Name A–Z');
  const names = byName.table.slice(1).map(([name]) => name!);
  expect(names).toEqual(names.toSorted());
  const byFailed = await pressLabel(byName, 'Most failed');
  const failed = rowsOf(byFailed).map(({ Failed }) => Number(Failed));
  expect(failed).toEqual(failed.toSorted((a, b) => b - a));
});
feature('D23', 'how user, address and application go together', async () => {
  const seen = await usage('top ips 20 30d user:ana app:"Zoho Flow"');
  expectCounts(seen, ranked(monthly({ user: 'ana', client: 'Zoho Flow' }), 'ip'));
});
feature('D24', 'credits of integration tasks in a module', async () => {
  const seen = await usage('top functions 30d module:Leads kind:integration_task by credits');
  const sent = monthly({ module: 'Leads', kind: 'integration_task' });
  for (const [name, amount] of ranked(sent, 'function', credits))
    expect(rowOf(seen, { Function: name }).Credits).toBe(grouped(amount));
});
feature('D25', 'addresses: five, all, one', async () => {
  const seen = await stage.ask('top ips 30d scope:crm');
  expect(seen.table).toHaveLength(6);
  const all = await pressLabel(seen, 'View all');
  expectCounts(all, ranked(monthly({ scope: 'crm' }), 'ip'));
  const ip = all.table[1]![0]!;
  const drilled = await press(all, 'answer_drill', indexOfOption(all, ip));
  expect(drilled.text).toContain(`${grouped(calls(monthly({ scope: 'crm', ip })))} requests`);
});
feature('D26', 'users: three, all, and what one does', async () => {
  const seen = await stage.ask('top users 30d scope:crm');
  expectCounts(seen, ranked(monthly({ scope: 'crm' }), 'user').slice(0, 3));
  expectCounts(await pressLabel(seen, 'View all'), ranked(monthly({ scope: 'crm' }), 'user'));
  const theirs = monthly({ scope: 'crm', user: 'ana' });
  for (const [word, key] of [
    ['ips', 'ip'],
    ['methods', 'method'],
    ['modules', 'module'],
  ] as const)
    expectCounts(await usage(`top 20 ${word} 30d scope:crm user:ana`), ranked(theirs, key));
});
feature('D27', 'by the hour for a day, by the day for more', async () => {
  expect((await usage('2026-11-20')).table[0]![0]).toBe('Hour');
  expect((await usage('2026-11-18..2026-11-20')).table[0]![0]).toBe('Day');
});
feature('D28', 'what it is grouped by stands first', async () => {
  const heads = {
    users: 'User',
    ips: 'IP address',
    modules: 'Module',
    methods: 'Method',
    apps: 'Client',
    urls: 'Route',
  };
  for (const [word, label] of Object.entries(heads))
    expect((await usage(`top ${word} 30d scope:crm`)).table[0]![0]).toBe(label);
});

// E. Bigin

const WINDOW = EVENTS.filter(({ client, time }) => client.startsWith('Bigin') && Date.parse(time) > NOW - 86_400_000);

feature('E1', 'calls in a window of 24 hours', async () => {
  expect(rowOf(await usage('pool bigin'), { Pool: 'Daily credits' }).Used).toBe(grouped(calls(WINDOW)));
});
feature('E2', 'total credits', async () => {
  expect(rowOf(await usage('summary'), { Scope: 'Bigin' }).Amount).toBe('52,500');
});
feature('E3', 'used and unused', async () => {
  expect(rowOf(await usage('summary'), { Scope: 'Bigin' })).toMatchObject({
    Used: grouped(calls(WINDOW)),
    Left: grouped(52_500 - calls(WINDOW)),
  });
});
feature('E4', 'credits of each user', async () => {
  const seen = await usage('top 10 users 24h scope:bigin by credits');
  const expected = ranked(WINDOW, 'user', credits);
  expect(rowsOf(seen).map(({ User, Credits }) => [User, Credits])).toEqual(
    expected.map(([user, amount]) => [user, grouped(amount)]),
  );
});
feature('E5', 'a page of its own', async () => {
  const { words } = toSeen({ ...(await stage.slack.openHome(ALICE)), text: '' } as never);
  expect(words).toMatch(/Permits[\s\S]*Bigin[\s\S]*78\.1%/);
});
feature('E6', 'only its own calls', async () => {
  const sent = monthly().filter(({ client }) => client.startsWith('Bigin'));
  expectRanking(await usage('top clients 30d scope:bigin'), [['Bigin apps', calls(sent)]]);
  expect((await usage('explain bigin')).words).toContain('client Bigin*');
});
feature('E7', 'for every 24 hours', async () => {
  expect(rowOf(await usage('pool bigin'), { Pool: 'Daily credits' }).Period).toBe('last 24 hours');
  expect(calls(WINDOW)).toBeLessThan(calls(EVENTS.filter(({ client }) => client.startsWith('Bigin'))));
});
feature('E8', 'base limit + users × 250', async () => {
  expect((await usage('pool bigin')).words).toContain('50,000 + 10 × 250 Users = 52,500');
});
feature('E9', '50,000 + (10 × 250) = 52,500', async () => {
  expect(rowOf(await usage('pool bigin'), { Pool: 'Daily credits' }).Amount).toBe(grouped(50_000 + 10 * 250));
});
feature('E10', 'how it is calculated', async () => {
  expect((await usage('explain bigin')).words).toMatch(/How the allowance adds up\n – Daily credits .*= 52,500/);
});
feature('E11', 'available and used, overall', async () => {
  expect(rowOf(await usage('summary'), { Scope: 'Bigin' })).toMatchObject({
    Used: '41,000',
    Amount: '52,500',
    Left: '11,500',
  });
});
feature('E12', 'consumption by users', async () => {
  const seen = await usage('top users 24h scope:bigin');
  expectRanking(seen, ranked(WINDOW, 'user').slice(0, 3));
});
feature('E13', 'each answer says how fresh it is', async () => {
  for (const command of ['summary', 'pool bigin', 'top users 24h scope:bigin'])
    expect((await usage(command)).text, command).toMatch(/as of (Sat 21 Nov )?10:3\d/);
});

/** Lists the ranges in the menu of an answer. */
function rangesOf(seen: Seen): string[] {
  const elements = (seen.message.blocks ?? []).flatMap(
    (block) => (block.elements ?? []) as { action_id?: string; options?: { value: string }[] }[],
  );
  return elements.find(({ action_id: id }) => id === 'answer_range')!.options!.map(({ value }) => value);
}

/** Returns the value of an entry in the menu of next questions. */
function indexOfOption({ message }: Seen, label: string): string {
  const entries = elementsOf(message)
    .filter(({ action_id }) => action_id === 'answer_drill')
    .flatMap(entriesOf);
  const found = entries.find(({ text }) => text.text === label);
  expect(found, `${label} among ${entries.map(({ text }) => text.text).join(', ')}`).toBeDefined();
  return found!.value;
}

/** Asserts that values chosen in the form apply to the person's next questions in the channel, until they are reset. */
async function expectSelection(key: 'client' | 'route', value: string): Promise<void> {
  const user = 'U01BORIS';
  const question = 'top methods 30d scope:public-api';
  await stage.slack.command({ user, channel: CHANNEL, text: 'filters' });
  const modal = await stage.slack.waitFor(() => stage.slack.modal(user), 'the form of filters');
  const action = `search:${key}`;
  const options = await stage.slack.suggest({
    user,
    container: modal,
    action_id: action,
    value: value.slice(0, 4),
  });
  const option = options.find((each) => each.value === value);
  expect(option, JSON.stringify(options)).toBeDefined();
  await stage.see(() => stage.slack.submitView({ user, viewId: modal.id, values: { [action]: [option] } }), { user });
  const where = key === 'client' ? { client: value } : { route: value };
  const sent = monthly({ scope: 'public-api', ...where });
  for (let time = 0; time < 2; time++) {
    const seen = await stage.ask(question, { user });
    expect(seen.text).toContain(`of ${grouped(calls(sent))} requests`);
  }
  expect((await stage.ask(question)).text).toContain(`of ${grouped(calls(monthly({ scope: 'public-api' })))} requests`);
  await stage.ask('reset', { user });
  expect((await stage.ask(question, { user })).text).toContain(
    `of ${grouped(calls(monthly({ scope: 'public-api' })))} requests`,
  );
}

describe('what the five reference systems show, in Slack', () => {
  it('has an exercise for every row', () => {
    expect(FEATURES.map(({ id }) => id)).toEqual(IDS);
  });

  it.each(FEATURES)('$id $what', ({ check }) => check());

  it('did nothing that Slack would refuse', () => stage.slack.assertNoProblems());
});
