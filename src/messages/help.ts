import { findTopic, HELP_TOPICS } from '../slack/command/help.ts';
import { ACTIONS } from './action-ids.ts';
import { MAX_PLACEHOLDER } from './limits.ts';
import {
  type Block,
  button,
  defuse,
  header,
  type Leaf,
  leaf,
  type Message,
  option,
  plainText,
  richList,
} from './text.ts';

/** One page of help: every command in it can be run, and the other pages are in the menu. */
export function buildHelp(topic: string | undefined, { command }: { command: string }): Message {
  const page = (topic === undefined ? undefined : findTopic(topic)) ?? HELP_TOPICS[0]!;
  const lines = page.lines.map((line) => ({
    text: line.text,
    command: line.command === undefined ? undefined : `${command} ${line.command}`.trim(),
  }));
  const runnable = page.lines.filter((line) => line.command !== undefined && isHarmless(line.command)).slice(0, 5);
  const buttons = runnable.map((line, index) =>
    button({
      action: `${ACTIONS.run}:${index}`,
      text: `${command} ${line.command}`.trim(),
      value: line.command || 'summary',
    }),
  );
  return {
    text: [page.title, ...lines.map((line) => [line.command, line.text].filter(Boolean).join(' – '))]
      .map(defuse)
      .join('\n'),
    blocks: [
      header(`Headroom: ${page.title}`),
      richList(lines.map((line) => toLeaves(line))),
      ...(buttons.length > 0 ? [{ type: 'actions', elements: buttons }] : []),
      { type: 'actions', elements: [buildTopicMenu()] },
    ],
  };
}

function toLeaves({ command, text }: { command: string | undefined; text: string }): (Leaf | string)[] {
  return command === undefined ? [text] : [leaf(command, { code: true }), ` – ${text}`];
}

/** Examples with made-up names or that change something are to be read, not pressed. */
function isHarmless(command: string): boolean {
  return !/"|:|^(digest (add|edit|pause|send|takeover)|alerts .|save|unsave|open|correct|reset|export|pool .|history \w|explain \w)/.test(
    command,
  );
}

function buildTopicMenu(): Block {
  return {
    type: 'static_select',
    action_id: `${ACTIONS.run}:topic`,
    placeholder: plainText('More help…', MAX_PLACEHOLDER),
    options: HELP_TOPICS.map(({ name, title }) => option(title, `help ${name}`)),
  };
}
