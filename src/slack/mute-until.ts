import { DAY_MS, HOUR_MS } from '../domain/time-units.ts';
import type { Actor, AlertPort } from './ports.ts';

type Mutable = Pick<AlertPort, 'mute' | 'findPeriodEnd'>;

/** Entries of the menu “Mute until…” under an alert. */
export const MUTE_CHOICES = [
  { key: 'hour', label: 'in an hour' },
  { key: 'tomorrow', label: 'tomorrow 09:00' },
  { key: 'period', label: 'the end of the period' },
] as const;

/**
 * The menu “Mute until…” of an alert: `value` is that of the chosen option, “tomorrow” the actor's own. Answers what is now
 * so, for the actor. Choosing the same again changes nothing. Rejects like AlertPort.
 */
export async function chooseMute(alerts: Mutable, value: string, by: Actor, nowMs: number): Promise<string> {
  const [choice = '', id = ''] = value.split(':');
  const untilMs = await toInstant(alerts, choice, id, by.zone, nowMs);
  await alerts.mute({ what: id, untilMs }, by);
  const local = Temporal.Instant.fromEpochMilliseconds(untilMs).toZonedDateTimeISO(by.zone);
  return `Muted until ${local.toPlainDateTime().toString({ smallestUnit: 'minute' }).replace('T', ' ')} (${by.zone}).`;
}

async function toInstant(alerts: Mutable, choice: string, id: string, zone: string, nowMs: number): Promise<number> {
  if (choice === 'period') return (await alerts.findPeriodEnd(id)) ?? nowMs + DAY_MS;
  if (choice !== 'tomorrow') return nowMs + HOUR_MS;
  const tomorrow = Temporal.Instant.fromEpochMilliseconds(nowMs)
    .toZonedDateTimeISO(zone)
    .toPlainDate()
    .add({ days: 1 });
  return tomorrow.toZonedDateTime({ timeZone: zone, plainTime: '09:00' }).epochMilliseconds;
}
