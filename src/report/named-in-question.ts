import type { Scope } from '../domain/definition.ts';
import { OTHER, type QuestionKey } from '../domain/dimension.ts';
import { type Filter, toMatcher } from '../domain/filter.ts';
import type { Range } from '../domain/range.ts';
import { resolveRange } from '../domain/ranges.ts';
import { type Offer, type Question, RefusedQuestion, type ReportHead } from '../domain/report.ts';
import type { Span } from '../domain/usage.ts';
import { getClientNames } from './client-names.ts';
import { countOf, DIMENSION_WORDS, joinFirst, joinWords } from './format.ts';
import { type ReporterDeps, toSpan } from './inquiry.ts';
import { findPools, KNOWN_DAYS, listNames, listNear, listPools } from './known-names.ts';

/** How many names are offered when asking back. */
const OFFERED = 3;
/** How many names a note lists for a pattern. */
const LISTED = 5;
/** A pattern is replaced by up to this many spellings of it; beyond, by the names that it matches. */
const MOST_SPELLINGS = 10;

/** A question with its names spelled as stored, and notes about what was changed. */
export interface NamedQuestion {
  question: Question;
  notes: readonly string[];
}

/**
 * Finds the names in a question's filters, scope and patterns, whatever case they were typed in: the exact name, else the only one
 * that differs in case. Notes what a pattern with `*` matched. Unknown names stay. Throws RefusedQuestion if several names differ
 * only in case, with an offer for each.
 */
export async function findNames(deps: ReporterDeps, asked: Question, nowMs: number): Promise<NamedQuestion> {
  const { question, notes } = await nameScope(deps, asked);
  const { filters = [], name, report } = question;
  const isPattern = (report === 'client' || report === 'route' || report === 'why') && name?.includes('*') === true;
  if (!isPattern && !filters.some(needsNames)) return { question, notes };
  const found: Filter[] = [];
  for (const filter of filters) {
    if (!needsNames(filter)) {
      found.push(filter);
      continue;
    }
    const known = await createKnown(deps, filter.key, question, nowMs);
    const patterns: string[] = [];
    const asked = filter.key === 'scope' ? await toScopeNames(deps, filter.patterns, question) : filter.patterns;
    for (const typed of asked) {
      patterns.push(
        ...(typed.includes('*') ? await spellPattern(known, typed, notes) : [await spellName(known, typed, notes)]),
      );
    }
    found.push({ ...filter, patterns: [...new Set(patterns)] });
  }
  const spelled =
    isPattern &&
    (await spellOne(await createKnown(deps, report === 'route' ? 'route' : 'client', question, nowMs), name!, notes));
  return {
    question: {
      ...question,
      ...(filters.length > 0 && { filters: found }),
      ...(spelled && { name: spelled }),
    },
    notes,
  };
}

/** Skips statuses, which have no case, and methods, which are stored in upper case. */
function needsNames({ key, patterns }: Filter): boolean {
  return key !== 'status' && key !== 'method' && patterns.some((pattern) => !pattern.startsWith('('));
}

interface Known {
  key: QuestionKey;
  question: Question;
  /** Names in the range of the question, and declared ones. */
  inRange(): Promise<readonly string[]>;
  /** These and the names of the last 90 days. */
  lately(): Promise<readonly string[]>;
  /** Tells whether some names are beyond the cap and counted as `(other)`. */
  isCapped(): Promise<boolean>;
  /** Returns a name as people know it: ids of clients have shown names. */
  shownOf(name: string): string;
}

async function createKnown(deps: ReporterDeps, key: QuestionKey, question: Question, nowMs: number): Promise<Known> {
  const { calendar } = deps;
  const { clients } = await deps.definitions();
  const today = calendar.dayOf(nowMs);
  const range = resolveRange(question.range, nowMs, calendar);
  const toSpan = (first: number, last: number): Span => ({
    fromMs: calendar.startOfDay(first),
    toMs: calendar.startOfDay(last + 1),
  });
  const lately = toSpan(Math.min(range.firstDay, today - KNOWN_DAYS), today);
  const list = async (span: Span) => {
    const { shown, sent } = await listNames(deps, key, span);
    return [...new Set([...shown, ...sent.filter((value) => !value.startsWith('('))])];
  };
  return {
    key,
    question,
    inRange: () => list(toSpan(range.firstDay, Math.max(range.firstDay, range.lastDay))),
    lately: () => list(lately),
    isCapped: async () => (await listNames(deps, key, lately)).sent.includes(OTHER),
    shownOf: key === 'client' ? getClientNames(clients).nameOf : (name) => name,
  };
}

