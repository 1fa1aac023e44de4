import { attempt, control } from './api.js';
import { dressFields, readTyped, readValues, restoreTyped } from './fields.js';
import { holdFocus } from './focus.js';
import { here, onState, refresh } from './state.js';

const dialog = document.getElementById('modal');
const form = dialog.querySelector('form');
let open;
/** Errors of the last submission, by field. They stay until the next one, even if the form is drawn again. */
let errors = {};
/** Returns the focus to the element that opened the modal. */
let giveBack = () => {};

function show({ modal }) {
  if (!modal) {
    open = undefined;
    if (!dialog.open) return;
    dialog.close();
    giveBack();
    // The element that opened it may be gone, for example with a private message that was deleted.
    if (document.activeElement === document.body) document.getElementById('text').focus();
    return;
  }
  const same = open?.id === modal.id;
  if (same && open.hash === modal.hash) return;
  const typed = same ? readTyped(form) : [];
  const keepPlace = same ? holdFocus(form) : () => {};
  const scrolled = same ? form.querySelector('.modal-body').scrollTop : 0;
  if (!same) errors = {};
  open = modal;
  form.innerHTML = modal.html;
  dressFields(form, { view: modal.id });
  restoreTyped(form, typed);
  showErrors();
  if (!dialog.open) {
    giveBack = holdFocus(document.activeElement.closest('article, #home'));
    dialog.showModal();
  }
  keepPlace();
  form.querySelector('.modal-body').scrollTop = scrolled;
  // The focused field is gone, because the form now has other fields.
  if (document.activeElement === form) document.getElementById('modal-title').focus();
  if (same) return;
  const first = form.querySelector('.modal-body :is(input, select, textarea, button)');
  (first ?? document.getElementById('modal-title')).focus();
}

/** Shows each error under its field, and ties it to the field for screen readers. */
function showErrors() {
  for (const field of form.querySelectorAll('[data-field]')) {
    const note = field.querySelector('.error');
    const text = errors[field.dataset.field];
    note.hidden = !text;
    note.textContent = text ?? '';
    const about = [text && note.id, field.querySelector('.hint')?.id].filter(Boolean).join(' ');
    for (const input of field.querySelectorAll('input, select, textarea')) {
      input.ariaInvalid = text ? 'true' : null;
      if (about) input.setAttribute('aria-describedby', about);
      else input.removeAttribute('aria-describedby');
    }
  }
}

async function submit() {
  const values = readValues(form);
  const button = form.querySelector('[type="submit"]');
  if (button.ariaBusy === 'true') return;
  button.ariaBusy = 'true';
  const result = await attempt(() => control('submit', { user: here.user, viewId: open.id, values }));
  button.ariaBusy = null;
  await attempt(refresh);
  if (!result || !open) return;
  errors = result.errors;
  showErrors();
  form.querySelector('[aria-invalid]')?.focus();
}

/** Id of the view that is being closed. A second Escape is ignored: the emulator would answer that there is no such view. */
let closing;

function close() {
  if (!open || closing === open.id) return;
  closing = open.id;
  const closed = control('close-view', { user: here.user, viewId: closing });
  closed.catch(() => (closing = undefined));
  void attempt(() => closed);
}

export function startModal() {
  onState(show);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void submit();
  });
  form.addEventListener('click', (event) => {
    if (event.target.closest('[data-close]')) close();
  });
  dialog.addEventListener('cancel', (event) => {
    event.preventDefault();
    close();
  });
}
