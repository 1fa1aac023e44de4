import { statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Config } from '../config.ts';
import { parseDatabaseUrl } from '../store/database.ts';
import { bad, type Finding, good } from './finding.ts';

/** Looks whether other accounts of this machine can read the settings, the key or the data; nothing on Windows. */
export function checkFiles({ databaseUrl, secretKeyPath }: Config, folder: string): Finding[] {
  if (process.platform === 'win32') return [];
  const database = parseDatabaseUrl(databaseUrl.reveal());
  const data =
    database.dialect === 'sqlite' && database.path !== ':memory:'
      ? [dirname(database.path), database.path, `${database.path}-wal`]
      : [];
  const open = [join(folder, '.env'), secretKeyPath, ...data].filter((path) => (modeOf(path) & 0o077) !== 0);
  // Nobody else gets at files in a folder that is closed to them.
  const reachable =
    data.length > 0 && (modeOf(data[0]!) & 0o077) === 0 ? open.filter((path) => !data.includes(path)) : open;
  if (reachable.length === 0) return [good('Files: only this account can read settings, key and data.')];
  const cures = reachable.map((path) => `chmod ${path === data[0] ? '700' : '600'} ${path}`);
  return [bad(`Files: other accounts of this machine can read ${reachable.join(', ')}: ${cures.join('; ')}.`)];
}

/** 0 for what is not there. */
function modeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mode ?? 0;
}
