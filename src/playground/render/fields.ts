import type { JsonObject } from '../emulator/types.ts';
import { attributes, type Html, html } from './html.ts';
import { type ElementPlace, toAria, type Wiring } from './place.ts';
import { listOf, plainOf, type Scene } from './scene.ts';
import { renderText } from './text.ts';

const FIELD_TYPES: Record<string, string> = {
  plain_text_input: 'text',
  number_input: 'number',
  datepicker: 'date',
  timepicker: 'time',
};

/** Text, numbers, dates and boxes, with what was typed before or what they begin with. Undefined for other types. */
export function renderInput(element: JsonObject, wiring: Wiring, place: ElementPlace, scene: Scene): Html | undefined {
  const type = String(element.type);
  const state = scene.values[place.block]?.[String(element.action_id)];
  if (type === 'checkboxes' || type === 'radio_buttons') return renderBoxes(element, state, wiring, place, scene);
  if (!FIELD_TYPES[type]) return undefined;
  const value = String(
    (state
      ? (state.value ?? state.selected_date ?? state.selected_time)
      : (element.initial_value ?? element.initial_date ?? element.initial_time)) ?? '',
  );
  const given = {
    ...wiring,
    class: 'field',
    ...toAria(place),
    placeholder: plainOf(element.placeholder) || undefined,
    maxlength: element.max_length as number | undefined,
    minlength: element.min_length as number | undefined,
    autocomplete: 'off',
  };
  if (element.multiline === true)
    return html`<textarea${attributes({ ...given, rows: 8, spellcheck: 'false' })}>${`\n${value}`}</textarea>`;
  const step = type === 'number_input' ? (element.is_decimal_allowed ? 'any' : '1') : undefined;
  return html`<input${attributes({ ...given, type: FIELD_TYPES[type], step, value })}>`;
}

function renderBoxes(
  element: JsonObject,
  state: JsonObject | undefined,
  wiring: Wiring,
  place: ElementPlace,
  scene: Scene,
): Html {
  const single = element.type === 'radio_buttons';
  const chosen = state
    ? [state.selected_option ?? state.selected_options ?? []].flat()
    : [element.initial_option ?? element.initial_options ?? []].flat();
  const values = new Set((chosen as JsonObject[]).map(({ value }) => value));
  const name = `${place.block}/${String(element.action_id)}`;
  const boxes = listOf(element.options).map((option) => {
    const given = { type: single ? 'radio' : 'checkbox', name, value: String(option.value) };
    const box = html`<input${attributes({ ...given, checked: values.has(option.value) })}>`;
    return html`<label>${box}<span>${renderText(option.text, scene)}</span></label>`;
  });
  const { field, label } = place;
  const given = attributes({
    ...wiring,
    class: 'boxes',
    role: single ? 'radiogroup' : 'group',
    'aria-labelledby': field?.labelId,
    'aria-describedby': field?.hintId,
    'aria-label': field ? undefined : label,
    'aria-required': single && field?.required ? 'true' : undefined,
  });
  return html`<div${given}>${boxes}</div>`;
}
