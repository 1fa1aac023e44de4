import { describe, expect, it } from 'vitest';
import type { Block } from '../support/emulator.ts';
import { type Rig, startRig } from './support.ts';

const typesOf = (blocks: readonly Block[]) => new Set(blocks.map(({ type }) => type));

it('a Home tab is published without the blocks that Slack refuses, which stand there as text', async () => {
  const { slack, refused } = await startRig();
  slack.faults.unknownBlocks.add('context');
  const { blocks } = await slack.openHome('alice');
  expect(typesOf(blocks)).not.toContain('context');
  expect(blocks.length).toBeGreaterThan(5);
  const noted = { type: 'context', pointer: expect.stringMatching(/^\/blocks\/\d/) };
  await expect.poll(() => refused.list()).toMatchObject([noted]);
  slack.takeProblems();
});

it('a window opens without a refused block, at the next press where the trigger was used up', async () => {
  const scope = { name: 'crm', title: 'CRM', basis: 'b', pools: [], limits: [] };
  const fields = { name: 'crm', title: '', rate_limit_per_minute: '', 'links.addon': '', 'links.upgrade': '' };
  const { slack, refused, log } = await startRig({ pools: { list: async () => [{ ...scope, fields }] } });
  slack.faults.unknownBlocks.add('header');
  await slack.command({ user: 'ada', channel: 'api-usage', text: 'pool edit crm' });
  const told = await slack.waitFor(() => slack.ephemerals('ada')[0], 'ada is told');
  expect(told.text).toContain('Press again');
  await slack.command({ user: 'ada', channel: 'api-usage', text: 'pool edit crm' });
  const modal = await slack.waitFor(() => slack.modal('ada'), 'the window');
  expect(modal.blocks[0]).toMatchObject({ type: 'section', text: { text: 'CRM' } });
  expect(JSON.stringify(modal.blocks)).toContain('Add a pool');
  expect(refused.list()).toMatchObject([{ type: 'header', count: 1 }]);
  expect(log.filter(({ msg }) => String(msg).includes('refused a block'))).toHaveLength(1);
  slack.takeProblems();
});

it('a form that lost a field can be read, not sent', async () => {
  const { slack } = await startRig();
  slack.faults.unknownBlocks.add('input');
  await slack.command({ user: 'alice', channel: 'api-usage', text: 'digest add' });
  await slack.waitFor(() => slack.ephemerals('alice')[0], 'alice is told');
  await slack.command({ user: 'alice', channel: 'api-usage', text: 'digest add' });
  const modal = await slack.waitFor(() => slack.modal('alice'), 'the form');
  expect(modal.submit).toBeFalsy();
  expect(typesOf(modal.blocks)).not.toContain('input');
  expect(JSON.stringify(modal.blocks)).toContain('At: 09:00');
  slack.takeProblems();
});

it('a form that is filled in keeps what Slack takes of it', async () => {
  const { slack } = await startRig();
  await slack.command({ user: 'alice', channel: 'api-usage', text: 'digest add' });
  const form = await slack.waitFor(() => slack.modal('alice'), 'the form');
  slack.faults.unknownBlocks.add('context');
  await slack.click({ user: 'alice', message: form, action_id: 'digest_when:rhythm', selected_option: 'weekdays' });
  const next = await slack.waitFor(
    () => slack.modal('alice')!.blocks.find(({ type }) => type === 'section'),
    'the next runs as text',
  );
  expect(JSON.stringify(next)).toContain('Next: ');
  expect(slack.modal('alice')!.submit).toBeTruthy();
  slack.takeProblems();
});

describe('the Home tab after a press in it', () => {
  const pauseIn = async ({ slack }: Rig) => {
    const message = await slack.openHome('alice');
    return () => slack.click({ user: 'alice', message, action_id: 'digest_pause' });
  };
  const toldIn = ({ slack }: Rig) => slack.directMessages('alice').map(({ text }) => text);

  it('shows what was done, a block that Slack refuses as text', async () => {
    const rig = await startRig();
    const { slack, refused } = rig;
    const press = await pauseIn(rig);
    slack.faults.unknownBlocks.add('context');
    await press();
    await slack.waitFor(() => !typesOf(slack.home('alice')!.blocks).has('context'), 'Home is drawn anew');
    await expect.poll(() => refused.list()).toMatchObject([{ type: 'context' }]);
    expect(toldIn(rig)).toEqual([expect.stringMatching(/^Digest 7, .*, is paused/)]);
    slack.takeProblems();
  });

  it('is left as it was where Slack takes none, which is logged; what was pressed is done and told all the same', async () => {
    const rig = await startRig();
    const { slack, log, done } = rig;
    const press = await pauseIn(rig);
    const before = slack.home('alice')!.hash;
    slack.faults.fail('views.publish', { error: 'not_enabled' });
    await press();
    await expect.poll(() => log.find(({ msg }) => msg === 'the Home tab was not refreshed')).toBeDefined();
    expect(slack.home('alice')!.hash).toBe(before);
    expect(done.map(({ action }) => action)).toEqual(['digests.pause']);
    expect(toldIn(rig)).toEqual([expect.stringMatching(/^Digest 7, .*, is paused/)]);
  });
});
