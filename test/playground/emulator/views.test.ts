import type { App } from '@slack/bolt';
import { afterEach, expect, test } from 'vitest';
import type { Emulator } from '../../support/emulator.ts';
import { createClient, outcome, start, startHttpApp, stopAll } from './support.ts';

afterEach(stopAll);

const plain = (text: string) => ({ type: 'plain_text' as const, text });
const modal = (title: string, more: object = {}) => ({
  type: 'modal' as const,
  callback_id: 'digest',
  title: plain(title),
  submit: plain('Save'),
  blocks: [
    {
      type: 'input' as const,
      block_id: 'time',
      label: plain('Time'),
      element: { type: 'plain_text_input' as const, action_id: 'hour', initial_value: '09:00', max_length: 5 },
    },
    {
      type: 'input' as const,
      block_id: 'days',
      optional: true,
      label: plain('Days'),
      element: {
        type: 'multi_static_select' as const,
        action_id: 'days',
        options: ['mon', 'tue'].map((day) => ({ text: plain(day), value: day })),
      },
    },
    {
      type: 'input' as const,
      block_id: 'client',
      optional: true,
      label: plain('Client'),
      element: { type: 'external_select' as const, action_id: 'client', min_query_length: 1 },
    },
  ],
  ...more,
});

/** Opens the modal of a `/usage digest` command. */
async function openModal(emulator: Emulator, app: App, view: ReturnType<typeof modal>): Promise<string> {
  app.command('/usage', async ({ ack, command, client }) => {
    await ack();
    await client.views.open({ trigger_id: command.trigger_id, view });
  });
  await emulator.command({ user: 'alice', channel: 'api-usage', text: 'digest' });
  return (await emulator.waitFor(() => emulator.modal('alice'), 'the modal')).id;
}

test('a modal is opened, filled in and submitted; field errors keep it open', async () => {
  const emulator = await start();
  const app = await startHttpApp(emulator);
  const viewId = await openModal(emulator, app, modal('Digest', { private_metadata: 'C01USAGE' }));
  const seen: unknown[] = [];
  app.view('digest', ({ ack, view }) => {
    seen.push(view.state.values, view.private_metadata);
    const bad = view.state.values.time!.hour!.value === '25:00';
    return bad ? ack({ response_action: 'errors', errors: { time: 'No such hour' } }) : ack();
  });
  const refused = await emulator.submitView({ user: 'alice', viewId, values: { hour: '25:00' } });
  expect(refused.errors).toEqual({ time: 'No such hour' });
  expect(emulator.modal('alice')?.id).toBe(viewId);
  const done = await emulator.submitView({
    user: 'alice',
    viewId,
    values: { time: { hour: '10:30' }, days: ['mon', 'tue'] },
  });
  expect(done).toMatchObject({ status: 200, errors: {} });
  expect(emulator.modal('alice')).toBeUndefined();
  expect(seen[2]).toMatchObject({
    time: { hour: { type: 'plain_text_input', value: '10:30' } },
    days: { days: { selected_options: [{ value: 'mon' }, { value: 'tue' }] } },
    client: { client: { type: 'external_select', selected_option: null } },
  });
  expect(seen[1]).toBe('C01USAGE');
  emulator.assertNoProblems();
});

test("Slack's client refuses empty and overlong input before anything is sent", async () => {
  const emulator = await start();
  const app = await startHttpApp(emulator);
  const viewId = await openModal(emulator, app, modal('Digest'));
  const empty = await emulator.submitView({ user: 'alice', viewId, values: { hour: '' } });
  expect(empty.errors).toHaveProperty('time');
  expect(empty.delivery).toBeUndefined();
  const long = await emulator.submitView({ user: 'alice', viewId, values: { hour: '9 o’clock' } });
  expect(long.errors.time).toContain('5 characters');
  await expect(emulator.submitView({ user: 'alice', viewId, values: { days: ['sun'] } })).rejects.toThrow('mon, tue');
});

test('a trigger is good once and for three seconds', async () => {
  let now = Date.now();
  const emulator = await start({ now: () => now });
  const app = await startHttpApp(emulator);
  const client = createClient(emulator);
  app.command('/usage', ({ ack }) => ack());
  const open = (trigger_id: string) => outcome(client.views.open({ trigger_id, view: modal('Digest') }));
  const first = await emulator.command({ user: 'alice', channel: 'general', text: '' });
  expect(await open(first.triggerId)).toBe('ok');
  expect(await open(first.triggerId)).toBe('exchanged_trigger_id');
  expect(await open('1.2.3')).toBe('invalid_trigger_id');
  const second = await emulator.command({ user: 'alice', channel: 'general', text: '' });
  now += 3001;
  expect(await open(second.triggerId)).toBe('expired_trigger_id');
  expect(emulator.takeProblems().map((problem) => problem.kind)).toEqual(['trigger', 'trigger', 'trigger']);
});

test('a wrong view is refused with the place', async () => {
  const emulator = await start();
  const app = await startHttpApp(emulator);
  app.command('/usage', ({ ack }) => ack());
  const open = async (view: object) => {
    const { triggerId } = await emulator.command({ user: 'alice', channel: 'general', text: '' });
    const error = await createClient(emulator)
      .apiCall('views.open', { trigger_id: triggerId, view })
      .catch((thrown) => thrown);
    return `${error.data.error} ${error.data.response_metadata.messages}`;
  };
  expect(await open(modal('t'.repeat(25)))).toContain('invalid_arguments [ERROR] must be less than 25 characters');
  expect(await open(modal('x', { blocks: [{ type: 'table', rows: [] }] }))).toContain('/view/blocks/0/rows');
  const table = { type: 'table', rows: [[{ type: 'raw_text', text: 'x' }]] };
  expect(await open(modal('x', { blocks: [table] }))).toContain('table in a modal');
  expect(emulator.takeProblems()).toHaveLength(3);
});

