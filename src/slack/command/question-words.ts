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

/** Words of one unquoted name, at most. */
const MAX_NAME_WORDS = 40;

/** The question as understood so far from the words after a report's name. */
export interface Draft {
  question: Question;
  filters: Filter[];
  suppose: [string, number][];
  /** A name stands in it without a key. */
  named?: true;
  /** The words behind each part of the question, for those that a report has no use for. */
  places: Map<keyof Question, Token[]>;
}

export function startDraft(base: Question): Draft {
  return { question: base, filters: [...(base.filters ?? [])], suppose: [], places: new Map() };
}

/** Reads options up to the end; `unknown`: the tokens that mean nothing. Throws Misunderstood for words that contradict. */
export function readDraft(reading: Reading, at: number, base: Question): { draft: Draft; unknown: readonly Token[] } {
  const draft = startDraft(base);
  const unknown: Token[] = [];
  for (let next = readUpToUnknown(reading, at, draft); next < reading.tokens.length; ) {
    const end = endOfUnknown(reading.tokens, next);
    unknown.push(...reading.tokens.slice(next, end));
    next = readUpToUnknown(reading, end, draft);
  }
  return { draft, unknown };
}

/** The place of the first token that means nothing. */
function readUpToUnknown(reading: Reading, at: number, draft: Draft): number {
  const { tokens } = reading;
  while (at < tokens.length) {
    const next = readOption(reading, at, draft) ?? readNamed(reading, at, draft);
    if (next === undefined && !isFiller(bareWord(tokens[at]!))) return at;
    at = next ?? at + 1;
  }
  return at;
}

/** The question of a draft. Throws Misunderstood where it holds words that its report has no use for. */
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

/** Options, or an error that names the words without meaning and offers what may have been meant. */
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
 * A name and then options: `Acme CRM last week`. Unquoted names have as few words as leave only options behind them.
 * `optional`: none is fine too. Undefined name: there were only options.
 */
export function readNameAndOptions(
  reading: Reading,
  at: number,
  base: Question,
  field: 'name' | 'scope',
  optional: boolean,
): Question {
  const { tokens } = reading;
  // `pool for crm`, and `pool for last week`
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
  // A path is one word.
  if (base.report === 'route' && first && keyOfName(first.text) === 'route') {
    return readAllOptions(reading, at + 1, { ...base, [field]: first.text });
  }
  // `client last week Acme`: the range stands first.
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
  // Where a name need not follow, everyday words are none: `credits used by Acme`.
  const mayBeName = !optional || !(range || beginsWithLanguage(tokens.slice(at, at + 5).map(bareWord)));
  for (let words = optional ? 0 : 1; words <= MAX_NAME_WORDS && at + words <= tokens.length; words++) {
    if (words > 0 && !mayBeName) break;
    if (tokens.slice(at, at + words).some((token) => token.quoted || isFilter(token))) break;
    // `history Public API`
    while (words > 0 && /^apis?$/.test(wordAt(reading, at + words))) words++;
    const name = words === 0 ? '' : reading.text.slice(first!.start, tokens[at + words - 1]!.end);
    // `client status` is no client called so.
    const isName = name.split(/\s+/).some((word) => !isLanguage(word.toLowerCase()));
    if (words > 0 && !optional && !isName) continue;
    const draft = startDraft(words === 0 ? base : { ...base, [field]: name });
    const end = readUpToUnknown(reading, at + words, draft);
    if (end === tokens.length) return finish(reading, draft);
    unknown ??= tokens[end]!;
    // No option begins with that word, so the name reaches at least to it.
    words = Math.max(words, end - at);
  }
  throw new UnknownWords(reading, [unknown ?? first!]);
}

/**
 * A second range: `vs last week`; `vs` alone before nothing, or before options only. `isJoined`: the first word, `with`, stands
 * for `vs`. Throws as `readRange` does.
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
  // `4xx vs 5xx` are two filters.
  const [before, behind] = [reading.tokens[at - 1], reading.tokens[next]].map(
    (token) => token && readStatus(bareWord(token)),
  );
  if (isBare && before && behind) return undefined;
  if (isBare && readOption(reading, next, { ...draft, places: new Map() }) === undefined) return undefined;
  return { range: found.range, next };
}

/** `this month vs last`: the unit is said once. `this friday vs last friday`: of the week before. */
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

