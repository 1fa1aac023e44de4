import { describe, expect, it } from 'vitest';
import { deleteAnswersBefore } from '../../src/store/conversation-repository.ts';
import type { Emulator, Message } from '../support/emulator.ts';
import { rankingOf } from './reports.ts';
import { entryOf, type Rig, startRig, typesOf } from './support.ts';

async function ask(rig: Rig, text: string, user = 'alice'): Promise<Message> {
  await rig.slack.command({ user, channel: 'api-usage', text });
  return rig.slack.waitFor(
    () => rig.slack.messages('api-usage').findLast((one) => typesOf(one).includes('actions')),
    `${text} is answered`,
  );
}

const updated = (slack: Emulator, ts: string) =>
  slack.waitFor(
    () => slack.messages('api-usage').find((one) => one.ts === ts && one.edited),
    'the message has changed',
  );
const private1 = (slack: Emulator, user: string) => slack.waitFor(() => slack.ephemerals(user)[0], 'a private message');

describe('controls under an answer', () => {
  it.each([
    ['range', { action_id: 'answer_range', selected_option: '30d' }, { report: 'top', range: '30d' }],
    ['sort', 'Most failed', { report: 'top', sort: '-failed' }],
    ['drill-down', 'billing-sync', { report: 'client', name: 'billing-sync' }],
    ['table', { action_id: 'answer_view:table' }, { report: 'top', view: 'table' }],
    ['doughnut', 'Doughnut', { report: 'top', view: 'doughnut' }],
    ['view all', 'View all', { report: 'top', view: 'table', limit: 14, offset: 0 }],
  ])('%s changes the message in place for its asker', async (_name, press, question) => {
    const rig = await startRig();
    const message = await ask(rig, 'top clients 7d');
    await rig.slack.click({ user: 'alice', message, ...(typeof press === 'string' ? entryOf(message, press) : press) });
    await updated(rig.slack, message.ts);
    expect(rig.questions.at(-1)).toMatchObject(question);
    expect(rig.slack.messages('api-usage')).toHaveLength(1);
    rig.slack.assertNoProblems();
  });

  it('give anyone else a private copy, and leave the message alone', async () => {
    const rig = await startRig();
    const message = await ask(rig, 'top clients 7d');
    await rig.slack.click({ user: 'boris', message, action_id: 'answer_range', selected_option: '30d' });
    const copy = await private1(rig.slack, 'boris');
    expect(typesOf(copy)).toContain('data_visualization');
    expect(rig.questions.at(-1)).toMatchObject({ range: '30d', private: true });
    expect(rig.slack.messages('api-usage')[0]!.edited).toBeUndefined();
    rig.slack.assertNoProblems();
  });

  it('change a private answer in place', async () => {
    const rig = await startRig();
    await rig.slack.command({ user: 'alice', channel: 'api-usage', text: 'top clients 7d private' });
    const told = await private1(rig.slack, 'alice');
    await rig.slack.click({ user: 'alice', message: told, action_id: 'answer_range', selected_option: 'yesterday' });
    await rig.slack.waitFor(() => rig.questions.at(-1)?.range === 'yesterday', 'it is asked');
    await rig.slack.waitFor(
      () => rig.slack.calls.filter((call) => call.method === 'response_url').length === 2,
      'it is replaced',
    );
    expect(rig.slack.ephemerals('alice')).toHaveLength(1);
    expect(rig.slack.messages('api-usage')).toEqual([]);
    rig.slack.assertNoProblems();
  });

  it('make a posted answer private again, for its asker only', async () => {
    const rig = await startRig();
    const message = await ask(rig, 'top clients 7d');
    await rig.slack.click({ user: 'boris', message, ...entryOf(message, 'Make private') });
    expect((await private1(rig.slack, 'boris')).text).toContain('Only the person who asked');
    await rig.slack.click({ user: 'alice', message, ...entryOf(message, 'Make private') });
    await rig.slack.waitFor(() => rig.slack.messages('api-usage').length === 0, 'the message is gone');
    expect((await private1(rig.slack, 'alice')).text).toContain('947,000');
    rig.slack.assertNoProblems();
  });

  it('say kindly that an answer is old once it is kept no longer, and ask again', async () => {
    const rig = await startRig();
    const message = await ask(rig, 'top clients 7d');
    const kept = () => rig.db.selectFrom('answer').select('ts').executeTakeFirst();
    await expect.poll(kept).toEqual({ ts: message.ts });
    await deleteAnswersBefore(rig.db, Number.MAX_SAFE_INTEGER);
    const presses = [
      { action_id: 'answer_range', selected_option: '30d' },
      { action_id: 'answer_drill', selected_option: '0' },
      entryOf(message, 'Make private'),
    ];
    for (const [index, press] of presses.entries()) {
      await rig.slack.click({ user: 'boris', message, ...press });
      const told = await rig.slack.waitFor(() => rig.slack.ephemerals('boris')[index], 'boris is told');
      expect(told.text).toContain('This answer is old');
    }
    await rig.slack.click({ user: 'boris', message: rig.slack.ephemerals('boris')[0]!, action_id: 'run:0' });
    await rig.slack.waitFor(() => rig.questions.at(-1)?.report === 'summary', 'it is asked again');
    rig.slack.assertNoProblems();
  });

  it('page through all rows', async () => {
    const names = Array.from({ length: 14 }, (_, index) => `client-${index}`);
    const rig = await startRig({ report: (question) => rankingOf(question, names, 120) });
    const message = await ask(rig, 'top clients 7d');
    await rig.slack.click({ user: 'alice', message, ...entryOf(message, 'View all') });
    const all = await updated(rig.slack, message.ts);
    await rig.slack.click({ user: 'alice', message: all, ...entryOf(all, 'Next page') });
    await rig.slack.waitFor(() => rig.questions.at(-1)?.offset === 14, 'the next page is asked for');
    rig.slack.assertNoProblems();
  });

  it('page through fewer rows where names wrap', async () => {
    const names = Array.from({ length: 14 }, (_, index) => `Warehouse export of the northern region ${index}`);
    const rig = await startRig({ report: (question) => rankingOf(question, names, 14) });
    const message = await ask(rig, 'top clients 14 7d table');
    const { rows } = message.blocks!.find(({ type }) => type === 'table') as unknown as { rows: unknown[] };
    expect(rows.length - 1).toBe(5);
    await rig.slack.click({ user: 'alice', message, ...entryOf(message, 'Next page') });
    await rig.slack.waitFor(() => rig.questions.at(-1)?.offset === 5, 'the next page begins behind the last row');
    rig.slack.assertNoProblems();
  });

  it('offer Add-on and Upgrade where a level is amber or red', async () => {
    const rig = await startRig();
    const message = await ask(rig, 'summary');
    expect(JSON.stringify(message.blocks)).toContain('https://example.com/upgrade');
    await rig.slack.click({ user: 'alice', message, action_id: 'link:addon' });
    rig.slack.assertNoProblems();
  });
});

