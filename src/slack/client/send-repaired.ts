import type { WebClient } from '@slack/web-api';
import { type Fault, listFaults, type Refusal } from '../../messages/refusal.ts';
import type { RefusedBlocks } from '../../messages/refused-blocks.ts';
import { type Replaced, repair } from '../../messages/repair.ts';
import type { Message } from '../../messages/text.ts';
import { isRefusedContent, isRefusedPicture, refusedCodeOf } from './errors.ts';

interface Repairing {
  /** Asked by `blocks.validate` where a refusal names no block. */
  client: Pick<WebClient, 'apiCall'>;
  refused: RefusedBlocks;
  /** Which message it is, for the log. */
  what: string;
}

/** More refusals than this are not about single blocks. */
const MOST_REPAIRS = 12;

/**
 * Sends a message; a block that Slack refuses is replaced by its text until the message passes, which is noted. Rejects as
 * `send` did where the refusal is about something else, or where even the text alone is refused.
 */
export async function sendRepaired<T>(
  message: Message,
  send: (message: Message) => Promise<T>,
  { client, refused, what }: Repairing,
): Promise<T> {
  const replaced: Replaced[] = [];
  let current = message;
  for (let tries = 0; ; tries += 1) {
    try {
      const sent = await send(current);
      refused.note(what, replaced);
      return sent;
    } catch (error) {
      const refusal = await findRefusal(error, current, client);
      const next = refusal && repair(current, refusal);
      if (!next) throw error;
      replaced.push(...next.replaced);
      current = tries < MOST_REPAIRS ? next.message : { text: message.text, blocks: [] };
    }
  }
}

async function findRefusal(
  error: unknown,
  { blocks }: Message,
  client: Repairing['client'],
): Promise<Refusal | undefined> {
  const faults = listFaults(error);
  if (!isRefusedContent(error) && faults.length === 0) return undefined;
  const code = refusedCodeOf(error) ?? 'invalid_blocks';
  const silent = code === 'invalid_blocks' && faults.length === 0 && blocks.length > 0;
  return { code, picture: isRefusedPicture(error), faults: silent ? await validate(client, blocks) : faults };
}

/** Where Slack finds faults in blocks; none where it finds none, or cannot be asked. */
async function validate(client: Repairing['client'], blocks: Message['blocks']): Promise<Fault[]> {
  return client.apiCall('blocks.validate', { blocks }).then(() => [], listFaults);
}
