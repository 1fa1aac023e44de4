import { z } from 'zod';
import type { JsonObject } from './types.ts';

/** Schemas of texts and other parts of blocks: docs.slack.dev/reference/block-kit/composition-objects, blocks/rich-text-block. */

/** Schema of an object with this `type` and these fields only. */
export const typed = <const T extends string, const Shape extends z.core.$ZodLooseShape>(type: T, shape: Shape) =>
  z.strictObject({ type: z.literal(type), ...shape });
export const matching = (pattern: RegExp) => z.string().regex(pattern, `must match pattern: ${pattern.source}`);
export const user = matching(/^[UW][A-Z0-9]+$/);
export const list = <T extends z.ZodType>(item: T, most = 100) => z.array(item).min(1).max(most);
export const flag = z.boolean().optional();
export const id = z.string().min(1).max(255).optional();

/** Schema of a text that is not blank. Slack asks for one character; a lone space is known to work in cells only (vercel/chat#327). */
export const words = (most = 3000) =>
  z
    .string()
    .max(most)
    .refine((text) => text.trim() !== '', 'must be more than 0 characters');

/** Schema of an address that opens in the reader's browser: block-elements/button-element. */
export const address = z
  .string()
  .max(3000)
  .refine((url) => URL.canParse(url) && /^https?:$/.test(new URL(url).protocol), 'must be a valid URL');

/** Tokens of a date: docs.slack.dev/messaging/formatting-message-text#date-formatting. A format without one shows no date. */
const DATE_FORMAT =
  /\{(date_num|date_slash|date|date_short|date_long|date_pretty|date_short_pretty|date_long_pretty|time|time_secs|ago)\}/;
/** Tells whether every date in a text's markup has a format with a known token, and a fallback text for old clients. */
function hasRightDates(text: string): boolean {
  const dates = [...text.matchAll(/<!date\^([^>]*)>/g)].map(([, date]) => date!);
  return dates.every((date) => /^\d+\^[^|^]+(\^https?:[^|]+)?\|.+$/.test(date) && DATE_FORMAT.test(date));
}

export const plain = (most?: number) => typed('plain_text', { text: words(most), emoji: flag });
export const mrkdwn = (most?: number) =>
  typed('mrkdwn', { text: words(most).refine(hasRightDates, 'invalid date format'), verbatim: flag });
export const text = (most?: number) => z.discriminatedUnion('type', [plain(most), mrkdwn(most)]);

const style = z
  .strictObject({ bold: flag, italic: flag, strike: flag, code: flag })
  .refine((styles) => Object.keys(styles).length > 0, 'must not be empty')
  .optional();
/** A text leaf may be a line break alone, but not empty: NousResearch/hermes-agent#59621, slack-go/slack#1412. */
const textLeaf = typed('text', { text: z.string().min(1), style });
const linkLeaf = typed('link', { url: address, text: words().optional(), style });
const leaf = z.discriminatedUnion('type', [
  textLeaf,
  linkLeaf,
  typed('user', { user_id: user, style }),
  typed('usergroup', { usergroup_id: matching(/^S[A-Z0-9]+$/), style }),
  typed('channel', { channel_id: matching(/^[CDG][A-Z0-9]+$/), style }),
  typed('emoji', { name: z.string().min(1), unicode: z.string().min(1).optional() }),
  typed('date', {
    timestamp: z.int().min(0),
    format: z.string().regex(DATE_FORMAT, 'invalid date format'),
    fallback: words().optional(),
    url: address.optional(),
    style,
  }),
]);
/**
 * Refuses an empty list. Sources disagree: Block Kit Builder accepts it (slackapi/python-slack-sdk#1576), elsewhere it is a
 * "missing element" (NousResearch/hermes-agent#59621).
 */
const filled = <T extends z.ZodType>(item: T) => z.array(item).min(1, 'missing element');
const leaves = filled(leaf);
const section = typed('rich_text_section', { elements: leaves });
export const richText = z
  .array(
    z.discriminatedUnion('type', [
      section,
      typed('rich_text_list', {
        style: z.enum(['bullet', 'ordered']),
        elements: filled(section),
        indent: z.int().min(0).optional(),
        offset: z.int().min(0).optional(),
      }),
      typed('rich_text_quote', { elements: leaves }),
      // Only text and links: RichTextPreformatted of @slack/types.
      typed('rich_text_preformatted', {
        elements: filled(z.discriminatedUnion('type', [textLeaf, linkLeaf])),
        language: z.string().min(1).optional(),
      }),
    ]),
  )
  .min(1, 'missing element');

/** Schemas of the elements that Headroom sends: docs.slack.dev/reference/block-kit/block-elements. */

/** All texts of a confirmation are plain: composition-objects/confirmation-dialog-object. */
const confirm = z
  .strictObject({
    title: plain(100),
    text: plain(300),
    confirm: plain(30),
    deny: plain(30),
    style: z.enum(['primary', 'danger']).optional(),
  })
  .optional();

/** The documentation allows 150 characters for a value, @slack/types only 75. The schema takes values that both allow. */
const value = z.string().min(1).max(75);
const option = z.strictObject({ text: plain(75), value, description: plain(75).optional() });
const box = z.strictObject({ text: text(75), value, description: text(75).optional() });

/**
 * Tells whether the initial options are among the options, with the same text and value. Several must be in one group:
 * slackapi/python-slack-sdk#974.
 */
