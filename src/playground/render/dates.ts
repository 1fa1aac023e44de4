/** Formats of the tokens in a Slack date: https://docs.slack.dev/messaging/formatting-message-text#date-formatting */
const DATE_TOKENS: Record<string, Intl.DateTimeFormatOptions> = {
  date_num: { dateStyle: 'short' },
  date: { dateStyle: 'long' },
  date_short: { day: 'numeric', month: 'short', year: 'numeric' },
  date_long: { dateStyle: 'full' },
  date_pretty: { dateStyle: 'long' },
  date_short_pretty: { day: 'numeric', month: 'short', year: 'numeric' },
  date_long_pretty: { dateStyle: 'full' },
  time: { hour: '2-digit', minute: '2-digit' },
  time_secs: { timeStyle: 'medium' },
  ago: { dateStyle: 'medium', timeStyle: 'short' },
};

const formats = new Map<string, Intl.DateTimeFormat>();

/**
 * Formats an instant. The formatter for each set of options is kept, because each holds some hundred kilobytes that V8 does not
 * count: a new one for every date of every message would fill the memory long before garbage is collected.
 */
export function formatDate(ms: number, timeZone: string, options: Intl.DateTimeFormatOptions): string {
  const zoned = { ...options, timeZone };
  return formats.getOrInsertComputed(JSON.stringify(zoned), () => new Intl.DateTimeFormat('en-GB', zoned)).format(ms);
}

/** Fills the `{tokens}` of a Slack date, in the reader's zone. Returns the fallback if the instant or a token is invalid. */
export function formatSlackDate(timestamp: number, format: string, zone: string, fallback: string): string {
  const names = [...format.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!);
  if (!Number.isFinite(timestamp) || names.some((name) => !DATE_TOKENS[name])) return fallback;
  return format.replace(/\{(\w+)\}/g, (_, name: string) => formatDate(timestamp * 1000, zone, DATE_TOKENS[name]!));
}

/** Returns the day of an instant in the reader's zone: `Today`, `Yesterday` or a date. */
export function formatDay(ms: number, nowMs: number, zone: string): string {
  const dateOf = (at: number) =>
    Temporal.Instant.fromEpochMilliseconds(Math.floor(at)).toZonedDateTimeISO(zone).toPlainDate();
  const [day, today] = [dateOf(ms), dateOf(nowMs)];
  const ago = today.since(day).days;
  if (ago < 2) return ago < 1 ? 'Today' : 'Yesterday';
  const year = day.year === today.year ? {} : { year: 'numeric' as const };
  return formatDate(ms, zone, { weekday: 'long', day: 'numeric', month: 'long', ...year });
}
