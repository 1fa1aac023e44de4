import { z } from 'zod';
import type { Composer } from '../delivery/slack-transport.ts';
import { MINUTE_MS } from '../domain/calendar.ts';
import type { Refusals, SourceHealth } from '../domain/source-health.ts';
import type { ErrorCode } from '../errors.ts';
import { ACTIONS } from '../messages/action-ids.ts';
import { button, defuse, markdown } from '../messages/text.ts';
import { countOf, formatCount } from '../report/format.ts';
import { cureOf, type Failure, isOutage } from '../slack/client/errors.ts';
import { deleteSetting, findSetting, insertSetting, listSettings } from '../store/configuration-repository.ts';
import { type Db, transact } from '../store/database.ts';
import {
  type Delivery,
  findDelivery,
  insertDelivery,
  listStuckDeliveries,
  wasSentSince,
} from '../store/delivery-repository.ts';
import { readValue } from '../store/json-columns.ts';
import { findSubscription, updateSubscription } from '../store/subscription-repository.ts';
import { readAlertOrder } from './alert-claims.ts';
import { readDigestOrder } from './digest-composer.ts';

/** Plain text of a notice: what happened, and the cure. `orphan`: id of a digest that the reader may take over or end. */
const NOTICE = z.object({ lines: z.array(z.string()), orphan: z.number().optional() });
type Notice = z.infer<typeof NOTICE>;

/** Makes the message of a notice. References to channels and people (`<#C…>`, `<@U…>`) stay, everything else is escaped. */
export const composeNotice: Composer = async (content) => {
  const { lines, orphan } = readValue('delivery.content', NOTICE, content);
  const text = lines.map(escapeButReferences).join('\n');
  if (orphan === undefined) return { text };
  const value = String(orphan);
  const stop = { title: 'Stop this digest?', text: 'It will not be posted any more.', yes: 'Stop' };
  const elements = [
    button({ action: ACTIONS.digestTakeOver, text: 'Take over', value, style: 'primary' }),
    button({ action: ACTIONS.digestRemove, text: 'Stop', value, style: 'danger', confirm: stop }),
  ];
  return {
    text,
    blocks: [
      { type: 'section', text: markdown(text) },
      { type: 'actions', elements },
    ],
  };
};

