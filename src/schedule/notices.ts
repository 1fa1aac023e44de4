import { z } from 'zod';
import type { Composer } from '../delivery/slack-transport.ts';
import { ACTIONS } from '../messages/action-ids.ts';
import { button, defuse, markdown } from '../messages/text.ts';
import { cureOf, type Failure } from '../slack/client/errors.ts';
import type { Db } from '../store/database.ts';
import { type Delivery, insertDelivery } from '../store/delivery-repository.ts';
import { readValue } from '../store/json-columns.ts';
import { findSubscription, updateSubscription } from '../store/subscription-repository.ts';
import { readAlertOrder } from './alert-claims.ts';
import { readDigestOrder } from './digest-composer.ts';

/** A short message to one person: what happened, and the cure. Plain text. `orphan`: a digest that the reader may take over or end. */
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

/** Puts a notice to each of some people into the delivery log, once for what it is `about`. */
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

/**
 * Acts on a delivery that failed for good, in the same transaction: a channel that refuses a digest pauses the
 * digest and tells its owner; an alert, an event, and whatever an owner could not be told, goes to the admins.
 */
export async function followFailure(
  trx: Db,
  delivery: Delivery,
  failure: Failure,
  nowMs: number,
  admins: readonly string[],
): Promise<void> {
  if (delivery.kind !== 'webhook' && (delivery.updates || (delivery.thread && !delivery.thread.broadcast))) return;
  const notify = (people: readonly string[], lines: string[]) =>
    putNotices(trx, delivery.key, people, { lines, nowMs });
  if (delivery.kind === 'digest') {
    const { subscriptionId } = readDigestOrder(delivery.content);
    const subscription = await findSubscription(trx, subscriptionId);
    if (!subscription) return;
    const cure = cureOf(failure.error);
    const refused = failure.reason === 'refused';
    if (refused) await updateSubscription(trx, subscriptionId, { paused: true, broken: cure });
    await notify(
      [subscription.owner],
      [
        `Your digest ${subscriptionId} could not be posted in <#${delivery.channel}>. ${cure}`,
        refused
          ? `It is paused until then: /usage digest resume ${subscriptionId}`
          : 'Slack could not be reached for 24 hours; the next one is posted as usual.',
      ],
    );
  } else if (delivery.kind === 'alert') {
    const others = admins.filter((admin) => admin !== delivery.channel);
    const where = /^[UW]/.test(delivery.channel) ? `<@${delivery.channel}>` : `<#${delivery.channel}>`;
    await notify(others, [
      `An alert could not be posted to ${where}. ${cureOf(failure.error)}`,
      `It said: ${readAlertOrder(delivery.content).content.title}`,
    ]);
  } else if (delivery.kind === 'webhook') {
    await notify(admins, [
      `WEBHOOK_URL did not take an event for 24 hours (${failure.error}); it is given up: ${delivery.key}`,
    ]);
  } else if (delivery.kind === 'notice' && !admins.includes(delivery.channel)) {
    const { lines } = readValue('delivery.content', NOTICE, delivery.content);
    await notify(admins, [`<@${delivery.channel}> could not be told:`, ...lines]);
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
