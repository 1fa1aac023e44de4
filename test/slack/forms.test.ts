import { describe, expect, it } from 'vitest';
import { HeadroomError } from '../../src/errors.ts';
import { openPoolText } from '../support/pool-text.ts';
import { startRig } from './support.ts';

describe('Set an alert, under an answer', () => {
  it('leads to a form with the answer in it, and to a bound on what it counts', async () => {
    const { slack, done } = await startRig();
    await slack.command({ user: 'alice', channel: 'api-usage', text: 'top routes 7d client:"Acme CRM"' });
    const answer = await slack.waitFor(() => slack.messages('api-usage')[0], 'the answer');
    await slack.click({ user: 'boris', message: answer, action_id: 'answer_more', selected_option: 'alert' });
    const form = await slack.waitFor(() => slack.modal('boris'), 'the form');
    expect(JSON.stringify(form.blocks)).toContain('Counts: client:');
    const wrong = await slack.submitView({ user: 'boris', viewId: form.id, values: { over: '9'.repeat(16) } });
    expect(wrong.errors).toEqual({ over: expect.stringContaining('whole number') });
    await slack.submitView({ user: 'boris', viewId: form.id, values: { name: 'Acme', over: '500', per: 'day' } });
    const told = await slack.waitFor(() => slack.ephemerals('boris')[0], 'it is told');
    expect(told.text).toContain('when “Acme” passes 500 requests a day');
    expect(done).toEqual([
      {
        action: 'alerts.add',
        given: [
          {
            name: 'Acme',
            over: 500,
            per: 'day',
            question: expect.objectContaining({ filters: [{ key: 'client', patterns: ['Acme CRM'], not: false }] }),
          },
          { user: 'U01BORIS', zone: 'America/New_York', admin: false },
        ],
      },
    ]);
    slack.assertNoProblems();
  });
});

describe('the form of a digest', () => {
  it('shows its next three runs, and others as soon as another time is chosen', async () => {
    const { slack } = await startRig({ now: () => Date.UTC(2026, 10, 21, 9) });
    await slack.command({ user: 'alice', channel: 'api-usage', text: 'digest add' });
    await slack.waitFor(() => slack.modal('alice'), 'the form');
    const shown = () => JSON.stringify(slack.modal('alice')!.blocks.find(({ block_id: id }) => id === 'next_runs'));
    expect(shown()).toContain('Next: Sun 22 Nov 09:00, Mon 23 Nov 09:00, Tue 24 Nov 09:00 (Europe/Berlin)');
    const press = (action: string, chosen: object) =>
      slack.click({ user: 'alice', message: slack.modal('alice')!, action_id: `digest_when:${action}`, ...chosen });
    await press('rhythm', { selected_option: 'weekly mon' });
    await slack.waitFor(() => shown().includes('Mon 30 Nov 09:00'), 'the runs of Mondays');
    await press('zone', { value: 'Mars/Base' });
    await slack.waitFor(() => shown().includes('There is no time zone “Mars/Base”.'), 'what is wrong');
    slack.assertNoProblems();
  });
});

describe('two choices in a form, the second before the first has changed it', () => {
  it('both stand in what it shows', async () => {
    const { slack } = await startRig({ now: () => Date.UTC(2026, 10, 21, 9) });
    await slack.command({ user: 'alice', channel: 'api-usage', text: 'digest add' });
    const form = await slack.waitFor(() => slack.modal('alice'), 'the form');
    const choose = (action: string, value: string) =>
      slack.click({
        ...{ user: 'alice', message: form, action_id: `digest_when:${action}` },
        selected_option: value,
      });
    await Promise.all([choose('rhythm', 'weekly mon'), choose('time', '15:30')]);
    const shown = () => JSON.stringify(slack.modal('alice')!.blocks.find(({ block_id: id }) => id === 'next_runs'));
    await slack.waitFor(() => shown().includes('Mon 23 Nov 15:30'), 'the runs of Mondays in the afternoon');
    slack.assertNoProblems();
  });
});

describe('a form that is sent twice', () => {
  it('is done once', async () => {
    const { slack, done } = await startRig();
    await slack.command({ user: 'alice', channel: 'api-usage', text: 'digest add' });
    const form = await slack.waitFor(() => slack.modal('alice'), 'the form');
    const submit = () => slack.submitView({ user: 'alice', viewId: form.id });
    for (const { status, errors } of await Promise.all([submit(), submit()]))
      expect([status, errors]).toEqual([200, {}]);
    await slack.waitFor(() => slack.ephemerals('alice')[0], 'it is told');
    expect(done.map(({ action }) => action)).toEqual(['digests.add']);
    slack.assertNoProblems();
  });
});

