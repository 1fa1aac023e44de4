/**
 * A message that must end up in Slack exactly once. It is written to the delivery log before anything is sent. `key` is unique and
 * also in the message's metadata, so that a post of unknown outcome can be found again.
 */
export interface NewDelivery {
  /** `digest:7:2026-11-20`, `alert:crm/Daily credits:2026-11-20T00:00Z:90`. */
  key: string;
  kind: 'alert' | 'digest' | 'notice' | 'webhook';
  /** Channel, or user for a direct message. For a webhook: the conversation whose events are sent in order. */
  channel: string;
  /** Plain JSON from which the composer of its kind makes the message at the time of sending. */
  content: unknown;
  /** Post as a reply to the message of this delivery key; `broadcast`: show it in the channel too. */
  thread?: { key: string; broadcast: boolean };
  /** Change the message of this delivery key instead of posting a new one. */
  updates?: string;
  /** Send not before this instant, epoch ms. */
  dueMs: number;
}

export type DeliveryState = 'pending' | 'sending' | 'sent' | 'failed' | 'replaced';
