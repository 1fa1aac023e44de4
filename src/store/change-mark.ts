import type { Db } from './database.ts';

/**
 * A text that changes with every commit of events, correction, recount and change of definitions, whoever made it. Reads the
 * end of four indexes.
 */
export async function findChangeMark(db: Db): Promise<string> {
  const newest = await db
    .selectNoFrom(({ selectFrom }) => [
      selectFrom('definition')
        .select(({ fn }) => fn.max('version').as('mark'))
        .as('definition'),
      selectFrom('correction')
        .select(({ fn }) => fn.max('id').as('mark'))
        .as('correction'),
      selectFrom('inbox')
        .select(({ fn }) => fn.max('seq').as('mark'))
        .as('commit'),
      selectFrom('total_segment')
        .select(({ fn }) => fn.max('id').as('mark'))
        .as('total'),
    ])
    .executeTakeFirstOrThrow();
  return [newest.definition, newest.correction, newest.commit, newest.total].join(' ');
}
