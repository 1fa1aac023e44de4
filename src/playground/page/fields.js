import { Combo } from './combo.js';
import { dressMenus } from './menus.js';
import { dressTables } from './tables.js';

/** Gives life to what was drawn: fields with search, menus, wide tables. `container` is what the emulator needs to find the element again. */
export function dressFields(root, container) {
  for (const node of root.querySelectorAll('.combo')) {
    if (!node.combo) node.combo = new Combo(node, container);
  }
  dressMenus(root);
  dressTables(root);
  root.container = container;
}

/** The value of one element, in the form that the emulator takes; null for nothing chosen. */
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

/** Values of all elements that keep one, by block and action. */
export function readValues(root) {
  const values = {};
  for (const node of root.querySelectorAll(VALUED)) {
    values[node.dataset.block] ??= {};
    values[node.dataset.block][node.dataset.action] = readValue(node);
  }
  return values;
}

/** What stands in each field, to be put back when the form is drawn anew. */
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
