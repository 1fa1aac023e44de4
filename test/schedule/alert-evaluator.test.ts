import { expect, it, onTestFinished } from 'vitest';
import { createLogger } from '../../src/log.ts';
import { followCommits } from '../../src/schedule/alert-evaluator.ts';
import { FakeClock } from '../delivery/fake-clock.ts';

type Answer = () => Promise<boolean>;

/** Starts a trigger on a fake clock. `pass` moves the clock by half a second in steps. */
function start(answers: Answer[] = []) {
  const clock = new FakeClock();
  const state = { mark: '1', marks: [] as (string | Error)[], begun: [] as string[] };
  const trigger = followCommits({
    ...{ clock, log: createLogger('silent') },
    async findMark() {
      const next = state.marks.shift() ?? state.mark;
      if (next instanceof Error) throw next;
      return next;
    },
    async evaluate() {
      state.begun.push(state.mark);
      return (await answers.shift()?.()) ?? true;
    },
  });
  trigger.start();
  onTestFinished(() => trigger.stop());
  const pass = async (ms: number) => {
    for (let left = ms; left > 0; left -= 50) {
      await settled();
      clock.advance(50);
    }
    await settled();
  };
  return { trigger, state, pass };
}

it('evaluates once for commits that come together, and again for one that comes meanwhile', async () => {
  const call = Promise.withResolvers<boolean>();
  const { trigger, state, pass } = start([async () => true, () => call.promise]);
  await pass(1000);
  expect(state.begun).toEqual(['1']);
  for (const mark of ['2', '3', '4']) {
    state.mark = mark;
    trigger.wake();
    await settled();
  }
  await pass(300);
  expect(state.begun).toEqual(['1', '4']);
  state.mark = '5';
  trigger.wake();
  await pass(1000);
  expect(state.begun).toEqual(['1', '4']);
  call.resolve(true);
  await pass(1000);
  expect(state.begun).toEqual(['1', '4', '5']);
  await pass(3000);
  expect(state.begun).toHaveLength(3);
});

it('notices within half a second what another process commits', async () => {
  const { state, pass } = start();
  await pass(1000);
  state.mark = '2';
  await pass(650);
  expect(state.begun).toEqual(['1', '2']);
});

it('tries again when another instance is at it, or when it or a look fails', async () => {
  const { state, pass } = start([
    async () => false,
    () => Promise.reject(new Error('database is locked')),
    async () => true,
  ]);
  state.marks = [new Error('database is locked')];
  await pass(3000);
  expect(state.begun).toEqual(['1', '1', '1']);
});

function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
