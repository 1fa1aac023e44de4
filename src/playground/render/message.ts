import type { Ephemeral, JsonObject, Message, View } from '../emulator/types.ts';
import { renderBlocks } from './blocks.ts';
import { attributes, Html, html } from './html.ts';
import { fileUrl, plainOf, type Scene } from './scene.ts';
import { formatDate, renderMrkdwn } from './text.ts';

export interface ShownMessage {
  message: Message | Ephemeral;
  replies: number;
  /** True in the thread's own pane, where a message has no link to its thread. */
  inThread: boolean;
  /** Message shortcuts of the app. */
  shortcuts: readonly { id: string; name: string }[];
}

/** Draws the inside of a message. The page makes the article around it. */
export function renderMessage({ message, replies, inThread, shortcuts }: ShownMessage, scene: Scene): string {
  const name = nameAuthor(message, scene);
  const isBot = Boolean(message.bot_id);
  const at = Number(message.ts) * 1000;
  const { tz } = scene.reader;
  const when = attributes({
    datetime: new Date(at).toISOString(),
    title: formatDate(at, tz, { dateStyle: 'full', timeStyle: 'medium' }),
  });
  const note = 'to' in message && html`<span class="only-you">Only visible to you</span>`;
  const body = message.blocks?.length
    ? new Html(renderBlocks(message.blocks, scene))
    : message.text && html`<div class="block text-only">${renderMrkdwn(message.text, scene)}</div>`;
  const buttons = shortcuts.map(
    ({ id, name: title }) =>
      html`<button type="button" class="thread-link quiet" data-shortcut="${id}">${title}</button>`,
  );
  return html`
    ${renderAvatar(name, isBot)}
    <div class="body">
      <header>
        <span class="author">${name}</span>
        ${isBot && html`<span class="badge">APP</span>`}
        <time${when}>${formatDate(at, tz, { timeStyle: 'short' })}</time>
        ${note}
        ${message.subtype === 'thread_broadcast' && html`<span class="note">also sent to the channel</span>`}
      </header>
      ${body}
      <footer>
        ${message.edited && html`<span class="note">(edited)</span>`}
        ${(message.files ?? []).map(renderFile)}
        ${!inThread && !note && renderThreadLink(message, replies)}
        ${!note && buttons}
      </footer>
    </div>`.text;
}

/** Returns author and time of a message, as the accessible name of its article. */
export function nameMessage(message: Message | Ephemeral, scene: Scene): string {
  const time = formatDate(Number(message.ts) * 1000, scene.reader.tz, { timeStyle: 'short' });
  return `${nameAuthor(message, scene)}, ${time}${'to' in message ? ', only visible to you' : ''}`;
}

function nameAuthor({ user }: Message, { users }: Scene): string {
  return users.get(user)?.real_name ?? user;
}

function renderThreadLink(message: Message, replies: number): Html {
  const text = replies === 0 ? 'Reply in thread' : `${replies} ${replies === 1 ? 'reply' : 'replies'}`;
  const className = replies > 0 ? 'thread-link' : 'thread-link quiet';
  return html`<button type="button" class="${className}" data-thread="${message.thread_ts ?? message.ts}">${text}</button>`;
}

function renderAvatar(name: string, isBot: boolean): Html {
  if (isBot) return html`<span class="avatar bot" aria-hidden="true">▮▯</span>`;
  const initials = name.split(/\s+/).map((word) => [...word][0] ?? '');
  const hue = [...name].reduce((sum, char) => sum + char.codePointAt(0)! * 37, 0) % 360;
  return html`<span class="avatar" style="background:oklch(0.45 0.09 ${hue})" aria-hidden="true">${initials.slice(0, 2)}</span>`;
}

function renderFile(file: JsonObject): Html {
  const url = fileUrl(String(file.id));
  const name = String(file.title ?? file.name);
  if (String(file.mimetype).startsWith('image/'))
    return html`<img${attributes({ src: url, alt: String(file.alt_txt ?? name), loading: 'lazy', class: 'file' })}>`;
  const size = `${Number(file.size ?? 0).toLocaleString('en')} bytes`;
  return html`
    <a class="file" href="${url}" download="${String(file.name)}">
      <strong>${name}</strong>
      <span>${String(file.pretty_type ?? '')} · ${size}</span>
    </a>`;
}

/** Draws the inside of a modal: title, blocks and buttons. */
export function renderModal(view: View, scene: Scene): string {
  const blocks = new Html(renderBlocks(view.blocks, { ...scene, values: view.state.values }));
  const submit = view.submit && html`<button type="submit" class="button primary">${plainOf(view.submit)}</button>`;
  return html`
    <header>
      <h2 id="modal-title" tabindex="-1">${plainOf(view.title)}</h2>
      <button type="button" class="plain icon" data-close="" aria-label="Close">✕</button>
    </header>
    <div class="modal-body">${blocks}</div>
    <footer>
      <button type="button" class="button" data-close="">${plainOf(view.close, 'Cancel')}</button>
      ${submit}
    </footer>`.text;
}

export function renderHome(view: View, scene: Scene): string {
  return renderBlocks(view.blocks, { ...scene, heading: 'h2', values: view.state.values });
}
