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

/** Names that are asked back. */
const OFFERED = 3;
/** Names that a note lists for a pattern. */
const LISTED = 5;
/** Spellings of a pattern's fixed parts that are taken together. */
const MOST_SPELLINGS = 10;

/** A question with its names as they are spelled, and what the reader must know of that. */
export interface NamedQuestion {
  question: Question;
  notes: readonly string[];
}

/**
 * Finds the names of a question's filters, scope and patterns in whatever case they were typed: the name that is exactly so,
 * else the only one that differs in case alone; what a pattern with `*` matched is noted. A name that is none stays.
 * Throws RefusedQuestion where several names differ from it in case alone, with the question about each.
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

/** Statuses have no case, methods are kept in upper case. */
function needsNames({ key, patterns }: Filter): boolean {
  return key !== 'status' && key !== 'method' && patterns.some((pattern) => !pattern.startsWith('('));
}

interface Known {
  key: QuestionKey;
  question: Question;
  /** Names in the range of the question, and declared ones. */
  inRange(): Promise<readonly string[]>;
  /** The same, of the last 90 days as well. */
  lately(): Promise<readonly string[]>;
  /** Tells whether more names were sent than are kept apart. */
  isCapped(): Promise<boolean>;
  /** How people know a name: ids of clients are shown by theirs. */
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

/** Shorter texts are part of too many names. */
const LEAST_PART = 3;

/** Tells whether a name begins so, in any case, or has it as a word. */
function isPartOf(typed: string, name: string): boolean {
  const [part, whole] = [typed.toLowerCase(), name.toLowerCase()];
  if (part.length < LEAST_PART) return false;
  return whole.startsWith(part) || ` ${whole.replaceAll(/[^\p{L}\p{N}]+/gu, ' ')} `.includes(` ${part} `);
}

/** The pattern with its fixed parts as names spell them, where none does as it was typed; and a note of what it matched. */
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

/** One report has one name: the spelling that matches all that any does. Throws RefusedQuestion where none matches them all. */
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

/** The pattern's fixed parts as they stand in a name that it matches without case. */
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

/** The same question about another name than the one typed in a filter, from its first row. */
function replaceName({ offset: _, ...question }: Question, key: QuestionKey, typed: string, name: string): Question {
  const spell = (pattern: string) => (pattern === typed ? name : pattern);
  const filters = (question.filters ?? []).map((filter) =>
    filter.key === key ? { ...filter, patterns: [...new Set(filter.patterns.map(spell))] } : filter,
  );
  return { ...question, filters };
}

/** The question about its scope by its name; of a pool, for reports that are of whole scopes, about the scope that has it. */
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

/** The scope of a pool that is its only one. Throws RefusedQuestion where it has others: calls are counted by scope. */
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

/** A scope may be asked for by its title, in any case, or by how its title begins: that is what people are shown. */
async function toScopeName(deps: ReporterDeps, asked: string): Promise<string> {
  const { scopes } = await deps.definitions();
  if (scopes.some(({ name }) => name === asked)) return asked;
  const typed = asked.toLowerCase();
  const same = scopes.filter(({ name, title }) => [name, title].some((text) => text.toLowerCase() === typed));
  const begun = scopes.filter(({ title }) => title.toLowerCase().startsWith(`${typed} `));
  const [found, ...more] = same.length > 0 ? same : begun;
  return found && more.length === 0 ? found.name : asked;
}

/** The same for the patterns of a filter: one with `*` also stands for the scopes whose titles it matches. */
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

/** Names that a note offers for one that there is not. */
const SUGGESTIONS = 3;

/**
 * Notes and offers about filter values that nobody sent in a question's range: the nearest that somebody did, each with
 * the corrected question as an offer. Nothing of patterns with `*`, of `not` filters, of statuses, of declared names, and
 * where the value may be among those beyond the cap.
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

/** Values of the range, and declared names; undefined where not all can be told, or nothing came in. */
async function listKnown(deps: ReporterDeps, key: QuestionKey, range: Range): Promise<Set<string> | undefined> {
  const span = toSpan(range, deps.calendar);
  if (key !== 'team' && span.toMs <= span.fromMs) return undefined;
  const { shown, sent } = await listNames(deps, key, span);
  if (key !== 'team' && (sent.length === 0 || sent.includes(OTHER))) return undefined;
  return new Set([...shown, ...sent]);
}
