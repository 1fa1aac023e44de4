import { type Kysely, sql } from 'kysely';
import { columnTypes } from './dialect/columns.ts';

type Options = Record<string, unknown>;

/**
 * Sources say by a map where their fields stand, rejected events can be sent again, and what cumulative metrics had counted
 * is known after a restart.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  const { bigint } = columnTypes(db);

  await db.schema
    .alterTable('source')
    .addColumn('unread', 'text', (column) => column.notNull().defaultTo('{}'))
    .execute();
  await db.schema.alterTable('rejected_event').addColumn('sent', 'text').execute();

  await db.schema
    .createTable('otlp_series')
    .addColumn('source_id', 'integer', (column) => column.notNull())
    .addColumn('series', 'text', (column) => column.notNull())
    .addColumn('start', 'text', (column) => column.notNull())
    .addColumn('points', 'text', (column) => column.notNull())
    .addColumn('seen_ms', bigint, (column) => column.notNull())
    .addPrimaryKeyConstraint('otlp_series_key', ['source_id', 'series', 'start'])
    .execute();
  await db.schema.createIndex('otlp_series_seen').on('otlp_series').columns(['source_id', 'seen_ms']).execute();

  const { rows } = await sql<{ id: number; options: string }>`select id, options from source`.execute(db);
  for (const { id, options } of rows) {
    const moved = JSON.stringify(move(JSON.parse(options) as Options));
    if (moved !== options) await sql`update source set options = ${moved} where id = ${id}`.execute(db);
  }
}

/** `clientFrom` and `spanKind` have become `map` and `spans`. */
function move({ clientFrom, spanKind, ...options }: Options): Options {
  return {
    ...options,
    ...(typeof clientFrom === 'string' ? { map: { client: clientFrom.replaceAll(',', '|') } } : {}),
    ...(typeof spanKind === 'string' ? { spans: [spanKind] } : {}),
  };
}
