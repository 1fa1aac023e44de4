import { z } from 'zod';
import { address, flag, id, list, matching, plain, text, typed, user, words } from './text-schema.ts';
import type { JsonObject } from './types.ts';

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
