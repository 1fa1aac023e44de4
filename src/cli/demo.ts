import { HeadroomError } from '../errors.ts';
import { createLogger } from '../log.ts';
import type { Demo } from '../playground/demo.ts';
import { type CliContext, takes, untilStopped } from './command.ts';

/**
 * `headroom demo`: runs the demo until it is stopped. It reads no setting but PORT, since it must work in any folder. Throws HeadroomError
 * if development packages are not installed, some of which the demo's page needs.
 */
export const runDemo = takes('', {}, async (_words, _flags, context) => {
  const startDemo = await loadDemo();
  context.out('Starting an emulated Slack workspace, the bot, and a year of sample traffic …');
  const { PORT: port } = context.env;
  const log = createLogger('warn', { write: (line) => context.err(line.trimEnd()) });
  const demo = await startDemo({ log, ...(port && { botPort: port }) });
  describe(demo, context);
  await untilStopped(context);
  await demo.stop();
});

async function loadDemo(): Promise<typeof import('../playground/demo.ts')['startDemo']> {
  try {
    return (await import('../playground/demo.ts')).startDemo;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new HeadroomError(
      'config',
      'The demo needs packages that this install leaves out. Run "npm ci", then the demo again.',
    );
  }
}

function describe(demo: Demo, { out }: CliContext): void {
  out(`
Open   ${demo.pageUrl}
Type   /usage   ·   /usage top clients   ·   /usage status yesterday   ·   /usage pool   ·   /usage help

Send an event of your own:
  curl ${demo.botUrl}/v1/events -H 'Authorization: Bearer ${demo.token}' \\
    -H 'Content-Type: application/json' -d '{"client": "my-app", "method": "GET", "url": "/v1/orders/17", "status": 200}'

Ask without Slack, over HTTP, in a terminal and by SQL:
  curl -G ${demo.botUrl}/v1/ask -H 'Authorization: Bearer ${demo.token}' -d as=text --data-urlencode 'q=top clients 7d'
  export DATABASE_URL=${demo.world.databaseUrl}
  npx headroom ask "top clients this-month vs last-month"
  npx headroom sql "select value, sum(requests) from daily where dimension = 'client' group by value"

Everything is on this machine and is gone when you press Ctrl-C.`);
}
