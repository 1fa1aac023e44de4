import { type FilledLine, fillLine, findTopic, type HelpNames } from '../slack/command/help.ts';
import { HELP_TOPICS } from '../slack/command/help-topics.ts';
import type { SlackConfig } from '../slack/context.ts';
import { ACTIONS } from './action-ids.ts';
import { MAX_PLACEHOLDER } from './limits.ts';
import {
  actions,
  type Block,
  button,
  defuse,
  header,
  leaf,
  type Message,
  option,
  plainText,
  richText,
} from './text.ts';

/** Builds one page of help: commands have a button to run them, and a menu has the other pages. */
export function buildHelp(
  topic: string | undefined,
  { command, names, admin }: { command: string; names: HelpNames; admin: boolean },
): Message {
  const page = (topic === undefined ? undefined : findTopic(topic)) ?? HELP_TOPICS[0]!;
  const lines = page.lines.map((line) => fillLine(line, names));
  const typed = (line: FilledLine) => (line.command === undefined ? [] : [`${command} ${line.command}`.trim()]);
  return {
    text: [page.title, ...lines.map((line) => [...typed(line), line.text].join(' – '))].map(defuse).join('\n'),
    blocks: [
      header(`Headroom: ${page.title}`),
      ...lines.map((line, index) => toSection(line, index, command, admin)),
      ...actions(buildTopicMenu()),
    ],
  };
}

function toSection(line: FilledLine, index: number, command: string, admin: boolean): Block {
  if (line.command === undefined) return { type: 'section', text: plainText(line.text) };
  const typed = `${command} ${line.command}`.trim();
  const text = plainText(`${typed}\n${line.text}${line.admin ? ' (admins)' : ''}`);
  if (!line.runs || (line.admin && !admin)) return { type: 'section', text };
  const run = button({
    action: `${ACTIONS.run}:${index}`,
    text: 'Run',
    spoken: `Run ${typed}`,
    value: line.command || 'summary',
    ...(CHANGES.test(line.command) && { confirm: { title: 'Run this?', text: typed, yes: 'Run' } }),
  });
  return { type: 'section', text, accessory: run };
}

/** Commands that change something at once: their button asks for confirmation. */
const CHANGES =
  /^(digest (add \S|edit \S+ \S|pause|send|takeover)|alerts (mute|unmute|add|on|test|route \S)|save|unsave|correct|reset)/;

function buildTopicMenu(): Block {
  return {
    type: 'static_select',
    action_id: `${ACTIONS.run}:topic`,
    placeholder: plainText('More help…', MAX_PLACEHOLDER),
    options: HELP_TOPICS.map(({ name, title }) => option(title, `help ${name}`)),
  };
}

/** Builds the first answer on an empty database: how to send the first event. */
export function buildWelcome({ publicUrl, command }: Pick<SlackConfig, 'publicUrl' | 'command'>): Message {
  const curl = [
    `curl ${publicUrl.replace(/\/$/, '')}/v1/events \\`,
    `  -H "Authorization: Bearer $INGEST_TOKEN" \\`,
    `  -H "Content-Type: application/json" \\`,
    `  -d '{"client": "my-first-client", "method": "GET", "url": "/v1/orders/17", "status": 200}'`,
  ].join('\n');
  const name = command ?? '/usage';
  return {
    text: `No API usage has arrived yet. Send the first event to ${publicUrl}/v1/events, then ask ${name} again.`,
    blocks: [
      richText(
        leaf('No API usage has arrived yet.', { bold: true }),
        '\nSend the first event from a terminal; INGEST_TOKEN is the token of a source (headroom sources add NAME prints one):',
      ),
      { type: 'rich_text', elements: [{ type: 'rich_text_preformatted', elements: [leaf(curl)] }] },
      richText(`Then ask ${name} again. How to connect gateways, logs and OpenTelemetry: “Senders” in the README.`),
      ...actions(button({ action: `${ACTIONS.run}:0`, text: 'Ask again', value: 'summary' })),
    ],
  };
}

/** Builds the introduction, posted once in a channel that the bot joins, and to people who mention it without a question. */
export function buildIntroduction(command: string, botName: string): Message {
  const line = 'I tell how much of your API allowance is used, by whom, and how much headroom is left.';
  return {
    text: `${line} Try ${command}, ${command} top clients, or mention me in a thread: @${botName} top routes 30d`,
    blocks: [
      richText(line),
      richText(
        'Try ',
        leaf(command, { code: true }),
        ', ',
        leaf(`${command} top clients 7d`, { code: true }),
        ', or in a thread ',
        leaf(`@${botName} status today`, { code: true }),
        '. Every member may ask and set up digests; admins change pools, sources and settings.',
      ),
      ...actions(
        button({ action: `${ACTIONS.run}:today`, text: 'Show today', value: 'summary', style: 'primary' }),
        button({ action: ACTIONS.digestNew, text: 'Set up a daily digest' }),
        button({ action: `${ACTIONS.run}:help`, text: 'Help', value: 'help' }),
      ),
    ],
  };
}
