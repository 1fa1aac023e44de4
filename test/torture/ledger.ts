import type { Figures } from '../support/figures.ts';
import type { Request } from './load.ts';

/**
 * Holds what was counted per client against what was sent: an answered request counts once, another once or not at all.
 * `faults` names each client of which that is not so, and each that nobody sent.
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

/** Holds messages, by what each is known by, against those that were to be posted; nothing may stand there twice. */
export function checkPosts(
  expected: readonly string[],
  posted: readonly string[],
): Pick<Figures, 'losses' | 'doubles'> {
  const there = new Set(posted);
  return { losses: expected.filter((key) => !there.has(key)).length, doubles: posted.length - there.size };
}
