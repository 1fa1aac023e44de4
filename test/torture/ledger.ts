import type { Figures } from '../support/figures.ts';
import type { Request } from './load.ts';

/**
 * Compares the counts per client with the requests sent: an answered request must count once, any other once or not at all.
 * `faults` lists the clients that break this, and clients that nobody sent.
 */
export function checkEvents(
  sent: readonly Pick<Request, 'client' | 'size'>[],
  isAnswered: (client: string) => boolean,
  counted: Readonly<Record<string, number>>,
): Pick<Figures, 'events' | 'losses' | 'doubles'> & { faults: string[] } {
  const found = { events: 0, losses: 0, doubles: 0, faults: [] as string[] };
  for (const { client, size } of sent) {
    const count = counted[client] ?? 0;
    const answered = isAnswered(client);
    if (answered) found.events += size;
    if (answered) found.losses += Math.max(0, size - count);
    found.doubles += Math.max(0, count - size);
    if (count !== size && (answered || count !== 0)) found.faults.push(`${client}: ${count} of ${size}`);
  }
  const known = new Set(sent.map(({ client }) => client));
  for (const [client, count] of Object.entries(counted))
    if (!known.has(client)) found.faults.push(`${client}: ${count} that nobody sent`);
  return found;
}

/** Compares the keys of posted messages with the expected ones. Counts missing messages and those posted twice. */
export function checkPosts(
  expected: readonly string[],
  posted: readonly string[],
): Pick<Figures, 'losses' | 'doubles'> {
  const there = new Set(posted);
  return { losses: expected.filter((key) => !there.has(key)).length, doubles: posted.length - there.size };
}
