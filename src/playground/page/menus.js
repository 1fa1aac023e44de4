/** Ties the buttons of menus to their popovers. The browser then opens, places and closes them, and restores the focus. */
export function dressMenus(root) {
  for (const button of root.querySelectorAll('[data-menu]')) button.popoverTargetElement = button.nextElementSibling;
}

/** Moves in an open menu by arrow keys, Home, End and first letters. Tab closes the menu and moves on. */
function onKey(event) {
  const menu = event.target.closest('[role="menu"]');
  if (!menu) return;
  const items = [...menu.querySelectorAll('[role="menuitem"]')];
  const now = items.indexOf(document.activeElement);
  const moves = { ArrowDown: now + 1, ArrowUp: now - 1, Home: 0, End: -1 };
  let next = items.at(moves[event.key] % items.length);
  if (event.key === 'Tab') menu.hidePopover();
  else if (!(event.key in moves)) {
    if (event.key.length !== 1 || event.key === ' ') return;
    const letter = event.key.toLowerCase();
    const begins = (item) => item.textContent.toLowerCase().startsWith(letter);
    next = [...items.slice(now + 1), ...items.slice(0, now + 1)].find(begins);
  }
  if (event.key === 'Tab') return;
  event.preventDefault();
  next?.focus();
}

export function startMenus() {
  document.addEventListener(
    'toggle',
    ({ target, newState }) => {
      if (newState !== 'open' || !target.matches('[role="menu"]')) return;
      target.querySelector('[role="menuitem"]')?.focus({ preventScroll: true });
    },
    true,
  );
  document.addEventListener('keydown', onKey);
}
