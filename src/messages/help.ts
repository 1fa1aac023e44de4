import { type FilledLine, fillLine, findTopic, type HelpNames } from '../slack/command/help.ts';
import { HELP_TOPICS } from '../slack/command/help-topics.ts';
import { ACTIONS } from './action-ids.ts';
import { MAX_PLACEHOLDER } from './limits.ts';
import { type Block, button, defuse, header, type Message, option, plainText } from './text.ts';

/** One page of help: every command in it runs by its button, and the other pages are in the menu. */
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
      { type: 'actions', elements: [buildTopicMenu()] },
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

/** Commands that change something at once: they are asked about first. */
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
