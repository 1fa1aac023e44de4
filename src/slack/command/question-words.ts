import type { Dimension } from '../../domain/dimension.ts';
import type { Filter } from '../../domain/filter.ts';
import { listNearest } from '../../domain/nearest.ts';
import { MAX_RANGE_WORDS, readRangeAt } from '../../domain/range-reading.ts';
import { canonicalRangeText, suggestRanges } from '../../domain/ranges.ts';
import { MAX_RANKING_ROWS, type Question } from '../../domain/report.ts';
import { keyOfName, mergeFilters, readFilter, readStatus } from './filter-words.ts';
import { Misunderstood, quoteShort } from './misunderstood.ts';
import { changed, type Reading, wordAt } from './reading.ts';
import { suggestActions } from './suggest-actions.ts';
import { readSuppose } from './suppose-words.ts';
import type { Token } from './tokens.ts';
import {
  DIMENSION_PLURALS,
  DIMENSION_WORDS,
  FAILURE_WORDS,
  FILLER_WORDS,
  FILTER_KEYS,
  MEASURE_WORDS,
  NAME_MARKERS,
  SHARE_WORDS,
  VIEW_WORDS,
} from './vocabulary.ts';

/** Words of one unquoted name, at most. */
const MAX_NAME_WORDS = 40;

/** What has been understood so far of the words after a report's name. */
interface Draft {
  question: Question;
  filters: Filter[];
  suppose: [string, number][];
}

/** The question with its options, or the first token that means nothing. Throws Misunderstood for words that contradict. */
export function readOptions(reading: Reading, at: number, base: Question): Question | Token {
  const draft: Draft = { question: base, filters: [...(base.filters ?? [])], suppose: [] };
  const { tokens } = reading;
  while (at < tokens.length) {
    const next = readOption(reading, at, draft) ?? readNamed(reading, at, draft) ?? skipFiller(tokens[at]!, at);
    if (next === undefined) return tokens[at]!;
    at = next;
  }
  const { filters: _filters, ...question } = draft.question;
  const scoped = takeScope(question, mergeFilters(draft.filters));
  return {
    ...scoped.question,
    ...(scoped.filters.length > 0 && { filters: scoped.filters }),
    ...(draft.suppose.length > 0 && { suppose: Object.fromEntries(draft.suppose) }),
  };
}

/** Options, or an error that names the word without meaning and offers what may have been meant. */
export function readAllOptions(reading: Reading, at: number, base: Question): Question {
  const question = readOptions(reading, at, base);
  if ('report' in question) return question;
  throw unknownWord(reading, question);
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
  const first = tokens[at];
  if (first?.quoted) return readAllOptions(reading, at + 1, { ...base, [field]: first.text });
  // `client last week Acme`: the range stands first.
  const range = first && readRange(reading, at);
  if (!optional && range && range.next < tokens.length) {
    const rest = readNameAndOptions(reading, range.next, base, field, optional);
    if (rest.range !== undefined) throw twoRanges(reading, range.range, rest.range);
    return { ...rest, range: range.range };
  }
  let unknown: Token | undefined;
  for (let words = optional ? 0 : 1; words <= MAX_NAME_WORDS && at + words <= tokens.length; words++) {
    const last = tokens[at + words - 1];
    if (words > 0 && last && (last.quoted || isFilter(last))) break;
    const name = reading.text.slice(first?.start, last?.end);
    const found = readOptions(reading, at + words, words === 0 ? base : { ...base, [field]: name });
    if ('report' in found) return found;
    unknown ??= found;
    // No option begins with that word, so the name reaches at least to it.
    words = Math.max(words, tokens.indexOf(found) - at);
  }
  throw unknownWord(reading, unknown ?? first!);
}

function isFilter(token: Token): boolean {
  const [key, separator] = token.parts;
  return separator?.kind === 'separator' && separator.text !== ',' && FILTER_KEYS.has(key!.text.toLowerCase());
}

/** The longest range that begins here. Throws Misunderstood where its words leave open which is meant. */
export function readRange(reading: Reading, at: number): { range: string; next: number } | undefined {
  const { text, tokens } = reading;
  const from = Math.max(0, at - 1);
  const found = readRangeAt(tokens.slice(from, at + MAX_RANGE_WORDS).map(rangeWordOf), at - from);
  if (!found) return undefined;
  if (found.kind === 'range') return { range: found.range, next: at + found.used };
  const [first, last] = [tokens[at]!, tokens[at + found.used - 1]!];
  throw new Misunderstood(
    found.message,
    found.choices.map((choice) =>
      changed(reading, { ...first, text: text.slice(first.start, last.end), end: last.end }, choice),
    ),
  );
}

/** A word as it may stand in a range: no filter, nothing quoted. */
function rangeWordOf(token: Token): string {
  const hasQuotes = token.parts.some(({ kind }) => kind === 'quoted');
  return hasQuotes || isFilter(token) ? '' : token.text;
}

