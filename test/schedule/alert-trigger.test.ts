import { expect, it } from 'vitest';
import { createLogger } from '../../src/log.ts';
import { AlertTrigger } from '../../src/schedule/alert-trigger.ts';

const log = createLogger('silent');
const instantly = { now: () => 0, sleep: async () => {} };

it('evaluates once for commits that come together, and again for one that comes meanwhile', async () => {
  const calls: PromiseWithResolvers<boolean>[] = [];
  const trigger = new AlertTrigger({
    log,
    clock: instantly,
    evaluate: () => {
      const call = Promise.withResolvers<boolean>();
      calls.push(call);
      return call.promise;
    },
  });
  for (let n = 0; n < 5; n += 1) trigger.onCommit();
  await settled();
  expect(calls).toHaveLength(1);
  trigger.onCommit();
  await settled();
  expect(calls).toHaveLength(1);
  calls[0]!.resolve(true);
  await settled();
  expect(calls).toHaveLength(2);
  calls[1]!.resolve(true);
  await settled();
  expect(calls).toHaveLength(2);
  trigger.onCommit();
  await settled();
  expect(calls).toHaveLength(3);
  calls[2]!.resolve(true);
  await trigger.stop();
});

it('tries again when another instance is at it, or when it fails', async () => {
  const answers = [async () => false, () => Promise.reject(new Error('database is locked')), async () => true];
  let calls = 0;
  const trigger = new AlertTrigger({ log, clock: instantly, evaluate: () => answers[calls++]!() });
  trigger.onCommit();
  await settled();
  expect(calls).toBe(3);
  await trigger.stop();
});

function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
