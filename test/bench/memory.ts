import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startBot, TOKEN } from './bot.ts';
import { runLoad } from './load.ts';
import type { Row, Settings } from './row.ts';

/** Measures the bot's resident memory (MiB) while senders send as fast as they are answered, and a minute after. */
export async function* measureMemory({ folder, events }: Settings): AsyncGenerator<Row> {
  for (const [eventsPerRequest, connections, requests] of [
    [1000, 8, events / 1000],
    [1, 64, events / 10],
  ] as const) {
    const bot = await startBot(`sqlite:${join(folder, `memory-${eventsPerRequest}.db`)}`);
    try {
      const startMiB = readResident(bot.pid);
      const busyMiB: number[] = [startMiB];
      const timer = setInterval(() => busyMiB.push(readResident(bot.pid)), 10_000);
      const load = {
        port: bot.port,
        token: TOKEN,
        eventsPerRequest,
        connections,
        requests: Math.ceil(requests),
        seed: 9,
      };
      const { events, seconds } = await runLoad(load);
      clearInterval(timer);
      await new Promise((resolve) => setTimeout(resolve, 60_000));
      const halfWayMiB = busyMiB[Math.floor(busyMiB.length / 2)]!;
      const highestMiB = Math.max(...busyMiB);
      const idleMiB = readResident(bot.pid);
      yield {
        eventsPerRequest,
        connections,
        eventsPerSecond: events / seconds,
        startMiB,
        halfWayMiB,
        highestMiB,
        idleMiB,
      };
    } finally {
      await bot.stop();
    }
  }
}

function readResident(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024;
}
