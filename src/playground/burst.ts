import { CAST } from './cast.ts';
import { createRandom, pick } from './random.ts';
import type { SampleEvent } from './traffic.ts';

/** So many calls of the CRM's busiest client within the last seconds: what brings a pool over its next threshold. */
export function createBurst(nowMs: number, calls: number): SampleEvent[] {
  const client = CAST[0]!;
  const random = createRandom('burst', nowMs);
  return Array.from({ length: calls }, (_, index) => {
    const call = pick(client.calls, random);
    return {
      id: `burst-${nowMs}-${index}`,
      time: nowMs - Math.floor(random() * 10_000),
      client: client.id,
      method: call.method,
      url: call.url.replaceAll('#', String(1000 + index)),
      status: random() < 0.97 ? 200 : 429,
      user: client.users[index % client.users.length]!,
      ip: client.ips[0]!,
      module: call.module,
      api_version: client.version,
      initiator: client.initiator,
      duration_ms: 40,
    };
  });
}
