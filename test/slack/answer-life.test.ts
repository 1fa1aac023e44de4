import { describe, expect, it } from 'vitest';
import type { Picture } from '../../src/domain/picture.ts';
import type { Question, Report } from '../../src/domain/report.ts';
import type { Emulator } from '../support/emulator.ts';
import { answerFixture } from './reports.ts';
import { entryOf, PICTURE, startRig, typesOf } from './support.ts';

/** Ends pauses at once, so that delayed work comes next. */
const atOnce = async () => {};
const NOTE = 'The chart could not be shown this time';

const first = (slack: Emulator, channel = 'api-usage') =>
  slack.waitFor(() => slack.messages(channel)[0], 'the answer is posted');
const withPicture = (slack: Emulator) =>
  slack.waitFor(
    () => slack.messages('api-usage').find((one) => typesOf(one).includes('image')),
    'the answer has its picture',
  );
const countOf = (slack: Emulator, method: string) => slack.calls.filter((call) => call.method === method).length;

describe('the picture of an answer', () => {
  it('is posted with the text when it is ready in time', async () => {
    const { slack } = await startRig({ wait: () => new Promise(() => {}) });
    await slack.command({ user: 'alice', channel: 'api-usage', text: 'top clients' });
    const message = await withPicture(slack);
    expect(countOf(slack, 'chat.update')).toBe(0);
    expect(JSON.stringify(message.blocks)).toContain('"alt_text":"Bar chart: acme-web 947,000 of 2,310,000"');
    slack.assertNoProblems();
  });

  it('never holds the text up: a slow one is added to the posted message', async () => {
    const drawing = Promise.withResolvers<Picture>();
    const { slack } = await startRig({ charts: { render: () => drawing.promise }, wait: atOnce });
    await slack.command({ user: 'alice', channel: 'api-usage', text: 'top clients' });
    const posted = await first(slack);
    expect(typesOf(posted)).toEqual(['rich_text', 'context', 'actions']);
    drawing.resolve(PICTURE);
    const drawn = await withPicture(slack);
    expect(drawn.ts).toBe(posted.ts);
    expect(slack.messages('api-usage')).toHaveLength(1);
    slack.assertNoProblems();
  });

  it('does not come over another answer that the message has become meanwhile', async () => {
    const slow = Promise.withResolvers<Picture>();
    const { slack } = await startRig({
      charts: { render: (report) => (report.question.range === '7d' ? slow.promise : Promise.resolve(undefined)) },
      wait: atOnce,
    });
    await slack.command({ user: 'alice', channel: 'api-usage', text: 'top clients 7d' });
    const posted = await first(slack);
    await slack.click({ user: 'alice', message: posted, action_id: 'answer_range', selected_option: '30d' });
    await slack.waitFor(() => countOf(slack, 'chat.update') === 1, 'it shows 30 days');
    slow.resolve(PICTURE);
    await slack.waitFor(() => countOf(slack, 'files.info') > 0, 'the late picture is uploaded');
    await slack.command({ user: 'alice', channel: 'oncall', text: 'explain' });
    await first(slack, 'oncall');
    expect(countOf(slack, 'chat.update')).toBe(1);
    expect(typesOf(slack.messages('api-usage')[0])).not.toContain('image');
  });

  it('that cannot be drawn leaves text and table, and a note', async () => {
    const failing = async () => {
      throw new Error('no fonts');
    };
    const { slack, log } = await startRig({ charts: { render: failing } });
    await slack.command({ user: 'alice', channel: 'api-usage', text: 'top clients' });
    const message = await first(slack);
    expect(typesOf(message)).toContain('table');
    expect(message.text).toContain(NOTE);
    expect(log.some((line) => String(line.error).includes('no fonts'))).toBe(true);
    slack.assertNoProblems();
  });

  it('that Slack never finishes processing is given up, with a note', async () => {
    const { slack } = await startRig({ wait: atOnce });
    slack.faults.fileNeverReady = true;
    await slack.command({ user: 'alice', channel: 'api-usage', text: 'top clients' });
    const message = await slack.waitFor(
      () => slack.messages('api-usage').find(({ text }) => text.includes(NOTE)),
      'it is noted',
    );
    expect(typesOf(message)).toContain('table');
    expect(countOf(slack, 'files.info')).toBeGreaterThan(5);
    slack.assertNoProblems();
  });

  it('waits until Slack has processed it', async () => {
    const { slack } = await startRig({ emulator: { fileDelayMs: 60 } });
    await slack.command({ user: 'alice', channel: 'api-usage', text: 'top clients' });
    await withPicture(slack);
    slack.assertNoProblems();
  });

  it('that cannot be uploaded leaves text and table', async () => {
    const { slack } = await startRig({ wait: atOnce });
    slack.faults.fail('files.getUploadURLExternal', { error: 'internal_error', times: 3 });
    await slack.command({ user: 'alice', channel: 'api-usage', text: 'top clients' });
    await slack.waitFor(() => slack.messages('api-usage').find(({ text }) => text.includes(NOTE)), 'it is noted');
  });
});

