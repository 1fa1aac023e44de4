import { renderToStaticMarkup } from 'react-dom/server';
import { getDateFormat } from '../emulator/date-format.ts';
import type { Ephemeral, JsonObject, Message, User, View } from '../emulator/types.ts';
import { renderBlocks } from './blocks.ts';
import { fileUrl, h, type ReactNode, type Scene } from './scene.ts';
import { plainOf, renderMrkdwn } from './text.ts';

export interface ShownMessage {
  message: Message | Ephemeral;
  replies: number;
  /** Shown in a thread's own pane: no link to the thread. */
  inThread: boolean;
  /** Shortcuts of the app that a message offers. */
  shortcuts: readonly { id: string; name: string }[];
}

/** One message as an `article`; its inside is made here, its place in the list by the page. */
export function renderMessage({ message, replies, inThread, shortcuts }: ShownMessage, scene: Scene): string {
  const author = scene.users.get(message.user);
  const hidden = 'to' in message;
  const name = author?.real_name ?? message.user;
  const at = Number(message.ts) * 1000;
  const top = h(
    'header',
    null,
    h('span', { className: 'author' }, name),
    message.bot_id ? h('span', { className: 'badge' }, 'APP') : null,
    h(
      'time',
      { dateTime: new Date(at).toISOString(), title: formatFull(at, scene.reader) },
      formatTime(at, scene.reader),
    ),
    hidden ? h('span', { className: 'only-you' }, 'Only visible to you') : null,
    message.subtype === 'thread_broadcast' ? h('span', { className: 'note' }, 'also sent to the channel') : null,
  );
  const body = message.blocks?.length
    ? renderBlocks(message.blocks, scene)
    : message.text &&
      renderToStaticMarkup(h('div', { className: 'block text-only' }, renderMrkdwn(message.text, scene)));
  const rest = [
    message.edited ? h('span', { key: 'edited', className: 'note' }, '(edited)') : null,
    ...(message.files ?? []).map((file, key) => renderFile(file, key)),
    ...(message.reactions ?? []).map(({ name: reaction, count }, key) =>
      h('span', { key: `r${key}`, className: 'reaction' }, `:${reaction}: ${count}`),
    ),
    inThread || hidden ? null : renderThreadLink(message, replies),
    ...(hidden ? [] : shortcuts.map(({ id, name }) => renderShortcut(id, name))),
  ];
  const avatar = renderToStaticMarkup(renderAvatar(name, Boolean(message.bot_id)));
  const end = renderToStaticMarkup(h('footer', null, rest));
  return `${avatar}<div class="body">${renderToStaticMarkup(top)}${body}${end}</div>`;
}

/** Who wrote it and when: the name of its article. */
export function nameMessage(message: Message | Ephemeral, scene: Scene): string {
  const name = scene.users.get(message.user)?.real_name ?? message.user;
  const time = formatTime(Number(message.ts) * 1000, scene.reader);
  return `${name}, ${time}${'to' in message ? ', only visible to you' : ''}`;
}

function renderThreadLink(message: Message, replies: number): ReactNode {
  const text = replies > 0 ? `${replies} ${replies === 1 ? 'reply' : 'replies'}` : 'Reply in thread';
  const className = replies > 0 ? 'thread-link' : 'thread-link quiet';
  return h(
    'button',
    { key: 'thread', type: 'button', className, 'data-thread': message.thread_ts ?? message.ts },
    text,
  );
}

function renderShortcut(id: string, name: string): ReactNode {
  return h('button', { key: id, type: 'button', className: 'thread-link quiet', 'data-shortcut': id }, name);
}

function renderAvatar(name: string, isBot: boolean): ReactNode {
  const initials = name
    .split(/\s+/)
    .map((word) => [...word][0] ?? '')
    .slice(0, 2)
    .join('');
  const hue = [...name].reduce((sum, char) => sum + char.codePointAt(0)! * 37, 0) % 360;
  const style = isBot ? {} : { background: `oklch(0.45 0.09 ${hue})` };
  return h('span', { className: isBot ? 'avatar bot' : 'avatar', style, 'aria-hidden': true }, isBot ? '▮▯' : initials);
}

function renderFile(file: JsonObject, key: number): ReactNode {
  const url = fileUrl(String(file.id));
  const name = String(file.title ?? file.name);
  if (String(file.mimetype).startsWith('image/')) {
    return h('img', { key, src: url, alt: String(file.alt_txt ?? name), loading: 'lazy', className: 'file' });
  }
  const size = `${Number(file.size ?? 0).toLocaleString('en')} bytes`;
  return h(
    'a',
    { key, className: 'file', href: url, download: String(file.name) },
    h('strong', null, name),
    h('span', null, `${String(file.pretty_type ?? '')} · ${size}`),
  );
}

function formatTime(ms: number, reader: User): string {
  return getDateFormat('en-GB', { timeStyle: 'short', timeZone: reader.tz }).format(ms);
}

function formatFull(ms: number, reader: User): string {
  return getDateFormat('en-GB', { dateStyle: 'full', timeStyle: 'medium', timeZone: reader.tz }).format(ms);
}

/** The inside of a modal: title, blocks, and the buttons that it names. */
export function renderModal(view: View, scene: Scene): string {
  const top = renderToStaticMarkup(
    h(
      'header',
      null,
      h('h2', { id: 'modal-title', tabIndex: -1 }, plainOf(view.title)),
      h('button', { type: 'button', className: 'plain icon', 'data-close': '', 'aria-label': 'Close' }, '✕'),
    ),
  );
  const end = renderToStaticMarkup(
    h(
      'footer',
      null,
      h('button', { type: 'button', className: 'button', 'data-close': '' }, plainOf(view.close, 'Cancel')),
      view.submit ? h('button', { type: 'submit', className: 'button primary' }, plainOf(view.submit)) : null,
    ),
  );
  const body = renderBlocks(view.blocks, { ...scene, values: view.state.values });
  return `${top}<div class="modal-body">${body}</div>${end}`;
}

export function renderHome(view: View, scene: Scene): string {
  return renderBlocks(view.blocks, { ...scene, heading: 'h2', values: view.state.values });
}

/** HTML by message and reader, with what it was made from. */
const drawn = new WeakMap<ShownMessage['message'], Map<string, { from: string; html: string }>>();

/**
 * Draws a message, or gives what was drawn before for the same reader, theme and day as long as nothing in it has changed:
 * the page asks for a whole conversation every time that something happens, and React's garbage of it is not small.
 */
export function drawMessage(shown: ShownMessage, scene: Scene, today: string): string {
  const byReader = drawn.get(shown.message) ?? new Map<string, { from: string; html: string }>();
  drawn.set(shown.message, byReader);
  const reader = `${scene.reader.id} ${scene.theme} ${shown.inThread}`;
  const from = JSON.stringify([shown.message, shown.replies, today]);
  const known = byReader.get(reader);
  if (known?.from === from) return known.html;
  const html = renderMessage(shown, scene);
  byReader.set(reader, { from, html });
  return html;
}