/** The place after one option, undefined where none begins. */
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
  // Another value for what is said already is left over, and told: it does not take the place of the first.
  const put = <Key extends keyof Question>(key: Key, value: Question[Key], next: number): number | undefined => {
    if (draft.places.has(key) && draft.question[key] !== value) return undefined;
    draft.question = { ...draft.question, [key]: value };
    draft.places.set(key, tokens.slice(at, next));
    return next;
  };
  const focus = FOCUSES[draft.question.report]?.find((each) => each === word);
  if (focus) return put('focus', focus, at + 1);
  // `public` and `share` begin names and sentences too.
  const share = SHARE_WORDS.get(word);
  if (share && (word !== 'public' || at === tokens.length - 1)) return put('private', share === 'private', at + 1);
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
  // `forecast for next month` asks what will be left, not what was used.
  const range = hasScope(draft.question) && isAhead(reading, at) ? undefined : readRange(reading, at);
  // `top 2000` asks for rows, not for a year.
  const isCount = at === 1 && draft.question.report === 'top' && /^\d+$/.test(word) && range?.next === at + 1;
  if (range && !isCount) return put('range', range.range, range.next);
  const { report } = draft.question;
  const status = readStatus(word);
  // `429`, `clients with 404`; but `top 200` asks for rows.
  const isStatus =
    /^[1-5]\d\d$/.test(word) &&
    (report === 'status' || at === 0 || /^(with|http|code|codes|status)$/.test(wordAt(reading, at - 1)));
  if (status && (isStatus || /^[1-5](xx|\d\ds)$/.test(word) || (report !== 'status' && isFailure(word)))) {
    draft.filters.push({ key: 'status', patterns: status, not: false });
    return at + 1;
  }
  if ((word === 'credits' || word === 'cost') && report === 'top') return put('measure', 'credits', at + 1);
  // `can we make 10000 more calls`
  const isNoCount = report === 'daily' && Number(word) > MAX_RANKING_ROWS;
  if (at > (wordAt(reading, 0) === 'top' ? 1 : 0) && report !== 'events' && isErrorCode(reading, at)) {
    draft.filters.push({ key: 'status', patterns: status!, not: false });
    return at + 1;
  }
  if (/^\d{1,9}$/.test(word) && /^(first|top)$/.test(followingWord))
    return put('limit', readRows(reading, at, draft.question), at + 2);
  if (/^\d{1,9}$/.test(word) && !isNoCount) return put('limit', readRows(reading, at, draft.question), at + 1);
  // `all 30`: the number says how many rows, so that `all` says of which days.
  if (word === 'all' && /^\d{1,9}$/.test(followingWord)) return put('range', 'all', at + 1);
  if (word === 'all' && (report === 'top' || report === 'latency')) return put('limit', MAX_RANKING_ROWS, at + 1);
  const dimension = DIMENSION_WORDS.get(word);
  // `daily users` counts them; `daily user ana` is of one.
  const isCounted = (report === 'daily' || report === 'day') && !isSingular(word);
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
 * A name without a key: `for Acme CRM`, `not Acme CRM`, `user ana`. A name that no key stands before is quoted, known, or has
 * the form of a path, an address or a method; whatever else is left over means nothing.
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
  // `errors by client x` groups by clients: there a name has to be known.
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
  // Calls are not filtered by the pool that they drew from.
  else if (found.key === 'pool') return undefined;
  else draft.filters.push({ key: found.key, patterns: [found.name], not });
  if (!isKeyed) draft.named = true;
  return not ? readMoreDenied(reading, found.next, key, draft) : found.next;
}

/** `, Beta and 404s` behind `except Acme`: all of a list is denied. Returns the place behind it. */
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

/** Reads the name behind a key, up to the next option; the answer says whether there is such a name. */
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

/** `pool scope:crm` is `pool crm`. */
function takeScope(question: Question, filters: Filter[]): { question: Question; filters: Filter[] } {
  const only = filters.find(({ key, not, patterns }) => key === 'scope' && !not && patterns.length === 1);
  if (!only || question.scope !== undefined || !hasScope(question)) return { question, filters };
  return { question: { ...question, scope: only.patterns[0]! }, filters: filters.filter((filter) => filter !== only) };
}

/** `sort failed` puts the most failed first; `sort name` goes from A. */
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
