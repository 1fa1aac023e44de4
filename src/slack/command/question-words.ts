import { WEEKDAY_NAMES } from '../../domain/calendar.ts';
import type { Grouping } from '../../domain/dimension.ts';
import type { Filter } from '../../domain/filter.ts';
import { MAX_RANGE_WORDS } from '../../domain/range-reading.ts';
import { PREVIOUS, readVersusAt } from '../../domain/ranges.ts';
import { ASKED_GRAINS, MAX_RANKING_ROWS, type Question } from '../../domain/report.ts';
import { twoRanges } from './clauses.ts';
import {
  countNegation,
  endOfUnknown,
  isFilter,
  keyOfName,
  mergeFilters,
  readDeniedStatus,
  readFilter,
  readStatus,
} from './filter-words.ts';
import { refuseFiltersOfBalances } from './format-question.ts';
import { type FoundName, isSingular, readKnown, readPlainName } from './names.ts';
import { isErrorCode, readBound, readCount, readRows, refuseBound } from './number-words.ts';
import { isAhead, openRange, rangeWordOf, readRange, readSuppose } from './range-words.ts';
import { hasScope, hasUse } from './report-parts.ts';
import {
  beginsWithLanguage,
  DIMENSION_WORDS,
  FOCUSES,
  isFailure,
  isFiller,
  isLanguage,
  MEASURE_WORDS,
  NAME_MARKERS,
  SHARE_WORDS,
  VIEW_WORDS,
} from './vocabulary.ts';
import type { Token } from './words.ts';
import { bareWord, nameAt, type Reading, UnknownWords, wordAt } from './words.ts';

/** An unquoted name has at most 40 words. */
const MAX_NAME_WORDS = 40;

/** The question as read so far. */
export interface Draft {
  question: Question;
  filters: Filter[];
  suppose: [string, number][];
  /** Set if the text has a name without a key. */
  named?: true;
  /** The tokens of each part of the question, to report those that the report cannot use. */
  places: Map<keyof Question, Token[]>;
}

export function startDraft(base: Question): Draft {
  return { question: base, filters: [...(base.filters ?? [])], suppose: [], places: new Map() };
}

/** Reads all options. `unknown`: the tokens without meaning. Throws Misunderstood for wrong options. */
export function readDraft(reading: Reading, at: number, base: Question): { draft: Draft; unknown: readonly Token[] } {
  const draft = startDraft(base);
  const unknown: Token[] = [];
  for (let next = readUpToUnknown(reading, at, draft); next < reading.tokens.length; ) {
    // Of a bound that the report has no use for, `1 s` is no range.
    const end = readBound(reading.tokens, next)?.next ?? endOfUnknown(reading.tokens, next);
    unknown.push(...reading.tokens.slice(next, end));
    next = readUpToUnknown(reading, end, draft);
  }
  return { draft, unknown };
}

/** Reads options up to the first token without meaning. Returns its index. */
function readUpToUnknown(reading: Reading, at: number, draft: Draft): number {
  const { tokens } = reading;
  while (at < tokens.length) {
    const next = readOption(reading, at, draft) ?? readNamed(reading, at, draft);
    if (next === undefined && !isFiller(bareWord(tokens[at]!))) return at;
    at = next ?? at + 1;
  }
  return at;
}

/** Turns a draft into its question. Throws Misunderstood for words that its report cannot use. */
export function finish(reading: Reading, draft: Draft): Question {
  const { filters: _filters, ...question } = draft.question;
  const scoped = takeScope(question, mergeFilters(draft.filters));
  const unused = listUnused(scoped.question, draft.places);
  if (unused.length > 0) throw new UnknownWords(reading, unused, 'unused');
  refuseFiltersOfBalances(scoped);
  refuseBound(reading, scoped.question, draft.places.get('bound'), scoped.filters);
  return {
    ...scoped.question,
    ...(scoped.filters.length > 0 && { filters: scoped.filters }),
    ...(draft.suppose.length > 0 && { suppose: Object.fromEntries(draft.suppose) }),
  };
}

