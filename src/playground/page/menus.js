/** Gives the buttons of menus their popovers; opening, placing, closing and giving the focus back is then the browser's. */
export function dressMenus(root) {
  for (const button of root.querySelectorAll('[data-menu]')) button.popoverTargetElement = button.nextElementSibling;
}

/** Menus by keyboard: arrows, Home, End, first letters; Tab goes on behind the menu. */
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