function hasItsInitial(element: JsonObject): boolean {
  const groups = (element.option_groups ?? []) as { options: object[] }[];
  const key = (one: object) => {
    const { value, text: shown } = one as { value: string; text: { text: string } };
    return JSON.stringify([value, shown.text]);
  };
  const initial = [element.initial_option ?? element.initial_options ?? []].flat() as object[];
  return [(element.options ?? []) as object[], ...groups.map(({ options }) => options)].some((offered) => {
    const known = new Set(offered.map(key));
    return initial.every((one) => known.has(key(one)));
  });
}
const INITIAL = 'initial option not in options';
const ONE_LIST = 'must have either options or option_groups';
const hasOneList = (element: JsonObject) => (element.options === undefined) !== (element.option_groups === undefined);

/** Slack's servers fetch images, so an address of this machine or a private network can never work. */
const publicImage = address.refine(
  (url) => !/^(localhost|127\.|10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|\[)/.test(new URL(url).hostname),
  'downloading image failed',
);

/** A file by its id: composition-objects/slack-file-object; slackapi/python-slack-sdk#1521. */
const file = z.strictObject({ id: matching(/^F[A-Z0-9]{8,}$/) });
export const picture = {
  type: z.literal('image'),
  alt_text: words(2000),
  image_url: publicImage.optional(),
  slack_file: file.optional(),
};
export const hasOnePicture = (image: JsonObject) =>
  (image.image_url === undefined) !== (image.slack_file === undefined);
export const ONE_PICTURE = 'must have either image_url or slack_file';
export const image = z.strictObject(picture).refine(hasOnePicture, ONE_PICTURE);

export const button = typed('button', {
  text: plain(75),
  action_id: id,
  url: address.optional(),
  value: z.string().min(1).max(2000).optional(),
  style: z.enum(['primary', 'danger']).optional(),
  confirm,
  accessibility_label: z.string().min(1).max(75).optional(),
});
export const overflow = typed('overflow', {
  action_id: id,
  options: list(option.extend({ url: address.optional() }), 5),
  confirm,
});

/** Fields of every menu and picker. */
const chooser = { action_id: id, confirm, focus_on_load: flag };
const menu = { ...chooser, placeholder: plain(150).optional() };
const lists = {
  options: list(option).optional(),
  option_groups: list(z.strictObject({ label: plain(75), options: list(option) })).optional(),
};
const search = { ...menu, min_query_length: z.int().min(0).optional() };
const many = { initial_options: list(option).optional(), max_selected_items: z.int().min(1).optional() };
const boxes = list(box, 10);

/** Elements that may be among buttons, beside a section and in a form. */
export const choosers = [
  typed('static_select', { ...menu, ...lists, initial_option: option.optional() })
    .refine(hasOneList, ONE_LIST)
    .refine(hasItsInitial, INITIAL),
  typed('external_select', { ...search, initial_option: option.optional() }),
  typed('users_select', { ...menu, initial_user: user.optional() }),
  typed('conversations_select', {
    ...menu,
    initial_conversation: z.string().min(1).optional(),
    default_to_current_conversation: flag,
    filter: z
      .strictObject({
        include: list(z.enum(['im', 'mpim', 'private', 'public'])).optional(),
        exclude_external_shared_channels: flag,
        exclude_bot_users: flag,
      })
      .refine((filter) => Object.keys(filter).length > 0, 'must not be empty')
      .optional(),
  }),
  typed('checkboxes', { ...chooser, options: boxes, initial_options: boxes.optional() }).refine(hasItsInitial, INITIAL),
  typed('radio_buttons', { ...chooser, options: boxes, initial_option: box.optional() }).refine(hasItsInitial, INITIAL),
  typed('datepicker', { ...menu, initial_date: z.iso.date().optional() }),
  typed('timepicker', {
    ...menu,
    initial_time: z
      .string()
      .regex(/^([01]\d|2[0-3]):[0-5]\d$/)
      .optional(),
    timezone: z.string().min(1).optional(),
  }),
] as const;

/** Documented for use among buttons too, but Slack refuses them there: slackapi/python-slack-sdk#1631, node-slack-sdk#1299. */
export const manyChoosers = [
  typed('multi_static_select', { ...menu, ...lists, ...many })
    .refine(hasOneList, ONE_LIST)
    .refine(hasItsInitial, INITIAL),
  typed('multi_external_select', { ...search, ...many }),
] as const;

const dispatch = z
  .strictObject({ trigger_actions_on: list(z.enum(['on_enter_pressed', 'on_character_entered'])) })
  .optional();
const field = {
  action_id: id,
  dispatch_action_config: dispatch,
  focus_on_load: flag,
  placeholder: plain(150).optional(),
};
const numeral = matching(/^-?\d+(\.\d+)?$/).optional();

/** A field's initial value must be one that the field accepts, and not empty: Netflix/dispatch#6144. */
export const fields = [
  typed('plain_text_input', {
    ...field,
    initial_value: z.string().min(1).optional(),
    multiline: flag,
    min_length: z.int().min(0).max(3000).optional(),
    max_length: z.int().min(1).max(3000).optional(),
  }).refine(
    ({ initial_value: initial, min_length: least = 0, max_length: most = 3000 }) =>
      least <= most && (initial === undefined || initial.length <= most),
    { error: 'must be within min_length and max_length', path: ['initial_value'] },
  ),
  typed('number_input', {
    ...field,
    is_decimal_allowed: z.boolean(),
    initial_value: numeral,
    min_value: numeral,
    max_value: numeral,
  })
    .refine(
      ({ initial_value: initial, min_value: least = -Infinity, max_value: most = Infinity }) =>
        Number(least) <= Number(initial ?? least) && Number(initial ?? least) <= Number(most),
      { error: 'must be between min_value and max_value', path: ['initial_value'] },
    )
    .refine(
      ({ is_decimal_allowed: decimals, initial_value = '', min_value = '', max_value = '' }) =>
        decimals || !`${initial_value}${min_value}${max_value}`.includes('.'),
      'must be whole numbers where is_decimal_allowed is false',
    ),
] as const;
