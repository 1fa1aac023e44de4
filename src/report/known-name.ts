import { listNearest } from '../domain/nearest.ts';
import { resolveRange } from '../domain/ranges.ts';
import { type Offer, type Question, RefusedQuestion } from '../domain/report.ts';
import type { Span } from '../domain/usage.ts';
import type { ReporterDeps } from './inquiry.ts';
import { KNOWN_DAYS, listNames } from './known-names.ts';

const SUGGESTIONS = 5;
/** First words of a name that are looked at where no name is near all of it. */
const MOST_WORDS = 8;

/** Whose report it is, with what the reader must know where the name was written otherwise. */
export interface KnownName {
  name: string;
  notes: readonly string[];
}

/**
 * The client or route that a question names, if it was seen in the last 90 days or in the range, is declared, or contains `*`.
 * Where no name is exactly that, the only one that differs in case, or else that begins so, is meant, with a note. Throws
 * RefusedQuestion otherwise, with the nearest names that were seen.
 */
export async function getName(
  key: 'client' | 'route',
  deps: ReporterDeps,
  question: Question,
  nowMs: number,
): Promise<KnownName> {
  const { name = '', range } = question;
  if (name.includes('*')) return { name, notes: [] };
  const { calendar, usage } = deps;
  const today = calendar.dayOf(nowMs);
  const firstDay = Math.min(today - KNOWN_DAYS, resolveRange(range, nowMs, calendar).firstDay);
  const span = { fromMs: calendar.startOfDay(firstDay), toMs: calendar.startOfDay(today + 1) };
  const [extent, { shown, sent }] = await Promise.all([usage.extent(), listNames(deps, key, span)]);
  if (!extent && name !== '') return { name, notes: [] };
  const known = key === 'client' ? shown : sent;
  if (known.includes(name) || sent.includes(name)) return { name, notes: [] };
  const meant = findMeant(known, name);
  if (meant !== undefined)
    return { name: meant, notes: isSame(meant, name) ? [] : [`“${name}” was read as ${meant}.`] };

  const near = name === '' ? known : listNearNames(name, known);
  const elsewhere = name === '' ? [] : await listElsewhere(key, deps, span, question);
  const offers = [...elsewhere, ...near.map((each) => ({ label: each, question: { ...question, name: each } }))].slice(
    0,
    SUGGESTIONS,
  );
  const top: Question = { report: 'top', dimension: key, ...(range !== undefined && { range }) };
  throw new RefusedQuestion(
    name === '' ? `Which ${key}? Put its name behind the word.` : `No ${key} is called “${name}”.`,
    offers.length > 0 ? offers : [{ label: `Top ${key}s`, question: top }],
  );
}

/** Names near all of the words, else near as many of the first as are near any: `acme yesterdya` begins with a name. */
function listNearNames(name: string, known: readonly string[]): string[] {
  const words = name.split(/\s+/).slice(0, MOST_WORDS);
  const near = listNear(name, known);
  for (let count = words.length - 1; count > 0 && near.length === 0; count--) {
    near.push(...listNear(words.slice(0, count).join(' '), known));
  }
  return near;
}

/** Lists what else is called so, in any case: a scope, a user, a module. */
async function listElsewhere(
  key: 'client' | 'route',
  deps: ReporterDeps,
  span: Span,
  { name = '', range }: Question,
): Promise<Offer[]> {
  const typed = name.toLowerCase();
  const { scopes } = await deps.definitions();
  const found: Offer[] = scopes
    .filter((scope) => [scope.name, scope.title].some((each) => each?.toLowerCase() === typed))
    .map((scope) => ({ label: `Pools of ${scope.name}`, question: { report: 'pool', scope: scope.name } }));
  for (const other of ['user', 'module'] as const) {
    const { sent } = await listNames(deps, other, span);
    for (const value of sent.filter((each) => each.toLowerCase() === typed)) {
      const question: Question = {
        report: 'top',
        dimension: key === 'client' ? 'route' : 'client',
        filters: [{ key: other, patterns: [value], not: false }],
        ...(range !== undefined && { range }),
      };
      found.push({ label: `Calls of the ${other} ${value}`, question });
    }
  }
  return found;
}

function isSame(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
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
