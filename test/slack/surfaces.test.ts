import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { DIGEST_SECTIONS } from '../../src/domain/digest.ts';
import { insertDelivery } from '../../src/store/delivery-repository.ts';
import { answerFixture } from './reports.ts';
import { startRig } from './support.ts';

describe('an invitation', () => {
  it('is answered with an introduction, once, whose buttons work', async () => {
    const { slack, questions } = await startRig();
    await slack.invite('bot', 'random');
    const hello = await slack.waitFor(() => slack.messages('random').find((one) => one.blocks), 'the introduction');
    expect(hello.text).toContain('how much of your API allowance is used');
    await slack.remove('bot', 'random');
    await slack.invite('bot', 'random');
    await slack.click({ user: 'alice', message: hello, action_id: 'run:today' });
    await slack.waitFor(() => questions.length === 1, 'today is shown');
    await slack.click({ user: 'alice', message: hello, action_id: 'digest_new' });
    await slack.waitFor(() => slack.modal('alice'), 'the form of a digest');
    expect(slack.messages('random').filter(({ text }) => text === hello.text)).toHaveLength(1);
    slack.assertNoProblems();
  });
});

describe('the Home tab', () => {
  it('is drawn when it is opened, not when the Messages tab beside it is', async () => {
    const { slack } = await startRig();
    const channel = slack.workspace.openDirect('U01ALICE').id;
    await slack.event({ type: 'app_home_opened', user: 'U01ALICE', channel, tab: 'messages' });
    await slack.openHome('boris');
    expect(slack.calls.filter(({ method }) => method === 'views.publish')).toHaveLength(1);
    expect(slack.home('alice')).toBeUndefined();
  });
});

describe('the Home tab of an admin', () => {
  it('says in words why something could not be delivered, and what to do', async () => {
    const { slack, db } = await startRig();
    const failed = [
      ['C01RANDOM', 'alert', 'not_in_channel'],
      ['C01OLD', 'digest', 'is_archived'],
      ['U01BORIS', 'notice', 'service_unavailable'],
      ['webhook', 'webhook', 'HTTP 500'],
    ] as const;
    for (const [channel, kind, error] of failed) {
      await insertDelivery(db, { key: error, kind, channel, content: {}, dueMs: Date.now() });
      await db.updateTable('delivery').set({ state: 'failed', error }).where('key', '=', error).execute();
    }
    const { blocks } = await slack.openHome('ada');
    const texts = JSON.stringify(blocks.find((block) => JSON.stringify(block).includes('alert to ')));
    expect(texts).toContain(' · Headroom is not in the channel: type /invite @Headroom there.');
    expect(texts).toContain(' · The channel is archived: unarchive it');
    expect(texts).toContain(' · Slack was away, or took no messages.');
    expect(texts).toContain('event to WEBHOOK_URL');
    for (const [, , code] of failed.slice(0, 3)) expect(texts).not.toContain(code);
  });
});

describe('a mention', () => {
  it('is answered in its thread', async () => {
    const { slack } = await startRig();
    const asked = await slack.mention({ user: 'alice', channel: 'api-usage', text: 'top clients 7d' });
    const answer = await slack.waitFor(() => slack.thread('api-usage', asked.ts)[1], 'the answer');
    expect(answer.text).toContain('acme-web made 947,000');
    slack.assertNoProblems();
  });

  it.each([
    '<@U01HEADROOM>: top clients 7d',
    '<@U01HEADROOM|headroom>, top clients 7d',
    'Hey <@U01HEADROOM>, top clients 7d',
  ])('may be an address: %s', async (text) => {
    const { slack, questions } = await startRig();
    await slack.say({ user: 'alice', channel: 'api-usage', text });
    await slack.waitFor(() => questions.length === 1, 'it is asked');
    expect(questions[0]).toMatchObject({ report: 'top', dimension: 'client', range: '7d' });
    slack.assertNoProblems();
  });

  it('is one only where somebody is mentioned: other replies of a thread are let pass', async () => {
    const { slack, questions } = await startRig();
    const asked = await slack.mention({ user: 'alice', channel: 'api-usage', text: 'top clients 7d' });
    await slack.waitFor(() => slack.thread('api-usage', asked.ts)[1], 'the answer');
    const reply = { user: 'U01BORIS', channel: 'C01USAGE', thread_ts: asked.ts, ts: `${Number(asked.ts) + 1}` };
    await slack.event({ type: 'app_mention', ...reply, text: 'thanks, status looks fine' });
    await slack.mention({ user: 'boris', channel: 'api-usage', text: 'status', thread_ts: asked.ts });
    await slack.waitFor(() => slack.thread('api-usage', asked.ts)[3], 'the second answer');
    expect(questions).toHaveLength(2);
    expect(slack.ephemerals('boris')).toEqual([]);
  });

  it('offers a button where a form is needed, which only a press opens', async () => {
    const { slack } = await startRig();
    await slack.mention({ user: 'alice', channel: 'api-usage', text: 'digest add' });
    const told = await slack.waitFor(() => slack.ephemerals('alice')[0], 'a button');
    await slack.click({ user: 'alice', message: told, action_id: 'run:0' });
    await slack.waitFor(() => slack.modal('alice')?.callback_id === 'digest', 'the form of a digest');
    slack.assertNoProblems();
  });

  it('without a question is an introduction for that person', async () => {
    const { slack } = await startRig();
    await slack.mention({ user: 'alice', channel: 'api-usage', text: '' });
    expect((await slack.waitFor(() => slack.ephemerals('alice')[0], 'it')).text).toContain('API allowance');
    slack.assertNoProblems();
  });
});

