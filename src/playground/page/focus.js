/** Attributes by which an element is found again after it was drawn anew. */
const KEYS = ['data-action', 'data-block', 'data-value', 'data-menu', 'data-thread', 'data-shortcut', 'data-close'];

/** Selectors of a node, the surest first: a bot may name its blocks anew with every answer. */
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
 * Remembers what has the focus inside `root`. The function that comes back gives it back: to the same element, or to the one
 * drawn in its place, or else to `root` itself (which needs a tabindex), so that the place on the page is never lost.
 */
export function holdFocus(root) {
  const node = document.activeElement;
  if (!root?.contains(node)) return () => {};
  // What an open menu held is shut away with it: its button stands for it.
  const stand = node.closest('[role="menu"]')?.previousElementSibling ?? node;
  const selectors = toSelectors(stand);
  return () => {
    if (document.activeElement === node) return;
    const drawn = selectors.map((selector) => root.querySelector(selector)).find(Boolean);
    (stand.isConnected ? stand : (drawn ?? root)).focus({ preventScroll: true });
    if (!root.contains(document.activeElement)) root.focus({ preventScroll: true });
  };
}
