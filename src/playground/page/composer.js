import { attempt, control, get } from './api.js';
import { toSent } from './messages.js';
import { currentChannel, here, onState } from './state.js';

const MAX_HINTS = 8;
const field = document.getElementById('text');
const list = document.getElementById('hints');
let hints = [];
let offered = [];
let active = -1;
const said = [];
let back = 0;

/** Commands that begin with what was typed, then those that hold it. */
function match(typed) {
  const words = typed.toLowerCase();
  const begins = hints.filter(({ command }) => command.toLowerCase().startsWith(words));
  const holds = hints.filter(
    ({ command, text }) =>
      !begins.some((one) => one.command === command) &&
      `${command} ${text}`.toLowerCase().includes(words.replace(/^\/usage\s*/, '')),
  );
  const found = words.trim() === '/usage' ? begins : [...begins, ...holds];
  return found.filter(({ command }) => command !== typed.trim() || found.length === 1).slice(0, MAX_HINTS);
}

function showHints() {
  offered = field.value.startsWith('/') ? match(field.value) : [];
  if (offered.length === 1 && offered[0].command === field.value.trim()) offered = [];
  active = Math.min(active, offered.length - 1);
  list.replaceChildren(
    ...offered.map(({ command, text }, index) => {
      const item = document.createElement('div');
      item.id = `hint-${index}`;
      item.setAttribute('role', 'option');
      item.setAttribute('aria-selected', String(index === active));
      const code = document.createElement('code');
      code.textContent = command;
      const note = document.createElement('span');
      note.textContent = text;
      item.append(code, note);
      return item;
    }),
  );
  list.hidden = offered.length === 0;
  field.setAttribute('aria-expanded', String(!list.hidden));
  if (active >= 0) field.setAttribute('aria-activedescendant', `hint-${active}`);
  else field.removeAttribute('aria-activedescendant');
}

function hideHints() {
  offered = [];
  active = -1;
  list.hidden = true;
  field.setAttribute('aria-expanded', 'false');
  field.removeAttribute('aria-activedescendant');
}

function complete(index) {
  field.value = offered[index].command;
  hideHints();
  field.focus();
}

function onKey(event) {
  const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
  if (step !== 0 && offered.length > 0) {
    event.preventDefault();
    active = (active + step + offered.length + (active < 0 && step < 0 ? 1 : 0)) % offered.length;
    showHints();
  } else if (step !== 0 && said.length > 0) {
    event.preventDefault();
    back = Math.max(0, Math.min(said.length, back - step));
    field.value = back === 0 ? '' : said[said.length - back];
  } else if (event.key === 'Tab' && offered.length > 0 && !event.shiftKey) {
    event.preventDefault();
    complete(Math.max(active, 0));
  } else if (event.key === 'Enter' && active >= 0) {
    event.preventDefault();
    complete(active);
  } else if (event.key === 'Escape') {
    hideHints();
  }
}

async function send(text) {
  const place = { user: here.user, channel: currentChannel() };
  const [word, ...rest] = text.split(/\s+/);
  if (word === '/usage') return control('command', { ...place, command: word, text: text.slice(word.length).trim() });
  if (word === '/invite' && /^@?headroom$/i.test(rest.join(' ')))
    return control('invite', { who: 'bot', channel: place.channel });
  if (word.startsWith('/')) throw new Error(`${word} is not known here: there are /usage and /invite @headroom.`);
  return control('message', { ...place, text: toSent(text) });
}

export function startComposer() {
  onState(({ channel }) => {
    field.placeholder =
      channel.kind === 'im' ? 'Ask the bot, or /usage …' : `/usage …, or a message to #${channel.name}`;
  });
  void attempt(async () => {
    hints = await get('/playground/hints');
  });
  field.addEventListener('input', () => {
    active = -1;
    showHints();
  });
  field.addEventListener('keydown', onKey);
  field.addEventListener('blur', () => setTimeout(hideHints, 150));
  list.addEventListener('mousedown', (event) => event.preventDefault());
  list.addEventListener('click', (event) => {
    const index = [...list.children].indexOf(event.target.closest('[role="option"]'));
    if (index >= 0) complete(index);
  });
  document.getElementById('composer').addEventListener('submit', (event) => {
    event.preventDefault();
    const text = field.value.trim();
    if (!text) return;
    hideHints();
    field.value = '';
    said.push(text);
    back = 0;
    const log = document.getElementById('log');
    log.scrollTop = log.scrollHeight;
    void attempt(() => send(text));
  });
}