async function spellName(known: Known, typed: string, notes: string[]): Promise<string> {
  if (typed.startsWith('(')) return typed;
  if ((await known.inRange()).includes(typed)) return typed;
  const names = await known.lately();
  if (names.includes(typed)) return typed;
  const same = names.filter((name) => name.toLowerCase() === typed.toLowerCase());
  const { singular, plural } = DIMENSION_WORDS[known.key];
  if (same.length === 1) return same[0]!;
  if (same.length === 0) {
    const [part, ...others] = new Set(names.filter((name) => isPartOf(typed, name)).map(known.shownOf));
    if (part === undefined || others.length > 0 || (await known.isCapped())) return typed;
    notes.push(`No ${singular} is called “${typed}”: this is of ${part}.`);
    return part;
  }
  throw new RefusedQuestion(
    `${same.length} ${plural} are called “${typed}” but for capitals: which do you mean?`,
    same
      .slice(0, OFFERED)
      .map((name) => ({ label: name, question: replaceName(known.question, known.key, typed, name) })),
  );
}

/** Shorter texts are part of too many names to tell which is meant. */
const LEAST_PART = 3;

/** Tells whether a name begins with the typed text, or has it as a word, in any case. */
function isPartOf(typed: string, name: string): boolean {
  const [part, whole] = [typed.toLowerCase(), name.toLowerCase()];
  if (part.length < LEAST_PART) return false;
  return whole.startsWith(part) || ` ${whole.replaceAll(/[^\p{L}\p{N}]+/gu, ' ')} `.includes(` ${part} `);
}

/**
 * Spells a pattern's fixed parts as the names do that it matches without case, if nothing matches it as typed. Notes what it matched.
 */
async function spellPattern(known: Known, typed: string, notes: string[]): Promise<string[]> {
  const names = await known.inRange();
  const exact = names.filter(toMatcher(typed));
  const matched = exact.length > 0 ? exact : names.filter((name) => toMatcher(typed.toLowerCase())(name.toLowerCase()));
  const shown = [...new Set(matched.map(known.shownOf))].sort();
  const { singular, plural } = DIMENSION_WORDS[known.key];
  notes.push(
    shown.length === 0
      ? `${typed} matched no ${singular} in this range.`
      : `${typed} matched ${countOf(shown.length, singular, plural)}: ${joinFirst(shown, LISTED)}.`,
  );
  if (exact.length > 0 || matched.length === 0) return [typed];
  const spelled = new Set(matched.map((name) => spellLike(typed, name)));
  return spelled.size <= MOST_SPELLINGS ? [...spelled] : matched;
}

/**
 * Spells a pattern for a report that takes a single name: returns the spelling that matches all names that any does. Throws
 * RefusedQuestion if none does.
 */
async function spellOne(known: Known, typed: string, notes: string[]): Promise<string> {
  const spelled = await spellPattern(known, typed, notes);
  const names = await known.inRange();
  const matchedBy = (pattern: string) => new Set(names.filter(toMatcher(pattern)).map(known.shownOf));
  const all = new Set(spelled.flatMap((pattern) => [...matchedBy(pattern)]));
  const widest = spelled.find((pattern) => matchedBy(pattern).size === all.size);
  if (widest !== undefined) return widest;
  throw new RefusedQuestion(
    `${typed} matches names that are spelled differently: which do you mean?`,
    [...all]
      .sort()
      .slice(0, OFFERED)
      .map((name) => ({ label: name, question: { ...known.question, name } })),
  );
}

/** Returns the pattern with its fixed parts as spelled in a name that it matches without case. */
function spellLike(pattern: string, name: string): string {
  const lower = name.toLowerCase();
  const parts = pattern.split('*');
  let at = 0;
  const spelled = parts.map((part, index) => {
    const last = index === parts.length - 1;
    const from = index === 0 ? 0 : last ? name.length - part.length : lower.indexOf(part.toLowerCase(), at);
    at = from + part.length;
    return name.slice(from, at);
  });
  return spelled.join('*');
}

/** Replaces the name typed in a filter by another one, and starts at the first row. */
function replaceName({ offset: _, ...question }: Question, key: QuestionKey, typed: string, name: string): Question {
  const spell = (pattern: string) => (pattern === typed ? name : pattern);
  const filters = (question.filters ?? []).map((filter) =>
    filter.key === key ? { ...filter, patterns: [...new Set(filter.patterns.map(spell))] } : filter,
  );
  return { ...question, filters };
}

/** Replaces the question's scope by its stored name. The name of a pool becomes its scope, for reports of whole scopes. */
async function nameScope(deps: ReporterDeps, asked: Question): Promise<{ question: Question; notes: string[] }> {
  if (asked.scope === undefined) return { question: asked, notes: [] };
  const { scopes } = await deps.definitions();
  const scope = await toScopeName(deps, asked.scope);
  if (asked.report === 'pool' || scopes.some(({ name }) => name === scope))
    return { question: { ...asked, scope }, notes: [] };
  const [found, ...more] = findPools(scope, scopes);
  if (!found || more.length > 0) return { question: { ...asked, scope }, notes: [] };
  return {
    question: { ...asked, scope: found.scope.name },
    notes: [`${found.pool} is one of the pools and limits of ${found.scope.title}: this is of the whole scope.`],
  };
}

