import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listElements, listOptions as listOffered } from '../../src/playground/emulator/elements.ts';
import { fillLine, findHelpDays } from '../../src/slack/command/help.ts';
import { HELP_TOPICS } from '../../src/slack/command/help-topics.ts';
import type { Block, Emulator, Ephemeral, Interaction, Message, View } from '../support/emulator.ts';
import { tallyInputs } from '../support/figures.ts';
import { typePools } from '../support/pool-text.ts';
import { size } from '../support/size.ts';
import { HOSTILE_NAMES, listTraffic, POOLS, startWholeApp, type WholeApp } from './whole-app.ts';

/**
 * People of every kind type commands and press what they see, on the whole bot with stored events. Whatever they do, Slack must
 * refuse nothing, every request must be acknowledged, every press answered, and no error logged.
 */

const NOW = Date.parse('2026-11-21T10:30:00Z');
const PEOPLE = ['ada', 'alice', 'boris', 'gus'];
const CHANNELS = ['api-usage', 'general', 'oncall', 'random', 'leads', 'partner-acme'];
/** Calls by which a person sees an answer. Messages with metadata are alerts or digests instead. */
const SHOWN =
  /^(chat\.(postMessage|postEphemeral|update|delete)|views\.\w+|response_url|files\.completeUploadExternal)$/;
/** Seed of a failed run, to repeat its walk. */
const { WALK_SEED } = process.env;

const HOUR_MS = 3_600_000;

let bot: WholeApp;
let now = NOW;

const SEEN = {
  client: 'Acme CRM',
  route: '/v1/orders',
  scope: 'crm',
  view: 'x',
  digest: 1,
  ...findHelpDays(NOW, 'UTC'),
};
const EXAMPLES = HELP_TOPICS.flatMap(({ lines }) => lines.flatMap((line) => fillLine(line, SEEN).command ?? []));
const valid = fc.constantFrom(
  ...EXAMPLES,
  ...['digest add daily 08:00 UTC', 'digest pause', 'digest resume', 'digest remove', 'digest takeover', 'digest edit'],
  ...['pool edit', 'pool edit crm', 'alerts route'],
  ...['alerts mute', 'alerts unmute', 'alerts ack', 'alerts on run-out', 'alerts off run-out', 'alerts mute crm'],
  ...['save x top clients', 'open x', 'alerts add x > 5 per hour', 'views', 'reset', 'filters', 'settings', 'debug'],
  ...['top clients 7d private', 'status 30d', 'client "Acme CRM"', 'explain', 'why "Acme CRM"', 'advice', 'pool crm'],
  ...[
    'export sources',
    'audit',
    'unsubscribe 1',
    'digest add',
    'digest send',
    'history',
    'licences',
    'top ips 2026-02-30',
  ],
);
const hostile = fc.oneof(
  fc.constantFrom(
    ...HOSTILE_NAMES,
    '',
    '"',
    'client "',
    'top clients client:"<!channel>"',
    'save "<@U01ADMIN> `" top clients',
  ),
  fc.constantFrom(
    'top 0 clients',
    'top 99999999999999999999 clients',
    'day 0000-00-00',
    '2026-11-01..2026-10-01',
    'digest 999 pause',
  ),
  fc.constantFrom(
    'alerts add x > 99999999999999999999',
    'correct crm - x',
    'open nowhere',
    'digest add daily 99:99 Mars/Base',
  ),
  fc.constantFrom('__proto__', 'constructor', 'top __proto__', 'help toString', 'a'.repeat(5000), '\u0000\u202e'),
  fc.string({ unit: 'grapheme', maxLength: 60 }),
);
const misspelt = fc
  .tuple(valid, fc.nat(), fc.constantFrom('', 'x', ' ', '"'))
  .map(
    ([text, at, insert]) => text.slice(0, at % (text.length + 1)) + insert + text.slice((at % (text.length + 1)) + 1),
  );

type Step = { person: string; channel: string } & (
  | { kind: 'type'; text: string }
  | { kind: 'mention'; text: string }
  | { kind: 'write'; text: string }
  | { kind: 'press'; pick: number; option: number; text: string }
  | { kind: 'form'; pick: number; option: number; text: string }
  | { kind: 'home' }
  | { kind: 'time'; hours: number }
);

