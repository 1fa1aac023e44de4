import { attempt, control, get } from './api.js';
import { Listbox } from './listbox.js';
import { toSent } from './messages.js';
import { currentChannel, here, onState } from './state.js';

const MAX_HINTS = 8;
const field = document.getElementById('text');
const form = document.getElementById('composer');
let hints = [];
let offered = [];
const said = [];
let back = 0;

const list = new Listbox(field, document.getElementById('hints'), {
  anchor: form,
  take(index) {
    field.value = offered[index].command;
    list.close();
    field.focus();
  },
});

/** Finds the commands that begin with the typed text, then those that contain it. */
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
  const isWhole = offered.length === 1 && offered[0].command === field.value.trim();
  if (offered.length === 0 || isWhole) return list.close();
  list.show(
    offered.map(({ command, text }) => [toNode('code', command), toNode('span', text)]),
    -1,
  );
}

function toNode(name, text) {
  const node = document.createElement(name);
  node.textContent = text;
  return node;
}

/** Tab completes a command. While the list is closed, the arrow keys bring back earlier messages. */
function onKey(event) {
  if (event.key === 'Tab' && list.isOpen && !event.shiftKey) {
    event.preventDefault();
    field.value = offered[Math.max(list.active, 0)].command;
    list.close();
  } else if (!list.onKey(event) && /^Arrow(Up|Down)$/.test(event.key) && said.length > 0) {
    event.preventDefault();
    back = Math.max(0, Math.min(said.length, back + (event.key === 'ArrowUp' ? 1 : -1)));
    field.value = back === 0 ? '' : said[said.length - back];
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
  field.addEventListener('input', showHints);
  field.addEventListener('keydown', onKey);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const text = field.value.trim();
    if (!text) return;
    list.close();
    field.value = '';
    said.push(text);
    back = 0;
    const log = document.getElementById('log');
    log.scrollTop = log.scrollHeight;
    void attempt(() => send(text));
  });
}
