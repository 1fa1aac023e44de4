import { listNearest } from '../domain/nearest.ts';
import { resolveRange } from '../domain/ranges.ts';
import type { Question } from '../domain/report.ts';
import { QuestionError } from '../errors.ts';
import { getClientNames } from './client-names.ts';
import type { ReporterDeps } from './inquiry.ts';

/** How far back names are looked for. */
const KNOWN_DAYS = 90;
const SUGGESTIONS = 5;

/**
 * The client or route that a question names, if it was seen in the last 90 days or in the range, is declared, or contains `*`. Throws
 * QuestionError otherwise, with the nearest names that were seen.
 */
export async function getName(
  key: 'client' | 'route',
  deps: ReporterDeps,
  { name = '', report, range }: Question,
  nowMs: number,
): Promise<string> {
  if (name.includes('*')) return name;
  const { calendar, usage } = deps;
  const today = calendar.dayOf(nowMs);
  const firstDay = Math.min(today - KNOWN_DAYS, resolveRange(range, nowMs, calendar).firstDay);
  const span = { fromMs: calendar.startOfDay(firstDay), toMs: calendar.startOfDay(today + 1) };
  const [{ clients }, extent, seen] = await Promise.all([
    deps.definitions(),
    usage.extent(),
    usage.values({ key, span, limit: Number.MAX_SAFE_INTEGER }),
  ]);
  if (!extent && name !== '') return name;
  const ids = seen.map(({ value }) => value);
  const names = getClientNames(clients);
  const known = key === 'client' ? [...new Set([...ids.map(names.nameOf), ...clients.map((each) => each.name)])] : ids;
  if (known.includes(name) || ids.includes(name)) return name;

  const near = name === '' ? known : [...new Set([...listNearest(name, known), ...containing(known, name)])];
  throw new QuestionError(
    name === ''
      ? `Which ${key}? Put its name behind the word.`
      : `No ${key} is called ${JSON.stringify(name)}; names compare exactly, and * stands for any characters.`,
    near.slice(0, SUGGESTIONS).map((each) => ({
      label: each,
      command: [report, `"${each.replaceAll('"', '\\"')}"`, ...(range ? [range] : [])].join(' '),
    })),
  );
}

function containing(known: readonly string[], part: string): string[] {
  return known.filter((each) => each.toLowerCase().includes(part.toLowerCase()));
}
