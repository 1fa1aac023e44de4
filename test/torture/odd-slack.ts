import { createHmac } from 'node:crypto';
import { ACTIONS } from '../../src/messages/action-ids.ts';
import { listElements, listOptions } from '../../src/playground/emulator/elements.ts';
import type { Block } from '../../src/playground/emulator/types.ts';
import { listSamples } from '../../src/samples/samples.ts';
import { FORMS } from '../../src/slack/app.ts';
import type { WireRequest } from './wire.ts';

/** Everything that people can press or fill in, taken from one message or window of each kind. */
export interface Controls {
  /** Parts of `block_actions`: the pressed element and its window. */
  presses: readonly Record<string, unknown>[];
  /** Windows to submit. */
  forms: readonly Record<string, unknown>[];
  /** The same without the fields that Slack always sends with them. */
  bare: Pick<Controls, 'presses' | 'forms'>;
}

export interface OddDelivery extends WireRequest {
  /** True if the signature is Slack's. */
  signed: boolean;
  told: string;
}

type Random = () => number;

const CHANNELS = ['C01USAGE', 'C01GENERAL', 'C01LEADS', 'C01SHARED', 'C01RANDOM', 'C01ONCALL'];
const COMMANDS = [
  ...['', 'top clients', 'pool', 'help', 'status 7d', 'digest add daily 09:00', 'digest remove 1', 'digest send'],
  ...['alerts mute crm', 'alerts test', 'pool edit', 'export top clients', 'save x top clients', 'correct crm -5 x'],
  ...['client "', '<!channel>', 'top 99999999999999999999', 'vs', 'why <@U01ADMIN>', '\u202e', 'a'.repeat(4000), '…'],
];
const EVENTS = ['app_mention', 'message', 'app_home_opened', 'member_joined_channel', 'channel_archive', 'unheard_of'];
const VALUES = [
  null,
  '',
  0,
  -1,
  true,
  [],
  {},
  'x',
  '\0',
  'crm',
  '1',
  '{"scope":"crm","name":"Monthly"}',
  1e300,
  [null],
];

const oneOf = <T>(list: readonly T[], random: Random): T => list[Math.floor(random() * list.length)]!;

export async function listControls(): Promise<Controls> {
  const presses: Record<string, unknown>[] = [];
  const forms: Record<string, unknown>[] = [];
  for (const sample of await listSamples()) {
    const view = 'view' in sample ? toWindow(sample.view) : undefined;
    const blocks = (view?.blocks ?? ('message' in sample ? sample.message.blocks : [])) as Block[];
    for (const { block, element } of listElements(blocks)) {
      const action = { ...element, ...choose(element), value: element.value, block_id: block.block_id };
      presses.push({ actions: [action], ...(view ? { view } : { message: { ts: '1.1', blocks } }) });
    }
    if (view?.callback_id) forms.push(view);
  }
  return {
    presses,
    forms,
    bare: {
      presses: Object.values(ACTIONS).map((action_id) => ({ actions: [{ action_id, value: '1' }] })),
      forms: FORMS.map(({ on: callback_id }) => ({ id: 'V1', callback_id, state: { values: {} } })),
    },
  };
}

/** Returns a window as Slack sends it, with a value in each field. */
function toWindow(view: Block): Block {
  const values = Object.fromEntries(
    listElements(view.blocks as Block[]).map(({ block, element }) => [
      String(block.block_id),
      { [String(element.action_id)]: { type: element.type, ...choose(element) } },
    ]),
  );
  return { ...view, id: 'V1', hash: 'h', state: { values } };
}

/** Returns a value for an element, under the keys of all types. */
function choose(element: Block): Record<string, unknown> {
  return {
    value: 'x',
    selected_option: listOptions(element)[0],
    selected_conversation: 'C01USAGE',
    selected_date: '2026-11-20',
    selected_time: '09:00',
  };
}

/** Makes a request of Slack by one of `people`: a command, press, form, search or event. `odd`: with random changes. */
export function makeOddDelivery(
  number: number,
  random: Random,
  controls: Controls,
  { people, secret, odd }: { people: readonly string[]; secret: string; odd: boolean },
): OddDelivery {
  const user = { id: oneOf(people, random), team_id: 'T01HEADROOM' };
  const channel = { id: oneOf(CHANNELS, random) };
  const usual = { user, channel, trigger_id: `${number}.t`, team: { id: 'T01HEADROOM' } };
  const kind = random();
  let body: string;
  let isJson = false;
  if (kind < 0.25) {
    const command = { command: '/usage', text: oneOf(COMMANDS, random), user_id: user.id, channel_id: channel.id };
    body = new URLSearchParams({ ...command, trigger_id: `${number}.t` }).toString();
  } else if (kind < 0.4) {
    const event = { type: oneOf(EVENTS, random), user: user.id, channel: channel.id, ts: `${number}.1`, tab: 'home' };
    const text = `<@U01HEADROOM> ${oneOf(COMMANDS, random)}`;
    const callback = { type: 'event_callback', event_id: `Ev${number}`, event: { ...event, text } };
    body = JSON.stringify(odd ? change(callback, random) : callback);
    isJson = true;
  } else {
    const from = odd && random() < 0.2 ? controls.bare : controls;
    const payload = makeInteraction(usual, random, from);
    const sent = odd ? change(payload, random) : payload;
    body = new URLSearchParams({ payload: JSON.stringify(sent) }).toString();
  }
  const stamp = Math.floor(Date.now() / 1000);
  const signed = random() > 0.03;
  const signature = createHmac('sha256', signed ? secret : 'x')
    .update(`v0:${stamp}:${body}`)
    .digest('hex');
  const lines = [
    'POST /slack/events HTTP/1.1',
    'Host: x',
    `Content-Type: application/${isJson ? 'json' : 'x-www-form-urlencoded'}`,
    `X-Slack-Request-Timestamp: ${stamp}`,
    `X-Slack-Signature: v0=${signature}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  return { bytes: Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`), signed, told: body };
}

function makeInteraction(
  usual: Record<string, unknown>,
  random: Random,
  { presses, forms }: Pick<Controls, 'presses' | 'forms'>,
): Record<string, unknown> {
  const kind = random();
  if (kind < 0.55) return { ...usual, type: 'block_actions', ...oneOf(presses, random) };
  if (kind < 0.85) return { ...usual, type: 'view_submission', view: oneOf(forms, random) };
  if (kind < 0.93)
    return {
      ...usual,
      type: 'block_suggestion',
      action_id: oneOf(['search:user', ACTIONS.poolFind], random),
      value: 'a',
    };
  if (kind < 0.96) return { ...usual, type: 'view_closed', view: oneOf(forms, random) };
  const callback_id = oneOf(['usage_here', 'ask'], random);
  return { ...usual, type: oneOf(['shortcut', 'message_action'], random), callback_id, message: { ts: '1.1' } };
}

/** In a third of cases, removes or changes one field at any depth. The person who acts stays the same. */
function change(payload: Record<string, unknown>, random: Random): Record<string, unknown> {
  if (random() < 0.67) return payload;
  const copy = structuredClone(payload);
  let place: unknown = copy;
  for (;;) {
    const keys = Object.keys(place as object).filter((key) => key !== 'user');
    if (keys.length === 0) return copy;
    const key = oneOf(keys, random);
    const next = (place as Record<string, unknown>)[key];
    if (typeof next === 'object' && next !== null && random() < 0.7) {
      place = next;
      continue;
    }
    (place as Record<string, unknown>)[key] = random() < 0.3 ? undefined : oneOf(VALUES, random);
    return copy;
  }
}
