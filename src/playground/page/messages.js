import { announce, attempt, control } from './api.js';
import { dressFields, readTyped, restoreTyped } from './fields.js';
import { holdFocus } from './focus.js';
import { currentChannel, go, here, onState } from './state.js';

/** Returns what screen readers say of a new message: its author and its first two texts. The rest can be read in the message. */
function toSpoken(node) {
  const words = [...node.querySelectorAll('.block :is(h3, p, li), .text-only')].map(({ textContent }) =>
    textContent.trim(),
  );
  return [node.ariaLabel, ...words.filter(Boolean).slice(0, 2)].join('. ').slice(0, 300);
}

/** Adds a heading before the first message of each day. */
function withDays(messages) {
  return messages.flatMap((message, index) =>
    message.day && message.day !== messages[index - 1]?.day
      ? [{ ts: `day/${message.day}`, heading: message.day }, message]
      : [message],
  );
}

function toHeading({ ts, heading }) {
  const node = document.createElement('h2');
  node.className = 'day';
  node.dataset.ts = ts;
  node.textContent = heading;
  return node;
}

/** Brings a list of articles up to date. Unchanged ones stay as they are, so that focus and open menus survive. */
function patch(container, messages, place) {
  const moved = container.dataset.place !== place;
  const atEnd = moved || container.scrollHeight - container.scrollTop - container.clientHeight < 80;
  container.dataset.place = place;
  if (moved) container.replaceChildren();
  const old = new Map([...container.children].map((node) => [node.dataset.ts, node]));
  let before = null;
  for (const item of messages) {
    let node = old.get(item.ts);
    old.delete(item.ts);
    const isNew = !node;
    node ??= item.heading ? toHeading(item) : toArticle(item);
    if (!item.heading && node.source !== item.html) {
      const { spoken, replies } = node;
      const acts = node.contains(document.activeElement);
      draw(node, item);
      if (!moved && (isNew || (acts && node.spoken !== spoken))) announce(node.spoken);
      else if (!isNew && node.replies !== replies && here.thread !== item.ts)
        announce(`${node.replies}: ${node.spoken}`);
    }
    const wanted = before ? before.nextSibling : container.firstChild;
    if (node !== wanted) container.insertBefore(node, wanted);
    before = node;
  }
  for (const node of old.values()) node.remove();
  if (atEnd) toEnd(container);
}

function toArticle({ ts }) {
  const node = document.createElement('article');
  node.dataset.ts = ts;
  node.tabIndex = -1;
  return node;
}

function draw(node, { ts, hidden, name, html }) {
  const giveBack = holdFocus(node);
  node.source = html;
  node.className = hidden ? 'message ephemeral' : 'message';
  node.ariaLabel = name;
  // Safe: the server has drawn this HTML and escaped every text in it.
  node.innerHTML = html;
  node.spoken = toSpoken(node);
  node.replies = node.querySelector('.thread-link:not(.quiet)')?.textContent;
  dressFields(node, { message: ts, channel: currentChannel() });
  giveBack();
}

/** Scrolls to the end, and again when images arrive later, so that they do not push the newest message out of sight. */
function toEnd(container) {
  container.scrollTop = container.scrollHeight;
  for (const image of container.querySelectorAll('img')) {
    if (!image.complete)
      image.addEventListener('load', () => (container.scrollTop = container.scrollHeight), { once: true });
  }
}

function showHome({ home }) {
  const node = document.getElementById('home');
  const html = home?.html ?? '<p>The app is asked for its page …</p>';
  if (node.source === html) return;
  const typed = readTyped(node);
  const giveBack = holdFocus(node);
  node.source = html;
  node.innerHTML = html;
  dressFields(node, { view: home?.id });
  restoreTyped(node, typed);
  giveBack();
}

function show(state) {
  const atHome = here.place === 'home';
  document.getElementById('home').hidden = !atHome;
  document.getElementById('log').hidden = atHome;
  document.getElementById('composer').hidden = atHome;
  if (atHome) showHome(state);
  else patch(document.getElementById('log'), withDays(state.messages), `${state.user}/${state.channel.id}`);
  document.body.classList.toggle('with-thread', Boolean(state.thread));
  document.getElementById('thread').hidden = !state.thread;
  if (state.thread) patch(document.getElementById('replies'), state.thread, `${state.user}/${here.thread}`);
}

export function startMessages() {
  onState(show);
  document.addEventListener('click', (event) => {
    const thread = event.target.closest('[data-thread]')?.dataset.thread;
    if (thread) void go({ thread }).then(() => document.getElementById('reply-text').focus());
  });
  document.addEventListener('click', (event) => {
    const shortcut = event.target.closest('[data-shortcut]');
    if (!shortcut) return;
    const message = { channel: currentChannel(), ts: shortcut.closest('article').dataset.ts };
    const body = { user: here.user, callback_id: shortcut.dataset.shortcut, message };
    void attempt(() => control('shortcut', body));
  });
  const close = () => {
    const opener = document.querySelector(`#log [data-thread="${here.thread}"]`);
    void go({ thread: '' }).then(() => (opener ?? document.getElementById('text')).focus());
  };
  document.getElementById('close-thread').addEventListener('click', close);
  document.getElementById('thread').addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && !event.target.closest('[popover]')) close();
  });
  document.getElementById('reply').addEventListener('submit', (event) => {
    event.preventDefault();
    const field = document.getElementById('reply-text');
    const text = field.value.trim();
    if (!text) return;
    field.value = '';
    const body = { user: here.user, channel: currentChannel(), thread_ts: here.thread, text: toSent(text) };
    void attempt(() => control('message', body));
  });
}

/** Turns `@headroom` into a mention of the bot. */
export function toSent(text) {
  return text.replace(/(^|\s)@headroom\b/gi, `$1<@${document.documentElement.dataset.bot}>`);
}
