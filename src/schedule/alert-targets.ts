import { HeadroomError } from '../errors.ts';
import { findAlertChannel, findAlertMention } from '../store/alert-target-repository.ts';
import type { Db } from '../store/database.ts';
import { insertDelivery } from '../store/delivery-repository.ts';
import { findSetting, setSetting } from '../store/setting-repository.ts';
import type { Targets } from './alert-claims.ts';
import type { RoutingDefaults } from './alert-routing.ts';

/** Who the admins were when Slack could last be asked: an alert during its outage must have a target too. */
const ADMINS_SETTING = 'alert_admins';
const CURE = 'Set ALERT_CHANNEL to a channel id, or choose one with /usage alerts route.';

export interface AlertTargetsOptions extends RoutingDefaults {
  db: Db;
  /** User ids, asked when alerts have no channel. `complete` false: there may be more. */
  admins(): Promise<{ ids: readonly string[]; complete: boolean }>;
  now(): number;
  wakeSender(): void;
}

/** Where alerts go, and whom they mention. */
export class AlertTargets {
  readonly #options: AlertTargetsOptions;

  constructor(options: AlertTargetsOptions) {
    this.#options = options;
  }

  /** The channel; undefined: the admins by direct message. */
  channel(): Promise<string | undefined> {
    return findAlertChannel(this.#options.db, this.#options);
  }

  /** Who is mentioned at 90% and 100%; undefined: nobody. */
  mention(): Promise<string | undefined> {
    return findAlertMention(this.#options.db, this.#options);
  }

  /** The channel, or the admins one by one; empty where neither is known. */
  async list(): Promise<Targets> {
    const channel = await this.channel();
    return channel ? [channel] : this.#listAdmins();
  }

  /** The same; throws where alerts have nowhere to go. */
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