/** The place after one option, undefined where none begins. */
function readOption(reading: Reading, at: number, draft: Draft): number | undefined {
  const { tokens, text } = reading;
  const filter = readFilter(tokens, at, text);
  if (filter) {
    draft.filters.push(filter.filter);
    return filter.next;
  }
  const token = tokens[at]!;
  if (token.quoted) return undefined;
  const word = token.text.toLowerCase();
  const following = tokens[at + 1];
  const followingWord = following && !following.quoted ? following.text.toLowerCase() : '';
  // `public` begins names too: `pool Public API`.
  if (Object.hasOwn(SHARE_WORDS, word) && (word !== 'public' || at === tokens.length - 1 || !isNamed(draft.question)))
    return put(draft, 'private', SHARE_WORDS[word]!, at + 1);
  if (word === 'by' && Object.hasOwn(MEASURE_WORDS, followingWord)) {
    return put(draft, 'measure', MEASURE_WORDS[followingWord]!, at + 2);
  }
  if (word === 'as' && Object.hasOwn(VIEW_WORDS, followingWord))
    return put(draft, 'view', VIEW_WORDS[followingWord]!, at + 2);
  if (Object.hasOwn(VIEW_WORDS, word)) return put(draft, 'view', VIEW_WORDS[word]!, at + 1);
  if (word === 'sort' || word === 'sorted' || word === 'order') return readSort(reading, at, draft);
  if (word === 'skip' || word === 'offset') {
    return put(draft, 'offset', readCount(reading, at, 'skip', 1_000_000), at + 2);
  }
  if (word === 'limit' || word === 'first' || (word === 'top' && /^\d+$/.test(followingWord))) {
    return put(draft, 'limit', readRows(reading, at + 1), at + 2);
  }
  if (word === 'if') {
    const { quantities, next } = readSuppose(reading, at + 1);
    draft.suppose.push(...quantities);
    return next;
  }
  const range = readRange(reading, at);
  // `top 2000` asks for rows, not for a year.
  const isCount = at === 1 && draft.question.report === 'top' && /^\d+$/.test(word) && range?.next === at + 1;
  if (range && !isCount) {
    if (draft.question.range !== undefined && draft.question.range !== range.range) {
      throw twoRanges(reading, draft.question.range, range.range);
    }
    return put(draft, 'range', range.range, range.next);
  }
  return readBareValue(reading, at, draft);
}

/** Words that are a value by themselves: `10`, `429`, `4xx`, `errors`, `routes`. */
function readBareValue(reading: Reading, at: number, draft: Draft): number | undefined {
  const word = reading.tokens[at]!.text.toLowerCase();
  const { report } = draft.question;
  const status = readStatus(word);
  // `429`, `clients with 404`; but `top 200` asks for rows.
  const before = wordAt(reading, at - 1);
  const isStatus = /^[1-5]\d\d$/.test(word) && (report === 'status' || at === 0 || /^(with|http|code)$/.test(before));
  if (status && (isStatus || /^[1-5](xx|\d\ds)$/.test(word) || (report !== 'status' && FAILURE_WORDS.has(word)))) {
    draft.filters.push({ key: 'status', patterns: status, not: false });
    return at + 1;
  }
  if ((word === 'credits' || word === 'cost') && !hasScope(draft.question))
    return put(draft, 'measure', 'credits', at + 1);
  if (/^\d{1,9}$/.test(word)) return put(draft, 'limit', readRows(reading, at), at + 1);
  if (word === 'all' && report === 'top') return put(draft, 'limit', MAX_RANKING_ROWS, at + 1);
  const dimension = DIMENSION_WORDS.get(word);
  if (report === 'top' && dimension && draft.question.dimension === undefined) {
    return put(draft, 'dimension', dimension, at + 1);
  }
  return undefined;
}

/** `for Acme CRM`: a client, or the scope of a report about one. */
function readNamed(reading: Reading, at: number, draft: Draft): number | undefined {
  const { tokens, text } = reading;
  const marker = tokens[at]!;
  const first = tokens[at + 1];
  if (!first || marker.quoted || !NAME_MARKERS.has(marker.text.toLowerCase())) return undefined;
  let end = at + 1;
  if (first.quoted) end++;
  else {
    // Something may be understood of the words after the name, but not of the name.
    const probe: Draft = { question: { report: draft.question.report }, filters: [], suppose: [] };
    while (end < tokens.length && end - at <= MAX_NAME_WORDS && !tokens[end]!.quoted) {
      if (readOption(reading, end, probe) !== undefined || skipFiller(tokens[end]!, end) !== undefined) break;
      end++;
    }
  }
  if (end === at + 1) return undefined;
  const name = first.quoted ? first.text : text.slice(first.start, tokens[end - 1]!.end);
  if (hasScope(draft.question) && draft.question.scope === undefined) return put(draft, 'scope', name, end);
  const dimension = first.quoted ? undefined : DIMENSION_WORDS.get(first.text.toLowerCase());
  if (dimension && end > at + 2) {
    // `by user ana`.
    const value = text.slice(tokens[at + 2]!.start, tokens[end - 1]!.end);
    draft.filters.push({ key: dimension, patterns: [value], not: false });
  } else draft.filters.push({ key: keyOfName(name) ?? 'client', patterns: [name], not: false });
  return end;
}

