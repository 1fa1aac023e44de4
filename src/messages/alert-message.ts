import { type AlertContent, spell, type Words } from '../domain/alert.ts';
import { countOf, formatClock, formatMoment, toLocal } from '../report/format.ts';
import type { AlertPort, AlertRouting, AlertSummary } from '../slack/ports.ts';
import { ACTIONS } from './action-ids.ts';
import {
  actions,
  type Block,
  buildLinkButtons,
  button,
  clip,
  defuse,
  type Leaf,
  leaf,
  type Message,
  markdown,
  mention,
  option,
  place,
  richList,
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
 * `75% Nov 29, 2026 18:14 · acknowledged by @ana 18:33 · below 75% since Nov 30, 2026 01:10`, with a date at first and where the local
 * day changes. Of
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
      const before = shown[index - 1];
      const isSameDay = before !== undefined && dayOf(atMs) === dayOf(before.atMs);
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

/** Entries shown of each sort. Most take two blocks, and mutes and past alerts one list each: the message stays below 50 blocks. */
const MAX_SHOWN = { raised: 8, past: 5, mute: 25, rule: 5, kind: 12 } as const;

/** Builds the list of all alerts with their state; admins get buttons to change it. */
export function buildAlertList(
  alerts: readonly AlertSummary[],
  { route, admin, zone }: { route: string | undefined; admin: boolean; zone: string },
): Message {
  const where: Leaf | string =
    route?.startsWith('C') || route?.startsWith('G')
      ? { type: 'channel', channel_id: route }
      : 'the admins by direct message';
  const shown = (sort: AlertSummary['sort']) => alerts.filter((alert) => alert.sort === sort).slice(0, MAX_SHOWN[sort]);
  const [raised, past, mutes, rules, kinds] = [
    shown('raised'),
    shown('past'),
    shown('mute'),
    shown('rule'),
    shown('kind'),
  ];
  const lines = [
    ...raised.map((alert) => defuse(`${alert.title}: ${describe(alert, zone)}`)),
    ...past.map((alert) => defuse(`${alert.title}: ${describePast(alert, zone)}`)),
    ...mutes.map((mute) => {
      const by = mute.mutedBy ? ` by <@${mute.mutedBy}>` : '';
      return `${defuse(`${mute.title}: ${describeMute(mute.mutedUntilMs!, zone)}`)}${by}`;
    }),
    ...[...rules, ...kinds].map((alert) => defuse(`${alert.title}: ${describe(alert, zone)}`)),
  ];
  const toRows = (rows: readonly AlertSummary[]): Block[] =>
    rows.flatMap((alert) => [
      richText(alert.sign ? `${alert.sign} ` : '', leaf(alert.title, { bold: true }), `\n${describe(alert, zone)}`),
      ...buildListButtons(alert, admin),
    ]);
  return {
    text: [`Alerts go to ${route ? `<#${route}>` : 'the admins by direct message'}.`, ...lines].join('\n'),
    blocks: [
      richText('Alerts go to ', where, '.'),
      ...toRows(raised),
      ...(past.length > 0
        ? [richList(past.map((alert) => [`${clip(alert.title, 200)} · ${describePast(alert, zone)}`]))]
        : []),
      ...buildMutes(mutes, admin, zone),
      ...toRows(rules),
      ...(kinds.length > 0 ? [richList(kinds.map((kind) => [`${kind.title} · ${kind.enabled ? 'on' : 'off'}`]))] : []),
      ...(admin
        ? actions(
            button({ action: ACTIONS.alertRoute, text: 'Alert routing' }),
            button({ action: ACTIONS.alertTest, text: 'Send a test alert' }),
          )
        : []),
    ],
  };
}

/** Alerts of a history that one message lists. */
const MAX_HISTORY = 20;

/** Lists what was alerted and when, newest first. `zone`: the reader's. */
export function buildAlertHistory({ label, alerts }: Awaited<ReturnType<AlertPort['told']>>, zone: string): Message {
  const more = alerts.length - MAX_HISTORY;
  const lead = `${alerts.length === 0 ? 'No alerts' : countOf(alerts.length, 'alert')} in ${label} (${zone})${more > 0 ? `; the newest ${MAX_HISTORY}` : ''}.`;
  const lines = alerts
    .slice(0, MAX_HISTORY)
    .map(({ title, sign, atMs }) => `${formatMoment(atMs, zone)} · ${sign} ${clip(title, 200)}`);
  return {
    text: [lead, ...lines.map(defuse)].join('\n'),
    blocks: [richText(lead), ...(lines.length > 0 ? [richList(lines.map((line) => [line]))] : [])],
  };
}

/** Lists every mute, with who set it and until when, even if it hides no alert now. */
function buildMutes(mutes: readonly AlertSummary[], admin: boolean, zone: string): Block[] {
  if (mutes.length === 0) return [];
  const items = mutes.map(({ title, mutedUntilMs, mutedBy }): (Leaf | string)[] => [
    leaf(clip(title, 200), { bold: true }),
    ` · ${describeMute(mutedUntilMs!, zone)}`,
    ...(mutedBy ? [' by ', { type: 'user' as const, user_id: mutedBy }] : []),
  ]);
  const elements = mutes.map(({ id, title }, index) =>
    button({ action: `${ACTIONS.alertUnmute}:${index}`, text: `Unmute ${title}`, value: id }),
  );
  return [richList(items), ...(admin ? actions(...elements) : [])];
}

/** `ended Sun 22 Nov 00:00 (UTC)`. */
function describePast({ toldMs, overSinceMs }: AlertSummary, zone: string): string {
  if (overSinceMs !== undefined) return `ended ${formatMoment(overSinceMs, zone)} (${zone})`;
  return toldMs === undefined ? 'ended' : `ended; alerted ${formatMoment(toldMs, zone)} (${zone})`;
}

function describe(alert: AlertSummary, zone: string): string {
  const state = [
    alert.enabled ? undefined : 'off',
    alert.mutedUntilMs === undefined ? undefined : describeMute(alert.mutedUntilMs, zone),
    alert.acknowledgedBy ? 'acknowledged' : undefined,
  ].filter((part) => part !== undefined);
  return [...new Set([alert.detail, ...state])].filter((part) => part !== '').join(' · ');
}

/** `muted until 22 Nov 2026 09:00 (UTC)`. */
export function describeMute(untilMs: number, zone: string): string {
  return untilMs === Number.MAX_SAFE_INTEGER
    ? 'muted until further notice'
    : `muted until ${formatMoment(untilMs, zone)} (${zone})`;
}

/** `Muted: CRM until 23 Nov 2026 09:00 (Europe/Berlin).` Without an end it says where to end the mute. */
export function describeMuted(title: string, untilMs: number | undefined, zone: string): string {
  return untilMs === undefined
    ? `Muted: ${title} until further notice. “Alerts” shows it, and a button that ends it.`
    : `Muted: ${title} until ${formatMoment(untilMs, zone)} (${zone}).`;
}

/** Anyone may acknowledge; the other buttons are for admins. */
function buildListButtons(alert: AlertSummary, admin: boolean): Block[] {
  const value = alert.id;
  const acknowledge =
    alert.sort === 'raised' && !alert.acknowledgedBy
      ? [button({ action: ACTIONS.alertAcknowledge, text: 'Acknowledge', value })]
      : [];
  const elements = admin ? [...acknowledge, ...buildAdminButtons(alert)] : acknowledge;
  return actions(...elements);
}

function buildAdminButtons({ id: value, sort, enabled, mutedUntilMs }: AlertSummary): Block[] {
  const remove = { title: 'Remove this alert?', text: 'It will alert no one any more.', yes: 'Remove' };
  const change = {
    raised: [],
    past: [],
    mute: [],
    rule: [button({ action: ACTIONS.alertRemove, text: 'Remove', value, style: 'danger', confirm: remove })],
    // The routing form turns kinds on and off.
    kind: [],
  }[sort];
  // “Unmute” is beside the mute, which may cover more than this alert.
  const mute = button({ action: ACTIONS.alertMute, text: 'Mute for 24 hours', value });
  return [...change, ...(enabled && mutedUntilMs === undefined ? [mute] : [])];
}

/** Describes in one line where alerts go. Its fallback text mentions nobody. */
export function describeRouting({ channel, mention, kinds }: AlertRouting): Message {
  const on = `${kinds.filter((kind) => kind.on).length} of ${kinds.length} kinds are on.`;
  const [admins, nobody] = ['the admins by direct message', 'no one is mentioned'];
  const where = channel ? `<#${channel}>` : admins;
  return {
    text: `Alerts go to ${where}. At 90% and 100% ${mention ? 'on-call is mentioned' : nobody}. ${on}`,
    blocks: [
      richText(
        'Alerts go to ',
        channel ? place(channel) : admins,
        '. At 90% and 100% ',
        ...(mention ? [place(mention), ' is mentioned'] : [nobody]),
        `. ${on}`,
      ),
    ],
  };
}
