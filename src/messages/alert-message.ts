import { type AlertContent, spell, type Words } from '../domain/alert.ts';
import { formatClock, formatMoment, toLocal } from '../report/format.ts';
import { ACTIONS } from './action-ids.ts';
import {
  actions,
  type Block,
  buildLinkButtons,
  button,
  defuse,
  type Leaf,
  leaf,
  type Message,
  markdown,
  mention,
  option,
  place,
  richText,
} from './text.ts';

/** Entries of an alert's menu that mute it. */
const MUTE_CHOICES = [
  { key: 'hour', label: 'Mute for an hour' },
  { key: 'tomorrow', label: 'Mute until tomorrow 09:00' },
  { key: 'period', label: 'Mute until the period ends' },
] as const;

/** An entry in the history of an alert's conversation. */
export interface AlertEvent {
  /** `75%`, `used up`, `acknowledged`, `below 75% since`. */
  what: string;
  atMs: number;
  by?: string;
}

export interface AlertFrame {
  /** Report zone, for readers to whom Slack cannot show their own time. */
  zone: string;
  /** A user or group to mention; only in new messages, since an edit notifies nobody. */
  mention?: string | undefined;
}

/**
 * Builds the message that a conversation begins with: what holds now, what can be done, and the history. `isOpen`: it can be
 * acknowledged. `chartAt`: index at which to insert its chart.
 */
export function buildAlert(
  content: AlertContent,
  {
    id,
    isOpen,
    history,
    ...frame
  }: AlertFrame & { id: string | undefined; isOpen: boolean; history: readonly AlertEvent[] },
): Message & { chartAt: number } {
  const lines = content.lines;
  const body = richText(
    ...openLine(content, frame),
    leaf(content.title, { bold: true }),
    ...lines.flatMap((line) => ['\n', ...toLeaves(line, frame.zone)]),
  );
  const buttons = buildButtons(content, { id, isOpen });
  const text = [
    `${frame.mention ? `${mention(frame.mention)} ` : ''}${defuse(`${signOf(content)} ${content.title}`)}`,
    ...lines.map((line) => toText(line, frame.zone)),
    ...(history.length > 0 ? [formatHistory(history, frame.zone)] : []),
  ];
  return {
    text: text.join('\n'),
    blocks: [
      body,
      ...buttons,
      ...(history.length > 0 ? [{ type: 'context', elements: [markdown(formatHistory(history, frame.zone))] }] : []),
    ],
    chartAt: 1 + buttons.length,
  };
}

/** Builds one line in the thread of a conversation: a further level, a switch, a rate. */
export function buildAlertLine(content: AlertContent, frame: AlertFrame): Message {
  const { brief, title, lines } = content;
  const words: Words[] = brief === undefined ? [`${title}.`, ...lines.slice(0, 1)] : [brief];
  return {
    text: `${frame.mention ? `${mention(frame.mention)} ` : ''}${defuse(signOf(content))} ${words.map((each) => toText(each, frame.zone)).join(' ')}`,
    blocks: [
      richText(
        ...openLine(content, frame),
        ...words.flatMap((each, index) => [...(index > 0 ? [' '] : []), ...toLeaves(each, frame.zone)]),
      ),
    ],
  };
}

function signOf({ sign, test }: AlertContent): string {
  return test ? `TEST ${sign}` : sign;
}

function openLine(content: AlertContent, { mention }: AlertFrame): (Leaf | string)[] {
  return [`${signOf(content)} `, ...(mention ? [place(mention), ' '] : [])];
}

function toLeaves(words: Words, zone: string): (Leaf | string)[] {
  if (typeof words === 'string') return [words];
  return words.map((part) =>
    typeof part === 'string'
      ? part
      : {
          type: 'date',
          timestamp: Math.floor(part.atMs / 1000),
          format: '{time}',
          fallback: `${formatClock(part.atMs, zone)} ${zone}`,
        },
  );
}

function toText(words: Words, zone: string): string {
  return spell(words, (atMs) => toTime(atMs, zone, true), defuse);
}

/**
 * `75% 18:14 · acknowledged by @ana 18:33 · below 75% since Nov 30, 2026 01:10`, with a date where the local day changes. Of
 * several acknowledgements only the last is shown.
 */
function formatHistory(history: readonly AlertEvent[], zone: string): string {
  const dayOf = (ms: number) => toLocal(ms, zone).toPlainDate().toString();
  const isAcknowledged = ({ what }: AlertEvent) => what === 'acknowledged';
  const last = history.findLastIndex(isAcknowledged);
  return history
    .filter((event, index) => !isAcknowledged(event) || index === last)
    .map(({ what, atMs, by }, index, shown) => {
      const who = by === undefined ? '' : ` by <@${by}>`;
      const isSameDay = dayOf(atMs) === dayOf((shown[index - 1] ?? shown[0]!).atMs);
      return `${defuse(what)}${who} ${toTime(atMs, zone, isSameDay)}`;
    })
    .join(' · ');
}

function toTime(ms: number, zone: string, timeOnly: boolean): string {
  const own = timeOnly ? formatClock(ms, zone) : formatMoment(ms, zone);
  return `<!date^${Math.floor(ms / 1000)}^${timeOnly ? '{time}' : '{date_short} {time}'}|${own} ${zone}>`;
}

function buildButtons(content: AlertContent, { id, isOpen }: { id: string | undefined; isOpen: boolean }): Block[] {
  const { sign, who, chart, links = {}, scope, test } = content;
  const elements: Block[] = [
    ...(id && isOpen
      ? [button({ action: ACTIONS.alertAcknowledge, text: 'Acknowledge', value: id, style: 'primary' })]
      : []),
    ...(who ? [button({ action: `${ACTIONS.alertAsk}:who`, text: whoOf(who), value: who })] : []),
    ...(chart ? [button({ action: `${ACTIONS.alertAsk}:chart`, text: 'Chart', value: chart })] : []),
    ...(test || id
      ? [
          {
            type: 'overflow',
            action_id: ACTIONS.alertMore,
            options: [
              ...(id ? MUTE_CHOICES.map(({ key, label }) => option(label, `mute:${key}:${id}`)) : []),
              option('Alert routing…', 'route'),
              ...(id && scope !== undefined ? [option('Change the pools of this scope…', `pools:${id}`)] : []),
            ],
          },
        ]
      : []),
    ...(sign === '🔵' ? [] : buildLinkButtons(links)),
  ];
  return actions(...elements);
}

/** Labels the button. The command of a limit that counts one client shows that client's calls, since who called is known. */
function whoOf(command: string): string {
  return command.startsWith('client ') ? 'What it called' : 'Top clients';
}
