import { listOptions } from '../emulator/elements.ts';
import type { Channel, JsonObject, User } from '../emulator/types.ts';
import { attributes, type Content, type Html, html } from './html.ts';
import { fileUrl, listOf, plainOf, type Scene } from './scene.ts';
import { renderText } from './text.ts';

/** Place of an element in a message or form, and its name for screen readers. */
interface ElementPlace {
  block: string;
  label?: string;
  /** Inside an input block: ids of the element, its label and its hint. */
  field?: { id: string; labelId: string; hintId: string | undefined; required: boolean };
  /** Inside an input block: true if its value is sent with the form, not at each change. */
  waits?: boolean;
}

/** Attributes that tell the page's script what to send. */
type Wiring = Record<`data-${string}`, string | boolean | undefined>;

/**
 * Draws an element as plain HTML. Its attributes tell the page's script what to send: `data-element` (type), `data-action` and
 * `data-block` (ids), and `data-waits` if the value is sent with the form.
 */
export function renderElement(element: JsonObject, place: ElementPlace, scene: Scene): Content {
  const wiring: Wiring = {
    'data-element': String(element.type),
    'data-action': String(element.action_id ?? ''),
    'data-block': place.block,
    'data-waits': place.waits,
    'data-confirm': element.confirm ? toConfirm(element.confirm as JsonObject) : undefined,
  };
  switch (element.type) {
    case 'button':
      return renderButton(element, wiring);
    case 'overflow':
      return renderOverflow(element, wiring);
    case 'image':
      return renderImage(element);
    case 'plain_text':
    case 'mrkdwn':
      return html`<span>${renderText(element, scene)}</span>`;
    default:
      return (
        renderMenu(element, wiring, place, scene) ??
        renderInput(element, wiring, place, scene) ??
        html`<span class="unknown">(${String(element.type)})</span>`
      );
  }
}

function renderButton(element: JsonObject, wiring: Wiring): Html {
  const style = element.style === 'primary' || element.style === 'danger' ? ` ${element.style}` : '';
  const label = element.accessibility_label ? String(element.accessibility_label) : undefined;
  const given = attributes({ ...wiring, 'aria-label': label, class: `button${style}` });
  const url = String(element.url);
  if (URL.canParse(url) && /^https?:/.test(url))
    return html`<a${given} href="${url}" target="_blank" rel="noopener">${plainOf(element.text)}</a>`;
  return html`<button${given} type="button">${plainOf(element.text)}</button>`;
}

/** Draws a button and the menu that it opens. The menu is a popover, so that no element around it can cut it off. */
function renderOverflow(element: JsonObject, wiring: Wiring): Html {
  const options = listOf(element.options).map((option) => {
    const given = attributes({ 'data-value': String(option.value), ...wiring });
    return html`<button type="button" role="menuitem" tabindex="-1"${given}>${plainOf(option.text)}</button>`;
  });
  const opens = attributes({ 'data-menu': wiring['data-action'] });
  return html`
    <span class="overflow">
      <button type="button" class="button" aria-label="More actions" aria-haspopup="menu"${opens}>⋯</button>
      <div role="menu" aria-label="More actions" popover="auto">${options}</div>
    </span>`;
}

/** Draws an image of an uploaded file. Images from other hosts are only named: the playground fetches nothing from outside. */
export function renderImage(element: JsonObject): Html {
  const file = element.slack_file as { id?: string } | undefined;
  const alt = String(element.alt_text ?? '');
  if (!file?.id) return html`<span class="unknown">[image: ${alt}]</span>`;
  const { image_width: width, image_height: height } = element as { image_width?: number; image_height?: number };
  return html`<img${attributes({ src: fileUrl(file.id), alt, loading: 'lazy', width, height })}>`;
}

/** Returns the texts of a confirmation as JSON: `[title, text, yes, no]`. */
function toConfirm(confirm: JsonObject): string {
  return JSON.stringify([confirm.title, confirm.text, confirm.confirm, confirm.deny].map((part) => plainOf(part)));
}

/** Returns the attributes that name and describe an element: in a form by its label and hint, elsewhere by `label`. */
function toAria({ field, label }: ElementPlace) {
  if (!field) return { 'aria-label': label };
  return { id: field.id, 'aria-describedby': field.hintId, 'aria-required': field.required ? 'true' : undefined };
}

interface Choice {
  text: string;
  value: string;
}

