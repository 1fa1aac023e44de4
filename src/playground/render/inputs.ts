import { listOptions } from '../emulator/elements.ts';
import type { Channel, JsonObject, User } from '../emulator/types.ts';
import { h, type ReactNode, type Scene } from './scene.ts';
import { listOf, plainOf, renderText } from './text.ts';

const FIELD_TYPES: Record<string, string> = {
  plain_text_input: 'text',
  email_text_input: 'email',
  url_text_input: 'url',
  number_input: 'number',
  datepicker: 'date',
  timepicker: 'time',
  datetimepicker: 'datetime-local',
};

/** Text, numbers, dates and boxes, with what was typed before or what they begin with. Undefined for other types. */
export function renderInput(
  element: JsonObject,
  wiring: Wiring,
  place: ElementPlace,
  scene: Scene,
): ReactNode | undefined {
  const type = String(element.type);
  const state = scene.values[place.block]?.[String(element.action_id)];
  if (type === 'checkboxes' || type === 'radio_buttons') return renderBoxes(element, state, wiring, place, scene);
  const inputType = FIELD_TYPES[type];
  if (!inputType) return undefined;
  const attributes = {
    ...wiring,
    className: 'field',
    ...toAria(place),
    placeholder: plainOf(element.placeholder) || undefined,
    defaultValue: initialText(element, state),
    maxLength: element.max_length as number | undefined,
    minLength: element.min_length as number | undefined,
    autoComplete: 'off',
  };
  if (element.multiline === true) return h('textarea', { ...attributes, rows: 8, spellCheck: false });
  const step = type === 'number_input' ? (element.is_decimal_allowed ? 'any' : '1') : undefined;
  return h('input', { ...attributes, type: inputType, step });
}

function initialText(element: JsonObject, state: JsonObject | undefined): string {
  const source = state ?? element;
  const value = state
    ? (source.value ?? source.selected_date ?? source.selected_time ?? source.selected_date_time)
    : (source.initial_value ?? source.initial_date ?? source.initial_time ?? source.initial_date_time);
  if (element.type === 'datetimepicker' && typeof value === 'number') {
    return new Date(value * 1000).toISOString().slice(0, 16);
  }
  return value === undefined || value === null ? '' : String(value);
}

function renderBoxes(
  element: JsonObject,
  state: JsonObject | undefined,
  wiring: Wiring,
  place: ElementPlace,
  scene: Scene,
): ReactNode {
  const { key, ...attributes } = wiring;
  const single = element.type === 'radio_buttons';
  const chosen = state
    ? [state.selected_option ?? state.selected_options ?? []].flat()
    : [element.initial_option ?? element.initial_options ?? []].flat();
  const values = new Set((chosen as JsonObject[]).map(({ value }) => value));
  const boxes = listOf(element.options).map((option, index) =>
    h(
      'label',
      { key: index },
      h('input', {
        type: single ? 'radio' : 'checkbox',
        name: `${place.block}/${String(element.action_id)}`,
        value: String(option.value),
        defaultChecked: values.has(option.value),
      }),
      h('span', null, renderText(option.text, scene)),
    ),
  );
  return h(
    'div',
    {
      ...attributes,
      key: key as number,
      className: 'boxes',
      role: single ? 'radiogroup' : 'group',
      ...(place.field
        ? { 'aria-labelledby': place.field.labelId, 'aria-describedby': place.field.hintId }
        : { 'aria-label': place.label }),
      ...(single && place.field?.required ? { 'aria-required': true } : {}),
    },
    boxes,
  );
}

interface Choice {
  text: string;
  value: string;
}

/** Selects of one value are the browser's own; those with search or several values are a field with a list. */
export function renderMenu(
  element: JsonObject,
  wiring: Wiring,
  place: ElementPlace,
  scene: Scene,
): ReactNode | undefined {
  const type = String(element.type);
  if (!/_select$/.test(type)) return undefined;
  const state = scene.values[place.block]?.[String(element.action_id)];
  const chosen = listChosen(element, state, scene);
  const label = place.label ?? plainOf(element.placeholder, 'Choose');
  const choices = type.includes('external') ? undefined : listChoices(element, scene);
  if (type.startsWith('multi_') || !choices) return renderField(element, { wiring, place, label, chosen, choices });
  const groups = listOf(element.option_groups);
  const placeholder = h(
    'option',
    { value: '', key: 'none', disabled: !place.waits },
    plainOf(element.placeholder, 'Choose…'),
  );
  const toOption = ({ text, value }: Choice) => h('option', { value, key: value }, text);
  return h(
    'select',
    { ...wiring, className: 'menu', ...toAria({ ...place, label }), defaultValue: chosen[0]?.value ?? '' },
    placeholder,
    groups.length > 0
      ? groups.map((group, key) =>
          h('optgroup', { key, label: plainOf(group.label) }, listOf(group.options).map(toChoice).map(toOption)),
        )
      : choices.map(toOption),
  );
}

