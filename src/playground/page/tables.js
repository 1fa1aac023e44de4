/** Marks the sides on which a table is cut off, for the styles. Only such a table takes the focus, so that keys can scroll it. */
function measure(scroller) {
  const { scrollLeft, scrollWidth, clientWidth, dataset, parentElement } = scroller;
  const hidden = scrollWidth - clientWidth;
  const sides = [scrollLeft > 1 && 'start', scrollLeft < hidden - 1 && 'end'].filter(Boolean);
  parentElement.dataset.more = sides.join(' ');
  if (hidden > 1) {
    scroller.tabIndex = 0;
    scroller.setAttribute('role', 'group');
    scroller.setAttribute('aria-label', `${dataset.label}, scrolls sideways`);
  } else {
    for (const name of ['tabindex', 'role', 'aria-label']) scroller.removeAttribute(name);
  }
}

const sizes = new ResizeObserver((entries) => {
  for (const { target } of entries) measure(target.closest('.scroller'));
});

export function dressTables(root) {
  for (const scroller of root.querySelectorAll('.scroller')) {
    scroller.addEventListener('scroll', () => measure(scroller), { passive: true });
    sizes.observe(scroller);
    sizes.observe(scroller.firstElementChild);
  }
}
