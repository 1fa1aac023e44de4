import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ACTIONS } from '../../src/messages/action-ids.ts';
import { FORMS } from '../../src/slack/app.ts';
import { parseCommand } from '../../src/slack/command/parse-command.ts';
import { tallyInputs } from '../support/figures.ts';
import { size } from '../support/size.ts';
import { type Rig, sendPayload, sendSigned, startRig } from './support.ts';

const user = { id: 'U01ALICE' };
const channel = { id: 'C01USAGE' };

function submission(callback: string, { metadata = '{"channel":"C01USAGE"}', fields = true } = {}) {
  return {
    ...{ type: 'view_submission', user },
    view: {
      ...{ id: 'V1', hash: 'h', callback_id: callback, private_metadata: metadata, state: { values: {} } },
      blocks: fields ? [{ type: 'section' }, { type: 'input', block_id: 'first' }] : [],
    },
  };
}

const press = (action: string, more: object = {}) => ({
  ...{ type: 'block_actions', user, channel, actions: [{ action_id: action, block_id: 'b', type: 'button' }] },
  ...more,
});

const toldTo = (rig: Rig, name: string) => rig.slack.waitFor(() => rig.slack.ephemerals(name)[0], `${name} is told`);
/** Lists the calls to Slack that lacked a required field. */
const listIncomplete = (rig: Rig) =>
  rig.slack.calls.filter(({ answer }) => JSON.stringify(answer).includes('missing required field'));
/** Asserts that the app still answers. An unhandled rejection, which would end a real process, fails the run. */
const alive = async (rig: Rig) => {
  await rig.slack.command({ user: 'boris', channel: 'api-usage', text: 'help' });
  expect((await toldTo(rig, 'boris')).text).toContain('Getting started');
};

describe('a signed body that makes no sense', () => {
  it.each(['null', '[]', '1', '"text"', 'true', '', '{', '[null]'])('is answered 400: %s', async (body) => {
    const rig = await startRig();
    expect((await sendSigned(rig, body, { json: true })).status).toBe(400);
    const form = new URLSearchParams({ payload: body }).toString();
    expect((await sendSigned(rig, form)).status).toBe(400);
    await alive(rig);
  });

  it.each([
    { type: 'event_callback', event: null },
    { type: 'event_callback', event: [] },
    { type: 'event_callback', event: { type: 'app_mention' } },
    { type: 'event_callback', event: { type: 'app_mention', user: 'U01ALICE', text: 5, channel: null, ts: {} } },
    { type: 'event_callback', event: { type: 'message', channel_type: 'im', item: null } },
    { type: 'event_callback', event: { type: 'app_home_opened', tab: 'home' } },
    { type: 'event_callback', event: { type: 'member_joined_channel', user: 'U01HEADROOM', channel: 7 } },
    press('run', { user: undefined }),
    press('run', { user: null }),
    press('run', { actions: [] }),
    press('run', { actions: [null] }),
    press('run', { channel: null, view: null, container: null, message: null }),
    { ...submission('digest'), view: null },
    { ...submission('digest'), view: { id: 'V1', callback_id: 'digest' } },
    { type: 'block_suggestion', user, action_id: 'search:client' },
    { type: 'block_suggestion' },
    { type: 'shortcut', user },
    { type: 'unheard_of', user },
    {},
  ])('is acknowledged: %j', async (body) => {
    const rig = await startRig();
    const { status } =
      'event' in body ? await sendSigned(rig, JSON.stringify(body), { json: true }) : await sendPayload(rig, body);
    expect(status).toBe(200);
    await alive(rig);
  });

  it('of any shape is answered, and the app goes on', async () => {
    const rig = await startRig();
    const odd = fc.jsonValue({ maxDepth: 2 });
    const field = (usual: unknown) => fc.oneof(fc.constant(usual), odd);
    const body = fc.record(
      {
        ...{
          type: fc.constantFrom(
            'event_callback',
            'block_actions',
            'view_submission',
            'view_closed',
            'block_suggestion',
            'shortcut',
            'message_action',
          ),
        },
        ...{ user: field(user), channel: field(channel), container: odd, message: odd, response_url: odd },
        event: fc.oneof(
          odd,
          fc.record({ type: fc.constantFrom('app_mention', 'message'), user: odd, text: odd, channel: odd, ts: odd }),
        ),
        actions: fc.oneof(
          odd,
          fc.tuple(fc.record({ action_id: fc.constantFrom(...Object.values(ACTIONS)), value: odd, block_id: odd })),
        ),
        view: fc.oneof(
          odd,
          fc.record({
            id: field('V1'),
            callback_id: fc.constantFrom(...FORMS.map(({ on }) => on), 'usage_here'),
            private_metadata: field('{}'),
            blocks: field([]),
            state: field({ values: {} }),
          }),
        ),
        ...{ callback_id: fc.constantFrom(...FORMS.map(({ on }) => on), 'usage_here'), action_id: odd, value: odd },
      },
      { requiredKeys: ['type'] },
    );
    await fc.assert(
      fc.asyncProperty(body, async (content) => {
        const { status } =
          content.type === 'event_callback'
            ? await sendSigned(rig, JSON.stringify(content), { json: true })
            : await sendPayload(rig, content);
        expect(status).toBe(200);
      }),
      { numRuns: size(37, 1500) },
    );
    tallyInputs('deliveries of Slack', size(37, 1500));
    await alive(rig);
    expect(listIncomplete(rig)).toEqual([]);
    rig.slack.takeProblems();
  });
});

