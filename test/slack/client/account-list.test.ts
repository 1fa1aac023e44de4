import { WebAPIRateLimitedError } from '@slack/web-api';
import { expect, it } from 'vitest';
import { createLogger } from '../../../src/log.ts';
import { AccountList } from '../../../src/slack/client/memory.ts';

interface Account {
  id: string;
  admin: boolean;
}

/** Opens a workspace whose `users.list` takes 20 calls a minute, on a clock that moves only in pauses. */
function openWorkspace(accounts: readonly Account[]) {
  let nowMs = 0;
  const calls: { limit: number; cursor?: string }[] = [];
  const minutes = new Map<number, number>();
  const list = async (args: { limit: number; cursor?: string }) => {
    const minute = Math.floor(nowMs / 60_000);
    const used = (minutes.get(minute) ?? 0) + 1;
    minutes.set(minute, used);
    if (used > 20) throw new WebAPIRateLimitedError(30);
    calls.push(args);
    const from = Number(args.cursor ?? 0);
    const next = from + args.limit < accounts.length ? String(from + args.limit) : '';
    return { ok: true, members: accounts.slice(from, from + args.limit), response_metadata: { next_cursor: next } };
  };
  const found = new AccountList<Account>({
    client: { users: { list } } as never,
    log: createLogger('silent'),
    now: () => nowMs,
    wait: async () => {},
    wanted: ({ admin }) => admin,
  });
  return {
    found,
    calls,
    pass(ms: number) {
      nowMs += ms;
    },
  };
}

const many = Array.from({ length: 100_000 }, (_, n) => ({ id: `U${n}`, admin: n === 3 || n === 99_999 }));

it('lists 100,000 accounts in pages of 1,000, on from where a limit stopped it, while what is known is there at once', async () => {
  const { found, calls, pass } = openWorkspace(many);
  expect(await found.find()).toEqual({ ids: ['U3'], complete: false });
  for (let minute = 1; minute <= 6; minute += 1) {
    await expect.poll(() => calls.length).toBe(Math.min(100, 20 * minute));
    pass(60_000);
    await found.find();
  }
  expect(await found.find()).toEqual({ ids: ['U3', 'U99999'], complete: true });
  expect(calls).toHaveLength(100);
  expect(new Set(calls.map(({ cursor }) => cursor)).size).toBe(100);
  expect(calls.every(({ limit }) => limit === 1000)).toBe(true);
});

it('keeps a whole listing for an hour, and has it at hand while the next is under way', async () => {
  const { found, calls, pass } = openWorkspace(many.slice(0, 1500));
  await found.find();
  await expect.poll(async () => (await found.find()).complete).toBe(true);
  pass(3_500_000);
  expect(await found.find()).toEqual({ ids: ['U3'], complete: true });
  expect(calls).toHaveLength(2);
  pass(200_000);
  expect(await found.find()).toEqual({ ids: ['U3'], complete: true });
  await expect.poll(() => calls.length).toBe(4);
});

it('says that Slack cannot be asked only while nothing is known', async () => {
  const { found, pass } = openWorkspace([{ id: 'U1', admin: true }]);
  for (let call = 0; call < 20; call += 1) await found.find();
  const limited = openWorkspace(many.map((one) => ({ ...one, admin: one.id === 'U99999' })));
  await expect(limited.found.find()).rejects.toThrow('rate-limit');
  pass(1);
  expect((await found.find()).ids).toEqual(['U1']);
});
