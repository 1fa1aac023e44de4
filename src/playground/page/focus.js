/** Attributes by which an element is found again after its message or form has been drawn again. */
const KEYS = ['data-action', 'data-block', 'data-value', 'data-menu', 'data-thread', 'data-shortcut', 'data-close'];

/** Returns selectors of a node: an exact one, then one without its block, because a bot may give blocks new ids in each answer. */
function toSelectors(node) {
  const owner = node.closest(KEYS.map((key) => `[${key}]`).join());
  if (!owner) return [];
  const keys = KEYS.filter((key) => owner.hasAttribute(key));
  const tail = node.matches('[type="checkbox"], [type="radio"]') ? ` [value="${CSS.escape(node.value)}"]` : ' input';
  return [keys, keys.filter((key) => key !== 'data-block')].map(
    (some) =>
      some.map((key) => `[${key}="${CSS.escape(owner.getAttribute(key))}"]`).join('') + (owner === node ? '' : tail),
  );
}

/**
 * Remembers the focused element inside `root`. Returns a function that focuses it again, or the element drawn in its place, or
 * else `root` itself (which needs a tabindex), so that keyboard users keep their place on the page.
 */
export function holdFocus(root) {
  const node = document.activeElement;
  if (!root?.contains(node)) return () => {};
  // The entries of an open menu disappear with it, so its button gets the focus.
  const stand = node.closest('[role="menu"]')?.previousElementSibling ?? node;
  const selectors = toSelectors(stand);
  return () => {
    if (document.activeElement === node) return;
    const drawn = selectors.map((selector) => root.querySelector(selector)).find(Boolean);
    (stand.isConnected ? stand : (drawn ?? root)).focus({ preventScroll: true });
    if (!root.contains(document.activeElement)) root.focus({ preventScroll: true });
  };
}