describe('a digest where none can be posted', () => {
  it.each([
    ['partner-acme', 'shared outside your organisation'],
    ['finance', '/invite @Headroom'],
  ])('%s: is told why', async (channel, why) => {
    const { slack, done } = await startRig();
    await slack.command({ user: 'alice', channel, text: 'digest add daily 09:00' });
    const { text } = await slack.waitFor(() => slack.ephemerals('alice')[0], 'the reason');
    expect(text).toContain(why);
    expect(text.includes('/invite')).toBe(channel === 'finance');
    expect(done).toEqual([]);
  });
});

describe('the shortcut on a message', () => {
  it('asks in a form and answers in the thread', async () => {
    const { slack } = await startRig();
    const said = await slack.say({ user: 'boris', channel: 'api-usage', text: 'who is calling so much?' });
    await slack.shortcut({ user: 'alice', callback_id: 'usage_here', message: { channel: 'api-usage', ts: said.ts } });
    const modal = await slack.waitFor(() => slack.modal('alice'), 'the form');
    await slack.submitView({ user: 'alice', viewId: modal.id, values: { text: 'top clients 7d' } });
    const answer = await slack.waitFor(() => slack.thread('api-usage', said.ts)[1], 'the answer');
    expect(answer.text).toContain('acme-web made 947,000');
    slack.assertNoProblems();
  });
});

describe('an empty database', () => {
  it('is answered with a command that sends the first event', async () => {
    const { slack } = await startRig({ report: (question) => ({ ...answerFixture(question), asOfMs: 0 }) });
    await slack.command({ user: 'alice', channel: 'api-usage', text: '' });
    const told = await slack.waitFor(() => slack.ephemerals('alice')[0], 'the welcome');
    expect(JSON.stringify(told.blocks)).toContain('curl https://usage.example.com/v1/events');
    expect(JSON.stringify((await slack.openHome('alice')).blocks)).toContain('curl https://');
    slack.assertNoProblems();
  });
});

