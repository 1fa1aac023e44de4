import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, inject } from 'vitest';
import { type Db, type DialectName, openDatabase } from '../../src/store/database.ts';

export interface TestDatabases {
  dialect: DialectName;
  /** URL of a new, migrated database, removed after the test. */
  createUrl(): Promise<string>;
  /** A migrated database of its own, closed after the test. */
  open(): Promise<Db>;
}

/** A database of a test, and how it is removed. */
export interface TestDatabase {
  url: string;
  remove(): Promise<void>;
}

const DIALECTS: readonly DialectName[] = ['sqlite', 'postgres'];

/** Those that `DIALECTS` names (`DIALECTS=sqlite`); both unless told otherwise. */
export const WANTED_DIALECTS = (process.env.DIALECTS?.split(',') ?? DIALECTS).map((name) => {
  const dialect = DIALECTS.find((one) => one === name);
  if (!dialect) throw new Error(`DIALECTS names ${JSON.stringify(name)}: set it to sqlite, postgres or both.`);
  return dialect;
});

/** Runs a suite once on SQLite (a file) and once on a real PostgreSQL: for what races, restarts or has SQL of its own. */
export function describeEachDialect(name: string, suite: (databases: TestDatabases) => void): void {
  for (const dialect of WANTED_DIALECTS) describe(`${name} on ${dialect}`, () => suite(setUpDatabases(dialect)));
}

/** Databases for the tests of the surrounding suite. Rules that do not differ by dialect are tested on SQLite alone. */
export function setUpDatabases(dialect: DialectName = 'sqlite'): TestDatabases {
  const closing: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });
  const createUrl = async (): Promise<string> => {
    const { url, remove } = await createDatabase(dialect);
    closing.push(remove);
    return url;
  };
  return {
    dialect,
    createUrl,
    async open() {
      const db = openDatabase(await createUrl());
      closing.push(() => db.destroy());
      return db;
    },
  };
}

/** A copy of the migrated database of this run, or one without any table; for as long as the caller wants. */
export function createDatabase(dialect: DialectName, state: 'migrated' | 'empty' = 'migrated'): Promise<TestDatabase> {
  return dialect === 'sqlite' ? createSqlite(state) : createPostgres(state);
}

async function createSqlite(state: 'migrated' | 'empty'): Promise<TestDatabase> {
  const folder = mkdtempSync(join(tmpdir(), 'headroom-'));
  const path = join(folder, 'headroom.db');
  if (state === 'migrated') copyFileSync(inject('sqliteTemplate'), path);
  return { url: `sqlite:${path}`, remove: async () => rmSync(folder, { recursive: true, force: true }) };
}

async function createPostgres(state: 'migrated' | 'empty'): Promise<TestDatabase> {
  const door = inject('postgresDoor');
  const url = await knock(`${door}/${state}`, 'POST');
  return { url, remove: async () => void (await knock(`${door}/?${new URLSearchParams({ url })}`, 'DELETE')) };
}

/** A database on a server that may be killed, as `crash` does: it returns when that takes connections again. */
export async function createMortalPostgres(): Promise<TestDatabase & { crash(): Promise<void> }> {
  const door = `${inject('postgresDoor')}/own`;
  const url = await knock(`${door}/migrated`, 'POST');
  return {
    url,
    crash: async () => void (await knock(`${door}/crash`, 'POST')),
    remove: async () => void (await knock(`${door}/?${new URLSearchParams({ url })}`, 'DELETE')),
  };
}

async function knock(url: string, method: 'POST' | 'DELETE'): Promise<string> {
  const response = await fetch(url, { method });
  const text = await response.text();
  if (!response.ok) throw new Error(`PostgreSQL: ${text}`);
  return text;
}
