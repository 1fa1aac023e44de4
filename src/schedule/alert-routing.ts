import { ALERT_KINDS, type AlertContent, findAlertKind } from '../domain/alert.ts';
import { HeadroomError } from '../errors.ts';
import type { Actor, AlertRouting, RoutingChange } from '../slack/ports.ts';
import { insertAudit } from '../store/audit-repository.ts';
import {
  CHANNEL_SETTING,
  CHOSEN_NONE,
  findAlertChannel,
  findAlertMention,
  findSetting,
  listKindsOn,
  MENTION_SETTING,
  setSetting,
  toKindSetting,
} from '../store/configuration-repository.ts';
import { type Db, transact } from '../store/database.ts';
import { insertDelivery } from '../store/delivery-repository.ts';
import type { AlertOrder, Targets } from './alert-claims.ts';
import { putNotices } from './notices.ts';

/** Setting with the admins as Slack last named them: an alert during an outage of Slack needs a target too. */
const ADMINS_SETTING = 'alert_admins';
const CURE = 'Set ALERT_CHANNEL to a channel id, or choose one with /usage alerts route.';

export interface AlertRoutesOptions {
  db: Db;
  /** The settings ALERT_CHANNEL and ONCALL, which hold until something else is chosen in Slack. */
  alertChannel: string | undefined;
  oncall: string | undefined;
  /** User ids, asked when alerts have no channel. `complete` false: there may be more. */
  admins(): Promise<{ ids: readonly string[]; complete: boolean }>;
  now(): number;
  wakeSender(): void;
}

/** Reads where alerts go, whom they mention and which kinds are on, and lets admins change it. */
export function createAlertRoutes(options: AlertRoutesOptions) {
  const { db, admins, now, wakeSender } = options;

  async function get(): Promise<AlertRouting> {
    const [channel, mention, on] = await Promise.all([findAlertChannel(db, options), findMention(), listKindsOn(db)]);
    return { channel, mention, kinds: ALERT_KINDS.map(({ kind, title }) => ({ kind, title, on: on.has(kind) })) };
  }

  /** Writes each setting that differs, with an audit line, in one transaction. Returns false if none differs. */
  async function change({ channel, mention, kinds = {} }: RoutingChange, by: Actor): Promise<boolean> {
    requireAdmin(by, 'choose where alerts go, or which are sent');
    const before = await get();
    const written: { name: string; value: string; action: string; detail: string }[] = [];
    if (channel !== undefined && channel !== (before.channel ?? null)) {
      const detail = channel ?? 'the admins by direct message';
      written.push({ name: CHANNEL_SETTING, value: channel ?? CHOSEN_NONE, action: 'alert.route', detail });
    }
    if (mention !== undefined && mention !== (before.mention ?? null)) {
      const detail = mention ?? 'nobody';
      written.push({ name: MENTION_SETTING, value: mention ?? CHOSEN_NONE, action: 'alert.mention', detail });
    }
    for (const [what, wanted] of Object.entries(kinds)) {
      const kind = findAlertKind(what);
      if (!kind) throw unknownAlert(what);
      if (before.kinds.find((each) => each.kind === kind)?.on === wanted) continue;
      const action = wanted ? 'alert.enable' : 'alert.disable';
      written.push({ name: toKindSetting(kind), value: wanted ? '1' : '0', action, detail: kind });
    }
    await transact(db, async (trx) => {
      for (const { name, value, action, detail } of written) {
        await setSetting(trx, name, value);
        await insertAudit(trx, { atMs: now(), actor: by.user, action, detail });
      }
    });
    return written.length > 0;
  }

  async function test(by: Actor): Promise<void> {
    const content: AlertContent = {
      kind: 'level',
      sign: '🔴',
      title: 'This is how an alert arrives',
      lines: ['Test alert, sent the same way as real ones. No one was mentioned.'],
      mention: false,
      level: 90,
      test: true,
    };
    const channels = await targets();
    if (channels.length === 0)
      throw new HeadroomError('slack', 'Alerts have nowhere to go: set ALERT_CHANNEL, or ADMINS.');
    for (const channel of channels) {
      const key = `alert:test:${now()}:${by.user}@${channel}`;
      const order: AlertOrder = { part: 'parent', content };
      await insertDelivery(db, { key, kind: 'alert', channel, content: order, dueMs: now() });
    }
    await insertAudit(db, { atMs: now(), actor: by.user, action: 'alert.test', detail: channels.join(', ') });
    wakeSender();
  }

  /** Returns who is mentioned at 90% and 100%; undefined: nobody. */
  function findMention(): Promise<string | undefined> {
    return findAlertMention(db, options);
  }

  /** Returns the channel, or each admin; empty if neither is known. */
  async function targets(): Promise<Targets> {
    const channel = await findAlertChannel(db, options);
    return channel ? [channel] : listAdmins();
  }

  /**
   * If alerts have no channel, tells each admin once that they come by direct message, and how to change that. Returns the
   * line for the log and `doctor`; undefined if there is a channel.
   */
  async function noticeMissing(): Promise<string | undefined> {
    if (await findAlertChannel(db, options)) return undefined;
    const { ids: people } = await admins();
    if (people.length === 0) return `Alerts have nowhere to go: no ALERT_CHANNEL, and no admin is known. ${CURE}`;
    const line = `Alerts go to ${people.length === 1 ? 'one admin' : `${people.length} admins`} by direct message. ${CURE}`;
    await putNotices(db, 'alert-route', people, { lines: [line], nowMs: now() });
    wakeSender();
    return line;
  }

  async function listAdmins(): Promise<Targets> {
    const known = (await findSetting(db, ADMINS_SETTING))?.split(' ').filter((id) => id !== '') ?? [];
    const asked = askAdmins(known);
    if (known.length === 0) return asked;
    // Do not wait for Slack, which may be down or slow: its answer is stored for the next alert.
    asked.catch(() => {});
    return known;
  }

  async function askAdmins(known: readonly string[]): Promise<Targets> {
    const { ids, complete } = await admins();
    const text = ids.toSorted().join(' ');
    if ((complete || known.length === 0) && text !== known.join(' ')) await setSetting(db, ADMINS_SETTING, text);
    return ids;
  }

  return { get, change, test, mention: findMention, targets, noticeMissing };
}

export function requireAdmin(by: Actor, what: string): void {
  if (!by.admin) throw new HeadroomError('unauthorised', `Only admins may ${what}. /usage settings says who they are.`);
}

export function unknownAlert(what: string): HeadroomError {
  return new HeadroomError(
    'schedule',
    `There is no alert “${what}”. Kinds of alerts: ${ALERT_KINDS.map(({ kind }) => kind).join(', ')}; /usage alerts shows all.`,
  );
}