const who = { person: fc.constantFrom(...PEOPLE), channel: fc.constantFrom(...CHANNELS) };
const text = fc.oneof(
  { weight: 5, arbitrary: valid },
  { weight: 2, arbitrary: misspelt },
  { weight: 2, arbitrary: hostile },
);
const pick = { pick: fc.nat(), option: fc.nat(), text };
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('type' as const), text, ...who }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('mention' as const, 'write' as const), text, ...who }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('press' as const), ...pick, ...who }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('form' as const), ...pick, ...who }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('home' as const), ...who }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('time' as const), hours: fc.constantFrom(1, 23, 24), ...who }),
  },
);

const WORLDS: { world: string; env: Record<string, string> }[] = [
  { world: 'where every member may ask', env: {} },
  { world: 'where few may ask, privately', env: { VIEWERS: 'U01ALICE,S0123,U01GUEST', ANSWERS: 'private' } },
];

describe.each(WORLDS)('in a workspace $world', ({ env }) => {
  beforeAll(async () => {
    now = NOW;
    bot = await startWholeApp({ nowMs: NOW, env });
    await bot.send(listTraffic(NOW));
    await typePools(bot.slack, { user: 'ada', channel: 'general', yaml: POOLS });
  });

  afterAll(() => bot?.stop());

  it('nothing that people type or press goes wrong', async () => {
    let deeds = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 12 }), async (steps) => {
        deeds += steps.length;
        for (const one of steps) {
          const done = await act(one);
          expect.soft(bot.errors.splice(0), done).toEqual([]);
          // A form left open for an hour: the app finds out only when it tries the expired URL, and then answers in another way.
          const problems = bot.slack.takeProblems().filter(({ detail }) => detail !== 'expired_url');
          expect.soft(problems, done).toEqual([]);
        }
      }),
      {
        numRuns: size(4, 200),
        ...(WALK_SEED ? { seed: Number(WALK_SEED) } : {}),
        // Does not shrink a failed walk: the workspace has changed, so a shorter walk would not start from the same state.
        endOnFailure: true,
      },
    );
    tallyInputs('presses and forms', deeds);
  });
});

/** Performs a step and waits for what the person then sees. Returns a description of the step. */
async function act(one: Step): Promise<string> {
  const { slack } = bot;
  const { person: user, channel } = one;
  if (one.kind === 'time') {
    now += one.hours * HOUR_MS;
    bot.setNow(now);
    await bot.send(listTraffic(now, 20));
    await bot.app.tick();
    await settle(slack);
    return `${one.hours} hours later`;
  }
  const from = slack.calls.length;
  const errors = bot.errors.length;
  const shown = (): boolean =>
    slack.calls.slice(from).some(({ method, args }) => SHOWN.test(method) && !('metadata' in args));
  const answered = async (done: string, given?: Interaction): Promise<string> => {
    if (given?.delivery) expect(given.status, done).toBe(200);
    if (given && Object.keys(given.errors).length > 0) return done;
    await slack.waitFor(() => shown() || bot.errors.length > errors, `an answer to ${done}`, 10_000);
    await settle(slack);
    return done;
  };
  const place = canSee(slack, user, channel) ? channel : 'api-usage';
  if (one.kind === 'type') {
    const given = await slack.command({ user, channel: place, text: one.text });
    return answered(`${user} in ${place}: /usage ${one.text}`, given);
  }
  if (one.kind === 'mention') {
    if (place === 'random') return 'the bot is not there';
    await slack.mention({ user, channel: place, text: one.text });
    return answered(`${user} in ${place}: @Headroom ${one.text}`);
  }
  if (one.kind === 'write') {
    if (one.text === '') return 'nothing is written';
    await slack.directMessage(user, one.text);
    return answered(`${user} to the bot: ${one.text}`);
  }
  if (one.kind === 'home') {
    await slack.openHome(user);
    return answered(`${user} opens Home`);
  }
  const modal = slack.modal(user);
  const controls = listControls(slack, user, modal);
  if (modal && (one.kind === 'form' || controls.length === 0)) {
    if (one.pick % 4 === 0 || modal.submit === null) {
      await slack.closeView({ user, viewId: modal.id });
      return 'a form is closed';
    }
    const values = await fill(slack, user, modal, one);
    const given = await slack.submitView({ user, viewId: modal.id, values });
    return answered(`${user} submits ${modal.callback_id} with ${JSON.stringify(values)}`, given);
  }
  const control = controls[one.pick % Math.max(1, controls.length)];
  if (!control) return 'nothing to press';
  const { target, block, element } = control;
  const option = listOptions(element);
  const chosen = option.length > 0 ? { selected_option: option[one.option % option.length] } : {};
  const done = `${user} presses ${String(element.action_id)} ${JSON.stringify(chosen)} ${String(element.value ?? '')}`;
  const given = await slack.click({
    user,
    message: target,
    action_id: String(element.action_id),
    block_id: String(block.block_id),
    ...chosen,
  });
  if (/^link/.test(String(element.action_id))) return done;
  return answered(done, given);
}

