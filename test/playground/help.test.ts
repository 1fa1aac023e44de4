import { afterAll, beforeAll, expect, test } from 'vitest';
import { createLogger } from '../../src/log.ts';
import { type Demo, startDemo } from '../../src/playground/demo.ts';
import { listElements } from '../../src/playground/emulator/elements.ts';
import { HELP_TOPICS } from '../../src/slack/command/help-topics.ts';
import { type Ephemeral, type Message, watch } from '../support/emulator.ts';
import { SlackFaults } from '../support/slack-faults.ts';

/** Runs every example of the help by its button, as an admin, on the demo's data. */

let demo: Demo;
beforeAll(async () => {
  demo = await startDemo({
    faults: new SlackFaults(),
    log: createLogger('silent'),
    pagePort: 0,
    botPort: 0,
    startMs: Date.UTC(2026, 10, 21, 10),
  });
  const emulator = watch(demo.world.emulator);
  await emulator.waitFor(() => emulator.messages('api-usage')[0], 'there is a first answer', 20_000);
  // Creates a view and a digest for the examples that need one.
  for (const text of ['save failures status 7d', 'digest add daily 09:00 Europe/Berlin']) await run(text);
});
afterAll(() => demo.stop());

const ADMIN = 'ada';
const CHANNEL = 'api-usage';

function see(): readonly (Message | Ephemeral)[] {
  const emulator = watch(demo.world.emulator);
  return [...emulator.ephemerals(ADMIN, CHANNEL), ...emulator.messages(CHANNEL)];
}

/** Returns what an action shows: a message or a form. */
async function after(action: () => Promise<unknown>, what: string): Promise<string> {
  const emulator = watch(demo.world.emulator);
  const before = new Set(see());
  const modal = emulator.modal(ADMIN);
  await action();
  return emulator.waitFor(
    () => {
      const form = emulator.modal(ADMIN);
      if (form && form !== modal) return `form ${JSON.stringify(form).slice(0, 200)}`;
      return see().find((message) => !before.has(message))?.text;
    },
    what,
    10_000,
  );
}

const run = (text: string) =>
  after(() => demo.world.emulator.command({ user: ADMIN, channel: CHANNEL, text }), `/usage ${text} is answered`);

/** Pattern of answers that an example of the help must not get. */
const REFUSED =
  /^(I (don.t|can.t)|That |API usage is for|Only |Which|Whose|What shall|No \w+ is called|No quantity|There is no|“[^”]*” (is|may)|This \w+ has no whole day|After )/;

/** Examples that have been run, so that those on several pages run once. */
const done = new Set<string>();

test.each(HELP_TOPICS.map((topic) => [topic.name, topic] as const))('help %s', async (name, { title, lines }) => {
  const emulator = watch(demo.world.emulator);
  const before = new Set(see());
  await emulator.command({ user: ADMIN, channel: CHANNEL, text: `help ${name}` });
  const isPage = (message: Message | Ephemeral) => !before.has(message) && message.text.startsWith(title);
  const page = (await emulator.waitFor(() => see().find(isPage), `help ${name}`, 10_000)) as Ephemeral;
  expect(page.text.split('\n').length).toBeLessThanOrEqual(13);
  const elements = listElements(page.blocks ?? []).map(({ element }) => element as Partial<Record<string, string>>);
  const buttons = elements.filter(({ action_id }) => /^run:\d+$/.test(action_id!));
  expect(buttons).toHaveLength(lines.filter(({ command }) => command !== undefined).length);
  for (const { action_id = '', value = '' } of buttons) {
    if (done.has(value)) continue;
    done.add(value);
    const press = () => emulator.click({ user: ADMIN, message: page, action_id });
    expect.soft(await after(press, `the button for “${value}” is answered`), value).not.toMatch(REFUSED);
    const form = emulator.modal(ADMIN);
    if (form) await emulator.closeView({ user: ADMIN, viewId: form.id });
  }
  // Checks messages that arrived after the next button had been pressed.
  for (const { text } of see().filter((message) => !before.has(message))) expect.soft(text, name).not.toMatch(REFUSED);
  emulator.assertNoProblems();
});