describe('blocks that Slack refuses', () => {
  it('by name give way to their text, and the rest of the answer stands', async () => {
    const { slack, refused, log } = await startRig();
    slack.faults.unknownBlocks.add('image');
    await slack.command({ user: 'alice', channel: 'api-usage', text: 'top clients' });
    const message = await first(slack);
    expect(typesOf(message)).toEqual(['rich_text', 'context', 'context', 'actions']);
    expect(JSON.stringify(message.blocks![1])).toContain('Bar chart: acme-web 947,000 of 2,310,000');
    await expect.poll(() => refused.list()).toHaveLength(1);
    expect(refused.list()).toMatchObject([{ type: 'image', pointer: '/blocks/1/type', count: 1 }]);
    expect(log.filter(({ block }) => block === 'image')).toHaveLength(1);
    slack.assertNoProblems();
  });

  it('through a response URL, which names none, are found by blocks.validate', async () => {
    const { slack } = await startRig();
    slack.faults.unknownBlocks.add('data_visualization');
    await slack.command({ user: 'alice', channel: 'api-usage', text: 'top clients private' });
    const told = await slack.waitFor(() => slack.ephemerals('alice')[0], 'the private answer');
    expect(slack.calls.filter(({ method }) => method === 'blocks.validate')).toHaveLength(1);
    expect(typesOf(told)).toEqual(['rich_text', 'rich_text', 'context', 'actions']);
    expect(JSON.stringify(told.blocks![1])).toContain('acme-web 9');
    slack.assertNoProblems();
  });

  it.each([
    [1, ['rich_text', 'context', 'context', 'actions']],
    [2, []],
  ])('%i times without a word: the answer still comes', async (times, types) => {
    const { slack } = await startRig();
    slack.faults.fail('chat.postMessage', { error: 'invalid_blocks', times });
    await slack.command({ user: 'alice', channel: 'api-usage', text: 'top clients' });
    const message = await first(slack);
    expect(message.text).toContain('acme-web 947,000 requests');
    expect(typesOf(message)).toEqual(types);
  });

  it.each(['slack_connect_file_link_sharing_blocked', 'file_not_found', 'missing_file_data'])(
    'for the sake of a file (%s) cost the picture alone',
    async (error) => {
      const { slack } = await startRig();
      slack.faults.fail('chat.postMessage', { error });
      await slack.command({ user: 'alice', channel: 'api-usage', text: 'top clients' });
      expect(typesOf(await first(slack))).toEqual(['rich_text', 'context', 'context', 'actions']);
    },
  );

  it('cost the Home tab one block', async () => {
    const { slack } = await startRig();
    const whole = (await slack.openHome('alice')).blocks.map(({ type }) => type);
    slack.faults.unknownBlocks.add('header');
    const blocks = (await slack.openHome('alice')).blocks.map(({ type }) => type);
    expect(blocks).toEqual(whole.map((type) => (type === 'header' ? 'section' : type)));
  });
});

