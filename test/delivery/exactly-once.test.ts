import fc from 'fast-check';
import { expect, it } from 'vitest';
import { findDelivery, insertDelivery } from '../../src/store/delivery-repository.ts';
import { describeEachDialect } from '../support/databases.ts';
import { tally } from '../support/figures.ts';
import { size } from '../support/size.ts';
import { checkPosts } from '../torture/ledger.ts';
import { CHANNEL, OTHER_CHANNEL, openStage } from './slack-stage.ts';

/** The fate of one call of a sender. */
const call = fc.constantFrom(
  'fine',
  'fine',
  'refused before',
  'cut after',
  'server error',
  'rate limited',
  'dies before',
  'dies after',
  'freezes before',
);

const schedule = fc.record({
  calls: fc.array(call, { maxLength: 12 }),
  outageSeconds: fc.integer({ min: 0, max: 20 }),
  keys: fc.integer({ min: 1, max: 4 }),
});

describeEachDialect('any schedule of crashes, freezes and outages', (databases) => {
  it('ends with exactly one message per key, in the log and in Slack', async () => {
    const { slack, clock, openSender } = await openStage();
    const db = await databases.open();
    let run = 0;
    await fc.assert(
      fc.asyncProperty(schedule, async ({ calls, outageSeconds, keys }) => {
        run += 1;
        const expected = Array.from({ length: keys }, (_, n) => `run ${run} alert:${n}`);
        for (const [n, key] of expected.entries()) {
          const channel = n % 2 ? OTHER_CHANNEL : CHANNEL;
          await insertDelivery(db, { key, kind: 'alert', channel, content: { text: key }, dueMs: clock.now() });
        }
        const fates = [...calls];
        const thawing: (() => void)[] = [];
        let replaced = Promise.withResolvers<void>();
        let sender = open();
        function open() {
          let dead = false;
          const never = new Promise<never>(() => {});
          const die = () => {
            dead = true;
            sender = open();
            replaced.resolve();
            replaced = Promise.withResolvers<void>();
            return never;
          };
          const fetchOrFail = async (...args: Parameters<typeof fetch>): Promise<Response> => {
            if (dead) return never;
            if (!String(args[0]).endsWith('chat.postMessage')) return fetch(...args);
            const fate = fates.shift() ?? 'fine';
            if (fate === 'dies before') return die();
            if (fate === 'freezes before') {
              const thawed = new Promise<void>((resolve) => thawing.push(resolve));
              const replaced = die();
              thawed.then(() => fetch(...args)).catch(() => {});
              return replaced;
            }
            if (fate === 'refused before') slack.faults.fail('chat.postMessage', { drop: true });
            if (fate === 'cut after') slack.faults.fail('chat.postMessage', { dropAfter: true });
            if (fate === 'server error') slack.faults.fail('chat.postMessage', { status: 503 });
            if (fate === 'rate limited') slack.faults.rateLimit('chat.postMessage', { retryAfter: 2 });
            const answer = await fetch(...args);
            return fate === 'dies after' ? die() : answer;
          };
          // A dead sender's timers must not fire. Those of a live one are not needed here.
          return openSender(db, {
            fetch: fetchOrFail,
            clock: { now: () => clock.now(), sleep: (_ms, signal) => whenAborted(signal) },
          });
        }
        try {
          for (let second = 0; second < 150; second += 1) {
            slack.faults.outage(second < outageSeconds);
            await Promise.race([sender.settle(), replaced.promise]);
            clock.advance(1000);
          }
          slack.faults.clear();
          for (const thaw of thawing) thaw();
          await slack.waitFor(
            () => countOf(slack, expected) === expected.length + thawing.length,
            'the frozen calls went through',
          );
          clock.advance(20_000);
          await sender.sweep();
        } finally {
          // Tallied even if the wait has failed, because then a message was never posted.
          const posted = allOf(slack).flatMap(({ text }) => (expected.includes(text) ? [text] : []));
          tally(databases.dialect, {
            cuts: calls.filter((fate) => fate !== 'fine').length - fates.filter((fate) => fate !== 'fine').length,
            deliveries: keys,
            ...checkPosts(expected, posted),
          });
        }
        for (const key of expected) {
          const ours = allOf(slack).filter(({ text }) => text === key);
          expect(ours.map(({ ts }) => ts)).toEqual([(await findDelivery(db, key))!.sent?.ts]);
        }
        expect(await sender.settle()).toBe(undefined);
      }),
      { numRuns: size(12, 200) },
    );
  });
});

type Slack = Awaited<ReturnType<typeof openStage>>['slack'];

function allOf(slack: Slack) {
  return [...slack.messages(CHANNEL), ...slack.messages(OTHER_CHANNEL)];
}

function countOf(slack: Slack, texts: readonly string[]): number {
  return allOf(slack).filter(({ text }) => texts.includes(text)).length;
}

function whenAborted(signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal?.addEventListener('abort', () => resolve()));
}
