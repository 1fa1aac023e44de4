import { expect, onTestFinished } from 'vitest';
import { Sender, type SenderOptions } from '../../src/delivery/sender.ts';
import { type Composers, SlackTransport, type SlackTransportPorts } from '../../src/delivery/slack-transport.ts';
import type { Picture } from '../../src/domain/picture.ts';
import { createLogger } from '../../src/log.ts';
import { RefusedBlocks } from '../../src/slack/client/post.ts';
import { createWebClient } from '../../src/slack/client/web-client.ts';
import type { Db } from '../../src/store/database.ts';
import { type Emulator, startEmulator } from '../support/emulator.ts';
import { FakeClock } from './fake-clock.ts';

export const CHANNEL = 'C0000000001';
export const OTHER_CHANNEL = 'C0000000002';
export const THIRD_CHANNEL = 'C0000000003';
export const OWNER = 'U0000000001';

/** A PNG of one pixel. */
export const PICTURE: Picture = {
  png: Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
    'base64',
  ),
  ...{ width: 1, height: 1, altText: '90% of 100,000' },
};

/** Composers for content that is already a message: `{ text, blocks?, … }`. */
const echo = async (content: unknown) => content as Awaited<ReturnType<Composers['alert']>>;
export const ECHO: Composers = { alert: echo, digest: echo, notice: echo };

/** Opens an emulated workspace on a clock that the test moves. It ends with the test, which fails on anything Slack would refuse. */
export async function openStage(): Promise<{
  slack: Emulator;
  clock: FakeClock;
  openSender(
    db: Db,
    overrides?: Partial<SenderOptions & SlackTransportPorts> & { fetch?: typeof fetch; timeout?: number },
  ): Sender;
}> {
  const clock = new FakeClock();
  const slack = await startEmulator({
    now: () => clock.now(),
    seed: {
      users: [
        { id: OWNER, name: 'ana' },
        { id: 'U0000000002', name: 'ben', is_admin: true },
      ],
      channels: [CHANNEL, OTHER_CHANNEL, THIRD_CHANNEL].map((id, index) => ({ id, name: `team-${index}` })),
    },
  });
  onTestFinished(async () => {
    await slack.stop();
    // No app listens to events here, so missing acknowledgements are no problem. A test that causes other problems takes them.
    expect(slack.problems.filter(({ kind }) => kind !== 'unacknowledged')).toEqual([]);
  });
  return {
    slack,
    clock,
    openSender(db, { fetch: fetchFunction, timeout, ...overrides } = {}) {
      const log = createLogger('silent');
      const client = createWebClient(slack.botToken, {
        apiUrl: slack.apiUrl,
        log,
        ...(fetchFunction ? { fetch: fetchFunction } : {}),
        ...(timeout ? { timeoutMs: timeout } : {}),
      });
      const ports = {
        ...{ db, client, clock, composers: ECHO, log, refused: new RefusedBlocks(log) },
        ...{ render: async () => PICTURE, ...overrides },
      };
      return new Sender({ ...ports, transport: new SlackTransport(ports) });
    },
  };
}
