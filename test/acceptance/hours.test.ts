import { afterAll, beforeAll, expect, it } from 'vitest';
import { COUNTED, calls, EVENTS, NOW, POOLS, type SampleEvent } from './sample.ts';
import { ALICE, CHANNEL, grouped, type Stage, startStage } from './stage.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await startStage({ nowMs: NOW, pools: POOLS, zone: 'Europe/Berlin' });
  await stage.send(EVENTS);
});
afterAll(async () => {
  stage.slack.assertNoProblems();
  await stage.stop();
});

interface Menu {
  option_groups?: { options: { text: { text: string }; value: string }[] }[];
}

/** Counts the calls from one instant up to another, one by one. */
function within(from: string, to: string): number {
  const inside = (event: SampleEvent) => event.time >= from && event.time < to;
  return calls(COUNTED.filter(inside));
}

it.each([
  ['day last 3 hours', '2026-11-21T07:00', '2026-11-21T11:00', 'last 3 hours (08:00–11:30)'],
  ['how many calls in the last hour', '2026-11-21T09:00', '2026-11-21T11:00', 'last hour (10:00–11:30)'],
  ['day yesterday 14:00-15:00', '2026-11-20T13:00', '2026-11-20T14:00', '20 Nov, 14:00–15:00'],
  ['day today since 9', '2026-11-21T08:00', '2026-11-21T11:00', '21 Nov, 09:00–11:30'],
  ['daily monday 9am to wednesday 5pm', '2026-11-16T08:00', '2026-11-18T16:00', '16 Nov 09:00 – 18 Nov 17:00'],
  ['daily 2026-11-08 to 11-18', '2026-11-07T23:00', '2026-11-18T23:00', '8–18 Nov 2026'],
  ['daily since 2026-11-18', '2026-11-17T23:00', '2026-11-20T23:00', '18–20 Nov 2026'],
])('%s', async (text, from, to, label) => {
  const seen = await stage.ask(text);
  expect(seen.words).toContain(label);
  expect(seen.text).toContain(within(from, to) === 0 ? 'No requests' : `${grouped(within(from, to))} request`);
});

it('asks back what leaves open which days are meant, with a button for each', async () => {
  const seen = await stage.ask('daily 5/11');
  expect(seen.text).toContain('5 November or 11 May');
  expect(seen.controls).toEqual(expect.arrayContaining(['daily nov-5', 'daily may-11']));
});

it('goes from a day to its busiest hour by one choice', async () => {
  const day = await stage.ask('day yesterday');
  const peak = day.controls.find((label) => label.endsWith('(peak)'))!;
  const menus = day.message.blocks!.flatMap((block) => (block.elements ?? []) as Menu[]);
  const options = menus.flatMap(({ option_groups = [] }) => option_groups.flatMap((group) => group.options));
  const { value } = options.find(({ text }) => text.text === peak)!;
  const [clock, , count] = peak.split(' ');
  await stage.slack.click({
    user: ALICE,
    message: day.message,
    action_id: 'answer_drill',
    selected_option: value,
  });
  await stage.slack.waitFor(
    () =>
      stage.slack
        .messages(CHANNEL)
        .find(({ text }) => text.startsWith(`${count} request`) && text.includes(`20 Nov, ${clock}–`)),
    'the hour in place of the day',
  );
});
