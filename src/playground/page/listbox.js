let count = 0;

/** A list of choices beside a field that keeps the focus. Arrow keys move, Enter or a press takes a choice, Escape closes the list. */
export class Listbox {
  #field;
  #list;
  #anchor;
  #take;
  #options = [];
  #active = -1;

  /** `anchor`: the element beside which the list opens. `take` gets the index of the choice. */
  constructor(field, list, { anchor, take }) {
    this.#field = field;
    this.#list = list;
    this.#anchor = anchor;
    this.#take = take;
    count += 1;
    list.id ||= `choices-${count}`;
    list.popover = 'manual';
    field.setAttribute('aria-controls', list.id);
    field.addEventListener('blur', () => setTimeout(() => this.close(), 150));
    list.addEventListener('mousedown', (event) => event.preventDefault());
    list.addEventListener('click', (event) => {
      const index = this.#options.indexOf(event.target.closest('[role="option"]'));
      if (index >= 0) take(index);
    });
  }

  get isOpen() {
    return this.#list.matches(':popover-open');
  }

  get active() {
    return this.#active;
  }

  /** Shows choices. Each is a list of texts or nodes. `active`: index of the choice that Enter takes, or -1 for none. */
  show(choices, active) {
    this.#options = choices.map((content, index) => {
      const option = toOption(content);
      option.id = `${this.#list.id}-${index}`;
      return option;
    });
    const nothing = toOption(['Nothing found']);
    nothing.ariaDisabled = 'true';
    this.#list.replaceChildren(...(choices.length > 0 ? this.#options : [nothing]));
    if (!this.isOpen) this.#list.showPopover({ source: this.#anchor });
    this.#field.ariaExpanded = 'true';
    this.#mark(choices.length > 0 ? active : -1);
  }

  #mark(active) {
    this.#active = active;
    for (const [index, option] of this.#options.entries()) option.ariaSelected = String(index === active);
    const option = this.#options[active];
    if (option) this.#field.setAttribute('aria-activedescendant', option.id);
    else this.#field.removeAttribute('aria-activedescendant');
    option?.scrollIntoView({ block: 'nearest' });
  }

  close() {
    this.#options = [];
    this.#mark(-1);
    this.#list.hidePopover();
    this.#field.ariaExpanded = 'false';
  }

  /** Handles a key for the open list. Returns false for any other key. */
  onKey(event) {
    if (!this.isOpen) return false;
    const { length } = this.#options;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && length > 0) this.#mark((Math.max(this.#active, step < 0 ? 0 : -1) + step + length) % length);
    else if (event.key === 'Enter' && this.#active >= 0) this.#take(this.#active);
    else if (event.key === 'Escape') this.close();
    else return false;
    event.stopPropagation();
    event.preventDefault();
    return true;
  }
}

function toOption(content) {
  const option = document.createElement('div');
  option.role = 'option';
  option.append(...content);
  return option;
}