test('updating with an old hash is a conflict; input stays where its ids stay', async () => {
  const emulator = await start();
  const app = await startHttpApp(emulator);
  const viewId = await openModal(emulator, app, modal('Digest'));
  const client = createClient(emulator);
  const { hash } = emulator.modal('alice')!;
  const update = (title: string) => outcome(client.views.update({ view_id: viewId, hash, view: modal(title) }));
  expect(await update('Second')).toBe('ok');
  expect(await update('Third')).toBe('hash_conflict');
  expect(emulator.modal('alice')?.title?.text).toBe('Second');
});

test('an external menu asks the app for its options', async () => {
  const emulator = await start();
  const app = await startHttpApp(emulator);
  const viewId = await openModal(emulator, app, modal('Digest'));
  app.options('client', ({ ack, options }) => ack({ options: [{ text: plain(`${options.value}me`), value: 'acme' }] }));
  const options = await emulator.suggest({
    user: 'alice',
    action_id: 'client',
    value: 'Ac',
    container: { view: viewId },
  });
  expect(options).toEqual([{ text: plain('Acme'), value: 'acme' }]);
  const seen: unknown[] = [];
  app.view('digest', ({ ack, view }) => {
    seen.push(view.state.values.client!.client!.selected_option?.value);
    return ack();
  });
  await emulator.submitView({ user: 'alice', viewId, values: { client: options[0] } });
  expect(seen).toEqual(['acme']);
});

test('the Home tab is published when it is opened, and its buttons work', async () => {
  const emulator = await start();
  const app = await startHttpApp(emulator);
  const home = (text: string) => ({
    type: 'home' as const,
    blocks: [
      {
        type: 'section' as const,
        text: plain(text),
        accessory: { type: 'button' as const, action_id: 'refresh', text: plain('Refresh') },
      },
    ],
  });
  app.event('app_home_opened', async ({ event, client }) => {
    await client.views.publish({ user_id: event.user, view: home('hello') });
  });
  app.action('refresh', async ({ ack, body, client }) => {
    await ack();
    await client.views.publish({ user_id: body.user.id, view: home('fresh') });
  });
  const view = await emulator.openHome('alice');
  expect(view.blocks[0]).toMatchObject({ text: { text: 'hello' } });
  await emulator.click({ user: 'alice', message: { view }, action_id: 'refresh' });
  await emulator.waitFor(() => JSON.stringify(emulator.home('alice')).includes('fresh'), 'a fresh Home tab');
  expect(emulator.home('boris')).toBeUndefined();
  emulator.assertNoProblems();
});

test("a form is held back as Slack's client does it: numbers, dates, and what waits for the button", async () => {
  const emulator = await start();
  const app = await startHttpApp(emulator);
  const field = (id: string, element: object) => ({ type: 'input', block_id: id, label: plain(id), element });
  const blocks = [
    field('count', { type: 'number_input', action_id: 'value', is_decimal_allowed: false, min_value: '1' }),
    field('share', { type: 'number_input', action_id: 'value', is_decimal_allowed: true }),
    field('day', { type: 'datepicker', action_id: 'value' }),
  ];
  const viewId = await openModal(emulator, app, modal('Numbers', { blocks }));
  const submit = async (values: object) =>
    (await emulator.submitView({ user: 'alice', viewId, values: { ...values } })).errors;
  const right = { count: '2', share: '0.5', day: '2026-11-21' };
  expect(await submit({ ...right, count: '52,500' })).toEqual({ count: 'Must be a number.' });
  expect(await submit({ ...right, count: '1.5' })).toEqual({ count: 'Must be a whole number.' });
  expect(await submit({ ...right, count: '0' })).toEqual({ count: 'Must be at least 1.' });
  expect(await submit({ ...right, share: '5 %' })).toEqual({ share: 'Must be a number.' });
  expect(await submit({ ...right, day: 'tomorrow' })).toEqual({ day: 'Must be a date.' });
  const press = emulator.click({ user: 'alice', message: viewId, block_id: 'count', action_id: 'value', value: '2' });
  await expect(press).rejects.toThrow('waits for the form to be submitted');
  app.view('digest', ({ ack }) => ack());
  expect(await submit(right)).toEqual({});
  await expect(submit(right)).rejects.toThrow('not on');
  emulator.assertNoProblems();
});

test('of a field that an update brought nothing is sent until somebody touches it', async () => {
  const emulator = await start();
  const app = await startHttpApp(emulator);
  const viewId = await openModal(emulator, app, modal('Digest'));
  const zone = {
    type: 'input' as const,
    block_id: 'zone',
    label: plain('Zone'),
    element: { type: 'plain_text_input' as const, action_id: 'name', initial_value: 'Europe/Paris' },
  };
  const longer = modal('Digest', { blocks: [...modal('Digest').blocks, zone] });
  const seen: unknown[] = [];
  app.view('digest', async ({ ack, view }) => {
    seen.push([view.state.values.time!.hour!.value, view.state.values.zone!.name!.value]);
    await ack({ response_action: 'errors', errors: { zone: 'Again.' } });
  });
  await app.client.views.update({ view_id: viewId, view: longer });
  await emulator.submitView({ user: 'alice', viewId });
  await emulator.submitView({ user: 'alice', viewId, values: { zone: 'Asia/Tokyo' } });
  await emulator.submitView({ user: 'alice', viewId });
  expect(seen).toEqual([
    ['09:00', null],
    ['09:00', 'Asia/Tokyo'],
    ['09:00', 'Asia/Tokyo'],
  ]);
});
