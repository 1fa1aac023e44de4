import { attempt, control } from './api.js';
import { readValue, readValues } from './fields.js';
import { here } from './state.js';

/** Listens to all buttons and menus of messages, modals and the Home tab, now and later, and sends what people do to the app. */
export function listenToBlocks(root) {
  root.addEventListener('click', (event) => {
    const node = event.target.closest('button[data-element], a[data-element]');
    if (!node) return;
    node.closest('[popover]')?.hidePopover();
    void act(node, node.dataset.value);
  });
  root.addEventListener('change', (event) => {
    const node = event.target.closest('[data-element]');
    if (!node || node.matches('button, a') || 'waits' in node.dataset) return;
    void act(node, readValue(node));
  });
  root.addEventListener('keydown', openMenu);
}

/**
 * Opens a closed menu on a key that would otherwise choose at once, as on a Mac. Each choice is sent to the app, so without
 * this nobody could reach the second choice without sending the first.
 */
function openMenu(event) {
  const { target: node, key } = event;
  const chooses = /^(Arrow|Page|Home$|End$)/.test(key) || (key.length === 1 && key !== ' ');
  if (
    !node.matches('select:not([data-waits])') ||
    !node.showPicker ||
    !chooses ||
    event.ctrlKey ||
    event.metaKey ||
    event.altKey
  )
    return;
  event.preventDefault();
  node.showPicker();
}

async function act(node, value) {
  if (node.dataset.confirm && !(await ask(JSON.parse(node.dataset.confirm)))) return;
  const root = findRoot(node);
  const { view, message, channel } = root.container;
  node.ariaBusy = 'true';
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
  node.ariaBusy = null;
}

function findRoot(node) {
  let root = node;
  while (!root.container) root = root.parentElement;
  return root;
}

/** Shows a confirmation dialog like Slack's. Resolves with true if the person confirms. */
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
