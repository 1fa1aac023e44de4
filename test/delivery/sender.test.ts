import { expect, it } from 'vitest';
import type { NewDelivery } from '../../src/domain/delivery.ts';
import type { Picture } from '../../src/domain/picture.ts';
import type { Report } from '../../src/domain/report.ts';
import { createLogger } from '../../src/log.ts';
import { header, richText } from '../../src/messages/text.ts';
import type { Db } from '../../src/store/database.ts';
import {
  countWaitingDeliveries,
  findDelivery,
  insertDelivery,
  leaseDelivery,
  supersedeDeliveries,
} from '../../src/store/delivery-repository.ts';
import { answerFixture } from '../slack/reports.ts';
import { describeEachDialect } from '../support/databases.ts';
import type { FakeClock } from './fake-clock.ts';
import { CHANNEL, ECHO, OTHER_CHANNEL, OWNER, openStage, PICTURE, THIRD_CHANNEL } from './slack-stage.ts';

describeEachDialect('the sender', (databases) => {
  it('posts what is due once, with its key in the metadata, and keeps where it went', async () => {
    const { slack, clock, openSender } = await openStage();
    const db = await databases.open();
    await put(db, clock, 'alert:1');
    await put(db, clock, 'digest:1', { kind: 'digest', dueMs: clock.now() + 60_000 });
    const sender = openSender(db);
    expect(await sender.settle()).toBe(clock.now() + 60_000);
    await sender.settle();
    const [message] = slack.messages(CHANNEL);
    expect(textsOf(slack, CHANNEL)).toEqual(['alert:1']);
    expect(message!.metadata).toEqual({ event_type: 'headroom_delivery', event_payload: { key: 'alert:1' } });
    expect(await findDelivery(db, 'alert:1')).toMatchObject({ state: 'sent', sent: { ts: message!.ts } });
    expect(await findDelivery(db, 'digest:1')).toMatchObject({ state: 'pending' });
    clock.advance(60_000);
    await sender.settle();
    expect(textsOf(slack, CHANNEL)).toEqual(['alert:1', 'digest:1']);
    slack.assertNoProblems();
  });

  it('puts a key into the log once', async () => {
    const { clock } = await openStage();
    const db = await databases.open();
    expect(await put(db, clock, 'alert:1')).toBe(true);
    expect(await put(db, clock, 'alert:1', { content: { text: 'again' } })).toBe(false);
  });

  it('lets one of several senders on one log post each message', async () => {
    const { slack, clock, openSender } = await openStage();
    const db = await databases.open();
    const channels = [CHANNEL, OTHER_CHANNEL, THIRD_CHANNEL];
    for (let index = 0; index < 30; index += 1)
      await put(db, clock, `alert:${index}`, { channel: channels[index % 3]! });
    const senders = [1, 2, 3].map(() => openSender(db));
    for (let second = 0; second < 20; second += 1) {
      await Promise.all(senders.map((sender) => sender.settle()));
      clock.advance(1000);
    }
    const sent = channels.flatMap((channel) => textsOf(slack, channel)).sort();
    expect(sent).toEqual(Array.from({ length: 30 }, (_, index) => `alert:${index}`).sort());
  });

  it('takes over from a frozen sender, whose late copy is deleted when it wakes', async () => {
    const { slack, clock, openSender } = await openStage();
    const db = await databases.open();
    await put(db, clock, 'alert:1');
    const freezing = new Freezing();
    const frozen = openSender(db, { fetch: freezing.fetch, clock: freezing.clockOf(clock) });
    const stuck = frozen.settle();
    await freezing.reached;
    const other = openSender(db);
    await other.settle();
    expect(textsOf(slack, CHANNEL)).toEqual([]);
    clock.advance(5000);
    await other.settle();
    expect(textsOf(slack, CHANNEL)).toEqual(['alert:1']);
    const { sent } = (await findDelivery(db, 'alert:1'))!;
    freezing.thaw();
    await stuck;
    // The late copy is deleted within twenty seconds.
    clock.advance(20_000);
    await other.sweep();
    expect(slack.messages(CHANNEL).map(({ ts }) => ts)).toEqual([sent!.ts]);
  });

  it('finds the copy of a frozen sender that died on waking, and deletes it', async () => {
    const { slack, clock, openSender } = await openStage();
    const db = await databases.open();
    await put(db, clock, 'alert:1');
    const freezing = new Freezing();
    const dying = openSender(db, {
      fetch: freezing.fetchAndDie,
      clock: freezing.clockOf(clock),
    });
    void dying.settle();
    await freezing.reached;
    const other = openSender(db);
    clock.advance(5000);
    await other.settle();
    await other.sweep();
    freezing.thaw();
    await slack.waitFor(() => slack.messages(CHANNEL).length === 2, 'the copy is posted');
    const { sent } = (await findDelivery(db, 'alert:1'))!;
    clock.advance(20_000);
    await other.sweep();
    expect(slack.messages(CHANNEL).map(({ ts }) => ts)).toEqual([sent!.ts]);
  });

  it.each([
    ['refuses', { status: 503 }],
    ['cuts the call', { drop: true }],
    ['cuts the answer', { dropAfter: true }],
    ['limits', { retryAfter: 2 }],
  ] as const)('counts what waits while Slack %s, and what was sent once it was', async (_, fault) => {
    const { slack, clock, openSender } = await openStage();
    const db = await databases.open();
    await put(db, clock, 'alert:1');
    slack.faults.fail('chat.postMessage', fault);
    const done: string[] = [];
    const sender = openSender(db, { count: (result) => done.push(result) });
    await sender.settle();
    expect([await countWaitingDeliveries(db), done]).toEqual([1, []]);
    for (let second = 0; second < 30; second += 1) {
      clock.advance(1000);
      await sender.settle();
    }
    expect([await countWaitingDeliveries(db), done]).toEqual([0, ['sent']]);
  });

  it('gives up after 24 hours, and says so in the same transaction', async () => {
    const { slack, clock, openSender } = await openStage();
    const db = await databases.open();
    slack.faults.outage(true, 503);
    await put(db, clock, 'alert:1');
    const told: string[] = [];
    const sender = openSender(db, {
      async onFailed(trx, delivery, { error }, nowMs) {
        told.push(`${delivery.key}: ${error}`);
        const notice = { key: `notice:${delivery.key}`, kind: 'notice' as const, channel: OWNER };
        await insertDelivery(trx, { ...notice, content: { text: 'not sent' }, dueMs: nowMs });
      },
    });
    const start = clock.now();
    while (clock.now() < start + 24 * 3_600_000 - 300_000) {
      await sender.settle();
      clock.advance(300_000);
    }
    expect(told).toEqual([]);
    while (told.length === 0) {
      clock.advance(30_000);
      await sender.settle();
    }
    expect(told).toEqual(['alert:1: HTTP 503']);
    expect(clock.now() - start).toBeLessThanOrEqual(24 * 3_600_000 + 300_000);
    expect(await findDelivery(db, 'alert:1')).toMatchObject({ state: 'failed', error: 'HTTP 503' });
    slack.faults.outage(false);
    clock.advance(60_000);
    await sender.settle();
    expect(textsOf(slack, CHANNEL)).toEqual([]);
    expect(slack.directMessages(OWNER).map(({ text }) => text)).toEqual(['not sent']);
  });

  it('makes a reply wait for its parent, and an update too', async () => {
    const { slack, clock, openSender } = await openStage();
    const db = await databases.open();
    slack.faults.fail('chat.postMessage', { error: 'service_unavailable' });
    await put(db, clock, 'alert:75');
    await put(db, clock, 'alert:90', { thread: { key: 'alert:75', broadcast: true } });
    await put(db, clock, 'alert:75#2', { updates: 'alert:75', content: { text: 'now 90' } });
    const sender = openSender(db);
    await sender.settle();
    expect(slack.messages(CHANNEL)).toEqual([]);
    for (let second = 0; second < 5; second += 1) {
      clock.advance(1000);
      await sender.settle();
    }
    const [parent, reply] = slack.messages(CHANNEL);
    expect(parent).toMatchObject({ text: 'now 90', metadata: { event_payload: { key: 'alert:75' } } });
    expect(reply).toMatchObject({ text: 'alert:90', thread_ts: parent!.ts, subtype: 'thread_broadcast' });
  });

  // The rules for Slack's answers are the same on both databases.
  if (databases.dialect === 'postgres') return;

  it('tells of an outage once, however many messages wait for its end', async () => {
    const { slack, clock, openSender } = await openStage();
    const db = await databases.open();
    const lines: { level: string; msg: string }[] = [];
    const log = createLogger('info', { write: (line) => void lines.push(JSON.parse(line)) });
    const sender = openSender(db, { log });
    for (let each = 0; each < 5; each += 1) await put(db, clock, `alert:${each}`);
    slack.faults.outage(true, 503);
    for (let second = 0; second < 60; second += 1) {
      await sender.settle();
      clock.advance(1000);
    }
    slack.faults.outage(false);
    for (let second = 0; second < 60; second += 1) {
      await sender.settle();
      clock.advance(1000);
    }
    slack.problems.splice(0);
    expect(lines.map(({ level, msg }) => `${level}: ${msg}`)).toEqual([
      'warn: Slack takes no messages; they wait, and are tried for 24 hours',
      'info: Slack takes messages again',
      ...Array.from({ length: 5 }, () => 'info: sent'),
    ]);
  });

  it.each([
    ['the connection is cut after Slack took it', { dropAfter: true }],
    ['the connection is cut before', { drop: true }],
    ['Slack takes it and does not answer', { timeoutAfter: true }],
    ['Slack answers 503', { status: 503 }],
    ['Slack says fatal_error', { error: 'fatal_error' }],
  ])('posts once when %s', async (_what, fault) => {
    const { slack, clock, openSender } = await openStage();
    const db = await databases.open();
    await put(db, clock, 'digest:1', { kind: 'digest' });
    slack.faults.fail('chat.postMessage', fault);
    const sender = openSender(db, { timeout: 200 });
    await sender.settle();
    expect(await findDelivery(db, 'digest:1')).toMatchObject({ state: 'sending', unclear: true });
    clock.advance(1000);
    await sender.settle();
    expect(textsOf(slack, CHANNEL)).toEqual(['digest:1']);
    expect(await findDelivery(db, 'digest:1')).toMatchObject({
      state: 'sent',
      sent: { ts: slack.messages(CHANNEL)[0]!.ts },
    });
  });

  const unreadable = [
    ['a page of a proxy', '<!DOCTYPE html><html><body>Blocked</body></html>'],
    ['an empty body', ''],
    ['cut JSON', '{"ok":true,"ts":"17'],
    ['a list', '[]'],
    ['null', 'null'],
    ['a string', '"ok"'],
    ['a refusal without a code', '{"ok":false}'],
    ['a refusal in words', '{"ok":false,"error":"Not allowed by your administrator."}'],
    ['success without a timestamp', '{"ok":true}'],
    ['a code that nobody knows', '{"ok":false,"error":"moon_phase_unfavorable"}'],
  ] as const;
  it.each(unreadable)('posts once when the answer is %s', async (_what, body) => {
    const { slack, clock, openSender } = await openStage();
    const db = await databases.open();
    const sender = openSender(db);
    for (const [key, fault] of [
      ['alert:lost', { garbled: body }],
      ['digest:there', { garbledAfter: body }],
    ] as const) {
      await put(db, clock, key, { kind: key === 'alert:lost' ? 'alert' : 'digest' });
      slack.faults.fail('chat.postMessage', fault);
      await sender.settle();
      expect(await findDelivery(db, key)).toMatchObject({ state: 'sending', unclear: true });
      clock.advance(2000);
      await sender.settle();
      clock.advance(2000);
    }
    expect(textsOf(slack, CHANNEL)).toEqual(['alert:lost', 'digest:there']);
  });

  it('tries for 24 hours what Slack refuses for a reason that nobody knows, and holds nothing up meanwhile', async () => {
    const { slack, clock, openSender } = await openStage();
    const db = await databases.open();
    await put(db, clock, 'alert:odd');
    slack.faults.fail('chat.postMessage', { error: 'moon_phase_unfavorable', times: 1000 });
    const sender = openSender(db);
    const start = clock.now();
    for (; clock.now() < start + 3_600_000; clock.advance(30_000)) await sender.settle();
    expect(callsOf(slack, 'chat.postMessage')).toBeLessThan(30);
    expect(await findDelivery(db, 'alert:odd')).toMatchObject({ state: 'sending', error: 'moon_phase_unfavorable' });
    slack.faults.clear();
    clock.advance(300_000);
    await sender.settle();
    expect(textsOf(slack, CHANNEL)).toEqual(['alert:odd']);
  });

  it.each(['restricted_action_thread_locked', 'restricted_action_non_threadable_channel', 'cannot_reply_to_message'])(
    'posts a reply to the channel when its thread refuses it: %s',
    async (error) => {
      const { slack, clock, openSender } = await openStage();
      const db = await databases.open();
      await put(db, clock, 'digest:1', { kind: 'digest' });
      await put(db, clock, 'digest:1:more', { kind: 'digest', thread: { key: 'digest:1', broadcast: false } });
      const sender = openSender(db);
      await sender.settle();
      slack.faults.fail('chat.postMessage', { error });
      clock.advance(1000);
      await sender.settle();
      clock.advance(1000);
      await sender.settle();
      expect(textsOf(slack, CHANNEL)).toEqual(['digest:1', 'digest:1:more']);
      expect(slack.messages(CHANNEL)[1]!.thread_ts).toBeUndefined();
    },
  );

  it('finds a reply again that it posted into a thread', async () => {
    const { slack, clock, openSender } = await openStage();
    const db = await databases.open();
    await put(db, clock, 'digest:1', { kind: 'digest' });
    await put(db, clock, 'digest:1:more', { kind: 'digest', thread: { key: 'digest:1', broadcast: false } });
    const sender = openSender(db);
    await sender.settle();
    slack.faults.fail('chat.postMessage', { dropAfter: true });
    clock.advance(1000);
    await sender.settle();
    clock.advance(1000);
    await sender.settle();
    expect(textsOf(slack, CHANNEL)).toEqual(['digest:1', 'digest:1:more']);
    const [parent, reply] = slack.messages(CHANNEL);
    expect(reply!.thread_ts).toBe(parent!.ts);
  });

  it('takes nobody else’s message for its own', async () => {
    const { slack, clock, openSender } = await openStage();
    const db = await databases.open();
    await put(db, clock, 'digest:1', { kind: 'digest' });
    slack.faults.fail('chat.postMessage', { drop: true });
    const sender = openSender(db);
    await sender.settle();
    const metadata = { event_type: 'headroom_delivery', event_payload: { key: 'digest:1' } };
    Object.assign(await slack.say({ user: OWNER, channel: CHANNEL, text: 'copied' }), { metadata });
    clock.advance(1000);
    await sender.settle();
    expect(textsOf(slack, CHANNEL)).toEqual(['copied', 'digest:1']);
  });

  it('waits as long as Retry-After says, in that channel only', async () => {
    const { slack, clock, openSender } = await openStage();
    const db = await databases.open();
    slack.faults.rateLimit('chat.postMessage', { retryAfter: 30 });
    await put(db, clock, 'alert:1');
    const sender = openSender(db);
    await sender.settle();
    await put(db, clock, 'alert:2');
    await put(db, clock, 'alert:3', { channel: OTHER_CHANNEL });
    await sender.settle();
    clock.advance(29_000);
    await sender.settle();
    expect(textsOf(slack, CHANNEL)).toEqual([]);
    expect(textsOf(slack, OTHER_CHANNEL)).toEqual(['alert:3']);
    clock.advance(1000);
    await sender.settle();
    expect(textsOf(slack, CHANNEL)).toEqual(['alert:1', 'alert:2']);
    expect(callsOf(slack, 'conversations.history')).toBe(0);
  });

  it('goes on at once after the clock was set back, whatever waited for a time of the old one', async () => {
    const { slack, clock, openSender } = await openStage();
    const db = await databases.open();
    const channels = [CHANNEL, OTHER_CHANNEL, THIRD_CHANNEL];
    for (const channel of channels) await put(db, clock, `digest:before:${channel}`, { kind: 'digest', channel });
    const sender = openSender(db);
    await sender.settle();
    slack.faults.rateLimit('chat.postMessage', { retryAfter: 30 });
    clock.advance(1000);
    await put(db, clock, 'alert:held');
    await sender.settle();
    await put(db, clock, 'alert:crashed', { channel: THIRD_CHANNEL });
    const crashed = (await findDelivery(db, 'alert:crashed'))!;
    await leaseDelivery(db, crashed, { id: 'dead', nowMs: clock.now(), untilMs: clock.now() + 5000 });
    await put(db, clock, 'digest:claimed', { kind: 'digest', channel: OTHER_CHANNEL });
    clock.advance(-3_600_000);
    await put(db, clock, 'alert:after');
    for (let second = 0; second < 7; second += 1) {
      await sender.settle();
      clock.advance(1000);
    }
    expect(textsOf(slack, CHANNEL).slice(1).sort()).toEqual(['alert:after', 'alert:held']);
    expect(textsOf(slack, OTHER_CHANNEL).slice(1)).toEqual(['digest:claimed']);
    expect(textsOf(slack, THIRD_CHANNEL).slice(1)).toEqual(['alert:crashed']);
  });

  it('keeps to one message a second in a channel; alerts may come three at once and go first', async () => {
    const { slack, clock, openSender } = await openStage();
    const db = await databases.open();
    for (const n of [1, 2]) await put(db, clock, `digest:${n}`, { kind: 'digest' });
    for (const n of [1, 2, 3, 4]) await put(db, clock, `alert:${n}`);
    const sender = openSender(db);
    await sender.settle();
    expect(textsOf(slack, CHANNEL)).toEqual(['alert:1', 'alert:2', 'alert:3']);
    const times: number[] = [];
    for (let second = 1; second <= 6; second += 1) {
      clock.advance(1000);
      await sender.settle();
      times.push(slack.messages(CHANNEL).length);
    }
    expect(textsOf(slack, CHANNEL)).toEqual(['alert:1', 'alert:2', 'alert:3', 'alert:4', 'digest:1', 'digest:2']);
    expect(Math.max(...times.map((count, index) => count - (times[index - 1] ?? 3)))).toBe(1);
  });

  it('sends what is due within a minute after an outage, alerts first, and asks little meanwhile', async () => {
    const { slack, clock, openSender } = await openStage();
    const db = await databases.open();
    slack.faults.outage(true);
    const sender = openSender(db);
    const pass = async (seconds: number) => {
      for (let second = 0; second < seconds; second += 1) {
        clock.advance(1000);
        await sender.settle();
      }
    };
    for (let n = 0; n < 20; n += 1) await put(db, clock, `digest:${n}`, { kind: 'digest', channel: `C${n}` });
    await put(db, clock, 'digest:here', { kind: 'digest' });
    const hour = 3600;
    await pass(hour);
    await put(db, clock, 'alert:1');
    await pass(600);
    // At most four attempts a minute.
    expect(slack.calls.length).toBeLessThan(4 * 70 + 10);
    slack.faults.outage(false);
    await pass(60);
    expect(textsOf(slack, CHANNEL)).toEqual(['alert:1', 'digest:here']);
  });

  it('fails at once where Slack will not take it', async () => {
    const { slack, clock, openSender } = await openStage();
    const db = await databases.open();
    await slack.archive(CHANNEL);
    await put(db, clock, 'digest:1', { kind: 'digest' });
    await put(db, clock, 'digest:2', { kind: 'digest', channel: 'C0NOWHERE' });
    await openSender(db).settle();
    expect(await findDelivery(db, 'digest:1')).toMatchObject({ state: 'failed', error: 'is_archived' });
    expect(await findDelivery(db, 'digest:2')).toMatchObject({ state: 'failed', error: 'channel_not_found' });
  });

  it('replaces the block that Slack refuses by its text, in the same attempt', async () => {
    const { slack, clock, openSender } = await openStage();
    const db = await databases.open();
    const [head, paragraph] = [header('Reached 90%'), richText('450 of 500 used')];
    await put(db, clock, 'alert:1', { content: { text: 'the numbers', blocks: [head, paragraph] } });
    slack.faults.unknownBlocks.add('header');
    await openSender(db).settle();
    const [message] = slack.messages(CHANNEL);
    expect(message).toMatchObject({ text: 'the numbers', blocks: [{ type: 'section' }, paragraph] });
    expect(message!.blocks![0]).toMatchObject({ text: { text: 'Reached 90%' } });
    expect(await findDelivery(db, 'alert:1')).toMatchObject({ state: 'sent', attempts: 1 });
  });

  it('shows the words of a picture whose file may not be shared there', async () => {
    const { slack, clock, openSender } = await openStage();
    const db = await databases.open();
    const content = { text: 'the numbers', blocks: [richText('450 of 500 used')], drawn: REPORT };
    await put(db, clock, 'digest:1', { kind: 'digest' });
    slack.faults.fail('chat.postMessage', { error: 'slack_connect_file_link_sharing_blocked' });
    await openSender(db, { composers: { ...ECHO, digest: async () => content } }).settle();
    const [message] = slack.messages(CHANNEL);
    expect(message!.blocks!.map(({ type }) => type)).toEqual(['rich_text', 'context']);
    expect(JSON.stringify(message!.blocks![1])).toContain('90% of 100,000');
  });

  it('drops blocks of which nothing is left to say, never the text', async () => {
    const { slack, clock, openSender } = await openStage();
    const db = await databases.open();
    await put(db, clock, 'alert:1', { content: { text: 'the numbers', blocks: [{ type: 'unheard-of' }] } });
    await openSender(db).settle();
    expect(slack.messages(CHANNEL)).toMatchObject([{ text: 'the numbers' }]);
    slack.takeProblems();
  });

  it('posts a broadcast reply to the channel when its parent was deleted', async () => {
    const { slack, clock, openSender } = await openStage();
    const db = await databases.open();
    await put(db, clock, 'alert:75');
    const sender = openSender(db);
    await sender.settle();
    slack.workspace.channelMessages(CHANNEL).length = 0;
    await put(db, clock, 'alert:90', { thread: { key: 'alert:75', broadcast: true } });
    await sender.settle();
    clock.advance(2000);
    await sender.settle();
    expect(await findDelivery(db, 'alert:90')).toMatchObject({ state: 'sent' });
  });

  it('never makes an alert wait for its picture, which follows', async () => {
    const { slack, clock, openSender } = await openStage();
    const db = await databases.open();
    await put(db, clock, 'alert:1');
    const picture = Promise.withResolvers<Picture>();
    const compose = async () => ({
      text: 'reached 90 %',
      blocks: [{ type: 'section', text: { type: 'mrkdwn', text: 'reached 90 %' } }],
      drawn: REPORT,
    });
    const composers = { ...ECHO, alert: compose };
    const sender = openSender(db, { composers, render: () => picture.promise });
    const settled = sender.settle();
    await slack.waitFor(() => slack.messages(CHANNEL).length === 1, 'the text is posted');
    expect(slack.messages(CHANNEL)[0]!.blocks).toHaveLength(1);
    picture.resolve(PICTURE);
    await settled;
    clock.advance(1000);
    await sender.settle();
    expect(slack.messages(CHANNEL)).toHaveLength(1);
    expect(slack.messages(CHANNEL)[0]!.blocks).toMatchObject([
      { type: 'section' },
      { type: 'image', alt_text: PICTURE.altText },
    ]);
    slack.assertNoProblems();
  });

  it('puts a picture that is ready into the message itself, and does without one that fails', async () => {
    const { slack, clock, openSender } = await openStage();
    const db = await databases.open();
    await put(db, clock, 'digest:1', { kind: 'digest' });
    await put(db, clock, 'digest:2', { kind: 'digest', channel: OTHER_CHANNEL });
    const block = { type: 'section', text: { type: 'mrkdwn', text: 'yesterday' } };
    const compose = async (_content: unknown, { key }: { key: string }) => ({
      text: key,
      blocks: [block],
      drawn: { ...REPORT, title: key },
    });
    const render = async ({ title }: Report) => {
      if (title === 'digest:1') return PICTURE;
      throw new Error('no font');
    };
    await openSender(db, { composers: { ...ECHO, digest: compose }, render }).settle();
    expect(slack.messages(CHANNEL)[0]!.blocks!.map(({ type }) => type)).toEqual(['section', 'image']);
    expect(slack.messages(OTHER_CHANNEL)[0]!.blocks!.map(({ type }) => type)).toEqual(['section']);
  });

  it.each([
    ['chat.postMessage', { dropAfter: true }],
    ['files.getUploadURLExternal', { dropAfter: true }],
    ['upload', { status: 503 }],
    ['files.completeUploadExternal', { timeoutAfter: true }],
    ['files.info', { garbled: '<html>' }],
    ['chat.update', { dropAfter: true }],
    ['chat.update', { garbledAfter: '' }],
  ])('shows a chart once that an outage held up at %s: %j', async (method, fault) => {
    const { slack, clock, openSender } = await openStage();
    const db = await databases.open();
    await put(db, clock, 'digest:1', { kind: 'digest' });
    await put(db, clock, 'alert:1');
    await put(db, clock, 'digest:1:more', { kind: 'digest', thread: { key: 'digest:1', broadcast: false } });
    const block = (text: string) => ({ type: 'section', text: { type: 'mrkdwn', text } });
    const compose = async (content: unknown) => ({
      text: (content as { text: string }).text,
      blocks: [block((content as { text: string }).text)],
      drawn: REPORT,
    });
    const sender = openSender(db, { composers: { ...ECHO, alert: compose, digest: compose }, timeout: 200 });
    slack.faults.fail(method, { ...fault, times: 4 });
    for (let second = 0; second < 40; second += 1) {
      let settled = false;
      const settling = sender.settle().finally(() => {
        settled = true;
      });
      // An upload pauses on the same clock, so the clock must move until it is done.
      for (; !settled; await new Promise((resolve) => setImmediate(resolve))) clock.advance(50);
      await settling;
      clock.advance(1000);
    }
    const shown = slack
      .messages(CHANNEL)
      .map(({ text, blocks = [] }) => [text, blocks.filter(({ type }) => type === 'image').length]);
    expect(shown.map(([text]) => text).sort()).toEqual(['alert:1', 'digest:1', 'digest:1:more']);
    expect(Math.max(...shown.map(([, images]) => Number(images)))).toBeLessThanOrEqual(1);
    expect(shown.find(([text]) => text === 'alert:1')?.[1]).toBe(1);
    slack.takeProblems();
  });

  it('does not post what a newer one replaces, unless it is in Slack already', async () => {
    const { slack, clock, openSender } = await openStage();
    const db = await databases.open();
    await put(db, clock, 'digest:old', { kind: 'digest' });
    await supersedeDeliveries(db, ['digest:old']);
    expect(await findDelivery(db, 'digest:old')).toMatchObject({ state: 'replaced' });
    const sender = openSender(db);
    for (const [key, fault] of [
      ['digest:lost', { drop: true }],
      ['digest:there', { dropAfter: true }],
    ] as const) {
      await put(db, clock, key, { kind: 'digest' });
      slack.faults.fail('chat.postMessage', fault);
      await sender.settle();
      await supersedeDeliveries(db, [key]);
      clock.advance(2000);
      await sender.settle();
      clock.advance(2000);
    }
    expect(textsOf(slack, CHANNEL)).toEqual(['digest:there']);
    expect(await findDelivery(db, 'digest:lost')).toMatchObject({ state: 'replaced' });
    expect(await findDelivery(db, 'digest:there')).toMatchObject({ state: 'sent' });
  });

  it('does not hold up others for a message that cannot be composed', async () => {
    const { slack, clock, openSender } = await openStage();
    const db = await databases.open();
    await put(db, clock, 'digest:bad', { kind: 'digest' });
    await put(db, clock, 'digest:good', { kind: 'digest', channel: OTHER_CHANNEL });
    const compose = async (_content: unknown, { key }: { key: string }) => {
      if (key === 'digest:bad') throw new Error('no such scope');
      return { text: key };
    };
    await openSender(db, { composers: { ...ECHO, digest: compose } }).settle();
    expect(textsOf(slack, OTHER_CHANNEL)).toEqual(['digest:good']);
    expect(await findDelivery(db, 'digest:bad')).toMatchObject({ state: 'pending', error: 'no such scope' });
  });
});

