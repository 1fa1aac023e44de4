import type { NewDelivery } from '../domain/delivery.ts';
import type { Picture } from '../domain/picture.ts';

/** A Block Kit block as it goes over the wire. */
export type Block = { type: string; [field: string]: unknown };

/** A delivery's message. */
export interface Message {
  /** Complete by itself: notifications, search, screen readers, and the last resort when blocks are refused. */
  text: string;
  blocks?: Block[];
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
export type Composer = (content: unknown, context: ComposeContext) => Promise<Message | undefined>;

export type Composers = Readonly<Record<Exclude<NewDelivery['kind'], 'webhook'>, Composer>>;