describe('Make this a digest, under an answer', () => {
  it('is about the calls of that answer, and has at least one part', async () => {
    const { slack, done } = await startRig();
    await slack.command({ user: 'alice', channel: 'api-usage', text: 'client "Acme CRM" 7d status:4xx' });
    const answer = await slack.waitFor(() => slack.messages('api-usage')[0], 'the answer');
    await slack.click({ user: 'alice', message: answer, action_id: 'answer_more', selected_option: 'digest' });
    const form = await slack.waitFor(() => slack.modal('alice'), 'the form');
    expect(JSON.stringify(form.blocks)).toContain('Only requests with client:');
    expect(JSON.stringify(form.blocks)).toContain('Each post is about the day or week before it, not about 7d.');
    const empty = await slack.submitView({ user: 'alice', viewId: form.id, values: { sections: [], thread: [] } });
    expect(empty.errors).toEqual({ sections: 'Choose at least one.' });
    await slack.submitView({ user: 'alice', viewId: form.id, values: { sections: ['pools'] } });
    await slack.waitFor(() => done.length > 0, 'it is added');
    expect(done[0]!.given[0]).toMatchObject({
      channel: 'C01USAGE',
      filters: [
        { key: 'client', patterns: ['Acme CRM'], not: false },
        { key: 'status', patterns: ['4xx'], not: false },
      ],
    });
    slack.assertNoProblems();
  });

  it('says so where the filters of that answer are too long for it', async () => {
    const { slack } = await startRig();
    const many = Array.from({ length: 90 }, (_, at) => `user:somebody-with-a-long-name-${at}`).join(' ');
    await slack.command({ user: 'alice', channel: 'api-usage', text: `status 7d ${many}` });
    const answer = await slack.waitFor(() => slack.messages('api-usage')[0], 'the answer');
    await slack.click({ user: 'alice', message: answer, action_id: 'answer_more', selected_option: 'digest' });
    const form = await slack.waitFor(() => slack.modal('alice'), 'the form');
    expect(JSON.stringify(form.blocks)).toContain('too long for a form: this digest is about all calls');
    slack.assertNoProblems();
  });
});

describe('the form of pools', () => {
  it('shows what is wrong at its field, and changes nothing', async () => {
    const { slack, done } = await startRig({
      pools: {
        check: async () => {
          throw new HeadroomError('definition', 'line 3: period is "fortnight"; use day or month.');
        },
      },
    });
    const { form } = await openPoolText(slack, { user: 'ada', channel: 'api-usage' });
    const given = await slack.submitView({ user: 'ada', viewId: form.id, values: { yaml: 'scopes: []' } });
    expect(given.errors).toEqual({ yaml: 'line 3: period is "fortnight"; use day or month.' });
    expect(done).toEqual([]);
    slack.assertNoProblems();
  });
});