const REPORT = answerFixture({ report: 'pool' });

/** A process that freezes between its commit and its call to Slack, and makes the call when it wakes. */
class Freezing {
  readonly #reached = Promise.withResolvers<void>();
  readonly #thawed = Promise.withResolvers<void>();
  readonly reached = this.#reached.promise;

  readonly fetch = async (...args: Parameters<typeof fetch>): Promise<Response> => {
    if (String(args[0]).endsWith('chat.postMessage')) {
      this.#reached.resolve();
      await this.#thawed.promise;
    }
    return fetch(...args);
  };

  readonly fetchAndDie = async (...args: Parameters<typeof fetch>): Promise<Response> => {
    await this.fetch(...args);
    return new Promise(() => {});
  };

  /** Returns a clock whose timers do not fire until the process wakes. */
  clockOf(clock: FakeClock): { now(): number; sleep(): Promise<void> } {
    return { now: () => clock.now(), sleep: () => this.#thawed.promise };
  }

  thaw(): void {
    this.#thawed.resolve();
  }
}

function put(db: Db, clock: FakeClock, key: string, change: Partial<NewDelivery> = {}): Promise<boolean> {
  return insertDelivery(db, {
    key,
    kind: 'alert',
    channel: CHANNEL,
    content: { text: key },
    dueMs: clock.now(),
    ...change,
  });
}

type Slack = Awaited<ReturnType<typeof openStage>>['slack'];

function textsOf(slack: Slack, channel: string): string[] {
  return slack.messages(channel).map(({ text }) => text);
}

function callsOf(slack: Slack, method: string): number {
  return slack.calls.filter((call) => call.method === method).length;
}
