const formats = new Map<string, Intl.DateTimeFormat>();

/**
 * A formatter, made once for each locale and set of options. Each one holds some hundred kilobytes outside of V8's sight, so
 * that one made anew for every date of every message fills the memory long before it is collected.
 */
export function getDateFormat(locale: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  return formats.getOrInsertComputed(JSON.stringify([locale, options]), () => new Intl.DateTimeFormat(locale, options));
}
