import { describe, expect, it } from 'vitest';
import { typePools } from '../support/pool-text.ts';
import { entryOf, startRig, typesOf } from './support.ts';

const told = async (slack: Awaited<ReturnType<typeof startRig>>['slack'], user: string) =>
  (await slack.waitFor(() => slack.ephemerals(user)[0], `${user} is told`)).text;

describe('who may ask', () => {
  it.each([
    ['gus', 'api-usage'],
    ['sol', 'api-usage'],
    ['olga', 'partner-acme'],
  ])('%s, a guest or outsider, is refused even when listed', async (user, channel) => {
    const { slack, questions } = await startRig({
      config: { viewers: ['U01GUEST', 'U01SOLO', 'U02OUTSIDE'], admins: ['U01GUEST', 'U02OUTSIDE'] },
    });
    await slack.command({ user, channel, text: 'top clients' });
    expect(await told(slack, user)).toContain('for full members of this workspace');
    const home = JSON.stringify((await slack.openHome(user)).blocks);
    expect(home).toContain('not for guests or people of other organisations');
    expect(questions).toEqual([]);
    slack.assertNoProblems();
  });

  it('with VIEWERS set: those listed, by id or group, privately; others are refused, at every click', async () => {
    const { slack, questions } = await startRig({ config: { viewers: ['U01ALICE', 'S0123'] } });
    await slack.command({ user: 'boris', channel: 'api-usage', text: 'top clients' });
    await slack.waitFor(() => slack.ephemerals('boris')[0], 'a member of the group is answered, privately');
    await slack.command({ user: 'alice', channel: 'api-usage', text: 'top clients share' });
    const told = await slack.waitFor(() => slack.ephemerals('alice')[0], 'the word alone does not share');
    expect(JSON.stringify(told.blocks)).toContain('members of #api-usage');
    await slack.click({ user: 'alice', message: told, action_id: 'answer_share' });
    const shared = await slack.waitFor(() => slack.messages('api-usage')[0], 'a press does');
    await slack.click({ user: 'alice', message: shared, ...entryOf(shared, 'CSV') });
    await slack.waitFor(() => slack.directMessages('alice').find(({ files }) => files), 'the whole file is hers alone');
    const before = questions.length;
    await slack.click({ user: 'ada', message: shared, action_id: 'answer_range', selected_option: '30d' });
    await slack.waitFor(() => slack.ephemerals('ada')[0], 'an admin of the workspace may ask too');
    expect(questions).toHaveLength(before + 1);
    expect(slack.messages('api-usage')).toHaveLength(1);
    slack.assertNoProblems();
  });

  it('a member who is not listed is refused', async () => {
    const { slack, questions } = await startRig({ config: { viewers: ['U01ALICE'] } });
    await slack.command({ user: 'boris', channel: 'api-usage', text: 'status' });
    expect(await told(slack, 'boris')).toContain('VIEWERS');
    expect(JSON.stringify((await slack.openHome('boris')).blocks)).toContain('VIEWERS');
    expect(questions).toEqual([]);
  });

  it('not somebody whom Slack does not show to the bot', async () => {
    const { slack, questions } = await startRig();
    slack.faults.fail('users.info', { error: 'user_not_visible' });
    await slack.command({ user: 'olga', channel: 'partner-acme', text: 'status' });
    expect(await told(slack, 'olga')).toContain('for full members of this workspace');
    expect(questions).toEqual([]);
  });

  it('nobody, while Slack does not say who they are', async () => {
    const { slack, questions } = await startRig({ wait: async () => {} });
    slack.faults.fail('users.info', { error: 'internal_error', times: 5 });
    await slack.command({ user: 'alice', channel: 'api-usage', text: 'status' });
    expect(await told(slack, 'alice')).toContain('Slack is not answering');
    expect(questions).toEqual([]);
  });

  it('is asked anew after a minute', async () => {
    let now = Date.now();
    const { slack } = await startRig({ now: () => now });
    await slack.command({ user: 'alice', channel: 'api-usage', text: 'status' });
    await slack.waitFor(() => slack.messages('api-usage')[0], 'she is answered');
    slack.workspace.users.get('U01ALICE')!.is_restricted = true;
    now += 61_000;
    await slack.command({ user: 'alice', channel: 'api-usage', text: 'status' });
    expect(await told(slack, 'alice')).toContain('for full members');
  });
});

