import { z } from 'zod';
import type { Block, Option } from '../messages/text.ts';
import { parseJson } from '../store/json-columns.ts';
import type { Asked } from './context.ts';

/** Absent where Slack sends none, or something else. */
function maybe<T>(schema: z.ZodType<T>) {
  return schema
    .nullish()
    .transform((value) => value ?? undefined)
    .catch(undefined);
}

const text = z.string();
const id = text.min(1);
/** A text, where Slack sends one. */
export const maybeText = maybe(text);
const BLOCK: z.ZodType<Block> = z.looseObject({ type: text });

const OPTION: z.ZodType<Option> = z.object({ text: z.looseObject({ type: text }), value: text });
const ELEMENT = z.object({
  ...{ value: text.nullish(), selected_option: OPTION.nullish(), selected_options: z.array(OPTION).nullish() },
  ...{ selected_conversation: text.nullish(), selected_user: text.nullish() },
  ...{ selected_date: text.nullish(), selected_time: text.nullish() },
});
/** What stands in the fields of a form, by block and action id. */
const STATE = z.record(text, z.record(text, ELEMENT));
export type FormState = z.infer<typeof STATE>;

/** A window or Home tab, as Slack hands it back. */
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

/** Somebody did something with a message, or in a view. */
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

/** The value is that of the button, or of the chosen entry; empty where it has none. */
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

/** The least that each kind of body must have for a listener to read it, by the field that only this kind has. */
const KINDS = [
  ['event', EVENT],
  ['command', COMMAND],
  ['actions', PRESS],
  ['action_id', SEARCH],
  ['view', SUBMISSION],
  ['callback_id', SHORTCUT],
] as const;

/** Returns what is wrong with a body, or undefined. Kinds that the app does not know are no fault. */
export function findBodyFault(body: Record<string, unknown>): string | undefined {
  // A window that is sent or closed without its content would be taken for a shortcut.
  const isWindow = typeof body.type === 'string' && body.type.startsWith('view_');
  const schema = KINDS.find(([field]) => Object.hasOwn(body, field) || (isWindow && field === 'view'))?.[1];
  const error = schema?.safeParse(body).error;
  return error && z.prettifyError(error);
}

/** The place where a window was opened, which it carries (`private_metadata`), and where its outcome is told. */
const OPENED_AT = z.object({
  /** Empty for what began in the Home tab. */
  channel: text.regex(/^([CDG][A-Z0-9]+)?$/).optional(),
  threadTs: text.regex(/^\d+\.\d+$/).optional(),
  inThread: z.boolean().optional(),
  responseUrl: z.url().optional(),
});

/** Writes into a window where it is opened, beside what it is about. */
export function withPlace(view: Block, { channel, threadTs, inThread, responseUrl }: Asked): Block {
  const about = BODY.parse(parseJson(String(view.private_metadata ?? '{}')));
  return { ...view, private_metadata: JSON.stringify({ ...about, channel, threadTs, inThread, responseUrl }) };
}

/** Reads from a window where it was opened; undefined where it says nothing of the kind. */
export function readPlace({ private_metadata }: Pick<View, 'private_metadata'>) {
  return OPENED_AT.safeParse(parseJson(private_metadata || '{}')).data;
}

/** Reads who did something, and where: in a window, where that was opened. `channel` is empty for what began in the Home tab. */
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