/** Reads all options as a question. Throws UnknownWords for words without meaning. */
export function readAllOptions(reading: Reading, at: number, base: Question): Question {
  const { draft, unknown } = readDraft(reading, at, base);
  const [first] = unknown;
  const other = first && draft.question.range !== undefined && readRange(reading, reading.tokens.indexOf(first));
  if (other) throw twoRanges(finish(reading, draft), other.range);
  if (first) throw new UnknownWords(reading, unknown);
  return finish(reading, draft);
}

function listUnused(question: Question, places: Draft['places']): Token[] {
  return [...places].filter(([part]) => !hasUse(question, part, question[part])).flatMap(([, tokens]) => tokens);
}

/**
 * Reads a name and then options: `Acme CRM last week`. An unquoted name is as short as possible, so that only options follow.
 * `optional`: the name may be missing.
 */
export function readNameAndOptions(
  reading: Reading,
  at: number,
  base: Question,
  field: 'name' | 'scope',
  optional: boolean,
): Question {
  const { tokens } = reading;
  // `for` may come before the name: `pool for crm`. In `pool for last week` it belongs to the range.
  if (
    at < tokens.length - 1 &&
    !tokens[at]!.quoted &&
    NAME_MARKERS.has(wordAt(reading, at)) &&
    wordAt(reading, at) !== 'by' &&
    (isAhead(reading, at) || !readRange(reading, at))
  ) {
    return readNameAndOptions(reading, at + 1, base, field, optional);
  }
  const first = tokens[at];
  if (first?.quoted) return readAllOptions(reading, at + 1, { ...base, [field]: first.text });
  // A path is a name of one word.
  if (base.report === 'route' && first && keyOfName(first.text) === 'route') {
    return readAllOptions(reading, at + 1, { ...base, [field]: first.text });
  }
  // `client last week Acme`: the range comes first.
  const range = first && !isAhead(reading, at) ? readRange(reading, at) : undefined;
  if (!optional && range && range.next < tokens.length) {
    const rest = readNameAndOptions(reading, range.next, base, field, optional);
    if (rest.range !== undefined) throw new UnknownWords(reading, tokens.slice(at, range.next), 'unused');
    return { ...rest, range: range.range };
  }
  const key = field === 'scope' ? 'scope' : base.report === 'route' ? 'route' : 'client';
  const known = first && readKnown(reading, at, key);
  if (known) return readAllOptions(reading, known.next, { ...base, [field]: known.name });
  let unknown: Token | undefined;
  // If the name is optional, words of the language do not begin one: `credits used by Acme`.
  const mayBeName = !optional || !(range || beginsWithLanguage(tokens.slice(at, at + 5).map(bareWord)));
  for (let words = optional ? 0 : 1; words <= MAX_NAME_WORDS && at + words <= tokens.length; words++) {
    if (words > 0 && !mayBeName) break;
    if (tokens.slice(at, at + words).some((token) => token.quoted || isFilter(token))) break;
    // A name may end in `API`: `history Public API`.
    while (words > 0 && /^apis?$/.test(wordAt(reading, at + words))) words++;
    const name = words === 0 ? '' : reading.text.slice(first!.start, tokens[at + words - 1]!.end);
    // In `client status`, `status` is not a client's name.
    const isName = name.split(/\s+/).some((word) => !isLanguage(word.toLowerCase()));
    if (words > 0 && !optional && !isName) continue;
    const draft = startDraft(words === 0 ? base : { ...base, [field]: name });
    const end = readUpToUnknown(reading, at + words, draft);
    if (end === tokens.length) return finish(reading, draft);
    unknown ??= tokens[end]!;
    // No option begins at that word, so the name includes it.
    words = Math.max(words, end - at);
  }
  throw new UnknownWords(reading, [unknown ?? first!]);
}

/**
 * Reads a second range: `vs last week`, or `vs` alone at the end or before options. `isJoined`: the first word, such as `with`,
 * means `vs`. Throws as `readRange` does.
 */
