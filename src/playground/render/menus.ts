import { listOptions } from '../emulator/elements.ts';
import type { Channel, JsonObject, User } from '../emulator/types.ts';
import { attributes, type Html, html } from './html.ts';
import { type ElementPlace, toAria, type Wiring } from './place.ts';
import { listOf, plainOf, type Scene } from './scene.ts';

interface Choice {
  text: string;
  value: string;
}

/** Selects of one value are the browser's own; those with search or several values are a field with a list. Undefined for other types. */
export function renderMenu(element: JsonObject, wiring: Wiring, place: ElementPlace, scene: Scene): Html | undefined {
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

/** What stands in the menu: what was chosen, else what it begins with. */
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