describe('digests', () => {
  it('are added by a form, with faults at their fields', async () => {
    const { slack, done } = await startRig();
    await slack.command({ user: 'alice', channel: 'api-usage', text: 'digest add' });
    const modal = await slack.waitFor(() => slack.modal('alice'), 'the form');
    const wrong = await slack.submitView({ user: 'alice', viewId: modal.id, values: { zone: 'Mars/Base' } });
    expect(wrong.errors).toEqual({ zone: 'There is no time zone “Mars/Base”.' });
    const private1 = await slack.submitView({
      user: 'alice',
      viewId: modal.id,
      values: { zone: 'UTC', channel: 'C01FINANCE' },
    });
    expect(private1.errors.channel).toContain('/invite @Headroom');
    await slack.submitView({ user: 'alice', viewId: modal.id, values: { zone: 'UTC', channel: 'C01RANDOM' } });
    await slack.waitFor(() => slack.ephemerals('alice')[0], 'it is told');
    expect(done).toEqual([
      {
        action: 'digests.add',
        given: [
          { channel: 'C01RANDOM', schedule: 'daily 09:00 UTC', sections: DIGEST_SECTIONS.map(({ key }) => key) },
          { user: 'U01ALICE', zone: 'Europe/Berlin', admin: false },
        ],
      },
    ]);
    expect(slack.workspace.channels.get('C01RANDOM')!.members.has(slack.botUserId)).toBe(true);
    slack.assertNoProblems();
  });

  it('are listed with buttons that preview, pause, send, edit and remove', async () => {
    const { slack, done } = await startRig();
    await slack.command({ user: 'alice', channel: 'api-usage', text: 'digest' });
    const list = await slack.waitFor(() => slack.ephemerals('alice')[0], 'the list');
    expect(list.text).toContain('7: daily 09:00 Europe/Berlin, Next: Sun 22 Nov 09:00 (Europe/Berlin)');
    for (const action of ['digest_preview', 'digest_pause', 'digest_send', 'digest_remove']) {
      const told = slack.ephemerals('alice').length;
      await slack.click({ user: 'alice', message: list, action_id: action });
      await slack.waitFor(() => slack.ephemerals('alice').length > told, `${action} is answered`);
    }
    await slack.click({ user: 'alice', message: list, action_id: 'digest_edit' });
    const modal = await slack.waitFor(() => slack.modal('alice'), 'the form');
    expect(JSON.stringify(modal.blocks)).toContain('"initial_time":"09:00"');
    expect(done.map(({ action }) => action)).toEqual(['digests.pause', 'digests.send', 'digests.remove']);
    slack.assertNoProblems();
  });

  it.each(['digest pause 7 until monday', 'digest preview', 'digest send', 'digest history', 'digest remove 7'])(
    '/usage %s is answered',
    async (text) => {
      const { slack } = await startRig();
      await slack.command({ user: 'alice', channel: 'api-usage', text });
      const told = await slack.waitFor(() => slack.ephemerals('alice')[0], 'the answer');
      expect(told.text).not.toContain('did not work');
      slack.assertNoProblems();
    },
  );
});

it('a digest that is paused until Monday is posted on Monday, however early', async () => {
  const { slack, done } = await startRig();
  await slack.command({ user: 'alice', channel: 'api-usage', text: 'digest pause 7 until monday' });
  await slack.waitFor(() => done[0], 'the pause');
  const [, untilMs, by] = done[0]!.given as [number, number, { zone: string }];
  const until = Temporal.Instant.fromEpochMilliseconds(untilMs).toZonedDateTimeISO(by.zone);
  expect([until.dayOfWeek, until.toPlainTime().toString()]).toEqual([1, '00:00:00']);
});

it('a digest is not paused until a time that is over or too far off', async () => {
  const { slack, done } = await startRig();
  for (const [at, text] of ['digest pause 7 until 2020-11-01', 'digest pause 7 until 500d'].entries()) {
    await slack.command({ user: 'alice', channel: 'api-usage', text });
    const told = await slack.waitFor(() => slack.ephemerals('alice')[at], 'the refusal');
    expect(told.text).toContain(text.split('until ')[1]);
    expect(JSON.stringify(told.blocks)).toContain('digest pause 7 until monday');
  }
  expect(done).toEqual([]);
});

describe('alerts', () => {
  it('of a range are listed with their days, newest first, for all', async () => {
    const { slack } = await startRig();
    await slack.command({ user: 'alice', channel: 'api-usage', text: 'alerts last week' });
    const list = await slack.waitFor(() => slack.ephemerals('alice')[0], 'the list');
    expect(list.text).toBe('1 alert in last-week (Europe/Berlin).\nFri 20 Nov 09:00 · 🔴 CRM has used 90%');
    slack.assertNoProblems();
  });

  it('are listed for all, with buttons for admins', async () => {
    const { slack, done } = await startRig();
    await slack.command({ user: 'alice', channel: 'api-usage', text: 'alerts' });
    const list = await slack.waitFor(() => slack.ephemerals('alice')[0], 'the list');
    expect(JSON.stringify(list.blocks)).toContain('alert_acknowledge');
    expect(JSON.stringify(list.blocks)).not.toMatch(/alert_(mute|enable|disable|test)/);
    await slack.command({ user: 'ada', channel: 'api-usage', text: 'alerts' });
    const all = await slack.waitFor(() => slack.ephemerals('ada')[0], 'the list with buttons');
    await slack.click({ user: 'ada', message: all, action_id: 'alert_mute' });
    await slack.waitFor(() => done.length === 1 && slack.ephemerals('ada').length === 2, 'it is muted');
    expect(done[0]).toMatchObject({ action: 'alerts.mute', given: [{ what: 'level:crm' }, { user: 'U01ADMIN' }] });
    slack.assertNoProblems();
  });
});

