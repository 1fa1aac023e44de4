import { readdirSync, readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { fileURLToPath } from 'node:url';
import { fillLine, findHelpDays } from '../slack/command/help.ts';
import { HELP_TOPICS } from '../slack/command/help-topics.ts';
import { EXAMPLES } from './cast.ts';
import { findRefusal } from './emulator/control.ts';
import { sendJson } from './emulator/http.ts';
import { isInChannel } from './emulator/post.ts';
import type { Handler } from './emulator/server.ts';
import type { Channel, Ephemeral, Message, User } from './emulator/types.ts';
import type { Emulator } from './emulator/workspace.ts';
import { readLibraryStyles } from './render/blocks.ts';
import { nameMessage, renderHome, renderMessage, renderModal } from './render/message.ts';
import type { Scene } from './render/scene.ts';
import { formatDay } from './render/text.ts';

export interface PlaygroundOptions {
  /** Returns the workspace to show. It is a function because a reset replaces the workspace. */
  emulator: () => Emulator;
  zone: string;
  now: () => number;
  /** Actions of the demo's buttons, such as `burst`, by name. Their results are sent to the page as JSON. */
  actions: Readonly<Record<string, () => Promise<unknown>>>;
}

const PAGE_FOLDER = fileURLToPath(new URL('./page/', import.meta.url));
const TYPES: Record<string, string> = {
  html: 'text/html',
  css: 'text/css',
  js: 'text/javascript',
  svg: 'image/svg+xml',
};

/** The page loads nothing from other hosts, and scripts inside messages cannot run. Inline styles are allowed for the charts. */
const HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
};

/**
 * Serves the page at `/` and its files under `/playground/`, with two more paths there: `state` (a conversation as one person
 * sees it, drawn as HTML) and `hints` (commands to type). A POST runs one of the actions. What people do in the workspace goes
 * through the emulator's `/_control/` instead. Both answer this machine only.
 */
export function createPlayground(options: PlaygroundOptions): Handler {
  const files = readPages();
  return async (request, response, url) => {
    const name = url.pathname === '/' ? 'index.html' : /^\/playground\/([\w.-]+)$/.exec(url.pathname)?.[1];
    if (!name) return false;
    const refusal = findRefusal(request);
    if (refusal) sendJson(response, refusal.status, { ok: false, error: refusal.error });
    else if (request.method === 'POST') await act(options, name, request, response);
    else if (name === 'state') sendJson(response, 200, showConversation(options, url.searchParams), HEADERS);
    else if (name === 'hints') sendJson(response, 200, listHints(options), HEADERS);
    else sendFile(files.get(name), response);
    return true;
  };
}

interface Page {
  type: string;
  text: string;
}

function readPages(): Map<string, Page> {
  const files = readdirSync(PAGE_FOLDER).map((name): [string, Page] => {
    const type = TYPES[name.split('.').at(-1)!] ?? 'text/plain';
    return [name, { type, text: readFileSync(PAGE_FOLDER + name, 'utf8') }];
  });
  return new Map([...files, ['blocks.css', { type: 'text/css', text: readLibraryStyles() }]]);
}

function sendFile(file: Page | undefined, response: ServerResponse): void {
  if (!file) {
    sendJson(response, 404, { ok: false, error: 'not_found' });
    return;
  }
  response.writeHead(200, { ...HEADERS, 'content-type': `${file.type}; charset=utf-8` });
  response.end(file.text);
}

async function act(
  { actions }: PlaygroundOptions,
  name: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  request.resume();
  const action = Object.hasOwn(actions, name) ? actions[name] : undefined;
  if (!action) {
    sendJson(response, 404, { ok: false, error: `no action ${name}` });
    return;
  }
  try {
    sendJson(response, 200, { ok: true, result: (await action()) ?? null });
  } catch (error) {
    sendJson(response, 500, { ok: false, error: (error as Error).message });
  }
}

/** Lists the examples of the help: each command once, with a description of its answer. */
function listHints({ now, zone }: PlaygroundOptions): { command: string; text: string }[] {
  const names = { ...EXAMPLES, ...findHelpDays(now(), zone) };
  const lines = HELP_TOPICS.flatMap(({ lines: all }) => all)
    .map((line) => fillLine(line, names))
    .filter(({ runs }) => runs);
  // If the help has a command twice, its first description is used.
  const byCommand = new Map(lines.toReversed().map(({ command, text }) => [`/usage ${command}`.trim(), text]));
  return [...byCommand].reverse().map(([command, text]) => ({ command, text }));
}