interface Control {
  target: Message | Ephemeral | View;
  block: Block;
  element: Block;
}

/** Lists the buttons and menus that a person sees: in their open form, else in messages, private ones too, and on Home. */
function listControls(slack: Emulator, user: string, modal: View | undefined): Control[] {
  const places = CHANNELS.filter((channel) => canSee(slack, user, channel));
  const home = slack.home(user);
  const targets: (Message | Ephemeral | View)[] = modal
    ? [modal]
    : [
        ...places.flatMap((channel) => slack.messages(channel).slice(-3)),
        ...slack.directMessages(user).slice(-3),
        ...slack.ephemerals(user).slice(-4),
        ...(home ? [home] : []),
      ];
  return targets.flatMap((target) =>
    listElements(target.blocks ?? [])
      .filter(
        ({ block, element }) =>
          (block.type !== 'input' || (block.dispatch_action === true && 'options' in element)) &&
          element.action_id !== undefined,
      )
      .map((found) => ({ target, ...found })),
  );
}

function listOptions(element: Block): string[] {
  return listOffered(element).map(({ value }) => String(value));
}

/** Fills a form as a person may: some fields untouched, some chosen, some with nonsense. */
async function fill(
  slack: Emulator,
  user: string,
  modal: View,
  { option, text: typed }: { option: number; text: string },
): Promise<Record<string, unknown>> {
  const values: Record<string, unknown> = {};
  for (const [index, { block, element }] of listElements(modal.blocks).entries()) {
    const id = String(block.block_id);
    const options = listOptions(element);
    const left = (option + index) % 3 === 0;
    if (block.type !== 'input' || (left && 'initial_value' in element)) continue;
    if (element.type === 'multi_external_select') {
      const offered = await slack.suggest({
        user,
        action_id: String(element.action_id),
        block_id: id,
        value: '',
        container: modal,
      });
      if (offered.length > 0 && !left) values[id] = [offered[option % offered.length]];
    } else if (element.type === 'conversations_select')
      values[id] = ['C01USAGE', 'C01FINANCE', 'C01OLD', 'C01RANDOM'][option % 4];
    else if (element.type === 'datepicker') values[id] = ['2026-01-15', '2026-11-21', '2027-03-01'][option % 3];
    else if (element.type === 'timepicker') values[id] = ['00:00', '09:30', '23:59'][option % 3];
    else if (element.type === 'number_input') values[id] = ['0', '17', '100000'][option % 3];
    else if (options.length > 0) {
      const one = options[(option + index) % options.length];
      values[id] = /^(checkboxes|multi_)/.test(element.type) ? [one] : one;
    } else if (element.type === 'plain_text_input') {
      const limit = Number(element.max_length ?? 3000);
      values[id] = modal.callback_id === 'pools' && left ? POOLS : (typed || 'name').slice(0, limit);
    }
  }
  return values;
}

function canSee(slack: Emulator, user: string, channel: string): boolean {
  const { members } = slack.workspace.findChannel(channel)!;
  return members.has(slack.workspace.findUser(user)!.id);
}

/** Waits until no more calls reach Slack, such as those for a picture or the Home tab. */
async function settle(slack: Emulator): Promise<void> {
  for (let seen = -1; seen !== slack.calls.length; ) {
    seen = slack.calls.length;
    await new Promise((resolve) => setTimeout(resolve, 40));
  }
}
