import { join } from 'node:path';
import { startBot, TOKEN } from './bot.ts';
import { type LoadResult, type LoadSettings, runLoad } from './load.ts';
import type { Row, Settings } from './row.ts';

const COMMANDS = ['', 'top 5 users', 'status 7d', 'daily 30d', 'pool', 'top routes client:client-3'];

/**
 * Measures how long Slack waits for an acknowledgement, while senders send as fast as they are answered and every command gets
 * its chart. The bot has its own process; senders and the emulated Slack share its cores.
 */
export async function* measureAcknowledgements({ folder, share }: Settings): AsyncGenerator<Row> {
  const bot = await startBot(`sqlite:${join(folder, 'acknowledgements.db')}`);
  const { slack } = bot;
  try {
    const eventsPerRequest = 1000;
    const settings: LoadSettings = {
      port: bot.port,
      token: TOKEN,
      eventsPerRequest,
      connections: 8,
      requests: Math.ceil((2_000_000 * share) / eventsPerRequest),
      seed: 5,
    };
    const begun = Promise.withResolvers<void>();
    let result: LoadResult | undefined;
    const load = runLoad(settings, begun.resolve).then((all) => {
      result = all;
    });
    await Promise.race([begun.promise, load]);
    const times: number[] = [];
    while (!result) {
      const text = COMMANDS[times.length % COMMANDS.length]!;
      const { delivery } = await slack.command({ user: 'alice', channel: 'api-usage', text });
      times.push(delivery!.ackMs);
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
    times.sort((a, b) => a - b);
    const at = (share: number): number => times[Math.min(times.length - 1, Math.floor(times.length * share))]!;
    const eventsPerSecond = result.events / result.seconds;
    yield { commands: times.length, eventsPerSecond, p50Ms: at(0.5), p95Ms: at(0.95), longestMs: at(1) };
  } finally {
    await bot.stop();
  }
}