/** The page shows this many of a conversation's newest messages. */
const SHOWN = 60;

export interface ConversationOptions {
  emulator: () => Emulator;
  zone: string;
  now: () => number;
}

/**
 * Returns everything that the page shows to `user`: people, conversations with the time of their newest message, the messages
 * of `channel` and of the thread `thread` as HTML, the modal and the Home tab. An unknown user is replaced by the first member,
 * an unknown or closed channel by the first open one; `user` and `channel` of the answer tell which ones were used.
 */
export function showConversation({ emulator, zone, now }: ConversationOptions, query: URLSearchParams): object {
  const slack = emulator();
  const state = slack.workspace;
  const people = [...state.users.values()].filter(({ deleted, is_bot }) => !deleted && !is_bot);
  const user =
    people.find(({ id }) => id === query.get('user')) ?? people.find((one) => roleOf(one) === 'member') ?? people[0]!;
  state.openDirect(user.id);
  const channels = [...state.channels.values()].filter((channel) => isOpenTo(channel, user));
  const channel = channels.find(({ id }) => id === query.get('channel')) ?? channels[0]!;
  const scene: Scene = {
    users: state.users,
    channels: state.channels,
    groups: state.userGroups,
    reader: user,
    theme: query.get('theme') === 'dark' ? 'dark' : 'light',
    values: {},
    channel: channel.id,
    heading: 'h3',
  };
  const shortcuts = [...slack.manifest.shortcuts].map(([id, { name }]) => ({ id, name }));
  const seen = (id: string): (Message | Ephemeral)[] =>
    [
      ...(state.messages.get(id) ?? []),
      ...state.ephemerals.filter(({ to, channel: place }) => to === user.id && place === id),
    ].sort((a, b) => Number(a.ts) - Number(b.ts));
  const all = seen(channel.id);
  const draw = (inThread: boolean) => (message: Message | Ephemeral) => {
    const replies = inThread ? [] : all.filter((one) => one.thread_ts === message.ts && one !== message);
    return {
      ts: message.ts,
      hidden: 'to' in message,
      name: nameMessage(message, scene),
      day: formatDay(Number(message.ts) * 1000, now(), user.tz),
      html: renderMessage({ message, replies: replies.length, inThread, shortcuts }, scene),
    };
  };
  const thread = query.get('thread');
  const modal = slack.modal(user.id);
  const home = slack.home(user.id);
  return {
    world: slack.id,
    bot: slack.botUserId,
    now: now(),
    zone,
    user: user.id,
    people: people.map((one) => ({ id: one.id, name: one.real_name, role: roleOf(one) })),
    channel: describeChannel(channel, user, slack),
    channels: channels.map((one) => ({
      ...describeChannel(one, user, slack),
      latest: seen(one.id).at(-1)?.ts ?? '0',
    })),
    messages: all.filter(isInChannel).slice(-SHOWN).map(draw(false)),
    thread: thread && all.filter((one) => one.ts === thread || one.thread_ts === thread).map(draw(true)),
    modal: modal && { id: modal.id, hash: modal.hash, html: renderModal(modal, scene) },
    home: home && { id: home.id, html: renderHome(home, scene) },
  };
}

/** Full members see all public channels; everyone sees the conversations they are in. */
function isOpenTo(channel: Channel, user: User): boolean {
  if (channel.is_archived) return false;
  const full = !user.is_restricted && !user.is_stranger;
  return channel.members.has(user.id) || (full && channel.kind === 'public');
}

function roleOf(user: User): string {
  if (user.is_stranger) return 'from outside';
  if (user.is_ultra_restricted) return 'single-channel guest';
  if (user.is_restricted) return 'guest';
  return user.is_admin ? 'admin' : 'member';
}

function describeChannel(channel: Channel, user: User, slack: Emulator): object {
  return {
    id: channel.id,
    kind: channel.kind,
    name: channel.kind === 'im' ? slack.manifest.name : channel.name,
    shared: channel.is_ext_shared,
    joined: channel.members.has(user.id),
    hasBot: channel.members.has(slack.botUserId),
    members: channel.members.size,
  };
}
