import type { NewDelivery } from '../domain/delivery.ts';
import type { Picture } from '../domain/picture.ts';
import type { Message } from '../messages/text.ts';

/** A delivery's message as it is composed, before its picture is drawn. */
export interface Composed extends Pick<Message, 'text'> {
  blocks?: Message['blocks'];
  /** At most one, drawn when it is wanted and put before the block at `at` (default: after all). No picture, or a rejection: without it. */
  image?: { title: string; draw(): Promise<Picture | undefined>; at?: number };
}

export interface ComposeContext {
  key: string;
  dueMs: number;
  nowMs: number;
  /** The message is being changed, not posted. */
  updating: boolean;
}

/** Turns a delivery's content into a message at the time of sending; undefined: it is no longer wanted. */
export type Composer = (content: unknown, context: ComposeContext) => Promise<Composed | undefined>;

export type Composers = Readonly<Record<Exclude<NewDelivery['kind'], 'webhook'>, Composer>>;
