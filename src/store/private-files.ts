import { chmodSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { parseDatabaseUrl } from './database.ts';

/** Locations of data and secrets on this machine. */
interface Places {
  databaseUrl: { reveal(): string };
  secretKeyPath: string;
}

/** Suffixes of the files that SQLite and Headroom put beside a database. */
const BESIDE = ['', '-wal', '-shm', '-bot'];

/** A file or folder that other accounts of this machine can read, and the mode that closes it. */
export interface OpenFile {
  path: string;
  mode: '600' | '700';
}

/**
 * Lists which of the key, the data, their folder and `more` files other accounts of this machine can read; none on Windows. Data
 * in a folder that is closed to others counts as closed.
 */
export function listOpenFiles(places: Places, more: readonly string[] = []): OpenFile[] {
  if (process.platform === 'win32') return [];
  const database = findDatabase(places);
  const apart: OpenFile[] = [...more, places.secretKeyPath].map((path) => ({ path, mode: '600' }));
  if (database === undefined) return apart.filter(isOpen);
  const folder: OpenFile = { path: dirname(database), mode: '700' };
  const data = BESIDE.map((end): OpenFile => ({ path: `${database}${end}`, mode: '600' }));
  return [...apart, ...(isOpen(folder) ? [folder, ...data] : [])].filter(isOpen);
}

/**
 * Closes files that an older version, or a start with another umask, left open to other accounts, and the folder if it holds
 * nothing else. Returns what stays open.
 */
export function closeFiles(places: Places): OpenFile[] {
  for (const { path, mode } of listOpenFiles(places)) {
    if (mode === '700' && !holdsOursAlone(path, places)) continue;
    try {
      chmodSync(path, Number.parseInt(mode, 8));
    } catch {
      // It belongs to another account: the caller reports it.
    }
  }
  return listOpenFiles(places);
}

function findDatabase({ databaseUrl }: Places): string | undefined {
  const target = parseDatabaseUrl(databaseUrl.reveal());
  return target.dialect === 'sqlite' && target.path !== ':memory:' ? resolve(target.path) : undefined;
}

function holdsOursAlone(folder: string, places: Places): boolean {
  const database = basename(findDatabase(places)!);
  const key = resolve(places.secretKeyPath);
  // Journals, and files that a restore keeps, are named after the database.
  const isOurs = (name: string) =>
    name === database ||
    name.startsWith(`${database}-`) ||
    name.startsWith(`${database}.`) ||
    resolve(folder, name) === key;
  return readdirSync(folder).every(isOurs);
}

function isOpen({ path }: OpenFile): boolean {
  return ((statSync(path, { throwIfNoEntry: false })?.mode ?? 0) & 0o077) !== 0;
}