/** Draws a menu: a browser's select for one value out of a fixed list, else a field with a list. Undefined for other types. */
function renderMenu(element: JsonObject, wiring: Wiring, place: ElementPlace, scene: Scene): Html | undefined {
  const type = String(element.type);
  if (!type.endsWith('_select')) return undefined;
  const chosen = listChosen(element, scene.values[place.block]?.[String(element.action_id)], scene);
  const label = place.label ?? plainOf(element.placeholder, 'Choose');
  const named = toAria({ ...place, label });
  const choices = type.includes('external') ? undefined : listChoices(element, scene);
  if (!choices || type.startsWith('multi_')) return renderSearch(element, { wiring, named, label, chosen, choices });
  const toOption = ({ text, value }: Choice) =>
    html`<option${attributes({ value, selected: value === chosen[0]?.value })}>${text}</option>`;
  const groups = listOf(element.option_groups).map(
    (group) =>
      html`<optgroup label="${plainOf(group.label)}">${listOf(group.options).map(toChoice).map(toOption)}</optgroup>`,
  );
  const none = attributes({ value: '', disabled: !place.waits, selected: chosen.length === 0 });
  const given = attributes({ ...wiring, class: 'menu', ...named });
  return html`
    <select${given}>
      <option${none}>${plainOf(element.placeholder, 'Choose…')}</option>
      ${groups.length > 0 ? groups : choices.map(toOption)}
    </select>`;
}

interface Search {
  wiring: Wiring;
  named: ReturnType<typeof toAria>;
  label: string;
  chosen: Choice[];
  choices: Choice[] | undefined;
}

function renderSearch(element: JsonObject, { wiring, named, label, chosen, choices }: Search): Html {
  const given = attributes({
    ...wiring,
    class: 'combo',
    'data-label': label,
    'data-chosen': JSON.stringify(chosen),
    'data-min': String(element.min_query_length ?? 3),
    'data-choices': choices && JSON.stringify(choices),
  });
  const input = attributes({
    ...named,
    role: 'combobox',
    'aria-autocomplete': 'list',
    'aria-expanded': 'false',
    placeholder: plainOf(element.placeholder, 'Search…'),
    autocomplete: 'off',
  });
  return html`<div${given}><input${input}></div>`;
}

function toChoice(option: JsonObject): Choice {
  return { text: plainOf(option.text), value: String(option.value) };
}

function listChoices(element: JsonObject, { users, channels, reader }: Scene): Choice[] {
  if (element.type === 'users_select')
    return [...users.values()].filter(({ deleted, is_bot }) => !deleted && !is_bot).map(fromUser);
  if (element.type !== 'conversations_select') return listOptions(element).map(toChoice);
  const filter = (element.filter ?? {}) as { include?: string[]; exclude_external_shared_channels?: boolean };
  const kinds = filter.include ?? ['public', 'private'];
  return [...channels.values()]
    .filter(({ kind, is_archived }) => kinds.includes(kind) && !is_archived)
    .filter(({ is_ext_shared }) => !(filter.exclude_external_shared_channels && is_ext_shared))
    .filter(({ kind, members }) => kind === 'public' || members.has(reader.id))
    .map(fromChannel);
}

function fromUser({ id, real_name }: User): Choice {
  return { value: id, text: real_name };
}

function fromChannel({ id, name }: Channel): Choice {
  return { value: id, text: name ? `#${name}` : id };
}

/** Lists the chosen options, or the initial ones if nobody has touched the element. */
function listChosen(element: JsonObject, state: JsonObject | undefined, scene: Scene): Choice[] {
  const prefix = state ? 'selected_' : 'initial_';
  const found = Object.entries(state ?? element)
    .flatMap(([key, value]) => (key.startsWith(prefix) ? value : []))
    .filter((value) => value !== null)
    .map((value) => (typeof value === 'string' ? nameOf(value, scene) : toChoice(value as JsonObject)));
  if (found.length > 0 || state || element.default_to_current_conversation !== true) return found;
  return [nameOf(scene.channel, scene)];
}

function nameOf(id: string, { users, channels }: Scene): Choice {
  const user = users.get(id);
  const channel = channels.get(id);
  return user ? fromUser(user) : channel ? fromChannel(channel) : { value: id, text: id };
}

const FIELD_TYPES: Record<string, string> = {
  plain_text_input: 'text',
  number_input: 'number',
  datepicker: 'date',
  timepicker: 'time',
};

/** Draws a field for text, numbers, dates or boxes, with its typed or else its initial value. Undefined for other types. */
function renderInput(element: JsonObject, wiring: Wiring, place: ElementPlace, scene: Scene): Html | undefined {
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
