import type { Described, Field } from '../domain/field.ts';
import { MAX_INPUT_TEXT, MAX_MODAL_TITLE, MAX_OPTION_VALUE, MAX_PLACEHOLDER } from './limits.ts';
import { type Block, type Option, option, plainText } from './text.ts';

type Options = readonly (readonly [value: string, label: string])[];

/** A field of a form: a kind that files have too, or one that only Slack has. */
export type FormField = (
  | Field
  | (Described & { kind: 'time' | 'person' })
  /** `current`: preselects the channel in which the form is opened. */
  | (Described & { kind: 'channel'; current?: true })
  /** YAML. */
  | (Described & { kind: 'lines' })
  /** Boxes to tick, ten at most. */
  | (Described & { kind: 'choices'; options: Options })
  /** A list to choose several from. */
  | (Described & { kind: 'list'; options: Options })
  /** Values found by a search, under this action. */
  | (Described & { kind: 'search'; action: string; many?: true })
) & {
  /** Slack reports each change under this action, and not only when the form is sent. */
  live?: string;
};

/** Fields of a form by their block ids. */
export type FormFields = Readonly<Record<string, FormField>>;

/** Content of a field: a text or chosen word, or several chosen words or options. */
export type FieldValue = string | readonly string[] | readonly Option[];

/** Builds a window with buttons, or with `submit` a form to send. `about`: data that Slack returns with each press. */
export function modal(parts: {
  /** Its `callback_id`. */
  on?: string;
  title: string;
  submit?: string;
  about?: object;
  blocks: readonly Block[];
}): Block {
  const { on, title, submit, about = {}, blocks } = parts;
  return {
    type: 'modal',
    ...(on ? { callback_id: on } : {}),
    title: plainText(title, MAX_MODAL_TITLE),
    ...(submit ? { submit: plainText(submit, MAX_MODAL_TITLE) } : {}),
    close: plainText(submit ? 'Cancel' : 'Close', MAX_MODAL_TITLE),
    private_metadata: JSON.stringify(about),
    blocks,
  };
}

/** Changes to the description of a field in one form. */
export interface FieldChange {
  hint?: string;
  optional?: boolean;
  /** Options of a choice. */
  options?: Options;
}

/** Builds the block of a field with its value. */
export function buildField(id: string, field: FormField, value: FieldValue = '', change: FieldChange = {}): Block {
  const { label, required, live } = field;
  const { hint = field.hint, optional = required === undefined, options } = change;
  const action_id = live ? `${live}:${id}` : field.kind === 'search' ? field.action : 'value';
  return {
    type: 'input',
    block_id: id,
    label: plainText(label, 2000),
    element: { action_id, ...toElement(field.kind === 'choice' && options ? { ...field, options } : field, value) },
    optional,
    ...(live ? { dispatch_action: true } : {}),
    ...(hint ? { hint: plainText(hint, 2000) } : {}),
  };
}

/** Builds the element of a field. Empty values are left out: Slack refuses empty lists and empty initial values. */
function toElement(field: FormField, value: FieldValue): Block {
  const text = typeof value === 'string' ? value : '';
  const initial = (key: string) => (text === '' ? {} : { [key]: text });
  switch (field.kind) {
    case 'text':
      return { type: 'plain_text_input', max_length: field.most ?? 200, ...initial('initial_value') };
    case 'link':
      return { type: 'plain_text_input', max_length: 3000, ...initial('initial_value') };
    case 'lines':
      return { type: 'plain_text_input', multiline: true, max_length: MAX_INPUT_TEXT, ...initial('initial_value') };
    case 'whole':
      return toNumber(false, field.least, initial('initial_value'));
    case 'credits':
      return toNumber(true, 0, initial('initial_value'));
    case 'day':
      return { type: 'datepicker', ...initial('initial_date') };
    case 'time':
      return { type: 'timepicker', ...initial('initial_time') };
    case 'channel':
      return {
        type: 'conversations_select',
        filter: { include: ['public', 'private'], exclude_bot_users: true, exclude_external_shared_channels: true },
        ...(text === '' && field.current ? { default_to_current_conversation: true } : initial('initial_conversation')),
      };
    case 'person':
      return { type: 'users_select', ...initial('initial_user') };
    case 'member':
      // A menu of people cannot show a group.
      return text.startsWith('S')
        ? { type: 'plain_text_input', max_length: 50, initial_value: text }
        : { type: 'users_select', ...initial('initial_user') };
    case 'choice':
      return toChoice(field.options, text);
    case 'choices':
      return toList('checkboxes', field.options, value);
    case 'list':
      return toList('multi_static_select', field.options, value);
    case 'search': {
      const chosen = toChosen(value);
      const initials = field.many ? { initial_options: chosen } : { initial_option: chosen[0] };
      return {
        type: field.many ? 'multi_external_select' : 'external_select',
        min_query_length: 0,
        placeholder: plainText('Search…', MAX_PLACEHOLDER),
        ...(chosen.length > 0 ? initials : {}),
      };
    }
  }
}

function toNumber(decimals: boolean, least: number, initial: object): Block {
  return { type: 'number_input', is_decimal_allowed: decimals, min_value: String(least), ...initial };
}

/** Show up to three choices as radio buttons, and more as a menu. */
const MAX_RADIO_BUTTONS = 3;

function toChoice(choices: Options, chosen: string): Block {
  const options = choices.map(([value, label]) => option(label, value));
  return {
    type: options.length <= MAX_RADIO_BUTTONS ? 'radio_buttons' : 'static_select',
    options,
    initial_option: options.find(({ value }) => value === chosen) ?? options[0],
  };
}

function toList(type: string, choices: Options, chosen: FieldValue): Block {
  const wanted = new Set(toChosen(chosen).map(({ value }) => value));
  const options = choices.map(([value, label]) => option(label, value));
  const ticked = options.filter(({ value }) => wanted.has(value));
  return { type, options, ...(ticked.length > 0 ? { initial_options: ticked } : {}) };
}

function toChosen(value: FieldValue): Option[] {
  const chosen: readonly (string | Option)[] = typeof value === 'string' ? [value].filter(Boolean) : value;
  return chosen.map((one) => (typeof one === 'string' ? toOption(one) : one));
}

/** Makes an option; a value too long for a menu becomes a pattern of its beginning. */
export function toOption(value: string): Option {
  return option(value, value.length <= MAX_OPTION_VALUE ? value : `${value.slice(0, MAX_OPTION_VALUE - 1)}*`);
}
