import { Combo } from './combo.js';
import { dressMenus } from './menus.js';
import { dressTables } from './tables.js';

/**
 * Adds behaviour to the drawn HTML in `root`: menus with search, menus of buttons, wide tables. `container` is the view or
 * message in it, by which the emulator finds an element again.
 */
export function dressFields(root, container) {
  for (const node of root.querySelectorAll('.combo')) {
    if (!node.combo) node.combo = new Combo(node, container);
  }
  dressMenus(root);
  dressTables(root);
  root.container = container;
}

/** Returns the value of an element in the form that the emulator takes; null if nothing is chosen. */
export function readValue(node) {
  const type = node.dataset.element;
  if (node.combo) {
    const chosen = node.combo.chosen.map(({ text, value }) =>
      /users|conversations/.test(type) ? value : { text: { type: 'plain_text', text }, value },
    );
    return type.startsWith('multi_') ? chosen : (chosen[0] ?? null);
  }
  if (type === 'checkboxes') return [...node.querySelectorAll('input:checked')].map(({ value }) => value);
  if (type === 'radio_buttons') return node.querySelector('input:checked')?.value ?? null;
  return node.value === '' ? null : node.value;
}

const VALUED = '[data-element]:not(button, a, [role="menuitem"])';

/** Returns the values of all fields and menus, by block and action. */
export function readValues(root) {
  const values = {};
  for (const node of root.querySelectorAll(VALUED)) {
    values[node.dataset.block] ??= {};
    values[node.dataset.block][node.dataset.action] = readValue(node);
  }
  return values;
}

/** Returns the content of each field, for `restoreTyped` after the form has been drawn again. */
export function readTyped(root) {
  return [...root.querySelectorAll(VALUED)].map((node) => {
    const { block, action, element } = node.dataset;
    return { block, action, element, value: node.combo ? node.combo.chosen : (node.value ?? readValue(node)) };
  });
}

export function restoreTyped(root, typed) {
  for (const { block, action, element, value } of typed) {
    const node = [...root.querySelectorAll(VALUED)].find(
      ({ dataset }) => dataset.block === block && dataset.action === action && dataset.element === element,
    );
    if (!node) continue;
    if (node.combo) node.combo.choose(value);
    else if ('value' in node) node.value = value;
    else for (const box of node.querySelectorAll('input')) box.checked = [value].flat().includes(box.value);
  }
}
