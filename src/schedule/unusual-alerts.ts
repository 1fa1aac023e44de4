import type { AlertContent } from '../domain/alert.ts';
import { formatDay } from '../domain/calendar.ts';
import { formatCount, formatMoment, formatPercent } from '../report/format.ts';
import { formatHours, formatHoursOf, formatWho } from './alert-commands.ts';
import { type AlertSetting, lastFullHour, raiseAlert } from './alert-setting.ts';
import { describeHourCause } from './hour-cause.ts';
import { findUnusual, type UnusualHour } from './unusual-hours.ts';

const WEEKDAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];
const NUMBERS = ['', 'one', 'two', 'three', 'four'];

/** Tells that the last full hour was far from the same hour of the weeks before. */
export async function evaluateUnusual(setting: AlertSetting): Promise<void> {
  if (!setting.isOn('unusual')) return;
  const { calendar, usage } = setting;
  const span = lastFullHour(setting);
  const hour = new Date(span.fromMs).toISOString();
  const day = formatDay(calendar.dayOf(span.fromMs));
  const { clients } = await setting.definitions();
  for (const found of await findUnusual({ usage, calendar, clients }, span)) {
    await raiseAlert(setting, {
      key: `unusual:${found.what}:${hour}`,
      kind: 'unusual',
      subject: `unusual ${found.what}`,
      period: hour,
      content: {
        kind: 'unusual',
        ...toUnusualWords(found, calendar.zone),
        mention: false,
        who: formatWho(formatHoursOf(calendar, span)),
        chart: formatHours(found.what === 'volume' ? 'day' : 'status', day),
      },
    });
  }
}

function toUnusualWords(found: UnusualHour, zone: string): Pick<AlertContent, 'sign' | 'title' | 'lines'> {
  const { what, observed, expected, fromMs, comparedWeeks } = found;
  const isVolume = what === 'volume';
  const shown = (value: number) => (isVolume ? formatCount(Math.round(value)) : formatPercent(value * 100));
  const local = Temporal.Instant.fromEpochMilliseconds(fromMs).toZonedDateTimeISO(zone);
  const weekday = WEEKDAYS[local.dayOfWeek - 1]!;
  const times =
    isVolume && expected > 0 && observed > expected ? `, ${(observed / expected).toFixed(1)}× the usual` : '';
  const because = found.because && describeHourCause(found.because);
  return {
    sign: '🟠',
    title: isVolume
      ? `Unusual traffic: ${shown(observed)} requests in an hour${times}`
      : `Unusual errors: ${shown(observed)} of calls failed`,
    lines: [
      `Expected ${shown(expected)} for the hour from ${formatMoment(fromMs, zone)} (${zone}), by the last ${NUMBERS[comparedWeeks]} ${weekday}s.${because ? ` ${because}` : ''}`,
      isVolume
        ? 'Check for a new job, a loop of retries, or a sender that stopped.'
        : 'Check credentials, the endpoint’s settings, and whether an integration is down.',
    ],
  };
}
