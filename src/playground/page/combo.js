import { announce, attempt, control } from './api.js';
import { Listbox } from './listbox.js';
import { here } from './state.js';

/** A menu with search. Its choices come from the page or, for external menus, from the app. Backspace removes the last chosen one. */
export class Combo {
  #node;
  #container;
  #input;
  #listbox;
  #chips = document.createElement('span');
  #choices = [];
  #asked = 0;
  #said = '';

  constructor(node, container) {
    this.#node = node;
    this.#container = container;
    this.#input = node.querySelector('input');
    this.multiple = node.dataset.element.startsWith('multi_');
    this.chosen = JSON.parse(node.dataset.chosen);
    const list = document.createElement('div');
    list.role = 'listbox';
    list.ariaLabel = node.dataset.label;
    this.#listbox = new Listbox(this.#input, list, { anchor: node, take: (index) => this.#choose(index) });
    this.#chips.className = 'chips';
    node.prepend(this.#chips);
    node.append(list);
    this.#input.addEventListener('input', () => this.#search());
    this.#input.addEventListener('click', () => this.#search());
    // Typing is a search, not a choice: nothing may be sent for it.
    this.#input.addEventListener('change', (event) => event.stopPropagation());
    this.#input.addEventListener('keydown', (event) => this.#onKey(event));
    this.#showChips();
  }

  /** Sets the chosen options, to restore them after the field has been drawn again. */
  choose(chosen) {
    this.chosen = chosen;
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
      if (typed.length < Number(min)) return this.#listbox.close();
      found = await attempt(() => this.#ask(typed));
    }
    if (asked !== this.#asked || !found || document.activeElement !== this.#input) return;
    const taken = new Set(this.chosen.map(({ value }) => value));
    this.#choices = found.filter(({ value }) => !taken.has(value));
    const { length } = this.#choices;
    const note = length === 0 ? 'Nothing found' : `${length} ${length === 1 ? 'choice' : 'choices'}`;
    if (!this.#listbox.isOpen || this.#said !== note) announce(note);
    this.#said = note;
    this.#listbox.show(
      this.#choices.map(({ text }) => [text]),
      0,
    );
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

  #onKey(event) {
    if (this.#listbox.onKey(event)) return;
    if (event.key === 'Backspace' && this.#input.value === '' && this.chosen.length > 0) {
      this.chosen.pop();
      this.#changed();
    } else if (/^(Arrow(Up|Down)|Enter)$/.test(event.key)) {
      event.preventDefault();
      if (event.key !== 'Enter') void this.#search();
    }
  }

  #choose(index) {
    const choice = this.#choices[index];
    this.chosen = this.multiple ? [...this.chosen, choice] : [choice];
    this.#input.value = '';
    // A search that is still under way must not open the list again.
    this.#asked += 1;
    this.#listbox.close();
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
        chip.ariaLabel = `Remove ${choice.text}`;
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
