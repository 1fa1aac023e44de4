import { DIGEST_SECTIONS, EVERYTHING } from '../domain/digest.ts';
import { createLogger } from '../log.ts';
import { buildDigestPreview } from '../messages/digest-list.ts';
import { createDigestComposer, type DigestComposerPorts, type DigestOrder } from '../schedule/digest-composer.ts';
import { DigestPosts } from '../schedule/digest-posts.ts';
import { type Sample, sampleMessage } from './sample.ts';
import type { SampleWorld } from './sample-world.ts';

/** The digest of a day, a week and a month, what follows in their threads, and a preview. */
export async function listDigestSamples(world: SampleWorld): Promise<Sample[]> {
  const { calendar, nowMs } = world;
  const ports = toPorts(world);
  const compose = createDigestComposer(ports);
  const dueMs = calendar.startOfDay(calendar.dayOf(nowMs)) + 9 * 3_600_000;
  const samples: Sample[] = [];
  for (const every of ['day', 'week', 'month'] as const) {
    for (const part of ['message', ...DIGEST_SECTIONS.map(({ key }) => key)] as const) {
      const by = every === 'week' ? { sentBy: 'U0123456789' } : {};
      const order: DigestOrder = { subscriptionId: 1, what: EVERYTHING, dueMs, every, part, ...by };
      const composed = await compose(order, { key: `sample ${every}`, dueMs, nowMs, updating: true });
      const name = `Digest of a ${every}${part === 'message' ? '' : `, its thread: ${part}`}`;
      if (composed) samples.push(sampleMessage(name, { text: composed.text, blocks: composed.blocks ?? [] }));
    }
  }
  const log = createLogger('silent');
  const idle = { log, now: () => nowMs, wakeSender: () => {}, isGone: async () => false, webhook: false };
  const preview = await new DigestPosts({ ...ports, ...idle }).compose({ channel: 'C0123456789' });
  return [...samples, sampleMessage('Digest, its preview', buildDigestPreview(preview))];
}

function toPorts({ db, calendar, reporter, usage, definitions, sources }: SampleWorld): DigestComposerPorts {
  return { db, calendar, reporter, usage, definitions, sources, render: async () => undefined };
}