function skipFiller(token: Token, at: number): number | undefined {
  return !token.quoted && FILLER_WORDS.has(token.text.toLowerCase()) ? at + 1 : undefined;
}

function put<Key extends keyof Question>(draft: Draft, key: Key, value: Question[Key], next: number): number {
  draft.question = { ...draft.question, [key]: value };
  return next;
}

/** Whether a name may stand behind the report's word. */
function isNamed(question: Question): boolean {
  return hasScope(question) || question.report === 'client' || question.report === 'route' || question.report === 'why';
}

export function hasScope(question: Question): boolean {
  return question.report === 'pool' || question.report === 'history' || question.report === 'explain';
}

/** `pool scope:crm` is `pool crm`. */
function takeScope(question: Question, filters: Filter[]): { question: Question; filters: Filter[] } {
  const only = filters.find(({ key, not, patterns }) => key === 'scope' && !not && patterns.length === 1);
  if (!only || question.scope !== undefined || !hasScope(question)) return { question, filters };
  return { question: { ...question, scope: only.patterns[0]! }, filters: filters.filter((filter) => filter !== only) };
}

function readRows(reading: Reading, at: number): number {
  return Math.max(1, readCount(reading, at - 1, 'limit', MAX_RANKING_ROWS, at));
}

function readCount(reading: Reading, at: number, word: string, max: number, place = at + 1): number {
  const token = reading.tokens[place];
  const value = token && !token.quoted && /^\d{1,9}$/.test(token.text) ? Number(token.text) : undefined;
  if (value === undefined) {
    throw new Misunderstood(`After “${word}” I need a number, up to ${max.toLocaleString('en')}.`, [
      changed(reading, reading.tokens[Math.max(at, 0)]!, `${word} 10`),
    ]);
  }
  if (value > max || (value === 0 && word === 'limit')) {
    const nearest = value === 0 ? 1 : max;
    throw new Misunderstood(
      `${value} rows are ${value === 0 ? 'too few' : 'too many'}: a ranking has 1 to ${max.toLocaleString('en')}.`,
      [changed(reading, token!, String(nearest)), changed(reading, token!, '10')],
    );
  }
  return value;
}

/** `sort failed` puts the most failed first; `sort name` goes from A. */
function readSort(reading: Reading, at: number, draft: Draft): number {
  const { tokens } = reading;
  if (tokens[at + 1]?.text.toLowerCase() === 'by') at++;
  const column = tokens[at + 1];
  const match = column && !column.quoted && /^(-?)([a-z_]{2,40})$/i.exec(column.text);
  if (!match) {
    throw new Misunderstood('After “sort” I need a column: requests, failed, ok or name.', [
      changed(reading, tokens[at]!, 'sort failed'),
      changed(reading, tokens[at]!, 'sort name'),
    ]);
  }
  const key = match[2]!.toLowerCase();
  const direction = tokens[at + 2]?.text.toLowerCase();
  const given = direction === 'asc' || direction === 'desc';
  const descending = given ? direction === 'desc' : match[1] === '-' || key !== 'name';
  return put(draft, 'sort', `${descending ? '-' : ''}${key}`, at + (given ? 3 : 2));
}

function twoRanges(reading: Reading, one: string, other: string): Misunderstood {
  const { tokens } = reading;
  const head = tokens
    .slice(0, 2)
    .filter((token) => canonicalRangeText(token.text) === undefined)
    .map((token) => reading.text.slice(token.start, token.end))
    .join(' ');
  return new Misunderstood(`I see two ranges, ${one} and ${other}; a question has one.`, [
    `${head} ${one}`,
    `${head} ${other}`,
  ]);
}

/** A word that nothing is known about, with the command as it would read with words like it. */
function unknownWord(reading: Reading, token: Token): Misunderstood {
  const understood = reading.text.slice(0, token.start).trim();
  const known = [
    ...Object.values(DIMENSION_PLURALS),
    ...DIMENSION_WORDS.keys(),
    ...Object.keys(VIEW_WORDS),
    'private',
    'share',
    'sort',
    'limit',
  ];
  const near = token.quoted ? [] : [...listNearest(token.text, known, 4), ...suggestRanges(token.text)];
  const prefix = understood === '' ? '' : `I understood ${quoteShort(understood)}, but `;
  return new Misunderstood(`${prefix}${prefix ? 'not' : 'I do not know'} ${quoteShort(token.text)}.`, [
    ...(/^(digest|alert)/i.test(token.text) ? suggestActions(reading.text) : []),
    ...near.map((word) => changed(reading, token, word)),
    near.length > 0 ? '' : changed(reading, token, `client:${reading.text.slice(token.start, token.end)}`),
    understood,
  ]);
}

/** A dimension's plural for commands, `clients`. */
export function pluralOf(dimension: Dimension): string {
  return DIMENSION_PLURALS[dimension];
}