describe('what an older version sent out', () => {
  it.each([
    ['an action', press('answer_teleport')],
    ['a button of the installation', press('frobnicate:1')],
    ['a form', submission('wizard')],
    ['a shortcut', { type: 'message_action', callback_id: 'usage_there', user, channel, message_ts: '1.0' }],
  ])('%s that is gone is acknowledged, and the person is told', async (_what, payload) => {
    const rig = await startRig();
    expect((await sendPayload(rig, payload)).status).toBe(200);
    const told = await rig.slack.waitFor(
      () => rig.slack.ephemerals('alice')[0] ?? rig.slack.directMessages('alice')[0],
      'alice is told',
    );
    expect(told.text).toContain('an older version of Headroom');
  });

  it.each(
    Object.entries({
      filters: 'filters',
      // These open from an answer or a message, not by a command.
      save_view: undefined,
      alert: undefined,
      ask: undefined,
      digest: 'digest add',
      alert_route: 'alerts route',
      pool: 'pool edit',
      scope: 'pool edit',
      pools: 'pool edit',
      client: 'pool edit',
    }),
  )('a form “%s” with other metadata stays open, and says how to open it again: %s', async (callback, command) => {
    if (command) expect(() => parseCommand(command)).not.toThrow();
    const rig = await startRig({ config: { admins: ['U01ALICE'] } });
    for (const metadata of ['none', '[]', '{"channel":5}', '{"channel":"somewhere"}', '{"id":1.5,"threadTs":"x"}']) {
      const { status, text } = await sendPayload(rig, submission(callback, { metadata }));
      expect(status).toBe(200);
      expect(JSON.parse(text)).toEqual({
        response_action: 'errors',
        errors: {
          first: command
            ? `This form is from an older version of Headroom. Close it and open it again: /usage ${command}`
            : 'This is from an older version of Headroom, which no longer knows it. Close it and ask again.',
        },
      });
    }
  });

  const ID = ['digest_edit', 'digest_pause', 'digest_remove', 'digest_take_over', 'digest_preview', 'digest_send'];
  const POOL = ['pool_change', 'pool_grant', 'pool_end', 'pool_add'];
  const WINDOW = ['pool_scope', 'pool_find', 'client_end', 'pool_form', 'alert_form', 'digest_when'];
  it.each([...ID, ...POOL, ...WINDOW, 'alert_more'])(
    'a button “%s” with another value, or outside its window, says so and does nothing',
    async (action) => {
      const rig = await startRig({ config: { admins: ['U01ALICE'] } });
      const values = [
        '',
        'x',
        '-1',
        '1.5',
        '9'.repeat(20),
        '{}',
        '[]',
        'null',
        '{"scope":1,"name":2}',
        'mute:',
        'pools:',
      ];
      for (const value of values) {
        const actions = [{ action_id: action, block_id: 'b', type: 'button', value }];
        expect((await sendPayload(rig, press(action, { actions }))).status).toBe(200);
      }
      await rig.slack.waitFor(() => rig.slack.ephemerals('alice').length === values.length, 'each is told');
      for (const { text } of rig.slack.ephemerals('alice')) expect(text).toContain('from an older version of Headroom');
      expect(rig.done).toEqual([]);
    },
  );
});

describe('a press that says of nothing where it was', () => {
  it.each(Object.values(ACTIONS))('%s makes no call that lacks a channel', async (action) => {
    const rig = await startRig({ config: { admins: ['U01ALICE'] } });
    const question = JSON.stringify({ report: 'top', dimension: 'client' });
    for (const value of [question, '1', 'route', 'mute:hour:41', '{"scope":"crm","name":"Daily"}', 'top clients']) {
      const actions = [{ action_id: action, value }];
      expect((await sendPayload(rig, { type: 'block_actions', user, actions })).status).toBe(200);
    }
    await rig.app.stop();
    expect(listIncomplete(rig)).toEqual([]);
    expect(rig.log.filter(({ msg }) => msg === 'request failed')).toEqual([]);
    rig.slack.takeProblems();
  });
});

describe('while Slack does not say who somebody is', () => {
  const checked = FORMS.map(({ on }) => on);
  const faults = [
    { status: 500 },
    { retryAfter: 30 },
    { timeout: true },
    { garbled: '<html>' },
    { error: 'fatal_error' },
  ];
  it.each(checked.flatMap((callback) => faults.map((fault) => [callback, fault] as const)))(
    'the form %s is answered at its first field, and keeps what was typed: %j',
    async (callback, fault) => {
      // Delayed work comes as soon as the call has been made.
      const asked = Promise.withResolvers<void>();
      const { slack, ...rig } = await startRig({ wait: () => asked.promise });
      slack.faults.fail('users.info', { ...fault, times: 9 });
      const off = slack.on(
        'change',
        () => slack.calls.some(({ method }) => method === 'users.info') && asked.resolve(),
      );
      const { status, text } = await sendPayload({ slack, ...rig }, submission(callback));
      off();
      expect(status).toBe(200);
      expect(JSON.parse(text)).toMatchObject({
        response_action: 'errors',
        errors: { first: expect.stringMatching(/try again/) },
      });
      slack.faults.clear();
    },
  );

  it.each(faults)('a search in a menu is answered with nothing: %j', async (fault) => {
    const asked = Promise.withResolvers<void>();
    const { slack, ...rig } = await startRig({ wait: () => asked.promise });
    slack.faults.fail('users.info', { ...fault, times: 9 });
    const off = slack.on('change', () => slack.calls.some(({ method }) => method === 'users.info') && asked.resolve());
    const search = { type: 'block_suggestion', user, action_id: 'search:user', value: 'a' };
    const { status, text } = await sendPayload({ slack, ...rig }, search);
    off();
    expect([status, JSON.parse(text)]).toEqual([200, { options: [] }]);
    slack.faults.clear();
  });
});
