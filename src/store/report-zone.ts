import type { OlderZone } from '../domain/usage.ts';
import { HeadroomError } from '../errors.ts';
import type { Db } from './database.ts';
import { OLDER_ZONES, readColumn } from './json-columns.ts';
import { findSetting, getOrCreateSetting, setSetting } from './setting-repository.ts';

export const REPORT_ZONE = 'report_zone';
const OLDER_ZONES_SETTING = 'older_zones';

/**
 * The report zone of this deployment: fixed by the first start (or command) that needed one, `wanted` or else UTC. Throws
 * a config error where another is wanted now.
 */
export async function getReportZone(db: Db, wanted: string | undefined): Promise<string> {
  const zone = await getOrCreateSetting(db, REPORT_ZONE, () => wanted ?? 'UTC');
  if (wanted === undefined || wanted === zone) return zone;
  throw new HeadroomError(
    'config',
    `REPORT_TIMEZONE is ${wanted}, but this database counts its days in ${zone}: set ${zone}, or run "headroom rezone ${wanted}".`,
  );
}

/** Lists older report zones, the latest last; none where the zone was never changed, or all could be recounted. */
export async function listOlderZones(db: Db): Promise<OlderZone[]> {
  const stored = await findSetting(db, OLDER_ZONES_SETTING);
  return stored === undefined ? [] : readColumn('the setting older_zones', OLDER_ZONES, stored);
}

/** Fixes another report zone; `older`: days that could not be recounted, if any. */
export async function changeReportZone(db: Db, zone: string, older: OlderZone | undefined): Promise<void> {
  const before = await listOlderZones(db);
  const left = older
    ? before.map((one) => ({
        zone: one.zone,
        beforeDay: Math.min(one.beforeDay, older.beforeDay),
        pairsBeforeDay: Math.min(one.pairsBeforeDay, older.pairsBeforeDay),
      }))
    : [];
  await setSetting(db, OLDER_ZONES_SETTING, JSON.stringify(older ? [...left, older] : []));
  await setSetting(db, REPORT_ZONE, zone);
}
