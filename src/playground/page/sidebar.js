import { attempt, control } from './api.js';
import { go, here, onState } from './state.js';

const MARKS = { public: '#', private: 'lock', im: 'bars', mpim: 'bars', home: 'home' };
/** Timestamp of the newest message seen, by user and channel. */
const seen = new Map();

function toMark(kind) {
  const sign = document.createElement('span');
  sign.className = 'mark';
  sign.ariaHidden = 'true';
  if (MARKS[kind] === '#') sign.textContent = '#';
  else sign.innerHTML = `<svg viewBox="0 0 16 16"><use href="#icon-${MARKS[kind]}"/></svg>`;
  return sign;
}

function toWords(text) {
  const note = document.createElement('span');
  note.className = 'hidden';
  note.textContent = text;
  return note;
}

function toItem({ place, kind, name, current, unread }) {
  const item = document.createElement('li');
  const button = document.createElement('button');
  button.type = 'button';
  button.dataset.place = place;
  button.append(toMark(kind), name);
  if (current) button.setAttribute('aria-current', 'page');
  button.classList.toggle('unread', unread);
  const notes = [kind === 'private' && 'private', unread && 'unread'].filter(Boolean);
  if (notes.length > 0) button.append(toWords(` (${notes.join(', ')})`));
  item.append(button);
  return item;
}

function isUnread(user, { id, latest }) {
  const key = `${user}/${id}`;
  if (here.place === id || !seen.has(key)) seen.set(key, latest);
  return Number(latest) > Number(seen.get(key));
}

function fill(id, items) {
  const list = document.getElementById(id);
  const html = items.map((item) => item.outerHTML).join('');
  if (list.dataset.html === html) return;
  const focused = list.contains(document.activeElement) ? document.activeElement.dataset.place : undefined;
  list.dataset.html = html;
  list.replaceChildren(...items);
  if (focused) list.querySelector(`[data-place="${focused}"]`)?.focus();
}

function show({ user, channels, channel, bot }) {
  const rows = channels.map((one) => ({
    one,
    item: toItem({
      place: one.id,
      kind: one.kind,
      name: one.name,
      current: here.place === one.id,
      unread: isUnread(user, one),
    }),
  }));
  const isDirect = ({ one }) => one.kind === 'im' || one.kind === 'mpim';
  fill(
    'channels',
    rows.filter((row) => !isDirect(row)).map(({ item }) => item),
  );
  fill(
    'directs',
    rows.filter(isDirect).map(({ item }) => item),
  );
  fill('apps', [
    toItem({ place: 'home', kind: 'home', name: 'Headroom – Home', current: here.place === 'home', unread: false }),
  ]);
  const title = document.getElementById('title');
  const about = document.getElementById('about');
  if (here.place === 'home') {
    title.replaceChildren('Headroom – Home');
    about.textContent = 'The app’s own page, for you alone';
  } else {
    const direct = channel.kind === 'im' || channel.kind === 'mpim';
    title.replaceChildren(...(direct ? [] : [toMark(channel.kind)]), channel.name);
    const notes = [
      direct ? 'Direct message with the bot' : `${channel.kind} channel`,
      direct ? '' : `${channel.members} members`,
      !direct && !channel.hasBot ? 'the bot is not a member: /invite @headroom' : '',
      channel.shared ? 'shared with another organisation' : '',
    ];
    about.textContent = notes.filter(Boolean).join(' · ');
  }
  document.title = `${title.textContent.replace(/^#/, '# ')} – Headroom playground`;
  const skip = document.querySelector('.skip');
  skip.hash = here.place === 'home' ? 'home' : 'text';
  skip.textContent = here.place === 'home' ? 'Skip to the Home tab' : 'Skip to the message field';
  document.documentElement.dataset.bot = bot;
}

export function toggleSidebar(open) {
  document.body.classList.toggle('sidebar-open', open);
  document.getElementById('open-sidebar').setAttribute('aria-expanded', String(open));
}

export function startSidebar() {
  onState(show);
  document.getElementById('sidebar').addEventListener('click', (event) => {
    const place = event.target.closest('[data-place]')?.dataset.place;
    if (place) void open(place);
  });
  document.addEventListener('click', (event) => {
    const id = event.target.closest('[data-open-channel]')?.dataset.openChannel;
    if (id) void open(id);
  });
  document.getElementById('open-sidebar').addEventListener('click', () => {
    const opening = !document.body.classList.contains('sidebar-open');
    toggleSidebar(opening);
    if (opening) document.querySelector('.sidebar [aria-current]')?.focus();
  });
  document.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || !document.body.classList.contains('sidebar-open')) return;
    toggleSidebar(false);
    document.getElementById('open-sidebar').focus();
  });
}

async function open(place) {
  toggleSidebar(false);
  await go({ place, thread: '' });
  document.getElementById(place === 'home' ? 'title' : 'text').focus({ preventScroll: true });
  if (place === 'home') await attempt(() => control('open-home', { user: here.user }));
}