describe('the menu under an alert', () => {
  const text = { type: 'plain_text', text: 'Mute until the period ends' };
  it.each([
    ['2026-11-29T12:00:00Z', 'Mon 30 Nov 01:00'],
    // The period is over, so the mute is for a day.
    ['2026-12-02T12:00:00Z', 'Thu 3 Dec 13:00'],
  ])('mutes for admins, who are told until when in their own time: at %s until %s', async (time, until) => {
    const [type, action_id, value] = ['overflow', 'alert_more', 'mute:period:41'];
    const menu = { type: 'actions', elements: [{ type, action_id, options: [{ text, value }] }] };
    const { slack, done } = await startRig({
      now: () => Date.parse(time),
      digestPosts: {
        compose: async () => ({ text: 'An alert', blocks: [menu], drawn: undefined, chartAt: 0, follows: [] }),
      },
    });
    for (const user of ['alice', 'ada']) {
      await slack.command({ user, channel: 'api-usage', text: 'digest preview' });
      const alert = await slack.waitFor(() => slack.ephemerals(user)[0], 'the message');
      await slack.click({ user, message: alert, action_id, selected_option: value });
      await slack.waitFor(() => slack.ephemerals(user)[1], 'the answer');
    }
    expect(slack.ephemerals('alice')[1]!.text).toContain('Only admins');
    expect(slack.ephemerals('ada')[1]!.text).toBe(`Muted: CRM API until ${until} (Europe/Berlin).`);
    expect(done.map(({ action }) => action)).toEqual(['alerts.mute']);
    slack.assertNoProblems();
  });
});

describe('/usage', () => {
  it.each(['debug', 'settings', 'views', 'filters', 'reset', 'help pools', 'help faq', 'licences', 'advice'])(
    '%s is answered',
    async (text) => {
      const { slack } = await startRig();
      await slack.command({ user: 'alice', channel: 'api-usage', text });
      await slack.waitFor(
        () => slack.ephemerals('alice')[0] ?? slack.messages('api-usage')[0] ?? slack.modal('alice'),
        'the answer',
      );
      expect(slack.ephemerals('alice')[0]?.text ?? '').not.toContain('did not work');
      slack.assertNoProblems();
    },
  );
});

describe('Socket Mode', () => {
  it('answers commands over two connections, through a renewal and an outage', async () => {
    const rig = await startRig({
      socketMode: true,
      wait: async (ms) => void (await new Promise((r) => setTimeout(r, ms / 50))),
    });
    const { slack, app } = rig;
    await slack.waitFor(() => slack.connected === 2, 'two connections stand');
    expect(app.state()).toMatchObject({ mode: 'socket', authenticated: true });
    await slack.command({ user: 'alice', channel: 'api-usage', text: 'status' });
    await slack.waitFor(() => slack.messages('api-usage').length === 1, 'the first answer');
    slack.disconnectSockets('refresh_requested');
    await slack.waitFor(() => slack.connected === 2, 'two connections stand again');
    slack.faults.outage(true);
    await slack.waitFor(() => slack.connected === 0, 'none stands');
    slack.faults.outage(false);
    await slack.waitFor(() => slack.connected === 2, 'two connections stand after the outage');
    await slack.command({ user: 'alice', channel: 'api-usage', text: 'pool' });
    await slack.waitFor(() => slack.messages('api-usage').length === 2, 'the second answer');
  });
});

const PATIENT = { timeout: 20_000 };

describe('a token that Slack does not accept', () => {
  it('any more is noticed within a minute, and so is that it is accepted again', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    onTestFinished(() => void vi.useRealTimers());
    const { app, slack } = await startRig({ wait: async () => void (await new Promise((r) => setTimeout(r, 5))) });
    expect(app.state()).toEqual({ mode: 'http', connected: true, authenticated: true });
    slack.faults.fail('auth.test', { error: 'token_revoked', times: Number.POSITIVE_INFINITY });
    vi.advanceTimersByTime(60_000);
    await vi.waitUntil(() => app.state().problem === 'token_revoked', PATIENT);
    slack.faults.clear();
    await vi.waitUntil(() => app.state().authenticated, PATIENT);
    const calls = slack.calls.length;
    vi.advanceTimersByTime(60_000);
    await vi.waitUntil(() => slack.calls.length === calls + 1, PATIENT);
  });

  it('ends the start in one line that says where to find the right one', async () => {
    const started = startRig({ config: { botToken: 'xoxb-wrong' }, wait: () => new Promise(() => {}) });
    await expect(started).rejects.toThrow(/^Slack refuses SLACK_BOT_TOKEN \(invalid_auth\): copy it again/);
    await expect(started).rejects.not.toThrow('xoxb-wrong');
  });
});
