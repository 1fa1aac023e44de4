import { getDateFormat } from '../emulator/date-format.ts';

/**
 * The `{tokens}` of a Slack date, in the reader's zone; the fallback where the instant or a token is unknown.
 * Tokens: https://docs.slack.dev/messaging/formatting-message-text#date-formatting
 */
export function formatDate(timestamp: number, format: string, zone: string, fallback: string): string {
  const date = new Date(timestamp * 1000);
  if (Number.isNaN(date.getTime())) return fallback;
  const by = (options: Intl.DateTimeFormatOptions) =>
    getDateFormat('en-GB', { ...options, timeZone: zone }).format(date);
  const time = by({ hour: '2-digit', minute: '2-digit' });
  const tokens: Record<string, string> = {
    date_num: by({ dateStyle: 'short' }),
    date: by({ dateStyle: 'long' }),
    date_short: by({ day: 'numeric', month: 'short', year: 'numeric' }),
    date_long: by({ dateStyle: 'full' }),
    date_pretty: by({ dateStyle: 'long' }),
    date_short_pretty: by({ day: 'numeric', month: 'short', year: 'numeric' }),
    date_long_pretty: by({ dateStyle: 'full' }),
    time,
    time_secs: by({ timeStyle: 'medium' }),
    ago: by({ dateStyle: 'medium', timeStyle: 'short' }),
  };
  let unknown = false;
  const text = format.replace(/\{(\w+)\}/g, (whole, name: string) => {
    unknown ||= tokens[name] === undefined;
    return tokens[name] ?? whole;
  });
  return unknown ? fallback : text;
}

/** `Today`, `Yesterday`, else the date, of an instant in the reader's zone. */
export function formatDay(ms: number, nowMs: number, zone: string): string {
  const dateOf = (at: number) =>
    Temporal.Instant.fromEpochMilliseconds(Math.floor(at)).toZonedDateTimeISO(zone).toPlainDate();
  const [day, today] = [dateOf(ms), dateOf(nowMs)];
  const ago = today.since(day).days;
  if (ago === 0) return 'Today';
  if (ago === 1) return 'Yesterday';
  const year = day.year === today.year ? undefined : ('numeric' as const);
  const options = {
    weekday: 'long',
    day: 'numeric',
    month: 'long',
    ...(year ? { year } : {}),
    timeZone: zone,
  } as const;
  return getDateFormat('en-GB', options).format(ms);
}