describe('CSV', () => {
  const name = 'usage_top_clients_2026-11-14_2026-11-20_Europe-Berlin.csv';

  it('goes to the thread of the answer for its asker, whole', async () => {
    const rig = await startRig();
    const message = await ask(rig, 'top clients 7d');
    await rig.slack.click({ user: 'alice', message, ...entryOf(message, 'CSV') });
    const reply = await rig.slack.waitFor(
      () => rig.slack.thread('api-usage', message.ts).find(({ files }) => files),
      'the file',
    );
    expect(reply.files![0]).toMatchObject({ name });
    expect(rig.slack.file(String(reply.files![0]!.id))!.bytes.toString()).toMatch(
      /^name,requests,share_percent,ok,failed\r\nacme-web,947000,/,
    );
    expect(rig.questions.at(-1)).toMatchObject({ limit: 1000 });
    rig.slack.assertNoProblems();
  });

  it('goes to the direct messages of anyone else', async () => {
    const rig = await startRig();
    const message = await ask(rig, 'top clients 7d');
    await rig.slack.click({ user: 'boris', message, ...entryOf(message, 'CSV') });
    const file = await rig.slack.waitFor(
      () => rig.slack.directMessages('boris').find(({ files }) => files),
      'the file',
    );
    expect(file.files![0]).toMatchObject({ name });
    expect(rig.slack.thread('api-usage', message.ts)).toHaveLength(1);
    rig.slack.assertNoProblems();
  });

  it.each([
    ['export top clients 7d', 'api-usage', 'channel'],
    ['export top clients 7d private', 'api-usage', 'dm'],
    ['export top clients 7d', 'random', 'dm'],
  ])('%s in #%s comes by %s', async (text, channel, where) => {
    const rig = await startRig();
    await rig.slack.command({ user: 'alice', channel, text });
    const find = () => (where === 'dm' ? rig.slack.directMessages('alice') : rig.slack.messages(channel));
    const file = await rig.slack.waitFor(() => find().find(({ files }) => files), 'the file');
    expect(file.files![0]).toMatchObject({ name });
    const by = where === 'dm' ? '' : ' · asked by <@U01ALICE>';
    expect(file.text).toBe(`Top clients · 14–20 Nov 2026 · Europe/Berlin${by}`);
    rig.slack.assertNoProblems();
  });
});

