import { z } from 'zod';
import type { Block, Option } from '../messages/text.ts';
import { parseJson } from '../store/json-columns.ts';
import type { Asked } from './context.ts';

/** Makes a schema that reads anything unexpected as undefined. */
function maybe<T>(schema: z.ZodType<T>) {
  return schema
    .nullish()
    .transform((value) => value ?? undefined)
    .catch(undefined);
}

const text = z.string();
const id = text.min(1);
/** A text; undefined if Slack sends none. */
export const maybeText = maybe(text);
const BLOCK: z.ZodType<Block> = z.looseObject({ type: text });

const OPTION: z.ZodType<Option> = z.object({ text: z.looseObject({ type: text }), value: text });
const ELEMENT = z.object({
  ...{ value: text.nullish(), selected_option: OPTION.nullish(), selected_options: z.array(OPTION).nullish() },
  ...{ selected_conversation: text.nullish(), selected_user: text.nullish() },
  ...{ selected_date: text.nullish(), selected_time: text.nullish() },
});
/** Input of a form, by block and action id. */
const STATE = z.record(text, z.record(text, ELEMENT));
export type FormState = z.infer<typeof STATE>;

/** A modal or Home tab, as Slack returns it. */
const VIEW = z.object({
  ...{
    id,
    type: maybeText,
    hash: maybeText,
    callback_id: maybeText,
    private_metadata: maybeText,
    previous_view_id: maybeText,
  },
  ...{ title: z.unknown().optional(), submit: z.unknown().optional(), close: z.unknown().optional() },
  blocks: maybe(z.array(BLOCK)),
  state: maybe(z.object({ values: STATE })),
});
export type View = z.infer<typeof VIEW>;

/** A press, shortcut or submission, by somebody, on a message or in a view. */
export const DEED = z.object({
  user: z.object({ id }),
  channel: maybe(z.object({ id: text })),
  container: maybe(
    z.object({ channel_id: maybeText, message_ts: maybeText, thread_ts: maybeText, is_ephemeral: maybe(z.boolean()) }),
  ),
  message: maybe(z.object({ ts: maybeText, thread_ts: maybeText })),
  view: maybe(VIEW),
  response_url: maybeText,
  trigger_id: maybeText,
});
type Deed = z.infer<typeof DEED>;

/** The pressed element. `value`: that of the button or of the chosen entry; empty if it has none. */
const PRESSED = z
  .object({ action_id: text, block_id: maybeText, value: maybeText, selected_option: maybe(z.object({ value: text })) })
  .transform(({ action_id: action, block_id: blockId, value = '', selected_option: chosen }) => ({
    action,
    blockId,
    value: chosen?.value ?? value,
  }));
export const PRESS = DEED.extend({ actions: z.tuple([PRESSED], z.unknown()) });

export const SUBMISSION = DEED.extend({ view: VIEW.extend({ callback_id: text, state: z.object({ values: STATE }) }) });
export const SHORTCUT = DEED.extend({ callback_id: text, message_ts: maybeText });
export const SEARCH = z.object({ user: z.object({ id }), action_id: text, value: text.default('') });
export const COMMAND = z.object({
  ...{ command: id, user_id: id, channel_id: id, text: text.default('') },
  ...{ response_url: maybeText, trigger_id: maybeText },
});
/** Any object. */
export const BODY = z.record(text, z.unknown());
const EVENT = z.object({ event: z.looseObject({ type: id, text: text.optional() }) });

/** Minimum of each kind of body, keyed by a field that only this kind has. */
const KINDS = [
  ['event', EVENT],
  ['command', COMMAND],
  ['actions', PRESS],
  ['action_id', SEARCH],
  ['view', SUBMISSION],
  ['callback_id', SHORTCUT],
] as const;

/** Returns the fault of a body, or undefined. Unknown kinds have no fault. */
export function findBodyFault(body: Record<string, unknown>): string | undefined {
  // `view_submission` without a view would match the kind of shortcuts.
  const isWindow = typeof body.type === 'string' && body.type.startsWith('view_');
  const schema = KINDS.find(([field]) => Object.hasOwn(body, field) || (isWindow && field === 'view'))?.[1];
  const error = schema?.safeParse(body).error;
  return error && z.prettifyError(error);
}

/** Conversation from which a modal was opened, kept in its `private_metadata`. The outcome is told there. */
const OPENED_AT = z.object({
  /** Empty if it was opened from the Home tab. */
  channel: text.regex(/^([CDG][A-Z0-9]+)?$/).optional(),
  threadTs: text.regex(/^\d+\.\d+$/).optional(),
  inThread: z.boolean().optional(),
  responseUrl: z.url().optional(),
});

/** Adds the place where a modal is opened to its metadata. */
export function withPlace(view: Block, { channel, threadTs, inThread, responseUrl }: Asked): Block {
  const about = BODY.parse(parseJson(String(view.private_metadata ?? '{}')));
  return { ...view, private_metadata: JSON.stringify({ ...about, channel, threadTs, inThread, responseUrl }) };
}

/** Reads the place where a modal was opened from its metadata; undefined if it has none. */
export function readPlace({ private_metadata }: Pick<View, 'private_metadata'>) {
  return OPENED_AT.safeParse(parseJson(private_metadata || '{}')).data;
}

/** Reads who acted, and in which conversation; for a modal, the one it was opened from. `channel` is empty for the Home tab. */
export function askedBy(deed: Deed, nowMs: number): Asked {
  const { container, message, view } = deed;
  const threadTs = container?.thread_ts ?? message?.thread_ts;
  const messageTs = container?.message_ts ?? message?.ts;
  const inThread = threadTs !== undefined && threadTs !== messageTs;
  const modal = view?.type === 'modal' ? view : undefined;
  const from = (modal && readPlace(modal)) ?? {};
  return {
    user: deed.user.id,
    channel: deed.channel?.id ?? container?.channel_id ?? from.channel ?? '',
    ...(inThread ? { threadTs, inThread } : { threadTs: from.threadTs, inThread: from.inThread }),
    messageTs,
    modal: modal && { id: modal.id, hash: modal.hash },
    responseUrl: deed.response_url ?? from.responseUrl,
    triggerId: deed.trigger_id,
    ephemeral: container?.is_ephemeral ?? false,
    atMs: nowMs,
  };
}
