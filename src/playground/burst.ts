import { CAST } from './cast.ts';
import { createRandom } from './random.ts';
import type { SampleEvent } from './traffic.ts';

/** Burst calls are spread over the last minutes: one of the rate limit is another story. */
const SPREAD_MS = 4 * 60_000;

/** Creates calls of the CRM's busiest client within the last minutes, all of one route. */
export function createBurst(nowMs: number, calls: number): SampleEvent[] {
  const client = CAST[0]!;
  const random = createRandom('burst', nowMs);
  const call = client.calls[0]!;
  return Array.from({ length: calls }, (_, index) => {
    return {
      id: `burst-${nowMs}-${index}`,
      time: nowMs - Math.floor(random() * SPREAD_MS),
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
