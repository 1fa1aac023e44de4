import { announce, attempt, control } from './api.js';
import { placeBy } from './popups.js';
import { here } from './state.js';

let count = 0;

/** A field with a list: choices are searched here, or asked from the app. Keys: arrows, Enter, Escape, Backspace. */
export class Combo {
  #node;
  #container;
  #input;
  #list = document.createElement('div');
  #chips = document.createElement('span');
  #choices = [];
  #active = -1;
  #asked = 0;
  #said = '';

  constructor(node, container) {
    this.#node = node;
    this.#container = container;
    this.#input = node.querySelector('input');
    this.multiple = node.dataset.element.startsWith('multi_');
    this.chosen = JSON.parse(node.dataset.chosen);
    count += 1;
    this.#list.id = `combo-${count}`;
    this.#list.setAttribute('role', 'listbox');
    this.#list.ariaLabel = node.dataset.label;
    this.#list.popover = 'manual';
    this.#list.anchor = node;
    this.#input.setAttribute('aria-controls', this.#list.id);
    this.#chips.className = 'chips';
    node.prepend(this.#chips);
    node.append(this.#list);
    this.#input.addEventListener('input', () => this.#search());
    this.#input.addEventListener('click', () => this.#search());
    // What is typed is a search, not a choice.
    this.#input.addEventListener('change', (event) => event.stopPropagation());
    this.#input.addEventListener('blur', () => setTimeout(() => this.#close(), 150));
    this.#input.addEventListener('keydown', (event) => this.#onKey(event));
    this.#list.addEventListener('mousedown', (event) => event.preventDefault());
    this.#list.addEventListener('click', (event) => {
      const index = [...this.#list.children].indexOf(event.target.closest('[role="option"]'));
      if (index >= 0) this.#choose(index);
    });
    this.#showChips();
  }

  async #search() {
    const typed = this.#input.value;
    const asked = ++this.#asked;
    const { choices, min } = this.#node.dataset;
    let found;
    if (choices) {
      found = JSON.parse(choices).filter(({ text }) => text.toLowerCase().includes(typed.toLowerCase()));
    } else {
      if (typed.length < Number(min)) return this.#close();
      found = await attempt(() => this.#ask(typed));
    }
    if (asked !== this.#asked || !found || document.activeElement !== this.#input) return;
    const taken = new Set(this.chosen.map(({ value }) => value));
    this.#choices = found.filter(({ value }) => !taken.has(value));
    this.#active = this.#choices.length > 0 ? 0 : -1;
    this.#show();
  }

  async #ask(value) {
    const { action, block } = this.#node.dataset;
    const { view, message, channel } = this.#container;
    const container = view ? { view } : { channel, ts: message };
    const offered = await control('suggest', { user: here.user, action_id: action, block_id: block, value, container });
    return offered
      .flatMap((option) => option.options ?? option)
      .map((option) => ({ text: option.text.text, value: option.value }));
  }

  #show() {
    const options = this.#choices.map(({ text }, index) => {
      const option = document.createElement('div');
      option.id = `${this.#list.id}-${index}`;
      option.setAttribute('role', 'option');
      option.setAttribute('aria-selected', String(index === this.#active));
      option.textContent = text;
      return option;
    });
    const note =
      options.length === 0 ? 'Nothing found' : `${options.length} ${options.length === 1 ? 'choice' : 'choices'}`;
    if (options.length === 0) {
      const nothing = document.createElement('div');
      nothing.setAttribute('role', 'option');
      nothing.ariaDisabled = 'true';
      nothing.textContent = note;
      options.push(nothing);
    }
    this.#list.replaceChildren(...options);
    if (!this.#isOpen) this.#list.showPopover();
    if (this.#said !== note) announce(note);
    this.#said = note;
    this.#list.style.width = `${this.#node.offsetWidth}px`;
    placeBy(this.#node, this.#list);
    this.#input.ariaExpanded = 'true';
    const active = options[this.#active];
    if (active) this.#input.setAttribute('aria-activedescendant', active.id);
    else this.#input.removeAttribute('aria-activedescendant');
    active?.scrollIntoView({ block: 'nearest' });
  }

  get #isOpen() {
    return this.#list.matches(':popover-open');
  }

  #close() {
    this.#asked += 1;
    this.#list.hidePopover();
    this.#input.ariaExpanded = 'false';
    this.#input.removeAttribute('aria-activedescendant');
    this.#said = '';
  }

  #onKey(event) {
    const open = this.#isOpen;
    if (event.key === 'Backspace' && this.#input.value === '' && this.chosen.length > 0) {
      this.chosen.pop();
      this.#changed();
    } else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      if (!open) return void this.#search();
      const step = event.key === 'ArrowDown' ? 1 : -1;
      this.#active = Math.max(0, Math.min(this.#choices.length - 1, this.#active + step));
      this.#show();
    } else if (event.key === 'Enter') {
      event.preventDefault();
      if (open && this.#active >= 0) this.#choose(this.#active);
    } else if (event.key === 'Escape' && open) {
      event.stopPropagation();
      event.preventDefault();
      this.#close();
    }
  }

  #choose(index) {
    const choice = this.#choices[index];
    if (!choice) return;
    this.chosen = this.multiple ? [...this.chosen, choice] : [choice];
    this.#input.value = '';
    this.#close();
    this.#changed();
  }

  #changed() {
    this.#showChips();
    this.#node.dispatchEvent(new Event('change', { bubbles: true }));
  }

  #showChips() {
    this.#chips.replaceChildren(
      ...this.chosen.map((choice) => {
        const chip = document.createElement('button');
        chip.type = 'button';
        chip.className = 'chip';
        chip.textContent = choice.text;
        chip.setAttribute('aria-label', `Remove ${choice.text}`);
        chip.addEventListener('click', () => {
          this.chosen = this.chosen.filter((one) => one !== choice);
          this.#changed();
          this.#input.focus();
        });
        return chip;
      }),
    );
  }
}