describe('who may change', () => {
  it.each([
    ['alerts mute crm 2h', 'alerts.mute'],
    ['alerts test', 'alerts.test'],
    ['correct crm -500 2026-11-03 counted twice', 'corrections.correct'],
  ])('%s: admins alone', async (text, action) => {
    const { slack, done } = await startRig();
    await slack.command({ user: 'alice', channel: 'api-usage', text });
    expect(await told(slack, 'alice')).toContain('Only admins');
    expect(done).toEqual([]);
    await slack.command({ user: 'ada', channel: 'api-usage', text });
    await told(slack, 'ada');
    expect(done.map((one) => one.action)).toEqual([action]);
    slack.assertNoProblems();
  });

  it('pools: a form for admins with the declaration in it', async () => {
    const { slack, done } = await startRig();
    await slack.command({ user: 'alice', channel: 'api-usage', text: 'pool edit' });
    expect(await told(slack, 'alice')).toContain('Only admins');
    const shown = await typePools(slack, { user: 'ada', channel: 'api-usage', yaml: 'scopes: [{ name: crm }]' });
    expect(shown).toContain('base 50,000 → 60,000');
    expect(done.at(-1)).toMatchObject({
      action: 'pools.apply',
      given: [
        { part: 'text', yaml: 'scopes: [{ name: crm }]' },
        { user: 'U01ADMIN', admin: true },
      ],
    });
    slack.assertNoProblems();
  });

  it('ADMINS names them instead of the workspace', async () => {
    const { slack, done } = await startRig({ config: { admins: ['S0123'] } });
    await slack.command({ user: 'ada', channel: 'api-usage', text: 'alerts test' });
    expect(await told(slack, 'ada')).toContain('Only admins');
    await slack.command({ user: 'boris', channel: 'api-usage', text: 'alerts test' });
    await told(slack, 'boris');
    expect(done.map((one) => one.action)).toEqual(['alerts.test']);
  });

  it.each(['no_such_subteam', 'plan_upgrade_required'])(
    'a group that is not there (%s) names nobody, and shuts out nobody else',
    async (error) => {
      const { slack, app, done, log } = await startRig({
        config: { admins: ['S0123', 'U01CHLOE'], viewers: ['U01ALICE'] },
      });
      slack.faults.fail('usergroups.users.list', { error, times: 9 });
      await slack.command({ user: 'alice', channel: 'api-usage', text: 'status' });
      expect(await told(slack, 'alice')).toContain('requests');
      await slack.command({ user: 'boris', channel: 'api-usage', text: 'alerts test' });
      expect(await told(slack, 'boris')).toContain('VIEWERS');
      await slack.command({ user: 'chloe', channel: 'api-usage', text: 'alerts test' });
      await told(slack, 'chloe');
      expect(done.map((one) => one.action)).toEqual(['alerts.test']);
      // Admins that are already known keep getting alerts.
      expect(await app.listAdmins()).toEqual({ ids: ['U01CHLOE'], complete: false });
      expect(log.filter(({ usergroup }) => usergroup === 'S0123')).toHaveLength(1);
    },
  );

  it('digests: every member', async () => {
    const { slack, done } = await startRig();
    await slack.command({ user: 'alice', channel: 'api-usage', text: 'digest add weekdays 09:00' });
    expect(await told(slack, 'alice')).toContain('Added: digest 7');
    expect(done[0]).toMatchObject({
      action: 'digests.add',
      given: [{ channel: 'C01USAGE' }, { user: 'U01ALICE', admin: false }],
    });
    slack.assertNoProblems();
  });
});

describe('Home', () => {
  it('shows cards, what is over 75%, one’s digests, and the admins’ part to admins', async () => {
    const { slack } = await startRig();
    const member = JSON.stringify((await slack.openHome('alice')).blocks);
    expect(member).toContain('crm has used 93% of its daily credits.');
    expect(member).toContain('daily 09:00 Europe/Berlin');
    expect(member).not.toContain('Change pools');
    expect(JSON.stringify((await slack.openHome('ada')).blocks)).toContain('Change pools');
    expect(JSON.stringify((await slack.openHome('gus')).blocks)).toContain('for full members');
    slack.assertNoProblems();
  });

  it('answers its buttons in the direct messages', async () => {
    const { slack } = await startRig();
    const home = await slack.openHome('alice');
    await slack.click({ user: 'alice', message: home, action_id: 'run:home0' });
    const answer = await slack.waitFor(
      () => slack.directMessages('alice').find((one) => typesOf(one).includes('image')),
      'the answer',
    );
    expect(answer.text).toContain('acme-web made 947,000');
    expect(slack.modal('alice')!.title).toMatchObject({ text: 'Sent to Messages' });
    slack.assertNoProblems();
  });

  it('shows the digests of one’s channels, whose they are, and no buttons that others may press', async () => {
    const { slack } = await startRig();
    const mine = JSON.stringify((await slack.openHome('alice')).blocks);
    expect(mine).toContain('"digest_pause"');
    const member = JSON.stringify((await slack.openHome('boris')).blocks);
    expect(member).toContain('daily 09:00 Europe/Berlin · by ');
    expect(member).toContain('"user_id":"U01ALICE"');
    expect(member).not.toContain('"digest_pause"');
    slack.workspace.findChannel('api-usage')!.members.delete(slack.workspace.findUser('boris')!.id);
    expect(JSON.stringify((await slack.openHome('boris')).blocks)).not.toContain('daily 09:00');
    slack.assertNoProblems();
  });
});
