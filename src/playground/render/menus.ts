import { listOptions } from '../emulator/elements.ts';
import type { Channel, JsonObject, User } from '../emulator/types.ts';
import { type ElementPlace, toAria, type Wiring } from './place.ts';
import { listOf } from './rich-text.ts';
import { h, type ReactNode, type Scene } from './scene.ts';
import { plainOf } from './text-object.ts';

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