export function readVersus(
  reading: Reading,
  at: number,
  draft: Draft,
  isJoined = false,
): { range: string; next: number } | undefined {
  const counterpart = readCounterpart(reading, at);
  if (counterpart) return counterpart;
  const words = reading.tokens.slice(at, at + MAX_RANGE_WORDS + 2).map(rangeWordOf);
  const found = readVersusAt(isJoined ? ['vs', ...words.slice(1)] : words);
  if (!found || (isJoined && found.used === 1)) return undefined;
  if (found.kind === 'unclear') throw openRange(reading, at, found);
  const next = at + found.used;
  const isBare = found.range === PREVIOUS && found.weak;
  // `4xx vs 5xx` has two filters, not two ranges.
  const [before, behind] = [reading.tokens[at - 1], reading.tokens[next]].map(
    (token) => token && readStatus(bareWord(token)),
  );
  if (isBare && before && behind) return undefined;
  if (isBare && readOption(reading, next, { ...draft, places: new Map() }) === undefined) return undefined;
  return { range: found.range, next };
}

/** Reads a second range that depends on the first: `this month vs last`, `this friday vs last friday`. */
function readCounterpart(reading: Reading, at: number): { range: string; next: number } | undefined {
  if (!/^(vs\.?|versus|against)$/.test(wordAt(reading, at)) || wordAt(reading, at + 1) !== 'last') return undefined;
  const before = `${wordAt(reading, at - 2)} ${wordAt(reading, at - 1)}`.replaceAll('-', ' ');
  const unit = /\bthis (week|month|quarter|year)$/.exec(before)?.[1];
  const weekday = WEEKDAY_NAMES.find((name) => before === `this ${name}`);
  if (weekday && [weekday, ''].includes(wordAt(reading, at + 2)))
    return { range: `${weekday}-last-week`, next: Math.min(at + 3, reading.tokens.length) };
  const isWhole = /^(week|month|quarter|year|\d)/.test(wordAt(reading, at + 2));
  return unit && !isWhole ? { range: `last-${unit}`, next: at + 2 } : undefined;
}

