import { formatInstant } from '../../report/format.ts';
import { ACTIONS } from '../action-ids.ts';
import type { AlertSummary } from '../ports.ts';
import { type Block, button, defuse, type Leaf, leaf, type Message, richText } from './text.ts';

const MAX_SHOWN = 20;

/** All alerts with their state; admins have the buttons to change it. */
export function buildAlertList(
  alerts: readonly AlertSummary[],
  { route, admin, zone }: { route: string | undefined; admin: boolean; zone: string },
): Message {
  const where: Leaf | string =
    route?.startsWith('C') || route?.startsWith('G')
      ? { type: 'channel', channel_id: route }
      : 'the admins by direct message';
  const rows = alerts.slice(0, MAX_SHOWN);
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
        ? [{ type: 'actions', elements: [button({ action: ACTIONS.alertTest, text: 'Send a test alert' })] }]
        : []),
    ],
  };
}

function describe(alert: AlertSummary, zone: string): string {
  const state = [
    alert.enabled ? undefined : 'off',
    alert.mutedUntilMs === undefined ? undefined : `muted until ${formatInstant(alert.mutedUntilMs, zone)} (${zone})`,
    alert.acknowledgedBy ? 'acknowledged' : undefined,
  ].filter((part) => part !== undefined);
  return [...new Set([alert.detail, ...state])].filter((part) => part !== '').join(' · ');
}

function buildButtons(alert: AlertSummary, admin: boolean): Block[] {
  if (!admin) return [];
  const value = alert.id;
  const toggle = alert.enabled
    ? button({ action: ACTIONS.alertDisable, text: 'Turn off', value })
    : button({ action: ACTIONS.alertEnable, text: 'Turn on', value });
  const mute =
    alert.mutedUntilMs === undefined
      ? button({ action: ACTIONS.alertMute, text: 'Mute for 24 hours', value })
      : button({ action: ACTIONS.alertUnmute, text: 'Unmute', value });
  return [{ type: 'actions', elements: [toggle, ...(alert.enabled ? [mute] : [])] }];
}
