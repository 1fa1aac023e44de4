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
  /** The workspace that is shown; another one after a reset. */
  emulator: () => Emulator;
  zone: string;
  now: () => number;
  /** What the page's controls do besides acting as people, by name; the answer is JSON. */
  actions: Readonly<Record<string, () => Promise<unknown>>>;
}

const PAGE_FOLDER = fileURLToPath(new URL('./page/', import.meta.url));
const TYPES: Record<string, string> = {
  html: 'text/html',
  css: 'text/css',
  js: 'text/javascript',
  svg: 'image/svg+xml',
};

/** Nothing comes from elsewhere, and nothing that a message holds can run. Styles: the charts' inline ones. */
const HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
};

/**
 * The pages of the playground: `/` and its parts under `/playground/`; there also `state` (what a person sees of a
 * conversation, drawn as HTML), `hints` (commands to type) and, by POST, the actions. Everything that people do goes through
 * the emulator's own `/_control/`. Only for this machine, like that.
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

/** Every example of the help, once: what can be typed, and what it answers. */
function listHints({ now, zone }: PlaygroundOptions): { command: string; text: string }[] {
  const names = { ...EXAMPLES, ...findHelpDays(now(), zone) };
  const lines = HELP_TOPICS.flatMap(({ lines: all }) => all)
    .map((line) => fillLine(line, names))
    .filter(({ runs }) => runs);
  // Of two that are the same the first explains it.
  const byCommand = new Map(lines.toReversed().map(({ command, text }) => [`/usage ${command}`.trim(), text]));
  return [...byCommand].reverse().map(([command, text]) => ({ command, text }));
}
