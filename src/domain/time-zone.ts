import { listNearest } from './names.ts';

/** The zone that people typed, or names of zones that may be meant. */
export type ZoneReading = { zone: string } | { suggestions: readonly string[] };

/** Abbreviations are shared by several zones and say nothing about clock changes, so they are asked back. */
const ABBREVIATIONS: Readonly<Record<string, readonly string[]>> = {
  CET: ['Europe/Berlin', 'Europe/Paris', 'Europe/Madrid'],
  CEST: ['Europe/Berlin', 'Europe/Paris', 'Europe/Madrid'],
  EET: ['Europe/Athens', 'Europe/Helsinki', 'Africa/Cairo'],
  EEST: ['Europe/Athens', 'Europe/Helsinki', 'Africa/Cairo'],
  WET: ['Europe/Lisbon', 'Atlantic/Canary'],
  BST: ['Europe/London', 'Asia/Dhaka'],
  MSK: ['Europe/Moscow'],
  MET: ['Europe/Berlin'],
  IST: ['Asia/Kolkata', 'Europe/Dublin', 'Asia/Jerusalem'],
  EST: ['America/New_York', 'America/Toronto', 'America/Panama'],
  EDT: ['America/New_York', 'America/Toronto'],
  CST: ['America/Chicago', 'Asia/Shanghai', 'America/Mexico_City'],
  CDT: ['America/Chicago'],
  MST: ['America/Denver', 'America/Phoenix'],
  MDT: ['America/Denver'],
  PST: ['America/Los_Angeles', 'America/Vancouver'],
  PDT: ['America/Los_Angeles', 'America/Vancouver'],
  JST: ['Asia/Tokyo'],
  KST: ['Asia/Seoul'],
  HKT: ['Asia/Hong_Kong'],
  SGT: ['Asia/Singapore'],
  AEST: ['Australia/Sydney', 'Australia/Brisbane'],
  AEDT: ['Australia/Sydney'],
  ACST: ['Australia/Adelaide', 'Australia/Darwin'],
  AWST: ['Australia/Perth'],
  NZST: ['Pacific/Auckland'],
  NZDT: ['Pacific/Auckland'],
  BRT: ['America/Sao_Paulo'],
};

/** Tells whether this is the name of an IANA zone. Offsets and made-up abbreviations are not. */
export function isZone(name: string): boolean {
  try {
    return !/^[+-]/.test(name) && new Temporal.ZonedDateTime(0n, name).timeZoneId !== '';
  } catch {
    return false;
  }
}

/** Tells whether a word is a zone's name or abbreviation, in any case. */
export function isZoneName(word: string): boolean {
  return (
    /^(utc|gmt|z)$/i.test(word) || Object.hasOwn(ABBREVIATIONS, word.toUpperCase()) || findZone(word) !== undefined
  );
}

let names: { all: readonly string[]; byCity: ReadonlyMap<string, string> } | undefined;

function zoneNames(): NonNullable<typeof names> {
  if (!names) {
    const all = [...Intl.supportedValuesOf('timeZone'), 'UTC'];
    names = { all, byCity: new Map(all.map((zone) => [zone.slice(zone.lastIndexOf('/') + 1).toLowerCase(), zone])) };
  }
  return names;
}

const REGIONS = ['Europe', 'America', 'Asia', 'Africa', 'Australia', 'Pacific', 'Atlantic', 'Indian'];

/** Returns the name in its usual case; undefined if there is no such zone. */
function findZone(name: string): string | undefined {
  if (!/^[a-z]+\/[\w+/-]{2,50}$/i.test(name) || !isZone(name)) return undefined;
  return new Temporal.ZonedDateTime(0n, name).timeZoneId;
}

/**
 * Finds an IANA zone by its name in any case (`europe/berlin`, `UTC`) or by its city alone (`Berlin`, `new york`). For abbreviations
 * (`CET`), offsets and typing errors, returns the names that may be meant.
 */
export function readZone(text: string): ZoneReading {
  const typed = text.trim().replace(/\s+/g, '_');
  if (/^(utc|gmt|z|etc\/utc)$/i.test(typed)) return { zone: 'UTC' };
  const abbreviation = typed.toUpperCase();
  if (Object.hasOwn(ABBREVIATIONS, abbreviation)) return { suggestions: ABBREVIATIONS[abbreviation]! };
  const { all, byCity } = zoneNames();
  const city = byCity.get(typed.toLowerCase());
  if (city) return { zone: city };
  // Zones have more names than are listed: `Asia/Kathmandu` beside `Asia/Katmandu`, `US/Eastern`.
  const guesses = typed.includes('/') ? [typed] : REGIONS.map((region) => `${region}/${typed}`);
  for (const guess of guesses) {
    const zone = findZone(guess);
    if (zone) return { zone };
  }
  const near = typed.includes('/')
    ? listNearest(typed, all)
    : listNearest(typed, byCity.keys()).map((known) => byCity.get(known)!);
  return { suggestions: near };
}