function renderField(
  element: JsonObject,
  {
    wiring,
    place,
    label,
    chosen,
    choices,
  }: { wiring: Wiring; place: ElementPlace; label: string; chosen: Choice[]; choices: Choice[] | undefined },
): ReactNode {
  const { key, ...attributes } = wiring;
  return h(
    'div',
    {
      ...attributes,
      key: key as number,
      className: 'combo',
      'data-label': label,
      'data-chosen': JSON.stringify(chosen),
      'data-min': String(element.min_query_length ?? 3),
      ...(choices ? { 'data-choices': JSON.stringify(choices) } : {}),
    },
    h('input', {
      ...toAria({ ...place, label }),
      role: 'combobox',
      'aria-autocomplete': 'list',
      'aria-expanded': false,
      placeholder: plainOf(element.placeholder, 'Search…'),
      autoComplete: 'off',
    }),
  );
}

function toChoice(option: JsonObject): Choice {
  return { text: plainOf(option.text), value: String(option.value) };
}

function listChoices(element: JsonObject, scene: Scene): Choice[] {
  const type = String(element.type);
  if (type.includes('users')) {
    return [...scene.users.values()].filter(({ deleted, is_bot }) => !deleted && !is_bot).map(fromUser);
  }
  if (type.includes('conversations') || type.includes('channels')) {
    const { include = ['public', 'private'], exclude_external_shared_channels: noShared } = (element.filter ?? {}) as {
      include?: string[];
      exclude_external_shared_channels?: boolean;
    };
    const kinds = type.includes('channels') ? ['public'] : include;
    return [...scene.channels.values()]
      .filter(
        ({ kind, is_archived, is_ext_shared }) => kinds.includes(kind) && !is_archived && !(noShared && is_ext_shared),
      )
      .filter(({ kind, members }) => kind === 'public' || members.has(scene.reader.id))
      .map(fromChannel);
  }
  return listOptions(element).map(toChoice);
}

function fromUser({ id, real_name }: User): Choice {
  return { value: id, text: real_name };
}

function fromChannel({ id, name }: Channel): Choice {
  return { value: id, text: name ? `#${name}` : id };
}

/** What stands in the menu: what was chosen, else what it begins with. */
function listChosen(element: JsonObject, state: JsonObject | undefined, scene: Scene): Choice[] {
  const values = state
    ? Object.entries(state).filter(([key]) => key.startsWith('selected_'))
    : Object.entries(element).filter(([key]) => key.startsWith('initial_'));
  const found = values
    .flatMap(([, value]) => value)
    .filter((value) => value !== null)
    .map((value) => (typeof value === 'string' ? nameOf(value, scene) : toChoice(value as JsonObject)));
  if (found.length > 0 || state || element.default_to_current_conversation !== true) return found;
  return [nameOf(scene.channel, scene)];
}

function nameOf(id: string, scene: Scene): Choice {
  const user = scene.users.get(id);
  const channel = scene.channels.get(id);
  return user ? fromUser(user) : channel ? fromChannel(channel) : { value: id, text: id };
}

/** Where an element stands, and how a person hears of it. */
export interface ElementPlace {
  block: string;
  label?: string | undefined;
  /** Inside an input block: ids of the element and of the words about it. */
  field?: Field;
  /** Inside an input block: its value waits for the form, nothing is sent when it changes. */
  waits?: boolean;
}

interface Field {
  id: string;
  labelId: string;
  hintId?: string;
  required: boolean;
}

/** How an element is named and described: by the words around it in a form, else by a label of its own. */
function toAria({ field, label }: ElementPlace): Record<string, unknown> {
  if (!field) return { 'aria-label': label };
  return { id: field.id, 'aria-describedby': field.hintId, 'aria-required': field.required || undefined };
}

/** Attributes by which the page's script finds what to send. */
export type Wiring = Record<string, unknown>;
