import { type ColumnDefinitionBuilder, type CreateTableBuilder, type Kysely, sql } from 'kysely';

/** The column types that the two dialects name differently. Frozen like the migrations that use it. */
export interface ColumnTypes {
  postgres: boolean;
  blob: ReturnType<typeof sql>;
  bigint: ReturnType<typeof sql>;
  /** Adds `name`, a number given by the database and never used again. */
  addId<T extends string>(table: CreateTableBuilder<T>, name: string): CreateTableBuilder<T>;
}

export function columnTypes(db: Kysely<unknown>): ColumnTypes {
  // PostgreSQL alone can add a column only where it is missing; the adapter's class tells the dialect.
  const postgres = db.getExecutor().adapter.constructor.name.startsWith('Postgres');
  const id = (column: ColumnDefinitionBuilder) =>
    postgres ? column.primaryKey() : column.primaryKey().autoIncrement();
  return {
    postgres,
    blob: postgres ? sql`bytea` : sql`blob`,
    bigint: postgres ? sql`bigint` : sql`integer`,
    addId: (table, name) => table.addColumn(name, postgres ? sql`bigserial` : sql`integer`, id) as typeof table,
  };
}
