import type { Composer } from '../delivery/slack-transport.ts';
import { type AlertEvent, buildAlert, buildAlertLine } from '../messages/alert-message.ts';
import { formatCredits, formatPercent } from '../report/format.ts';
import { reportTold } from '../report/pool.ts';
import { type Alert, findAlert, listAlertsOf } from '../store/alert-repository.ts';
import type { Db } from '../store/database.ts';
import { readAlertOrder } from './alert-claims.ts';

export interface AlertComposerPorts {
  db: Db;
  zone: string;
  /** A user or a user group; undefined: nobody is mentioned. */
  oncall(): Promise<string | undefined>;
}

/**
 * An alert's message, as it stands when it is sent or updated: the highest level so far, the history, acknowledged or not. Once
 * it is over its last edit alone says how it stands; where a level was told since, that edit is no longer wanted.
 */
export function createAlertComposer(ports: AlertComposerPorts): Composer {
  const { db, zone } = ports;
  return async (delivered, { updating }) => {
    const order = readAlertOrder(delivered);
    if (order.part === 'past') return undefined;
    const told = order.alertKey === undefined ? undefined : await findAlert(db, order.alertKey);
    const all = told ? (await listAlertsOf(db, told.subject, told.period)).filter(({ covered }) => !covered) : [];
    const alert = updating ? (all.at(-1) ?? told) : told;
    const isOver = updating && order.part !== 'line' && alert?.overMs !== undefined;
    if (isOver !== (order.part === 'over')) return undefined;
    const content = alert && updating && !isOver ? alert.content : order.content;
    const mention = content.mention && !updating ? await ports.oncall() : undefined;
    if (order.part === 'line') return buildAlertLine(content, { zone, mention });
    const message = buildAlert(content, {
      ...{ zone, mention, id: alert && String(alert.id), isOpen: !isOver && alert?.acked === undefined },
      history: [...listEvents(updating ? all : told ? [told] : []), ...(order.event ? [order.event] : [])],
    });
    const { state, title } = content;
    if (!state || !alert) return message;
    return {
      ...message,
      drawn: reportTold(state, { finding: `${title}.`, atMs: isOver ? alert.overMs! : alert.atMs, zone }),
    };
  };
}

/** Events of an alert's history: levels as they were told, and who acknowledged them. */
function listEvents(alerts: readonly Alert[]): AlertEvent[] {
  const told = alerts.flatMap((alert) =>
    alert.level === undefined ? [] : [{ what: nameLevel(alert), atMs: alert.atMs }],
  );
  const acknowledged = new Map(
    alerts.flatMap(({ acked }) => (acked ? [[acked.ms, { what: 'acknowledged', atMs: acked.ms, by: acked.by }]] : [])),
  );
  return [...told, ...acknowledged.values()].sort((a, b) => a.atMs - b.atMs);
}

/** `90%`, `used up`; where it is told again since the amount was raised, `90% of 1,100`. */
function nameLevel({ level, arm, amount }: Alert): string {
  const name = level === 100 ? 'used up' : formatPercent(level!);
  return arm > 0 && amount !== undefined ? `${name} of ${formatCredits(amount)}` : name;
}
