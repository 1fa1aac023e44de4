import { createDoctor } from '../admin/doctor.ts';
import { readEnvironment } from '../config.ts';
import { createLogger } from '../log.ts';
import { checkMessages } from '../samples/check-samples.ts';
import { createWebClient } from '../slack/client/web-client.ts';
import { openDatabase } from '../store/database.ts';
import { toDatabaseError } from '../store/database-fault.ts';
import { migrate } from '../store/migrate.ts';
import { FAILED, takes } from './command.ts';
import { toFileError } from './files.ts';
import { readConfig, refuseBesideOlder } from './open.ts';

/** `headroom doctor`: prints one line per check; exit code 1 if anything is wrong. With `--messages` only messages are checked. */
export const runDoctor = takes('', { messages: { type: 'boolean' } }, async (_words, { messages }, context) => {
  const config = readConfig(context);
  const { botToken, apiUrl } = config.slack;
  const client = botToken && createWebClient(botToken.reveal(), { apiUrl, log: createLogger('silent') });
  if (messages) return (await checkMessages(client, context.out)) ? 0 : FAILED;
  const db = openDatabase(config.databaseUrl.reveal());
  try {
    let databaseFault: string | undefined;
    try {
      await refuseBesideOlder(db, context.now());
      await migrate(db);
    } catch (error) {
      databaseFault = (toFileError(toDatabaseError(error)) as Error).message;
    }
    const doctor = createDoctor({
      config,
      db,
      databaseFault,
      client,
      now: context.now,
      env: readEnvironment(context.env, context.folder),
      folder: context.folder,
    });
    const findings = await doctor.check();
    for (const { ok, line } of findings) context.out(`${ok ? '✓' : '✗'} ${line}`);
    const wrong = findings.filter(({ ok }) => !ok).length;
    context.out(wrong === 0 ? 'All is well.' : `${wrong} of ${findings.length} need attention.`);
    return wrong === 0 ? 0 : FAILED;
  } finally {
    await db.destroy().catch(() => {});
  }
});
