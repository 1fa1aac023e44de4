import { attempt, control } from './api.js';
import { go, here, onState } from './state.js';

const MARKS = { public: '#', private: '◈', im: '▮', mpim: '▮' };
/** Newest message seen, by user and channel. */
const seen = new Map();

function toItem({ place, mark, name, current, unread }) {
  const item = document.createElement('li');
  const button = document.createElement('button');
  button.type = 'button';
  button.dataset.place = place;
  const sign = document.createElement('span');
  sign.className = 'mark';
  sign.setAttribute('aria-hidden', 'true');
  sign.textContent = mark;
  button.append(sign, name);
  if (current) button.setAttribute('aria-current', 'page');
  if (unread) {
    button.classList.add('unread');
    const note = document.createElement('span');
    note.className = 'hidden';
    note.textContent = ', unread';
    button.append(note);
  }
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
      mark: MARKS[one.kind],
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
    toItem({ place: 'home', mark: '⌂', name: 'Headroom – Home', current: here.place === 'home', unread: false }),
  ]);
  const title = document.getElementById('title');
  const about = document.getElementById('about');
  if (here.place === 'home') {
    title.textContent = 'Headroom – Home';
    about.textContent = 'The app’s own page, for you alone';
  } else {
    const direct = channel.kind === 'im' || channel.kind === 'mpim';
    title.textContent = direct ? channel.name : `${MARKS[channel.kind]} ${channel.name}`;
    const notes = [
      direct ? 'Direct message with the bot' : `${channel.members} members`,
      !direct && !channel.hasBot ? 'the bot is not a member: /invite @headroom' : '',
      channel.shared ? 'shared with another organisation' : '',
    ];
    about.textContent = notes.filter(Boolean).join(' · ');
  }
  document.title = `${title.textContent} – Headroom playground`;
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
    if (event.key === 'Escape') toggleSidebar(false);
  });
}

async function open(place) {
  toggleSidebar(false);
  await go({ place, thread: '' });
  if (place === 'home') await attempt(() => control('open-home', { user: here.user }));
  else document.getElementById('text').focus({ preventScroll: true });
}
