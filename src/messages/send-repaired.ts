import type { Fault, Refusal } from './refusal.ts';
import { type Replaced, repair } from './repair.ts';
import type { Message } from './text.ts';

export interface Repairing<T> {
  send(message: Message): Promise<T>;
  /** Of an error that `send` threw; undefined: it is not about the content. */
  refusalOf(error: unknown): Refusal | undefined;
  /** Asks Slack which blocks it refuses, where it did not say. */
  validate(message: Message): Promise<readonly Fault[]>;
  /** What was replaced, once the message is through. */
  note(replaced: readonly Replaced[]): void;
}

/** More refusals than this are not about single blocks. */
const MOST_REPAIRS = 12;

/** Sends a message; what Slack refuses in it is replaced by its text until it passes. Rejects as `send` did where even the text is refused. */
export async function sendRepaired<T>(message: Message, { send, refusalOf, validate, note }: Repairing<T>): Promise<T> {
  const replaced: Replaced[] = [];
  let current = message;
  for (let tries = 0; ; tries += 1) {
    try {
      const sent = await send(current);
      if (replaced.length > 0) note(replaced);
      return sent;
    } catch (error) {
      const refusal = refusalOf(error);
      const next = refusal && repair(current, await complete(refusal, current, validate));
      if (!next) throw error;
      replaced.push(...next.replaced);
      current = tries < MOST_REPAIRS ? next.message : { text: message.text, blocks: [] };
    }
  }
}

async function complete(
  refusal: Refusal,
  message: Message,
  validate: Repairing<unknown>['validate'],
): Promise<Refusal> {
  if (refusal.code !== 'invalid_blocks' || refusal.faults.length > 0) return refusal;
  return { ...refusal, faults: await validate(message).catch(() => []) };
}
