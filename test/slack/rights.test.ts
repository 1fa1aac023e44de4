import { describe, expect, it } from 'vitest';
import { ACTIONS } from '../../src/messages/action-ids.ts';
import { FORMS } from '../../src/slack/app.ts';
import { type Rig, sendPayload, sendSigned, startRig } from './support.ts';

const VALUE = JSON.stringify({ scope: 'crm', name: 'Daily credits', kind: 'pool', report: 'top' });
/** Calls that look up a person or tell one person something. */
const HARMLESS = ['auth.test', 'users.info', 'usergroups.users.list', 'chat.postEphemeral', 'chat.postMessage'];

function listDeeds(user: string): object[] {
  const who = { user: { id: user } };
  const channel = { id: 'C01USAGE' };
  const values = {
    ...{ channel: { a: { selected_conversation: 'C01RANDOM' } }, to: { a: { selected_option: { value: 'channel' } } } },
    ...{ yaml: { a: { value: 'scopes: []' } }, name: { a: { value: 'x' } }, over: { a: { value: '5' } } },
  };
  const place = { private_metadata: '{"channel":"C01USAGE"}', state: { values } };
  const forms = FORMS.map(({ on }) => ({
    ...{ type: 'view_submission', ...who },
    view: {
      id: `V${on}`,
      hash: 'h',
      callback_id: on,
      blocks: [{ type: 'input', block_id: 'channel' }],
      ...place,
    },
  }));
  const presses = Object.values(ACTIONS).map((action) => ({
    ...{ type: 'block_actions', ...who, channel, trigger_id: 't' },
    actions: [{ action_id: action, block_id: 'b', type: 'button', value: VALUE }],
  }));
  const shortcut = { type: 'message_action', callback_id: 'usage_here', ...who, channel, message: { ts: '1.0' } };
  const searches = ['search:user', ACTIONS.poolFind, ACTIONS.alertGroup].map((action_id) => ({
    ...{ type: 'block_suggestion', ...who, action_id, value: '' },
  }));
  return [...forms, ...presses, shortcut, ...searches];
}

/** Does everything that can be done in Slack, as one person, and waits until all is done. */
async function doAll(rig: Rig, user: string): Promise<void> {
  for (const deed of listDeeds(user)) expect((await sendPayload(rig, deed)).status).toBe(200);
  for (const text of ['top clients', 'digest add daily 09:00', 'export top clients', 'save mine', 'alerts test']) {
    const command = { command: '/usage', text, user_id: user, channel_id: 'C01USAGE' };
    await sendSigned(rig, new URLSearchParams(command).toString());
  }
  await rig.app.stop();
}

describe('rights come before anything else', () => {
  it.each([
    ['a guest, though listed', 'U01GUEST'],
    ['a guest of one channel', 'U01SOLO'],
    ['somebody of another organisation, though listed', 'U02OUTSIDE'],
    ['somebody who left', 'U01LEFT'],
    ['a bot', 'U01HEADROOM'],
    ['a member outside VIEWERS', 'U01CHLOE'],
    ['an admin of the workspace who is not listed', 'U01ADMIN'],
    ['somebody unknown', 'U0NOBODY'],
  ])('%s can cause nothing', async (_who, user) => {
    const rig = await startRig({
      config: { admins: ['U01BORIS', 'U01GUEST', 'U02OUTSIDE'], viewers: ['U01ALICE', 'U01GUEST', 'U02OUTSIDE'] },
    });
    await doAll(rig, user);
    expect(rig.slack.calls.map(({ method }) => method).filter((method) => !HARMLESS.includes(method))).toEqual([]);
    expect([rig.done, rig.questions]).toEqual([[], []]);
    expect(rig.slack.messages('api-usage')).toEqual([]);
    rig.slack.takeProblems();
  });

  it('a member causes nothing that is for admins', async () => {
    const rig = await startRig();
    const forAdmins = ['alerts.mute', 'alerts.unmute', 'alertRouting.change', 'alerts.test', 'pools.'];
    await doAll(rig, 'U01ALICE');
    const done = rig.done.map(({ action }) => action);
    expect(done).toContain('digests.add');
    expect(done.filter((action) => forAdmins.some((begin) => action.startsWith(begin)))).toEqual([]);
    rig.slack.takeProblems();
  });
});
