import { listNearest } from '../domain/nearest.ts';
import { resolveRange } from '../domain/ranges.ts';
import type { Question } from '../domain/report.ts';
import { QuestionError } from '../errors.ts';
import { getClientNames } from './client-names.ts';
import type { ReporterDeps } from './inquiry.ts';

/** How far back names are looked for. */
const KNOWN_DAYS = 90;
const SUGGESTIONS = 5;

/** Whose report it is, with what the reader must know where the name was written otherwise. */
export interface KnownName {
  name: string;
  notes: readonly string[];
}

/**
 * The client or route that a question names, if it was seen in the last 90 days or in the range, is declared, or contains `*`.
 * Where no name is exactly that, the only one that differs in case, or else that begins so, is meant, with a note. Throws
 * QuestionError otherwise, with the nearest names that were seen.
 */
export async function getName(
  key: 'client' | 'route',
  deps: ReporterDeps,
  { name = '', report, range }: Question,
  nowMs: number,
): Promise<KnownName> {
  if (name.includes('*')) return { name, notes: [] };
  const { calendar, usage } = deps;
  const today = calendar.dayOf(nowMs);
  const firstDay = Math.min(today - KNOWN_DAYS, resolveRange(range, nowMs, calendar).firstDay);
  const span = { fromMs: calendar.startOfDay(firstDay), toMs: calendar.startOfDay(today + 1) };
  const [{ clients }, extent, seen] = await Promise.all([
    deps.definitions(),
    usage.extent(),
    usage.values({ key, span, limit: Number.MAX_SAFE_INTEGER }),
  ]);
  if (!extent && name !== '') return { name, notes: [] };
  const ids = seen.map(({ value }) => value);
  const names = getClientNames(clients);
  const known = key === 'client' ? [...new Set([...ids.map(names.nameOf), ...clients.map((each) => each.name)])] : ids;
  if (known.includes(name) || ids.includes(name)) return { name, notes: [] };
  const meant = findMeant(known, name);
  if (meant !== undefined)
    return { name: meant, notes: [`No ${key} is called ${JSON.stringify(name)}: this is ${meant}.`] };

  const near = name === '' ? known : listNear(name, known);
  const elsewhere = name === '' ? [] : await listElsewhere(key, deps, span, name, range);
  throw new QuestionError(
    name === ''
      ? `Which ${key}? Put its name behind the word.`
      : `No ${key} is called ${JSON.stringify(name)}; * stands for any characters.`,
    near.length === 0 && elsewhere.length === 0
      ? [{ label: `Top ${key}s`, command: `top ${key}s` }]
      : [
          ...elsewhere,
          ...near.map((each) => ({
            label: each,
            command: [report, quoted(each), ...(range ? [range] : [])].join(' '),
          })),
        ].slice(0, SUGGESTIONS),
  );
}

/** What else is called so, in any case: a scope, a user, a module. */
async function listElsewhere(
  key: 'client' | 'route',
  deps: ReporterDeps,
  span: { fromMs: number; toMs: number },
  name: string,
  range: string | undefined,
): Promise<QuestionError['suggestions'][number][]> {
  const typed = name.toLowerCase();
  const { scopes } = await deps.definitions();
  const found: QuestionError['suggestions'][number][] = scopes
    .filter((scope) => [scope.name, scope.title].some((each) => each?.toLowerCase() === typed))
    .map((scope) => ({ label: `Pools of ${scope.name}`, command: `pool ${quoted(scope.name)}` }));
  for (const other of ['user', 'module'] as const) {
    const values = await deps.usage.values({ key: other, span, limit: Number.MAX_SAFE_INTEGER });
    for (const { value } of values.filter((each) => each.value.toLowerCase() === typed)) {
      const command = [
        `top ${key === 'client' ? 'routes' : 'clients'} ${other}:${quoted(value)}`,
        ...(range ? [range] : []),
      ];
      found.push({ label: `Calls of the ${other} ${value}`, command: command.join(' ') });
    }
  }
  return found;
}

function quoted(name: string): string {
  return `"${name.replace(/["\\]/g, '\\$&')}"`;
}

/** The only name that is the same but for case; else the only one that begins so. */
function findMeant(known: readonly string[], name: string): string | undefined {
  const typed = name.toLowerCase();
  const same = known.filter((each) => each.toLowerCase() === typed);
  const found =
    same.length > 0 || typed.length < 3 ? same : known.filter((each) => each.toLowerCase().startsWith(typed));
  return found.length === 1 ? found[0] : undefined;
}

/** Names that `name` was probably meant to be, nearest first, then those that contain it, in any case. */
export function listNear(name: string, known: readonly string[]): string[] {
  const part = name.toLowerCase();
  return [...new Set([...listNearest(name, known), ...known.filter((each) => each.toLowerCase().includes(part))])];
}
