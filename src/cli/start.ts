import { createApp } from '../app.ts';
import { describeMisspelt, readEnvironment } from '../config.ts';
import { takes, untilStopped } from './command.ts';
import { readConfig } from './open.ts';

/** How long an orderly stop may take before the process ends anyway. */
const STOP_WITHIN_MS = 9500;

/** `headroom start`: runs the bot until it is told to stop. */
export const runStart = takes('', {}, async (_words, _flags, context) => {
  for (const line of describeMisspelt(readEnvironment(context.env, context.folder))) context.err(line);
  const app = createApp(readConfig(context, 'slack'));
  const stopped = untilStopped(context);
  let late: NodeJS.Timeout | undefined;
  void stopped.then(() => {
    late = setTimeout(() => process.exit(0), STOP_WITHIN_MS);
  });
  try {
    // A signal during a slow start (migrations) is not lost: the app is stopped as soon as it has started.
    await app.start();
    await stopped;
    await app.stop();
  } finally {
    clearTimeout(late);
  }
});
