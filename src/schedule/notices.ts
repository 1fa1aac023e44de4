import { z } from 'zod';
import type { Composer } from '../delivery/slack-transport.ts';
import { ACTIONS } from '../messages/action-ids.ts';
import { button, defuse, markdown } from '../messages/text.ts';
import { cureOf, type Failure } from '../slack/client/errors.ts';
import type { Db } from '../store/database.ts';
import { type Delivery, findDelivery, insertDelivery } from '../store/delivery-repository.ts';
import { readValue } from '../store/json-columns.ts';
import { findSetting, insertSetting } from '../store/setting-repository.ts';
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
