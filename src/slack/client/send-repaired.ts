import type { WebClient } from '@slack/web-api';
import type { Logger } from '../../log.ts';
import { type Bound, listFaults, type Refusal, type Replaced, repair } from '../../messages/repair.ts';
import type { Message } from '../../messages/text.ts';
import { classifyFailure, isRefusedContent, slackErrorOf } from './errors.ts';

interface Repairing {
  /** Asked by `blocks.validate` where a refusal names no block. */
  client: Pick<WebClient, 'apiCall'>;
  refused: RefusedBlocks;
  /** Which message it is, for the log. */
  what: string;
  /** Default: within the limits of a message. */
  bound?: Bound;
  /** Hears of what gave way, before the rest is sent. */
  onReplaced?(replaced: readonly Replaced[]): void;
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
  { client, refused, what, bound, onReplaced }: Repairing,
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
      const next = refusal && repair(current, refusal, bound);
      if (!next) throw error;
      replaced.push(...next.replaced);
      onReplaced?.(next.replaced);
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
  const code = slackErrorOf(error) ?? 'invalid_blocks';
  const silent = code === 'invalid_blocks' && faults.length === 0 && blocks.length > 0;
  const picture = classifyFailure(error).reason === 'picture';
  // None where Slack finds none, or cannot be asked.
  const validated = silent ? await client.apiCall('blocks.validate', { blocks }).then(() => [], listFaults) : faults;
  return { code, picture, faults: validated };
}

/** Blocks that Slack refused since the start, whose text went out instead: for the log, `/metrics` and admins. */
export class RefusedBlocks {
  readonly #log: Logger;
  /** By person and view: what is to give way when they open it again. */
  readonly views = new Map<string, readonly Replaced[]>();
  readonly #seen = new Map<string, Replaced & { count: number }>();

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Logs each kind of refusal once, with Slack's pointer. `message`: which one it was. */
  note(message: string, replaced: readonly Replaced[]): void {
    for (const one of replaced) {
      const key = `${one.type} ${one.reason}`;
      const known = this.#seen.get(key);
      if (known) known.count += 1;
      else this.#seen.set(key, { ...one, count: 1 });
      const { type: block, pointer, reason } = one;
      const level = known ? 'debug' : 'error';
      this.#log[level]({ message, block, pointer, reason }, 'Slack refused a block; its text was sent instead');
    }
  }

  /** Each kind of refusal with the pointer of its first case and how often it came, the most frequent first. */
  list(): readonly (Replaced & { count: number })[] {
    return [...this.#seen.values()].sort((a, b) => b.count - a.count);
  }
}