/** Reads one option into the draft. Returns the index after it; undefined if none begins here. */
export function readOption(reading: Reading, at: number, draft: Draft): number | undefined {
  const { tokens, text } = reading;
  const filter = readFilter(tokens, at, text);
  if (filter) {
    draft.filters.push(filter.filter);
    return countNegation(tokens, at) > 0 ? readMoreDenied(reading, filter.next, undefined, draft) : filter.next;
  }
  const token = tokens[at]!;
  if (token.quoted) return undefined;
  const word = token.text.toLowerCase();
  const following = tokens[at + 1];
  const followingWord = following ? bareWord(following) : '';
  // A second value for the same part is not used: it is reported, and does not replace the first.
  const put = <Key extends keyof Question>(key: Key, value: Question[Key], next: number): number | undefined => {
    if (draft.places.has(key) && draft.question[key] !== value) return undefined;
    draft.question = { ...draft.question, [key]: value };
    draft.places.set(key, tokens.slice(at, next));
    return next;
  };
  const focus = FOCUSES[draft.question.report]?.find((each) => each === word);
  if (focus) return put('focus', focus, at + 1);
  // `public` may begin a name, so it counts at the end only.
  const share = SHARE_WORDS.get(word);
  if (share && followingWord !== 'of' && (word !== 'public' || at === tokens.length - 1))
    return put('private', share === 'private', at + 1);
  const held = readBound(tokens, at);
  if (held && (held.bound.column === 'p95') === (draft.question.report === 'latency'))
    return put('bound', held.bound, held.next);
  const step = word === 'by' ? ASKED_GRAINS.find((each) => each === followingWord) : undefined;
  if (step && /^(daily|day|status)$/.test(draft.question.report)) return put('step', step, at + 2);
  const measure = word === 'by' ? MEASURE_WORDS.get(followingWord) : undefined;
  if (measure) return put('measure', measure, at + 2);
  const isView = word === 'as' && VIEW_WORDS.has(followingWord);
  const view = VIEW_WORDS.get(isView ? followingWord : word);
  if (view) return put('view', view, at + (isView ? 2 : 1));
  if (word === 'sort' || word === 'sorted' || word === 'order') {
    const sort = readSort(reading, at);
    return sort && put('sort', sort.sort, sort.next);
  }
  if (/^\d{1,9}$/.test(followingWord)) {
    if (word === 'skip' || word === 'offset') return put('offset', readCount(reading, at + 1, 0, 1_000_000), at + 2);
    if (
      word === 'limit' ||
      word === 'first' ||
      word === 'top' ||
      (word === 'newest' && draft.question.report === 'events')
    )
      return put('limit', readRows(reading, at + 1, draft.question), at + 2);
  }
  if (word === 'if') {
    const { quantities, next } = readSuppose(reading, at + 1);
    draft.suppose.push(...quantities);
    draft.places.set('suppose', tokens.slice(at, next));
    return next;
  }
  const versus = readVersus(reading, at, draft);
  if (versus) return put('versus', versus.range, versus.next);
  // `forecast for next month` asks what will be left: that is no range of past calls.
  const range = hasScope(draft.question) && isAhead(reading, at) ? undefined : readRange(reading, at);
  // In `top 2000`, the number means rows, not a year.
  const isCount = at === 1 && draft.question.report === 'top' && /^\d+$/.test(word) && range?.next === at + 1;
  if (range && !isCount) return put('range', range.range, range.next);
  const { report } = draft.question;
  const status = readStatus(word);
  // `429` and `clients with 404` mean a status; in `top 200` the number means rows.
  const isStatus =
    /^[1-5]\d\d$/.test(word) &&
    (report === 'status' || at === 0 || /^(with|http|code|codes|status)$/.test(wordAt(reading, at - 1)));
  if (status && (isStatus || /^[1-5](xx|\d\ds)$/.test(word) || (report !== 'status' && isFailure(word)))) {
    draft.filters.push({ key: 'status', patterns: status, not: false });
    return at + 1;
  }
  if ((word === 'credits' || word === 'cost') && report === 'top') return put('measure', 'credits', at + 1);
  // In `can we make 10000 more calls`, the number means no rows.
  const isNoCount = report === 'daily' && Number(word) > MAX_RANKING_ROWS;
  if (at > (wordAt(reading, 0) === 'top' ? 1 : 0) && report !== 'events' && isErrorCode(reading, at)) {
    draft.filters.push({ key: 'status', patterns: status!, not: false });
    return at + 1;
  }
  if (/^\d{1,9}$/.test(word) && /^(first|top)$/.test(followingWord))
    return put('limit', readRows(reading, at, draft.question), at + 2);
  if (/^\d{1,9}$/.test(word) && !isNoCount) return put('limit', readRows(reading, at, draft.question), at + 1);
  // In `all 30` the number means rows, so `all` means the range.
  if (word === 'all' && /^\d{1,9}$/.test(followingWord)) return put('range', 'all', at + 1);
  if (word === 'all' && (report === 'top' || report === 'latency')) return put('limit', MAX_RANKING_ROWS, at + 1);
  const dimension = DIMENSION_WORDS.get(word);
  // `daily users` counts users; `daily user ana` is about one.
  const isGrouping = /^(by|per|each|every)$/.test(wordAt(reading, at - 1));
  const isCounted = (report === 'daily' || report === 'day') && !isSingular(word) && !isGrouping;
  if ((report === 'top' || report === 'latency' || isCounted) && dimension && draft.question.dimension === undefined)
    return put('dimension', dimension, at + 1);
  if (report === 'top' && (word === 'new' || word === 'gone')) return put('only', word, at + 1);
  if (report === 'latency') {
    if (/^(daily|trend)$/.test(word)) return put('overTime', true, at + 1);
    if (/^(per|by|over|each|every)$/.test(word) && /^(day|time)$/.test(followingWord))
      return put('overTime', true, at + 2);
  }
  return undefined;
}

/**
 * Reads a name that is not written as a filter: `for Acme CRM`, `not Acme CRM`, `user ana`. Without a dimension before it, the
 * name must be quoted, known, or have the form of a path, an address or a method.
 */