describe('an answer that cannot stand in the channel', () => {
  it.each([
    ['random', 'not a member', '/invite @Headroom'],
    ['finance', 'not a member', '/invite @Headroom'],
    ['partner-acme', 'shared outside your organisation', ''],
  ])('of #%s goes to the asker alone and says why', async (channel, reason, cure) => {
    const { slack } = await startRig();
    await slack.command({ user: channel === 'finance' ? 'alice' : 'alice', channel, text: 'top clients' });
    const told = await slack.waitFor(() => slack.ephemerals('alice')[0], 'the private answer');
    expect(told.text).toContain(reason);
    expect(told.text).toContain(cure);
    expect(told.text).toContain('947,000');
    expect(slack.messages(channel)).toEqual([]);
    slack.assertNoProblems();
  });

  it.each([
    'not_in_channel',
    'is_archived',
    'restricted_action',
    'restricted_action_read_only_channel',
    'restricted_action_thread_only_channel',
    'posting_to_channel_denied',
  ])('after %s goes to the asker alone', async (error) => {
    const { slack } = await startRig();
    slack.faults.fail('chat.postMessage', { error });
    await slack.command({ user: 'alice', channel: 'api-usage', text: 'top clients' });
    const told = await slack.waitFor(() => slack.ephemerals('alice')[0], 'the private answer');
    expect(told.text).toContain('the answer is for you alone');
    expect(typesOf(told)).not.toContain('image');
    slack.assertNoProblems();
  });
});

describe('a thread that takes no replies', () => {
  it.each(['restricted_action_thread_locked', 'restricted_action_non_threadable_channel', 'thread_not_found'])(
    'leaves the answer to the channel: %s',
    async (error) => {
      const { slack } = await startRig();
      slack.faults.fail('chat.postMessage', { error });
      await slack.mention({ user: 'alice', channel: 'api-usage', text: 'top clients' });
      const answer = await slack.waitFor(
        () => slack.messages('api-usage').find(({ bot_id: bot }) => bot),
        'the answer',
      );
      expect(answer.thread_ts).toBeUndefined();
      expect(answer.text).toContain('947,000');
      slack.assertNoProblems();
    },
  );
});

describe('Slack in trouble', () => {
  it('told to wait, posts once, later', async () => {
    const pauses: number[] = [];
    const { slack } = await startRig({
      wait: async (ms) => {
        pauses.push(ms);
        if (ms < 2000) await new Promise(() => {});
      },
    });
    slack.faults.rateLimit('chat.postMessage', { times: 1, retryAfter: 3 });
    await slack.command({ user: 'alice', channel: 'api-usage', text: 'top clients' });
    await first(slack);
    expect(pauses).toContain(3000);
    expect(slack.messages('api-usage')).toHaveLength(1);
  });

  it('never posts twice after an unclear outcome', async () => {
    const { slack } = await startRig();
    slack.faults.fail('chat.postMessage', { dropAfter: true });
    await slack.command({ user: 'alice', channel: 'api-usage', text: 'top clients' });
    const told = await slack.waitFor(() => slack.ephemerals('alice')[0], 'the asker is told');
    expect(told.text).toContain('Slack did not say whether it posted the answer in the channel');
    expect(told.text).toContain('947,000');
    expect(slack.messages('api-usage')).toHaveLength(1);
    expect(slack.calls.filter(({ method }) => method === 'chat.postMessage')).toHaveLength(1);
  });

  it.each([
    ['a 500', { status: 500 }],
    ['a cut connection', { drop: true }],
    ['a page of a proxy', { garbled: '<html>' }],
    ['internal_error', { error: 'internal_error' }],
    ['a limit of a minute', { retryAfter: 60 }],
    ['a revoked token', { error: 'token_revoked' }],
    ['a code that nobody knows', { error: 'moon_phase_unfavorable' }],
  ])('gives the numbers to the asker after %s', async (_what, fault) => {
    const { slack } = await startRig();
    slack.faults.fail('chat.postMessage', fault);
    await slack.command({ user: 'alice', channel: 'api-usage', text: 'top clients' });
    const told = await slack.waitFor(() => slack.ephemerals('alice')[0], 'the private answer');
    expect(told.text).toContain('947,000');
    expect(told.text).not.toMatch(/try again/i);
    expect(slack.messages('api-usage')).toEqual([]);
    await slack.click({ user: 'alice', message: told, action_id: 'answer_share' });
    await slack.waitFor(() => slack.messages('api-usage').length === 1, 'it can still be shared');
    slack.assertNoProblems();
  });
});

