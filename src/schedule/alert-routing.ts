import { ALERT_KINDS, type AlertKind } from '../domain/alert.ts';
import type { Actor, AlertRouting, RoutingChange } from '../slack/ports.ts';
import { findAlertSettings } from '../store/alert-repository.ts';
import {
  CHANNEL_SETTING,
  CHOSEN_NONE,
  findAlertChannel,
  findAlertMention,
  MENTION_SETTING,
} from '../store/alert-target-repository.ts';
import { insertAudit } from '../store/audit-repository.ts';
import type { Db } from '../store/database.ts';
import { setSetting } from '../store/setting-repository.ts';

/** ALERT_CHANNEL and ONCALL, which hold until something else is chosen in Slack. */
export interface RoutingDefaults {
  alertChannel: string | undefined;
  oncall: string | undefined;
}

/** Reads which kinds are on. */
export function readKindsOn(settings: ReadonlyMap<string, string>): ReadonlySet<AlertKind> {
  const isOn = ({ kind, on }: (typeof ALERT_KINDS)[number]) =>
    (settings.get(toSettingName(kind)) ?? (on ? '1' : '0')) === '1';
  return new Set(ALERT_KINDS.filter(isOn).map(({ kind }) => kind));
}

/** Where alerts go now, whom they mention, and the kinds that are on. */
export async function getRouting(db: Db, defaults: RoutingDefaults): Promise<AlertRouting> {
  const [channel, mention, settings] = await Promise.all([
    findAlertChannel(db, defaults),
    findAlertMention(db, defaults),
    findAlertSettings(db),
  ]);
  const on = readKindsOn(settings);
  return { channel, mention, kinds: ALERT_KINDS.map(({ kind, title }) => ({ kind, title, on: on.has(kind) })) };
}

/** Writes what differs with a line of audit each, at once. False: nothing differs. The actor's right is the caller's business. */
export async function changeRouting(
  db: Db,
  { now, change, by, atMs }: { now: AlertRouting; change: RoutingChange; by: Actor; atMs: number },
): Promise<boolean> {
  const written: { name: string; value: string; action: string; detail: string }[] = [];
  const { channel, mention, kinds } = change;
  if (channel !== undefined && channel !== (now.channel ?? null)) {
    const detail = channel ?? 'the admins by direct message';
    written.push({ name: CHANNEL_SETTING, value: channel ?? CHOSEN_NONE, action: 'alert.route', detail });
  }
  if (mention !== undefined && mention !== (now.mention ?? null)) {
    const detail = mention ?? 'nobody';
    written.push({ name: MENTION_SETTING, value: mention ?? CHOSEN_NONE, action: 'alert.mention', detail });
  }
  for (const { kind, on } of kinds ? now.kinds : []) {
    const wanted = kinds!.includes(kind);
    if (wanted === on) continue;
    const action = wanted ? 'alert.enable' : 'alert.disable';
    written.push({ name: toSettingName(kind), value: wanted ? '1' : '0', action, detail: kind });
  }
  await db.transaction().execute(async (trx) => {
    for (const { name, value, action, detail } of written) {
      await setSetting(trx, name, value);
      await insertAudit(trx, { atMs, actor: by.user, action, detail });
    }
  });
  return written.length > 0;
}

/** The setting that keeps whether a kind of alert was turned on or off. */
export function toSettingName(kind: string): string {
  return `alert_on_${kind}`;
}
