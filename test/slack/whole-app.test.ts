import { afterAll, beforeAll, expect, it } from 'vitest';
import { openPoolText, typePools } from '../support/pool-text.ts';
import { listTraffic, POOLS, startWholeApp, type WholeApp } from './whole-app.ts';

const NOW = Date.parse('2026-11-21T10:30:00Z');

let bot: WholeApp;

beforeAll(async () => {
  bot = await startWholeApp({ nowMs: NOW });
});

afterAll(async () => {
  await bot?.stop();
  bot?.slack.assertNoProblems();
});

/** Does something as `user` and returns the private message that follows. */
async function tell(user: string, action: () => Promise<unknown>): Promise<string> {
  const before = bot.slack.ephemerals(user).length;
  await action();
  const told = await bot.slack.waitFor(() => bot.slack.ephemerals(user)[before], `${user} is told`);
  return JSON.stringify(told.blocks);
}

const ask = (user: string, text: string) => tell(user, () => bot.slack.command({ user, channel: 'api-usage', text }));

it('every change is written down once, for admins to read', async () => {
  const { slack } = bot;
  const { form } = await openPoolText(slack, { user: 'ada', channel: 'api-usage' });
  const wrong = await slack.submitView({ user: 'ada', viewId: form.id, values: { yaml: 'scopes: [{ nam: crm }]' } });
  expect(wrong.errors.yaml).toContain('nam');
  await slack.closeView({ user: 'ada', viewId: form.id, clear: true });
  await typePools(slack, { user: 'ada', channel: 'api-usage', yaml: POOLS });
  await bot.send(listTraffic(NOW));
  await ask('ada', 'correct crm -500 2026-11-03 counted twice');
  await ask('ada', 'alerts mute crm');
  await ask('alice', 'digest add daily 09:00');
  await ask('alice', 'digest pause 1');
  await ask('alice', 'save mine top clients 30d');
  await ask('alice', 'alerts add mine > 100000 per day');
  expect(await ask('alice', 'audit')).toContain('Only admins may read what was changed');
  const changes = await ask('ada', 'audit');
  const count = (text: string): number => changes.split(text).length - 1;
  for (const done of ['corrected', 'muted', 'added digest', 'paused digest', 'saved the view', 'added the alert'])
    expect([done, count(`"${done} `)]).toEqual([done, 1]);
  expect(count('crm/Monthly')).toBe(1);
  expect(bot.errors).toEqual([]);
});

it('another’s alert, and another’s digest, are theirs', async () => {
  await ask('boris', 'save mine status 7d');
  expect(await ask('boris', 'alerts add mine > 5 per hour')).toContain('Only admins');
  expect(await ask('boris', 'alerts remove mine')).toContain('Only admins');
  expect(await ask('boris', 'digest remove 1')).toContain('belongs to somebody else');
});

it('a digest whose owner has left is told to its channel, listed for admins, and taken over by a press', async () => {
  const { slack } = bot;
  await ask('alice', 'digest resume 1');
  slack.workspace.users.get('U01ALICE')!.deleted = true;
  bot.setNow(NOW + 24 * 3_600_000);
  await bot.app.tick();
  const notice = await slack.waitFor(
    () => slack.messages('api-usage').find(({ text }) => text.includes('has left')),
    'the notice',
    20_000,
  );
  const home = JSON.stringify((await slack.openHome('ada')).blocks);
  expect(home).toContain('Digests whose owner has left');
  expect(home).toContain('Headroom 0.');
  expect(home).toContain('Its schedule last ran Sun 22 Nov 10:30 (UTC)');
  expect(JSON.stringify((await slack.openHome('boris')).blocks)).not.toContain('For admins');
  const mine = await tell('boris', () =>
    slack.click({ user: 'boris', message: notice, action_id: 'digest_take_over' }),
  );
  expect(mine).toContain('Yours now');
  expect(JSON.stringify((await slack.openHome('boris')).blocks)).toContain('daily 09:00 Europe/Berlin');
  expect(bot.errors).toEqual([]);
});
