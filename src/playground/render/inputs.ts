import type { JsonObject } from '../emulator/types.ts';
import { type ElementPlace, toAria, type Wiring } from './place.ts';
import { listOf } from './rich-text.ts';
import { h, type ReactNode, type Scene } from './scene.ts';
import { plainOf, renderText } from './text-object.ts';

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
