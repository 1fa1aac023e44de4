import { formatInstant } from '../../report/format.ts';
import { ACTIONS } from '../action-ids.ts';
import type { AlertSummary } from '../ports.ts';
import { type Block, button, defuse, type Leaf, leaf, type Message, richText } from './text.ts';

/** What was told lately, and bounds; kinds are few and all shown. Two blocks each, with a frame, stay below 50. */
const MAX_SHOWN = { raised: 8, rule: 6, kind: 8 } as const;

/** All alerts with their state; admins have the buttons to change it. */
export function buildAlertList(
  alerts: readonly AlertSummary[],
  { route, admin, zone }: { route: string | undefined; admin: boolean; zone: string },
): Message {
  const where: Leaf | string =
    route?.startsWith('C') || route?.startsWith('G')
      ? { type: 'channel', channel_id: route }
      : 'the admins by direct message';
  const rows = (['raised', 'rule', 'kind'] as const).flatMap((sort) =>
    alerts.filter((alert) => alert.sort === sort).slice(0, MAX_SHOWN[sort]),
  );
  const lines = rows.map((alert) => `${alert.title}: ${describe(alert, zone)}`);
  return {
    text: [`Alerts go to ${route ? `<#${route}>` : 'the admins by direct message'}.`, ...lines.map(defuse)]
      .join('\n')
      .slice(0, 4000),
    blocks: [
      richText('Alerts go to ', where, '.'),
      ...rows.flatMap((alert) => [
        richText(leaf(alert.title, { bold: true }), `\n${describe(alert, zone)}`),
        ...buildButtons(alert, admin),
      ]),
      ...(admin
        ? [
            {
              type: 'actions',
              elements: [
                button({ action: ACTIONS.alertRoute, text: 'Where alerts go' }),
                button({ action: ACTIONS.alertTest, text: 'Send a test alert' }),
              ],
            },
          ]
        : []),
    ],
  };
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
    ? 'muted until unmuted'
    : `muted until ${formatInstant(untilMs, zone)} (${zone})`;
}

/** Anyone acknowledges; the rest is for admins. */
function buildButtons(alert: AlertSummary, admin: boolean): Block[] {
  const value = alert.id;
  const acknowledge =
    alert.sort === 'raised' && !alert.acknowledgedBy
      ? [button({ action: ACTIONS.alertAcknowledge, text: 'Acknowledge', value })]
      : [];
  const elements = admin ? [...acknowledge, ...buildAdminButtons(alert)] : acknowledge;
  return elements.length > 0 ? [{ type: 'actions', elements }] : [];
}

function buildAdminButtons({ id: value, sort, enabled, mutedUntilMs }: AlertSummary): Block[] {
  const remove = { title: 'Remove this alert?', text: 'Nobody will be warned of it any more.', yes: 'Remove' };
  const change = {
    raised: [],
    rule: [button({ action: ACTIONS.alertRemove, text: 'Remove', value, style: 'danger', confirm: remove })],
    kind: [
      enabled
        ? button({ action: ACTIONS.alertDisable, text: 'Turn off', value })
        : button({ action: ACTIONS.alertEnable, text: 'Turn on', value }),
    ],
  }[sort];
  const mute =
    mutedUntilMs === undefined
      ? button({ action: ACTIONS.alertMute, text: 'Mute for 24 hours', value })
      : button({ action: ACTIONS.alertUnmute, text: 'Unmute', value });
  return [...change, ...(enabled ? [mute] : [])];
}
