import { HeadroomError } from '../errors.ts';
import { insertAudit } from '../store/audit-repository.ts';
import { getDefinitions } from '../store/configuration-repository.ts';
import { dialectOf, transact } from '../store/database.ts';
import { type Forgotten, forget } from '../usage/forget.ts';
import { describePerson, takes } from './command.ts';
import { withDatabase } from './open.ts';

/** `headroom forget user:X | ip:Y`: see the table of commands. */
export const runForget = takes('user:X|ip:Y', {}, async ([whom], _flags, context) => {
  const [, kind, text] = /^(user|ip):(.+)$/s.exec(whom!) ?? [];
  if (kind === undefined || text === undefined) {
    throw new HeadroomError(
      'question',
      'Say whom: headroom forget user:NAME or headroom forget ip:ADDRESS (in quotes where it has spaces).',
    );
  }
  return withDatabase(context, async (db, config) => {
    const dialect = dialectOf(config.databaseUrl.reveal());
    const done = await transact(db, async (trx) => {
      const forgotten = await forget(trx, dialect, kind as 'user' | 'ip', text);
      const detail = `a value of ${kind} was replaced by (removed)`;
      await insertAudit(trx, { atMs: context.now(), actor: describePerson(), action: 'forget', detail });
      return forgotten;
    });
    for (const line of describe(done)) context.out(line);
    if (JSON.stringify(await getDefinitions(db)).includes(JSON.stringify(text)))
      context.out('The pools file still names it: change the file and apply it.');
    context.out('Messages in Slack, backups and senders’ files are not changed. New usage may name it again.');
  });
});

function describe({ dimensions, rejected, questions, texts }: Forgotten): string[] {
  const lines =
    dimensions.length === 0
      ? ['No usage has that value.']
      : [`Replaced by (removed) as ${dimensions.join(', ')}. Totals stay.`];
  if (rejected > 0) lines.push(`${rejected} rejected events held it; their excerpts were deleted.`);
  if (questions > 0) lines.push(`${questions} views, filters, digests or answers held it; they now say (removed).`);
  if (texts > 0) lines.push(`${texts} stored messages, alerts or audit lines held it; they now say (removed).`);
  return lines;
}