export function readNamed(reading: Reading, at: number, draft: Draft): number | undefined {
  const { tokens } = reading;
  let from = at + countNegation(tokens, at);
  const not = from > at;
  const marked = NAME_MARKERS.has(wordAt(reading, from));
  if (marked) from++;
  const scoped = hasScope(draft.question) && draft.question.scope === undefined && !not;
  const isKeyed = from + 1 < tokens.length && isSingular(wordAt(reading, from));
  const key = isKeyed ? DIMENSION_WORDS.get(wordAt(reading, from)) : scoped ? 'scope' : undefined;
  // `errors by client x` groups by clients, unless x is a known name.
  const isGrouped = /^(by|per)$/.test(wordAt(reading, from - 1));
  if (isKeyed) from++;
  const first = tokens[from];
  if (!first) return undefined;
  const found =
    readPlainName(reading, from, key) ??
    readKnown(reading, from, key) ??
    ((isKeyed && !isGrouped) || (scoped && marked) ? readUnknown(reading, from, key!, draft.question) : undefined);
  if (!found) return undefined;
  if (scoped && (found.key === 'scope' || found.key === 'pool'))
    draft.question = { ...draft.question, scope: found.name };
  // Calls cannot be filtered by the pool that they drew from.
  else if (found.key === 'pool') return undefined;
  else draft.filters.push({ key: found.key, patterns: [found.name], not });
  if (!isKeyed) draft.named = true;
  return not ? readMoreDenied(reading, found.next, key, draft) : found.next;
}

/** Reads the rest of a negated list: `, Beta and 404s` after `except Acme`. Returns the index after it. */
function readMoreDenied(reading: Reading, at: number, key: Grouping | undefined, draft: Draft): number {
  const isWord = /^(and|or|nor|&)$/.test(wordAt(reading, at));
  const from = isWord ? at + 1 : at;
  const isJoined = isWord || reading.text[reading.tokens[at - 1]!.end - 1] === ',';
  if (!isJoined || from >= reading.tokens.length) return at;
  const name = readPlainName(reading, from, key) ?? readKnown(reading, from, key);
  if (name?.key === 'pool') return at;
  const more = name
    ? { filter: { key: name.key, patterns: [name.name], not: true }, next: name.next }
    : readDeniedStatus(reading.tokens, from);
  if (!more) return at;
  draft.filters.push(more.filter);
  return readMoreDenied(reading, more.next, key, draft);
}

/** Reads an unknown name after a dimension, up to the next option. The answer tells whether it exists. */
function readUnknown(reading: Reading, at: number, key: Grouping, { report }: Question): FoundName | undefined {
  const { tokens } = reading;
  const probe = startDraft({ report });
  let end = at;
  while (end < tokens.length && end - at < MAX_NAME_WORDS && !tokens[end]!.quoted) {
    if (isLanguage(bareWord(tokens[end]!)) || readOption(reading, end, probe) !== undefined) break;
    end++;
  }
  return end === at ? undefined : { key, name: nameAt(reading, at, end), next: end };
}

/** Moves a filter by one scope into the question's scope: `pool scope:crm` is `pool crm`. */
function takeScope(question: Question, filters: Filter[]): { question: Question; filters: Filter[] } {
  const only = filters.find(({ key, not, patterns }) => key === 'scope' && !not && patterns.length === 1);
  if (!only || question.scope !== undefined || !hasScope(question)) return { question, filters };
  return { question: { ...question, scope: only.patterns[0]! }, filters: filters.filter((filter) => filter !== only) };
}

/** Reads the order of rows. Numbers default to descending (`sort failed`), names to ascending (`sort name`). */
function readSort(reading: Reading, at: number): { sort: string; next: number } | undefined {
  const { tokens } = reading;
  if (wordAt(reading, at + 1) === 'by') at++;
  const column = tokens[at + 1];
  const match = column && !column.quoted && /^(-?)([a-z][a-z0-9_]{1,39})$/i.exec(column.text);
  if (!match) return undefined;
  const word = match[2]!.toLowerCase();
  const key = isFailure(word) ? 'failed' : (MEASURE_WORDS.get(word) ?? word);
  const direction = wordAt(reading, at + 2);
  const given = direction === 'asc' || direction === 'desc';
  const descending = given ? direction === 'desc' : match[1] === '-' || key !== 'name';
  return { sort: `${descending ? '-' : ''}${key}`, next: at + (given ? 3 : 2) };
}