describe('CSV of a ranking by command', () => {
  it.each([
    ['export top clients 7d', 1000],
    ['export top 2 clients 7d', 2],
  ])('%s asks for %i rows', async (text, limit) => {
    const rig = await startRig();
    await rig.slack.command({ user: 'alice', channel: 'api-usage', text });
    await rig.slack.waitFor(() => rig.slack.messages('api-usage').find(({ files }) => files), 'the file');
    expect(rig.questions.at(-1)).toMatchObject({ limit });
  });
});

describe('filters chosen in the form', () => {
  it('stay for that person and channel until they are reset', async () => {
    const rig = await startRig();
    const message = await ask(rig, 'top clients 7d');
    await rig.slack.click({ user: 'alice', message, ...entryOf(message, 'Choose filters…') });
    const modal = await rig.slack.waitFor(() => rig.slack.modal('alice'), 'the form');
    const found = await rig.slack.suggest({ user: 'alice', action_id: 'search:route', value: 'ord', container: modal });
    expect(found).toEqual([{ text: { type: 'plain_text', text: 'route-ord', emoji: false }, value: 'route-ord' }]);
    await rig.slack.submitView({ user: 'alice', viewId: modal.id, values: { route: found, status: ['4xx'] } });
    const filters = [
      { key: 'route', patterns: ['route-ord'], not: false },
      { key: 'status', patterns: ['4xx'], not: false },
    ];
    await updated(rig.slack, message.ts);
    expect(rig.questions.at(-1)!.filters).toEqual(filters);
    const later = await ask(rig, 'status 30d');
    expect(rig.questions.at(-1)!.filters).toEqual(filters);
    await rig.slack.command({ user: 'boris', channel: 'api-usage', text: 'status 30d' });
    await rig.slack.waitFor(() => rig.questions.length === 4, 'another person asks');
    expect(rig.questions.at(-1)!.filters ?? []).toEqual([]);
    const mine = await rig.slack.waitFor(
      () =>
        rig.slack
          .messages('api-usage')
          .find((one) => one.ts === later.ts && JSON.stringify(one.blocks).includes('Reset filters')),
      'the answer can be reset',
    );
    await rig.slack.click({ user: 'alice', message: mine, ...entryOf(mine, 'Reset filters') });
    await rig.slack.waitFor(() => rig.questions.length === 5, 'it is asked without filters');
    expect(rig.questions.at(-1)!.filters).toEqual([]);
    rig.slack.assertNoProblems();
  });
});

describe('saved views', () => {
  it('are saved from an answer, listed, opened and removed', async () => {
    const rig = await startRig();
    const message = await ask(rig, 'top routes 30d');
    await rig.slack.click({ user: 'alice', message, action_id: 'answer_more', selected_option: 'save' });
    const modal = await rig.slack.waitFor(() => rig.slack.modal('alice'), 'the form');
    await rig.slack.submitView({ user: 'alice', viewId: modal.id, values: { name: 'big ones', owner: 'channel' } });
    await rig.slack.waitFor(() => rig.slack.ephemerals('alice')[0], 'it is saved');
    await rig.slack.command({ user: 'boris', channel: 'api-usage', text: 'views' });
    expect((await private1(rig.slack, 'boris')).text).toContain('big ones (the channel');
    await rig.slack.command({ user: 'boris', channel: 'api-usage', text: 'open "big ones" 7d' });
    await rig.slack.waitFor(() => rig.slack.messages('api-usage').length === 2, 'it is opened');
    expect(rig.questions.at(-1)).toMatchObject({ report: 'top', dimension: 'route', range: '7d' });
    await rig.slack.command({ user: 'boris', channel: 'api-usage', text: 'save again' });
    await rig.slack.waitFor(
      () => rig.slack.ephemerals('boris').some(({ text }) => text.includes('Saved again for you')),
      'saved',
    );
    await rig.slack.command({ user: 'boris', channel: 'api-usage', text: 'unsave again' });
    await rig.slack.waitFor(
      () => rig.slack.ephemerals('boris').some(({ text }) => text.includes('Removed')),
      'removed',
    );
    rig.slack.assertNoProblems();
  });
});