function escapeButReferences(line: string): string {
  return line
    .split(/(<[#@][A-Z0-9]+>)/)
    .map((part, index) => (index % 2 ? part : defuse(part)))
    .join('');
}

/** Queues a notice to each of some people, once for each `about`. */
export async function putNotices(
  db: Db,
  about: string,
  people: readonly string[],
  { lines, nowMs }: { lines: string[]; nowMs: number },
): Promise<void> {
  for (const person of people)
    await insertDelivery(db, {
      ...{ key: `notice:${about}:${person}`, kind: 'notice', channel: person, dueMs: nowMs },
      content: { lines } satisfies Notice,
    });
}

/** Names the trouble that nothing goes out to a channel, to a person or, for the place `webhook`, to WEBHOOK_URL. */
export function toDeliveryTrouble(place: string): string {
  return `${DELIVERY_TROUBLE}${place}`;
}

/** Prefix of the settings that keep troubles; the value is the instant of the first notice. */
export const TROUBLE = 'trouble_';
/** Prefix of the names of troubles with deliveries; the place follows. */
export const DELIVERY_TROUBLE = 'delivery ';

/**
 * Tells people of a trouble, once for as long as its setting exists; returns true if it did so now. If they know already,
 * `follow` is posted in the thread of the first notice, once for each `about`.
 */
export async function tellTrouble(
  db: Db,
  name: string,
  people: readonly string[],
  { lines, follow, nowMs }: { lines: string[]; follow?: { about: string; lines: string[] }; nowMs: number },
): Promise<boolean> {
  const toAbout = (sinceMs: number | string) => `trouble:${name}:${sinceMs}`;
  if (await insertSetting(db, `${TROUBLE}${name}`, String(nowMs))) {
    await putNotices(db, toAbout(nowMs), people, { lines, nowMs });
    return true;
  }
  const sinceMs = await findSetting(db, `${TROUBLE}${name}`);
  if (!follow || sinceMs === undefined) return false;
  const first = toAbout(sinceMs);
  for (const person of people) {
    const key = `notice:${first}:${person}`;
    await insertDelivery(db, {
      ...{ key: `${key}:${follow.about}`, kind: 'notice', channel: person, dueMs: nowMs },
      content: { lines: follow.lines } satisfies Notice,
      // A person who became an admin since then has no first notice to reply to.
      ...((await findDelivery(db, key)) && { thread: { key, broadcast: false } }),
    });
  }
  return false;
}

/** Writes a channel or person so that Slack shows the name. */
export function refer(place: string): string {
  return /^[UW]/.test(place) ? `<@${place}>` : `<#${place}>`;
}

/**
 * Reports a delivery that failed for good, in the transaction that gives it up. A digest's owner is told, and the digest is
 * paused if the channel refuses it. Alerts, webhook events and notices to others are reported to the admins: once while nothing
 * goes out to that place, with later failures in the thread of that notice.
 */
export async function followFailure(
  trx: Db,
  delivery: Delivery,
  failure: Failure,
  nowMs: number,
  admins: readonly string[],
): Promise<void> {
  if (delivery.kind !== 'webhook' && (delivery.updates || (delivery.thread && !delivery.thread.broadcast))) return;
  const { channel, key } = delivery;
  const tellAdmins = (what: string, said: readonly string[]) =>
    tellTrouble(
      trx,
      toDeliveryTrouble(channel),
      admins.filter((admin) => admin !== channel),
      {
        lines: [`${what} ${cureOf(failure.error)}`, ...said, 'Further failures there are listed in this thread.'],
        follow: { about: key, lines: [what, ...said] },
        nowMs,
      },
    );
  if (delivery.kind === 'digest') {
    const { subscriptionId } = readDigestOrder(delivery.content);
    const subscription = await findSubscription(trx, subscriptionId);
    if (!subscription) return;
    const cure = cureOf(failure.error);
    const refused = failure.reason === 'refused';
    if (refused) await updateSubscription(trx, subscriptionId, { paused: true, broken: cure });
    const lines = [
      `Your digest ${subscriptionId} could not be posted in <#${channel}>. ${cure}`,
      refused
        ? `It is paused. Once that is done: /usage digest resume ${subscriptionId}`
        : 'It was retried for 24 hours. The next one is posted as usual.',
    ];
    await putNotices(trx, key, [subscription.owner], { lines, nowMs });
  } else if (delivery.kind === 'alert') {
    const { title } = readAlertOrder(delivery.content).content;
    await tellAdmins(`An alert could not be posted to ${refer(channel)}.`, [`It said: ${title}`]);
  } else if (delivery.kind === 'webhook') {
    const line = `WEBHOOK_URL did not take an event for 24 hours (${failure.error}), so it was dropped: ${key}. Later ones are dropped after 24 hours too.`;
    const follow = { about: 'given up', lines: [line] };
    await tellTrouble(trx, toDeliveryTrouble('webhook'), admins, { lines: [line], follow, nowMs });
  } else if (delivery.kind === 'notice' && !admins.includes(channel)) {
    const { lines } = readValue('delivery.content', NOTICE, delivery.content);
    await tellAdmins(`${refer(channel)} could not be told.`, lines);
  }
}

/** Tells a digest's channel, once for each owner, that the owner has left: it goes on, and anyone there may take it over. */
export async function orderOrphanNotice(
  db: Db,
  { id, channel, owner }: { id: number; channel: string; owner: string },
  nowMs: number,
): Promise<void> {
  const line = `The owner of digest ${id}, <@${owner}>, has left. It goes on as before; somebody here can take it over, or stop it.`;
  const content: Notice = { lines: [line], orphan: id };
  await insertDelivery(db, { key: `notice:orphan:${id}:${owner}`, kind: 'notice', channel, content, dueMs: nowMs });
}

export interface TroublePorts {
  db: Db;
  admins(): Promise<readonly string[]>;
  sources(): Promise<readonly SourceHealth[]>;
  /** Requests to a source that were refused as a whole since the process started; undefined: none. */
  refusals(source: string): Refusals | undefined;
  /** Free disk space for the database; undefined if it is not on a disk of this machine. */
  freeBytes(): Promise<number | undefined>;
  wakeSender(): void;
}

const MIN_FREE_BYTES = 1024 ** 3;
const STUCK_MS = 30 * MINUTE_MS;
/** Judge a source every ten minutes … */
const SOURCE_LOOK_MS = 10 * MINUTE_MS;
/** … if at least 20 of its events were rejected meanwhile, or as many of its requests refused. */
const MIN_REFUSED = 20;
/** Cause and cure of each refusal that admins are told about. */
const REFUSALS: Partial<Record<ErrorCode, string>> = {
  unauthorised: 'their credentials are not its own (401). "headroom sources rotate NAME" makes new ones',
  limited: 'it is over its limit (429). "headroom sources set NAME --limit" raises it',
  unreadable: 'their bodies cannot be read (400). "headroom sources try NAME FILE" tells why',
  too_large: 'their bodies are too large (413): send smaller ones, or raise MAX_BODY_BYTES',
  unsupported: 'their type or encoding is not known (415): see the README on its format',
};
/** A tick that comes longer than this after the one before is late … */
const TICK_LATE_MS = 2.5 * MINUTE_MS;
/** … unless it comes as late as this: then the machine slept, or its clock was set. */
const PAUSE_MS = 15 * MINUTE_MS;
/** Report late ticks from the third in a row on, as a short sleep causes one. */
const LATE_TICKS = 3;

/** Counts of a source at its last look. */
interface Look {
  atMs: number;
  accepted: number;
  rejected: number;
  requests: number;
  isRefused: boolean;
}

/**
 * Makes the tick job that tells admins what goes wrong with Headroom itself, once for as long as it lasts: a disk that fills up,
 * a channel or webhook that takes nothing, a source whose events are all refused, a scheduler that runs late.
 */
export function createTroubleWatch(ports: TroublePorts): (nowMs: number) => Promise<void> {
  const looks = new Map<string, Look>();
  let lastMs: number | undefined;
  let late = 0;

  function findLateTicks(nowMs: number): string | undefined {
    const gapMs = nowMs - (lastMs ?? nowMs);
    late = gapMs > TICK_LATE_MS && gapMs < PAUSE_MS ? late + 1 : 0;
    lastMs = nowMs;
    if (late < LATE_TICKS) return undefined;
    return 'The scheduler runs late: minutes pass between its runs, so digests and alerts come late. Give Headroom more CPU.';
  }

  /**
   * Returns a line if everything that a source sent since the last look was refused, or much of it because of its limit; an empty
   * line between looks while that holds, and undefined if all is well.
   */
  function findRefused({ name, accepted, rejected }: SourceHealth, nowMs: number): string | undefined {
    const { requests, code } = ports.refusals(name) ?? { requests: 0, code: undefined };
    const before = looks.get(name);
    if (before && nowMs - before.atMs < SOURCE_LOOK_MS) return before.isRefused ? '' : undefined;
    const look = { atMs: nowMs, accepted, rejected, requests, isRefused: false };
    looks.set(name, look);
    if (!before) return undefined;
    const events = rejected - before.rejected;
    const refused = requests - before.requests;
    const why = code && REFUSALS[code]?.replace('NAME', name);
    const takesNone = accepted === before.accepted;
    let line: string | undefined;
    if (takesNone && events >= MIN_REFUSED)
      line = `All ${formatCount(events)} events that source ${name} sent lately were rejected. See why: /usage sources.`;
    else if (why && refused >= MIN_REFUSED && (takesNone || code === 'limited'))
      line = `${countOf(refused, 'request')} to source ${name} were refused in ten minutes: ${why}.`;
    else if (takesNone && events + refused === 0 && before.isRefused) line = '';
    look.isRefused = line !== undefined;
    return line;
  }

  return async (nowMs) => {
    const { db, wakeSender } = ports;
    const free = await ports.freeBytes();
    const stuck = await findStuck(db, nowMs);
    const troubles: [string, string | undefined][] = [
      ['tick', findLateTicks(nowMs)],
      ['disk', free !== undefined && free < MIN_FREE_BYTES ? toDiskLine(free) : undefined],
      ...stuck,
      ...(await ports.sources()).map((source): [string, string | undefined] => [
        `source ${source.name}`,
        findRefused(source, nowMs),
      ]),
    ];
    for (const [name, line] of troubles) {
      if (line === undefined) await deleteSetting(db, `${TROUBLE}${name}`);
      else if (line !== '' && (await tell(ports, name, line, nowMs))) wakeSender();
    }
    await endDeliveryTroubles(db, new Set(stuck.map(([name]) => name)));
  };
}

/** Sends one notice to each admin, unless this trouble was reported since it began. */
async function tell({ db, admins }: TroublePorts, name: string, line: string, nowMs: number): Promise<boolean> {
  const people = (await admins()).filter((admin) => name !== toDeliveryTrouble(admin));
  return transact(db, (trx) => tellTrouble(trx, name, people, { lines: [line], nowMs }));
}

/** Finds places to which nothing could be sent for half an hour. An outage of all of Slack does not count: it passes. */
async function findStuck(db: Db, nowMs: number): Promise<[string, string][]> {
  const lines = new Map<string, string>();
  for (const { kind, channel, error } of await listStuckDeliveries(db, nowMs - STUCK_MS)) {
    const name = toDeliveryTrouble(kind === 'webhook' ? 'webhook' : channel);
    if (lines.has(name)) continue;
    if (kind === 'webhook')
      lines.set(
        name,
        `WEBHOOK_URL has taken no events for half an hour (${error ?? 'no answer'}). They are retried for 24 hours: check where it leads.`,
      );
    else if (error !== undefined && !isOutage(error))
      lines.set(
        name,
        `Messages to ${refer(channel)} have not gone out for half an hour. They are retried for 24 hours. ${cureOf(error)}`,
      );
  }
  return [...lines];
}

/** Ends the delivery trouble of a place once nothing is stuck for it and something was sent there since. */
async function endDeliveryTroubles(db: Db, stuck: ReadonlySet<string>): Promise<void> {
  for (const { name, value } of await listSettings(db, `${TROUBLE}${DELIVERY_TROUBLE}`)) {
    const trouble = name.slice(TROUBLE.length);
    const place = trouble.slice(DELIVERY_TROUBLE.length);
    if (!stuck.has(trouble) && (await wasSentSince(db, place, Number(value)))) await deleteSetting(db, name);
  }
}

function toDiskLine(free: number): string {
  return `Only ${(free / 1024 ** 3).toFixed(1)} GiB of disk are left for the database. Make room: without it events are refused.`;
}
