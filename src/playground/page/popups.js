const GAP = 4;

/** Puts an open popover under its anchor, above it where there is more room, and never outside the window. */
export function placeBy(anchor, popup) {
  const at = anchor.getBoundingClientRect();
  const below = innerHeight - at.bottom;
  const above = below < popup.offsetHeight + GAP && at.top > below;
  const left = Math.max(GAP, Math.min(at.left, innerWidth - popup.offsetWidth - GAP));
  popup.style.left = `${left}px`;
  popup.style.top = above ? 'auto' : `${at.bottom + GAP}px`;
  popup.style.bottom = above ? `${innerHeight - at.top + GAP}px` : 'auto';
}

/** Keeps popovers beside their anchors while what is under them scrolls. `anchorOf` answers a popover's anchor. */
function followScroll() {
  const follow = () => {
    for (const popup of document.querySelectorAll('[popover]:popover-open')) placeBy(popup.anchor, popup);
  };
  document.addEventListener('scroll', follow, true);
  window.addEventListener('resize', follow);
}

/** Gives the buttons of menus their popovers; opening, closing and giving the focus back is then the browser's. */
export function dressMenus(root) {
  for (const button of root.querySelectorAll('[data-menu]')) {
    const menu = button.nextElementSibling;
    menu.anchor = button;
    button.popoverTargetElement = menu;
  }
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

export function startPopups() {
  followScroll();
  document.addEventListener(
    'toggle',
    ({ target, newState }) => {
      if (newState !== 'open' || !target.matches('[role="menu"]')) return;
      placeBy(target.anchor, target);
      target.querySelector('[role="menuitem"]')?.focus({ preventScroll: true });
    },
    true,
  );
  document.addEventListener('keydown', onKey);
}
