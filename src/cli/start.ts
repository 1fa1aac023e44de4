import { describeMisspelt, readEnvironment } from '../config.ts';
import { takes, untilStopped } from './command.ts';
import { readConfig } from './open.ts';

/** End the process after 9.5 s even if the stop is not complete: by default, Docker kills it after 10 s. */
const STOP_WITHIN_MS = 9500;

/** `headroom start`: runs the bot until it is stopped. */
export const runStart = takes('', {}, async (_words, _flags, context) => {
  for (const line of describeMisspelt(readEnvironment(context.env, context.folder))) context.err(line);
  const config = readConfig(context, 'slack');
  // Loaded after the settings were read: what is wrong with them is then said in half the time.
  const { createApp } = await import('../app.ts');
  const app = createApp(config);
  const stopped = untilStopped(context);
  let late: NodeJS.Timeout | undefined;
  void stopped.then(() => {
    late = setTimeout(() => process.exit(0), STOP_WITHIN_MS);
  });
  try {
    // If a signal arrives during a slow start (migrations), the app stops once it has started.
    await app.start();
    await stopped;
    await app.stop();
  } finally {
    clearTimeout(late);
  }
});
