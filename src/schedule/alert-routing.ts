import { ALERT_KINDS, type AlertKind } from '../domain/alert.ts';
import { HeadroomError } from '../errors.ts';
import type { Actor, AlertRouting, RoutingChange } from '../slack/ports.ts';
import { insertAudit } from '../store/audit-repository.ts';
import { type Db, transact } from '../store/database.ts';
import { insertDelivery } from '../store/delivery-repository.ts';
import {
  CHANNEL_SETTING,
  CHOSEN_NONE,
  findAlertChannel,
  findAlertMention,
  findAlertSettings,
  findSetting,
  MENTION_SETTING,
  setSetting,
} from '../store/setting-repository.ts';
import type { Targets } from './alert-claims.ts';

/** The settings ALERT_CHANNEL and ONCALL, which hold until something else is chosen in Slack. */
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

/** Returns where alerts go, whom they mention, and the kinds that are on. */
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
  await transact(db, async (trx) => {
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

/** Keeps who the admins were when Slack could last be asked: an alert during an outage of Slack needs a target too. */
const ADMINS_SETTING = 'alert_admins';
const CURE = 'Set ALERT_CHANNEL to a channel id, or choose one with /usage alerts route.';

export interface AlertTargetsOptions extends RoutingDefaults {
  db: Db;
  /** User ids, asked when alerts have no channel. `complete` false: there may be more. */
  admins(): Promise<{ ids: readonly string[]; complete: boolean }>;
  now(): number;
  wakeSender(): void;
}

/** Knows where alerts go, and whom they mention. */
export class AlertTargets {
  readonly #options: AlertTargetsOptions;

  constructor(options: AlertTargetsOptions) {
    this.#options = options;
  }

  /** The channel; undefined: the admins by direct message. */
  channel(): Promise<string | undefined> {
    return findAlertChannel(this.#options.db, this.#options);
  }

  /** Returns who is mentioned at 90% and 100%; undefined: nobody. */
  mention(): Promise<string | undefined> {
    return findAlertMention(this.#options.db, this.#options);
  }

  /** The channel, or the admins one by one; empty where neither is known. */
  async list(): Promise<Targets> {
    const channel = await this.channel();
    return channel ? [channel] : this.#listAdmins();
  }

  /** Lists the targets as `list` does. Throws where alerts have nowhere to go. */
  async get(): Promise<Targets> {
    const targets = await this.list();
    if (targets.length === 0)
      throw new HeadroomError('slack', 'Alerts have nowhere to go: set ALERT_CHANNEL, or ADMINS.');
    return targets;
  }

  /**
   * Where alerts have no channel: tells each admin once that they come by direct message, and how to change that. Returns the
   * line for the log and `doctor`; undefined where there is a channel.
   */
  async noticeMissing(): Promise<string | undefined> {
    if (await this.channel()) return undefined;
    const { db, admins, now, wakeSender } = this.#options;
    const { ids: people } = await admins();
    if (people.length === 0) return `Alerts have nowhere to go: no ALERT_CHANNEL, and no admin is known. ${CURE}`;
    const line = `Alerts go to ${people.length === 1 ? 'one admin' : `${people.length} admins`} by direct message. ${CURE}`;
    for (const person of people) {
      const key = `notice:alert-route:${person}`;
      await insertDelivery(db, { key, kind: 'notice', channel: person, content: { lines: [line] }, dueMs: now() });
    }
    wakeSender();
    return line;
  }

  async #listAdmins(): Promise<Targets> {
    const known = (await findSetting(this.#options.db, ADMINS_SETTING))?.split(' ').filter((id) => id !== '') ?? [];
    const asked = this.#askAdmins(known);
    if (known.length === 0) return asked;
    // An alert waits neither for an outage nor for a large workspace: what Slack says now holds for the next one.
    asked.catch(() => {});
    return known;
  }

  async #askAdmins(known: readonly string[]): Promise<Targets> {
    const { db, admins } = this.#options;
    const { ids, complete } = await admins();
    const text = ids.toSorted().join(' ');
    if ((complete || known.length === 0) && text !== known.join(' ')) await setSetting(db, ADMINS_SETTING, text);
    return ids;
  }
}
