import type { Db } from '../store/database.ts';
import { REPORT_ZONE } from '../store/report-zone.ts';
import { RENAMES } from './value-texts.ts';

/** What a commit stands on and another process may have changed since the last one. */
export interface CommitSnapshot {
  /** Version of the definitions; 0 before the first declaration. */
  rulesVersion: number;
  /** Changes whenever values were renamed; undefined: never. */
  renames: string | undefined;
  /** The zone that days are counted in; undefined: not fixed yet. */
  zone: string | undefined;
}

/** Reads all of it in one statement, made once: a small commit is mostly statements. */
export function createCommitSnapshotReader(): (trx: Db) => Promise<CommitSnapshot> {
  let query: ReturnType<typeof compile> | undefined;
  return async (trx) => {
    query ??= compile(trx);
    const { rows } = await trx.executeQuery<SnapshotRow>(query);
    const { rules_version, renames, zone } = rows[0]!;
    return {
      rulesVersion: rules_version ?? 0,
      renames: renames ?? undefined,
      zone: zone ?? undefined,
    };
  };
}

interface SnapshotRow {
  rules_version: number | null;
  renames: string | null;
  zone: string | null;
}

function compile(db: Db) {
  return db
    .selectNoFrom((of) => [
      of.selectFrom('definition').select('version').orderBy('version', 'desc').limit(1).as('rules_version'),
      of.selectFrom('setting').select('value').where('name', '=', RENAMES).as('renames'),
      of.selectFrom('setting').select('value').where('name', '=', REPORT_ZONE).as('zone'),
    ])
    .compile();
}
