import { attempt, control } from './api.js';
import { dressFields, readTyped, readValues, restoreTyped } from './fields.js';
import { here, onState, refresh } from './state.js';

const dialog = document.getElementById('modal');
const form = dialog.querySelector('form');
let open;

function show({ modal }) {
  if (!modal) {
    open = undefined;
    if (dialog.open) dialog.close();
    return;
  }
  const same = open?.id === modal.id;
  if (same && open.hash === modal.hash) return;
  const typed = same ? readTyped(form) : [];
  open = modal;
  form.innerHTML = modal.html;
  dressFields(form, { view: modal.id });
  restoreTyped(form, typed);
  if (!dialog.open) dialog.showModal();
  if (same) return;
  const first = form.querySelector('.modal-body :is(input, select, textarea, button)');
  (first ?? document.getElementById('modal-title')).focus();
}

/** Errors stand under their fields; the first of them gets the focus. */
function showErrors(errors) {
  for (const field of form.querySelectorAll('[data-field]')) {
    const note = field.querySelector('.error');
    const text = errors[field.dataset.field];
    const inputs = field.querySelectorAll('input, select, textarea');
    note.hidden = !text;
    note.textContent = text ?? '';
    note.id = `error-${field.dataset.field}`;
    for (const input of inputs) {
      if (text) {
        input.setAttribute('aria-invalid', 'true');
        input.setAttribute('aria-describedby', note.id);
      } else {
        input.removeAttribute('aria-invalid');
        input.removeAttribute('aria-describedby');
      }
    }
  }
  form.querySelector('[aria-invalid]')?.focus();
}

async function submit() {
  const values = readValues(form);
  const button = form.querySelector('[type="submit"]');
  button.disabled = true;
  const result = await attempt(() => control('submit', { user: here.user, viewId: open.id, values }));
  button.disabled = false;
  await attempt(refresh);
  if (result && open) showErrors(result.errors);
}

function close() {
  if (open) void attempt(() => control('close-view', { user: here.user, viewId: open.id }));
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