/**
 * Turns the name of a scope's only pool into the scope. Throws RefusedQuestion if the scope has others, because calls are counted by
 * scope.
 */
function ofWholeScope(name: string, scopes: readonly Scope[], question: Question): string {
  if (scopes.some((scope) => scope.name === name)) return name;
  const [found, ...more] = findPools(name, scopes);
  if (!found || more.length > 0) return name;
  const { pool, scope } = found;
  if (listPools([scope]).length === 1) return scope.name;
  throw new RefusedQuestion(`Calls are counted by scope: ${pool} is one of the pools and limits of ${scope.title}.`, [
    { label: scope.title, question: replaceName(question, 'scope', name, scope.name) },
  ]);
}

/** Finds a scope by its name or title, in any case, or by the first words of its title, which is what people see. */
async function toScopeName(deps: ReporterDeps, asked: string): Promise<string> {
  const { scopes } = await deps.definitions();
  if (scopes.some(({ name }) => name === asked)) return asked;
  const typed = asked.toLowerCase();
  const same = scopes.filter(({ name, title }) => [name, title].some((text) => text.toLowerCase() === typed));
  const begun = scopes.filter(({ title }) => title.toLowerCase().startsWith(`${typed} `));
  const [found, ...more] = same.length > 0 ? same : begun;
  return found && more.length === 0 ? found.name : asked;
}

/** Finds scopes for the patterns of a filter; a pattern with `*` also matches titles. */
async function toScopeNames(deps: ReporterDeps, patterns: readonly string[], question: Question): Promise<string[]> {
  const { scopes } = await deps.definitions();
  const names = patterns.map(async (pattern) => {
    if (!pattern.includes('*')) return [ofWholeScope(await toScopeName(deps, pattern), scopes, question)];
    const fits = toMatcher(pattern.toLowerCase());
    const titled = scopes.filter(({ title }) => fits(title.toLowerCase())).map(({ name }) => name);
    return titled.length > 0 ? titled : [pattern];
  });
  return [...new Set((await Promise.all(names)).flat())];
}

/** How many names a note offers for an unknown one. */
const SUGGESTIONS = 3;

/**
 * Notes filter values that nobody sent in a question's range, with the nearest values and an offer of the corrected question for
 * each. Skips patterns with `*`, `not` filters, statuses, declared names, and values that may be among those beyond the cap.
 */
export async function listUnknownValues(
  deps: ReporterDeps,
  question: Question,
  range: Range,
): Promise<Required<Pick<ReportHead, 'notes' | 'offers'>>> {
  const asked = (question.filters ?? []).filter(({ key, not }) => !not && key !== 'status');
  const found = await Promise.all(asked.map((filter) => findUnknown(deps, question, range, filter)));
  return { notes: found.flatMap(({ notes }) => notes), offers: found.flatMap(({ offers }) => offers) };
}

async function findUnknown(deps: ReporterDeps, question: Question, range: Range, filter: Filter) {
  const { key, patterns } = filter;
  const typed = patterns.filter((pattern) => !pattern.includes('*') && !pattern.startsWith('('));
  const known = typed.length > 0 ? await listKnown(deps, key, range) : undefined;
  const { nameOf } = getClientNames((await deps.definitions()).clients);
  const shownOf = (name: string) => (key === 'client' ? nameOf(name) : name);
  const isKnown = (value: string) => known!.has(key === 'method' ? value.toUpperCase() : value);
  const unknown = known ? typed.filter((value) => !isKnown(value)) : [];
  const { singular, plural } = DIMENSION_WORDS[key];
  const notes: string[] = [];
  const offers: Offer[] = [];
  for (const value of unknown) {
    const near = [...new Set(listNear(value, [...known!]).map(shownOf))].slice(0, SUGGESTIONS);
    const nearest = near.length > 0 ? `; nearest: ${joinWords(near)}` : '';
    const where = key === 'team' ? 'is declared' : 'in this range';
    notes.push(`No ${singular} “${value}” ${where}${nearest}.`);
    offers.push(...near.map((name) => ({ label: name, question: replaceName(question, key, value, name) })));
    if (near.length === 0 && key !== 'status') {
      const top: Question = { report: 'top', dimension: key, range: question.range, private: question.private };
      offers.push({ label: `Top ${plural}`, question: top });
    }
  }
  return { notes, offers };
}

/** Lists the values of the range, and declared names; undefined if some are beyond the cap, or nothing came in. */
async function listKnown(deps: ReporterDeps, key: QuestionKey, range: Range): Promise<Set<string> | undefined> {
  const span = toSpan(range, deps.calendar);
  if (key !== 'team' && span.toMs <= span.fromMs) return undefined;
  const { shown, sent } = await listNames(deps, key, span);
  if (key !== 'team' && (sent.length === 0 || sent.includes(OTHER))) return undefined;
  return new Set([...shown, ...sent]);
}
