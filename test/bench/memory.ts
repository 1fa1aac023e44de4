import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startBot, TOKEN } from './bot.ts';
import { type LoadResult, runLoad } from './load.ts';

export interface MemoryFigures {
  startMiB: number;
  /** While senders send as fast as they are answered, every ten seconds. */
  busyMiB: number[];
  /** A minute after the last one. */
  idleMiB: number;
  load: LoadResult;
}

/** Resident memory of the bot as it is deployed, under `requests` of so many events. */
export async function measureMemory(
  folder: string,
  { eventsPerRequest, connections, requests }: { eventsPerRequest: number; connections: number; requests: number },
): Promise<MemoryFigures> {
  const bot = await startBot(`sqlite:${join(folder, `memory-${eventsPerRequest}.db`)}`);
  const read = (): number => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${bot.pid}/status`, 'utf8'))![1]) / 1024;
  try {
    const startMiB = read();
    const busyMiB: number[] = [];
    const timer = setInterval(() => busyMiB.push(read()), 10_000);
    const load = await runLoad({ port: bot.port, token: TOKEN, eventsPerRequest, connections, requests, seed: 9 });
    clearInterval(timer);
    await new Promise((resolve) => setTimeout(resolve, 60_000));
    return { startMiB, busyMiB, idleMiB: read(), load };
  } finally {
    await bot.stop();
  }
}
