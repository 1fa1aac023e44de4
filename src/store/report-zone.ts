import { HeadroomError } from '../errors.ts';
import type { Db } from './database.ts';
import { getOrCreateSetting } from './setting-repository.ts';

/**
 * The report zone of this deployment: fixed by the first start (or command) that needed one, `wanted` or else UTC. Throws
 * a config error where another is wanted now.
 */
export async function getReportZone(db: Db, wanted: string | undefined): Promise<string> {
  const zone = await getOrCreateSetting(db, 'report_zone', () => wanted ?? 'UTC');
  if (wanted === undefined || wanted === zone) return zone;
  throw new HeadroomError(
    'config',
    `REPORT_TIMEZONE is ${wanted}, but this database counts its days in ${zone}: set ${zone}, or run "headroom rezone ${wanted}".`,
  );
}
