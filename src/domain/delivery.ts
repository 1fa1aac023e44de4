/**
 * A message that must end up in Slack exactly once. It is a row of the delivery log before anything is sent; `key` is
 * unique, and stands in the message's metadata so that a post of unknown outcome can be found again.
 */
export interface NewDelivery {
  /** `digest:7:2026-11-20`, `alert:crm/Daily credits:2026-11-20T00:00Z:90`. */
  key: string;
  kind: 'alert' | 'digest' | 'notice' | 'webhook';
  /** Channel, or user for a direct message; of a webhook, the conversation whose events go out in order. */
  channel: string;
  /** Plain JSON from which the composer of its kind makes the message at the time of sending. */
  content: unknown;
  /** Post as a reply to the message that this delivery key became, and show it in the channel too if `broadcast`. */
  thread?: { key: string; broadcast: boolean };
  /** Instead of a new message: change the one that this delivery key became. */
  updates?: string;
  /** Not before, epoch ms. */
  dueMs: number;
}

export type DeliveryState = 'pending' | 'sending' | 'sent' | 'failed' | 'replaced';
