import type { NameSource } from '../domain/names.ts';
import type { Reporter } from '../domain/report.ts';
import type { Logger } from '../log.ts';

/** Longer than any report takes on 60 million events, and noticed by whoever waits. */
const SLOW_MS = 1000;

/** Tells in the log which questions took long to compute, whoever asked: in Slack, over HTTP, or for a digest. */
export function tellSlow<R extends Reporter & NameSource>(reporter: R, log: Logger, now = () => performance.now()): R {
  return {
    ...reporter,
    async answer(question, nowMs) {
      const beganMs = now();
      try {
        return await reporter.answer(question, nowMs);
      } finally {
        const tookMs = Math.round(now() - beganMs);
        if (tookMs >= SLOW_MS) log.info({ question, tookMs }, 'a report took long');
      }
    },
  };
}
