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

/** A database for a test, with a function that removes it. */
export interface TestDatabase {
  url: string;
  remove(): Promise<void>;
}

const DIALECTS: readonly DialectName[] = ['sqlite', 'postgres'];

/** Dialects to test: those of the variable `DIALECTS` (`DIALECTS=sqlite`), by default both. */
export const WANTED_DIALECTS = (process.env.DIALECTS?.split(',') ?? DIALECTS).map((name) => {
  const dialect = DIALECTS.find((one) => one === name);
  if (!dialect) throw new Error(`DIALECTS names ${JSON.stringify(name)}: set it to sqlite, postgres or both.`);
  return dialect;
});

/** Runs a suite on SQLite (a file) and on a real PostgreSQL. For races, restarts, and code with SQL of its own. */
export function describeEachDialect(name: string, suite: (databases: TestDatabases) => void): void {
  for (const dialect of WANTED_DIALECTS) describe(`${name} on ${dialect}`, () => suite(setUpDatabases(dialect)));
}

/** Provides databases for the tests of the surrounding suite. Rules that are the same on both dialects are tested on SQLite only. */
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

/** Creates a copy of this run's migrated database, or a database without tables. The caller removes it. */
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

/** Creates a database on a second server, which `crash` kills. `crash` returns once the server takes connections again. */
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