describe('a private answer', () => {
  it('shows Slack’s own chart, never a file, and sends the PNG by DM', async () => {
    const { slack } = await startRig();
    await slack.command({ user: 'alice', channel: 'api-usage', text: 'top clients 7d private' });
    const told = await slack.waitFor(() => slack.ephemerals('alice')[0], 'the private answer');
    expect(typesOf(told)).toEqual(['rich_text', 'data_visualization', 'context', 'actions']);
    expect(typesOf(told)).not.toContain('image');
    expect(slack.messages('api-usage')).toEqual([]);
    await slack.click({ user: 'alice', message: told, ...entryOf(told, 'Send image by DM') });
    const file = await slack.waitFor(() => slack.directMessages('alice').find(({ files }) => files?.length), 'the DM');
    expect(file.files![0]).toMatchObject({ name: 'usage_top_clients_2026-11-14_2026-11-20_Europe-Berlin.png' });
    slack.assertNoProblems();
  });

  it('is what everyone gets with ANSWERS=private', async () => {
    const { slack } = await startRig({ config: { answers: 'private' } });
    await slack.command({ user: 'alice', channel: 'api-usage', text: 'status' });
    await slack.waitFor(() => slack.ephemerals('alice')[0], 'the private answer');
    expect(slack.messages('api-usage')).toEqual([]);
  });

  it('names the reader’s own time where it differs, as long as its numbers change', async () => {
    const ofNow = (question: Question): Report => ({ ...answerFixture(question), range: undefined }) as Report;
    const { slack } = await startRig({ report: ofNow });
    await slack.command({ user: 'chloe', channel: 'api-usage', text: 'pool private' });
    const told = await slack.waitFor(() => slack.ephemerals('chloe')[0], 'the private answer');
    expect(JSON.stringify(told.blocks)).toContain('as of Sat 21 Nov 09:00 (Sat 21 Nov 13:30 your time)');
  });

  it('is shared by a click that names who will see it', async () => {
    const { slack } = await startRig();
    await slack.command({ user: 'alice', channel: 'api-usage', text: 'top clients 7d private' });
    const told = await slack.waitFor(() => slack.ephemerals('alice')[0], 'the private answer');
    expect(JSON.stringify(told.blocks)).toMatch(/It will be seen by the \d+ members of #api-usage/);
    await slack.click({ user: 'alice', message: told, action_id: 'answer_share' });
    const shared = await withPicture(slack);
    expect(JSON.stringify(shared.blocks)).toContain('asked by <@U01ALICE>');
    await slack.waitFor(() => slack.ephemerals('alice').length === 0, 'the private copy is gone');
    slack.assertNoProblems();
  });

  it('is shared also where Slack no longer takes the private copy away', async () => {
    const { slack, log } = await startRig();
    await slack.command({ user: 'alice', channel: 'api-usage', text: 'top clients 7d private' });
    const told = await slack.waitFor(() => slack.ephemerals('alice')[0], 'the private answer');
    slack.faults.fail('response_url', { error: 'expired_url' });
    await slack.click({ user: 'alice', message: told, action_id: 'answer_share' });
    await withPicture(slack);
    await slack.waitFor(() => countOf(slack, 'response_url') === 2, 'the private copy is to go');
    await slack.command({ user: 'alice', channel: 'api-usage', text: 'help' });
    await slack.waitFor(() => slack.ephemerals('alice').at(-1)?.text.startsWith('Getting started'), 'the next answer');
    expect(slack.ephemerals('alice')).toHaveLength(2);
    expect(log.filter(({ level }) => level === 'error')).toEqual([]);
  });
});

describe('in direct messages', () => {
  it('an answer comes with its picture, beside the question', async () => {
    const { slack } = await startRig();
    await slack.directMessage('alice', 'top clients 7d');
    const answer = await slack.waitFor(
      () => slack.directMessages('alice').find((one) => typesOf(one).includes('image')),
      'the answer',
    );
    expect(answer.thread_ts).toBeUndefined();
    expect(JSON.stringify(answer.blocks)).not.toContain('Make private');
    slack.assertNoProblems();
  });
});
