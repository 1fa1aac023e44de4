import { formatMoment } from '../report/format.ts';
import type { AlertRouting, AlertSummary } from '../slack/ports.ts';
import { ACTIONS } from './action-ids.ts';
import {
  actions,
  type Block,
  button,
  clip,
  defuse,
  type Leaf,
  leaf,
  type Message,
  place,
  richList,
  richText,
} from './text.ts';

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
      ...buildButtons(alert, admin),
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
function buildButtons(alert: AlertSummary, admin: boolean): Block[] {
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