describe('the list of alerts', () => {
  it('names each mute, by whom, and how to end it, and so does Home', async () => {
    const muted = { mutedUntilMs: Number.MAX_SAFE_INTEGER, mutedBy: 'U01ADMIN' };
    const one = { detail: '', enabled: true, ...muted };
    const list = async () =>
      ['crm', 'crm/Monthly'].map((what) => ({ sort: 'mute' as const, id: what, title: what, ...one }));
    const { slack, done } = await startRig({ alerts: { list } });
    await slack.command({ user: 'ada', channel: 'api-usage', text: 'alerts' });
    const shown = await slack.waitFor(() => slack.ephemerals('ada')[0], 'the list');
    expect(shown.text).toContain('crm: muted until further notice by <@U01ADMIN>');
    await slack.click({ user: 'ada', message: shown, action_id: 'alert_unmute:1' });
    await slack.waitFor(() => done[0], 'it is unmuted');
    expect(done[0]).toMatchObject({ action: 'alerts.unmute', given: [{ what: 'crm/Monthly' }, {}] });
    const home = JSON.stringify((await slack.openHome('alice')).blocks);
    expect(home).toContain('crm/Monthly · muted until further notice');
    expect(home).toContain('{"type":"user","user_id":"U01ADMIN"}');
    slack.assertNoProblems();
  });

  it('says on Home how bad each alert is, by the sign of the alert itself', async () => {
    const raised = { sort: 'raised' as const, id: '1', title: 'CRM is out of calls', detail: '', enabled: true };
    const list = async () => [
      { ...raised, sign: '⛔' as const },
      { ...raised, title: 'Source kong is silent' },
    ];
    const { slack } = await startRig({ alerts: { list } });
    const home = JSON.stringify((await slack.openHome('alice')).blocks);
    expect(home).toContain('⛔ CRM is out of calls');
    expect(home).toContain('"Source kong is silent"');
  });

  it('gives what is over no button, and says since when', async () => {
    const past = { sort: 'past' as const, id: '17', title: 'Daily of CRM reached 90%', detail: '', enabled: true };
    const overSinceMs = Date.UTC(2026, 10, 21);
    const { slack } = await startRig({ alerts: { list: async () => [{ ...past, overSinceMs }] } });
    await slack.command({ user: 'ada', channel: 'api-usage', text: 'alerts' });
    const shown = await slack.waitFor(() => slack.ephemerals('ada')[0], 'the list');
    expect(shown.text).toContain('Daily of CRM reached 90%: ended Sat 21 Nov');
    expect(JSON.stringify(shown.blocks)).not.toMatch(/alert_(acknowledge|mute)/);
    slack.assertNoProblems();
  });

  it('fits into a message however much there is', async () => {
    const sorts = ['raised', 'past', 'mute', 'rule', 'kind'] as const;
    const list = async () =>
      sorts.flatMap((sort) =>
        Array.from({ length: 40 }, (_, at) => ({
          ...{ sort, id: `${sort}${at}`, title: `${sort} ${at}`, detail: '', enabled: true },
          ...(sort === 'mute' ? { mutedUntilMs: Number.MAX_SAFE_INTEGER, mutedBy: 'U01ADMIN' } : {}),
        })),
      );
    const { slack } = await startRig({ alerts: { list } });
    await slack.command({ user: 'ada', channel: 'api-usage', text: 'alerts' });
    await slack.waitFor(() => slack.ephemerals('ada')[0], 'the list');
    slack.assertNoProblems();
  });

  it.each(['2020-01-01', 'today 00:00', '9999h'])('mutes nothing until a time that cannot be: %s', async (time) => {
    const { slack, done } = await startRig();
    await slack.command({ user: 'ada', channel: 'api-usage', text: `alerts mute crm ${time}` });
    const told = await slack.waitFor(() => slack.ephemerals('ada')[0], 'the refusal');
    expect(told.text).toContain(`“${time}” is not a time ahead of now`);
    expect(JSON.stringify(told.blocks)).toContain('alerts mute crm 2h');
    expect(done).toEqual([]);
  });
});

describe('counting that takes more than a second', () => {
  it('is said to the asker alone, and the answer follows', async () => {
    const counting = Promise.withResolvers<void>();
    const { slack } = await startRig({ wait: async () => {}, before: () => counting.promise });
    await slack.command({ user: 'alice', channel: 'api-usage', text: 'top clients 7d' });
    const note = await slack.waitFor(() => slack.ephemerals('alice')[0], 'the note');
    expect(note.text).toContain('Still counting');
    expect(slack.messages('api-usage')).toEqual([]);
    counting.resolve();
    await slack.waitFor(() => slack.messages('api-usage')[0], 'the answer');
    slack.assertNoProblems();
  });
});

describe('what Slack refuses', () => {
  it.each([
    ['views.open', 'expired_trigger_id', 'Please press again'],
    ['views.open', 'missing_scope', 'lacks a permission'],
    ['views.open', 'token_revoked', 'install it again'],
    ['views.open', 'unheard_of', 'tell an admin the id'],
  ])('%s with %s: has an answer for the person', async (method, error, told) => {
    const { slack } = await startRig();
    slack.faults.fail(method, { error });
    await slack.command({ user: 'alice', channel: 'api-usage', text: 'filters' });
    expect((await slack.waitFor(() => slack.ephemerals('alice')[0], 'an answer')).text).toContain(told);
  });

  it('too many requests: says how long to wait', async () => {
    const { slack } = await startRig();
    slack.faults.rateLimit('views.open', { retryAfter: 30 });
    await slack.command({ user: 'alice', channel: 'api-usage', text: 'filters' });
    const told = await slack.waitFor(() => slack.ephemerals('alice')[0], 'an answer');
    expect(told.text).toContain('try again in 30 seconds');
  });
});

describe('/usage settings', () => {
  it('names who may ask and change as Slack shows them', async () => {
    const { slack } = await startRig({ config: { viewers: ['U01ALICE', 'S0123'], admins: ['U01ADMIN'] } });
    await slack.command({ user: 'alice', channel: 'api-usage', text: 'settings' });
    const told = await slack.waitFor(() => slack.ephemerals('alice')[0], 'the settings');
    const blocks = JSON.stringify(told.blocks);
    for (const id of ['"user_id":"U01ALICE"', '"usergroup_id":"S0123"', '"user_id":"U01ADMIN"'])
      expect(blocks).toContain(id);
    expect(told.text).toContain('to the asker alone, unless shared');
    slack.assertNoProblems();
  });
});
