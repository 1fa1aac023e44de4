import { readdirSync, readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { fileURLToPath } from 'node:url';
import { fillLine, findHelpDays } from '../slack/command/help.ts';
import { HELP_TOPICS } from '../slack/command/help-topics.ts';
import { EXAMPLES } from './cast.ts';
import { showConversation } from './conversation.ts';
import { findRefusal } from './emulator/control.ts';
import { sendJson } from './emulator/http.ts';
import type { Handler } from './emulator/server.ts';
import type { Emulator } from './emulator/workspace.ts';
import { readLibraryStyles } from './render/chart.ts';

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
