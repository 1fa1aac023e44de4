import { readFileSync } from 'node:fs';
import { sql } from 'kysely';
import { expect, it } from 'vitest';
import type { Db } from '../../src/store/database.ts';
import { describeEachDialect } from '../support/databases.ts';

const FILE = new URL('../../src/store/schema.ts', import.meta.url);

type Columns = Record<string, string>;

describeEachDialect('the types of tables', (databases) => {
  it('are what the migrations leave', async () => {
    const db = await databases.open();
    const typed = readTypes();
    if (databases.dialect === 'sqlite') {
      // SQLite has no table for the ids of events: they have an index of their own.
      delete typed.event_id;
      for (const [table, columns] of Object.entries(typed))
        for (const key of await listKeys(db, table)) columns[key] = columns[key]!.replace(' by default', '');
    }
    expect(typed).toEqual(await introspect(db, databases.dialect === 'sqlite'));
  });
});

/** Reads the tables and columns of `Database` from the text of its module, because types are gone at run time. */
function readTypes(): Record<string, Columns> {
  const tables: Record<string, Columns> = {};
  const text = readFileSync(FILE, 'utf8').replace(/\/\*[\s\S]*?\*\//g, '');
  const body = /export interface Database \{([\s\S]*)\n\}/.exec(text)![1]!;
  for (const [, table, fields] of body.matchAll(/(\w+): \{([^{}]*)\}/g))
    tables[table!] = Object.fromEntries(
      [...fields!.matchAll(/(\w+): ([^;]+)(?:;|$)/g)].map(([, name, type]) => [name!, describeType(type!.trim())]),
    );
  return tables;
}

/** Describes a column's type: `number`, `text or null`, `number by default`. */
function describeType(type: string): string {
  const inner = /^Generated<(.*)>$/.exec(type)?.[1] ?? type;
  const parts = inner.split('|').map((part) => part.trim());
  const kinds = parts.filter((part) => part !== 'null').map((part) => (/^(number|\d+)$/.test(part) ? 'number' : part));
  const kind = kinds[0] === 'number' ? 'number' : kinds[0] === 'Uint8Array' ? 'bytes' : 'text';
  return `${kind}${parts.includes('null') ? ' or null' : ''}${inner === type ? '' : ' by default'}`;
}

async function introspect(db: Db, isSqlite: boolean): Promise<Record<string, Columns>> {
  const tables = (await db.introspection.getTables()).filter(({ isView }) => !isView);
  return Object.fromEntries(
    await Promise.all(
      tables.map(async ({ name, columns }) => {
        const keys = isSqlite ? await listKeys(db, name) : new Set<string>();
        return [
          name,
          Object.fromEntries(
            columns.map((column) => {
              const kind = /char|text|uuid|date/i.test(column.dataType)
                ? 'text'
                : /blob|bytea/i.test(column.dataType)
                  ? 'bytes'
                  : 'number';
              // SQLite reports keys as nullable, and fills in whole-number keys by itself.
              const isKey = keys.has(column.name);
              const isNullable = column.isNullable && !isKey;
              const isGiven = (column.hasDefaultValue || column.isAutoIncrementing) && !isKey;
              return [column.name, `${kind}${isNullable ? ' or null' : ''}${isGiven ? ' by default' : ''}`];
            }),
          ),
        ];
      }),
    ),
  );
}

async function listKeys(db: Db, table: string): Promise<Set<string>> {
  const { rows } = await sql<{ name: string }>`select name from pragma_table_info(${table}) where pk > 0`.execute(db);
  return new Set(rows.map(({ name }) => name));
}
