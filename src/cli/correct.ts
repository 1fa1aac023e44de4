import { enterCorrection, NOON_MS } from '../admin/corrections.ts';
import { type Calendar, parseDay } from '../domain/calendar.ts';
import { DEFAULT_SCOPE, parseCredits } from '../domain/definition.ts';
import { limitMeter } from '../domain/rules.ts';
import { HeadroomError } from '../errors.ts';
import { describePerson, type RunCommand, takes } from './command.ts';
import { withStored } from './open.ts';
import { unknownScope } from './pools.ts';

const FLAGS = { at: { type: 'string' }, reason: { type: 'string' } } as const;

/** `headroom correct SCOPE ±CREDITS --reason … [--at DATE|TIME]`: see the table of commands. */
export const runCorrect: RunCommand = (args, ...rest) => {
  // parseArgs would take a negative amount for an option.
  const signed = args.map((word) => word.replace(/^-(?=\d)/, '−'));
  return correct(signed, ...rest);
};

const correct = takes('SCOPE ±CREDITS', FLAGS, async ([meter, amount], flags, context) => {
  const credits = parseSigned(amount!);
  if (credits === 0)
    throw new HeadroomError('question', 'A correction of 0 changes nothing: give plus or minus credits.');
  const reason = flags.reason?.trim();
  if (!reason) throw new HeadroomError('question', 'Say why, for those who read it later: --reason "…".');

  return withStored(context, async ({ db, calendar, definitions }) => {
    const { scopes } = await definitions();
    const meters = scopes.flatMap(({ name, limits }) => [
      name,
      ...limits.filter((limit) => limit.match).map((limit) => limitMeter(name, limit.name)),
    ]);
    if (![...meters, DEFAULT_SCOPE].includes(meter!)) throw unknownScope(meter!, [...meters, DEFAULT_SCOPE]);
    const nowMs = context.now();
    const timeMs = resolveTime(flags.at, calendar, nowMs);
    const correction = { meter: meter!, timeMs, credits, reason, actor: describePerson() };
    const text = await enterCorrection(db, calendar, correction, nowMs);
    context.out(`${text} (${calendar.zone}). A day never goes below zero.`);
  });
});

/** Reads `+500`, `500` or `-0.125` as thousandths. */
function parseSigned(text: string): number {
  const [, sign, digits] = /^([+−-]?)(.*)$/s.exec(text)!;
  const size = parseCredits(digits!);
  if (size === undefined)
    throw new HeadroomError(
      'question',
      `The credits must be plus or minus a number with at most three decimals, such as -500, not ${JSON.stringify(text.replace('−', '-'))}.`,
    );
  return sign === '' || sign === '+' ? size : -size;
}

/** Reads `--at`: a date means its noon, today or nothing means now; a time is RFC 3339, or local to the report zone. Never future. */
function resolveTime(at: string | undefined, calendar: Calendar, nowMs: number): number {
  if (at === undefined) return nowMs;
  const timeMs = readTime(at, calendar);
  if (timeMs === undefined)
    throw new HeadroomError(
      'range',
      `--at must be a date or a time, such as 2026-11-05 or 2026-11-05T14:30, not ${JSON.stringify(at)}.`,
    );
  if (calendar.dayOf(timeMs) > calendar.dayOf(nowMs) || (timeMs > nowMs && at.includes(':')))
    throw new HeadroomError('range', `--at ${at} is still to come: give a time up to now.`);
  return Math.min(timeMs, nowMs);
}

function readTime(at: string, calendar: Calendar): number | undefined {
  try {
    if (/^\d{4}-\d{2}-\d{2}$/.test(at)) return calendar.startOfDay(parseDay(at)) + NOON_MS;
    if (/(?:Z|[+-]\d{2}:\d{2})$/i.test(at)) return Temporal.Instant.from(at).epochMilliseconds;
    return Temporal.PlainDateTime.from(at, { overflow: 'reject' }).toZonedDateTime(calendar.zone).epochMilliseconds;
  } catch {
    return undefined;
  }
}
