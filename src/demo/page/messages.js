import { attempt, control } from './api.js';
import { dressFields, readTyped, restoreTyped } from './fields.js';
import { currentChannel, go, here, onState } from './state.js';

/** Brings a list of articles up to date: what is the same stays untouched, so that focus and open menus survive. */
function patch(container, messages, place) {
  const moved = container.dataset.place !== place;
  const atEnd = moved || container.scrollHeight - container.scrollTop - container.clientHeight < 80;
  container.dataset.place = place;
  if (moved) container.replaceChildren();
  const old = new Map([...container.children].map((node) => [node.dataset.ts, node]));
  let before = null;
  for (const { ts, hidden, html } of messages) {
    let node = old.get(ts);
    old.delete(ts);
    if (!node) {
      node = document.createElement('article');
      node.dataset.ts = ts;
    }
    if (node.source !== html) {
      const focused = node.contains(document.activeElement) ? pathOf(document.activeElement) : undefined;
      node.source = html;
      node.className = hidden ? 'message ephemeral' : 'message';
      // Drawn by the server, which escapes every word in it.
      node.innerHTML = html;
      dressFields(node, { message: ts, channel: currentChannel() });
      if (focused) node.querySelector(focused)?.focus({ preventScroll: true });
    }
    const wanted = before ? before.nextSibling : container.firstChild;
    if (node !== wanted) container.insertBefore(node, wanted);
    before = node;
  }
  for (const node of old.values()) node.remove();
  if (atEnd) toEnd(container);
}

/** An image that arrives late must not push the newest message out of sight. */
function toEnd(container) {
  container.scrollTop = container.scrollHeight;
  for (const image of container.querySelectorAll('img')) {
    if (!image.complete)
      image.addEventListener('load', () => (container.scrollTop = container.scrollHeight), { once: true });
  }
}

function pathOf({ dataset }) {
  return dataset.action ? `[data-action="${CSS.escape(dataset.action)}"]` : undefined;
}

function showHome({ home }) {
  const node = document.getElementById('home');
  const html = home?.html ?? '<p>The app is asked for its page …</p>';
  if (node.source === html) return;
  const typed = readTyped(node);
  node.source = html;
  node.innerHTML = html;
  dressFields(node, { view: home?.id });
  restoreTyped(node, typed);
}

function show(state) {
  const atHome = here.place === 'home';
  document.getElementById('home').hidden = !atHome;
  document.getElementById('log').hidden = atHome;
  document.getElementById('composer').hidden = atHome;
  if (atHome) showHome(state);
  else patch(document.getElementById('log'), state.messages, `${state.user}/${state.channel.id}`);
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
    const opener = document.querySelector(`[data-thread="${here.thread}"]`);
    void go({ thread: '' }).then(() => opener?.focus());
  };
  document.getElementById('close-thread').addEventListener('click', close);
  document.getElementById('thread').addEventListener('keydown', (event) => {
    if (event.key === 'Escape') close();
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

/** `@headroom` as a mention of the bot. */
export function toSent(text) {
  return text.replace(/(^|\s)@headroom\b/gi, `$1<@${document.documentElement.dataset.bot}>`);
}
