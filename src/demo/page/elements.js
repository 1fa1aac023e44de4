import { attempt, control } from './api.js';
import { readValue, readValues } from './fields.js';
import { here } from './state.js';

/** What the elements of messages, modals and the Home tab do: one listener each for presses and for choices. */
export function listenToBlocks(root) {
  root.addEventListener('click', (event) => {
    const node = event.target.closest('button[data-element], a[data-element]');
    if (!node) return;
    node.closest('details')?.removeAttribute('open');
    void act(node, node.dataset.value);
  });
  root.addEventListener('change', (event) => {
    const node = event.target.closest('[data-element]');
    if (!node || node.matches('button, a') || 'waits' in node.dataset) return;
    void act(node, readValue(node));
  });
  // A menu that is open closes when something else is used.
  root.addEventListener('click', (event) => {
    for (const menu of document.querySelectorAll('details.overflow[open]')) {
      if (!menu.contains(event.target)) menu.removeAttribute('open');
    }
  });
  root.addEventListener('keydown', (event) => {
    const menu = event.target.closest('details.overflow[open]');
    if (!menu) return;
    if (event.key === 'Escape') {
      menu.removeAttribute('open');
      menu.querySelector('summary').focus();
      event.stopPropagation();
      event.preventDefault();
    } else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      const items = [...menu.querySelectorAll('[role="menuitem"]')];
      const step = event.key === 'ArrowDown' ? 1 : -1;
      items[(items.indexOf(document.activeElement) + step + items.length) % items.length].focus();
      event.preventDefault();
    }
  });
}

async function act(node, value) {
  if (node.dataset.confirm && !(await ask(JSON.parse(node.dataset.confirm)))) return;
  const root = findRoot(node);
  const { view, message, channel } = root.container;
  node.setAttribute('aria-busy', 'true');
  await attempt(() =>
    control('click', {
      user: here.user,
      message: view ? { view } : { channel, ts: message },
      action_id: node.dataset.action,
      block_id: node.dataset.block,
      ...(value === undefined || value === null ? {} : { value }),
      ...(view ? { state: readValues(root) } : {}),
    }),
  );
  node.removeAttribute('aria-busy');
}

function findRoot(node) {
  let root = node;
  while (!root.container) root = root.parentElement;
  return root;
}

/** Slack's confirmation dialog. */
function ask([title, text, yes, no]) {
  const dialog = document.getElementById('confirm');
  document.getElementById('confirm-title').textContent = title;
  document.getElementById('confirm-text').textContent = text;
  document.getElementById('confirm-yes').textContent = yes || 'Yes';
  document.getElementById('confirm-no').textContent = no || 'Cancel';
  dialog.returnValue = 'no';
  dialog.showModal();
  document.getElementById('confirm-yes').focus();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => resolve(dialog.returnValue === 'yes'), { once: true });
  });
}
