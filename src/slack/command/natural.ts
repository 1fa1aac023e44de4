import type { Dimension } from '../../domain/dimension.ts';
import type { Filter } from '../../domain/filter.ts';
import type { Question, ReportKind } from '../../domain/report.ts';
import { mergeFilters, readFilter, readStatus } from './filter-words.ts';
import { isOneDay, readRange } from './question-words.ts';
import type { Reading } from './reading.ts';
import type { Token } from './tokens.ts';
import { DIMENSION_WORDS, FAILURE_WORDS, SHARE_WORDS } from './vocabulary.ts';

/** First words of a question in a sentence. */
const QUESTION_WORDS = new Set(
  "who who's whose which what what's whats when when's how why is are was were am did does do can could has have had any anything will where".split(
    ' ',
  ),
);

/** Words of such sentences that name nobody. A run of other words is a name. */
const PLAIN_WORDS = new Set(
  `${[...QUESTION_WORDS].join(' ')} a an the of for in on per by to from with at and or as be been being it its we us our i my me you
  your they them their there this that these those so much many more most least few all any some every each than over under
  near close call calls called calling request requests api apis usage use uses used using make makes made making get gets
  getting got give gives send sends sent sending hit hits hitting cause causes caused causing see sees seeing happen happens
  happened happening going go goes run runs running out left remain remains remaining remainder still available unused spare
  headroom balance allowance quota budget last lasts until till long soon enough empty dry exhaust exhausted exceed exceeded
  exceeding limit limits limited reach reaches reached hits rate pool pools credit credits cost costs costing spend spends
  spent spending consume consumes consumed consuming consumption fail fails failed failing failure failures error errors
  erroring wrong broken down slow throttled throttling blocked rejected rejecting top busiest biggest heaviest largest
  highest main new changed change changes different unusual normal ok okay fine good well bad up doing done should would
  reduce improve save avoid help do percent share number count total volume traffic activity often lately recently
  now currently anyone anybody someone something anything nothing everything everyone today please not no yet about status
  codes code requests' request's late time day days week weeks month months hour hours between during since worth still
  ratio success successful succeed succeeded`
    .split(/\s+/)
    .concat([...DIMENSION_WORDS.keys()]),
);

/** What a sentence says apart from its plain words. */
interface Sentence {
  /** Plain words in order, lower case, joined by spaces. */
  plain: string;
  name?: string;
  range?: string;
  filters: Filter[];
  limit?: number;
  dimension?: Dimension;
  private?: boolean;
}

/**
 * A question asked in a sentence: `how many calls did Acme make last week`, `who is getting 429s`, `when do we run out`.
 * By rules, on the words that stand in it; undefined where it does not begin like a question, or no rule fits.
 */
export function readNaturalQuestion(reading: Reading): Question | undefined {
  const { tokens } = reading;
  const first = bareWord(tokens[0]!);
  const ending = tokens.at(-1)!.parts.at(-1)!;
  const marked = ending.kind === 'bare' && ending.text.endsWith('?');
  if (tokens.length === 1 || !(marked || QUESTION_WORDS.has(first))) return undefined;
  if (first === 'why' && !/^(is|are|was|were|do|does|did|has|have)$/.test(bareWord(tokens[1]!))) return undefined;
  const sentence = readSentence(reading);
  return sentence && toQuestion(sentence);
}

function bareWord(token: Token): string {
  return token.quoted
    ? ''
    : token.text
        .toLowerCase()
        .replace(/’/g, "'")
        .replace(/[?!.,;]+$/, '');
}

function readSentence(reading: Reading): Sentence | undefined {
  const { tokens, text } = reading;
  const sentence: Sentence = { plain: '', filters: [] };
  const plain: string[] = [];
  let name: { from: number; to: number } | undefined;
  for (let at = 0; at < tokens.length; ) {
    const token = tokens[at]!;
    const filter = readFilter(tokens, at, text);
    if (filter) {
      sentence.filters.push(filter.filter);
      at = filter.next;
      continue;
    }
    const word = bareWord(token);
    const range = at > 0 ? readSentenceRange(reading, at, plain.at(-1)) : undefined;
    if (range) {
      // A sentence with two ranges is beyond these rules.
      if (sentence.range !== undefined && sentence.range !== range.range) return undefined;
      sentence.range = range.range;
      at = range.next;
      continue;
    }
    const status = /^[1-5](\d\ds?|xx)$/.test(word) ? readStatus(word) : undefined;
    if (status && plain.at(-1) !== 'top') sentence.filters.push({ key: 'status', patterns: status, not: false });
    else if (/^\d{1,4}$/.test(word) && Number(word) > 0 && Number(word) <= 1000) sentence.limit = Number(word);
    else if (Object.hasOwn(SHARE_WORDS, word) && at === tokens.length - 1) sentence.private = SHARE_WORDS[word]!;
    else if (token.quoted || (word !== '' && !PLAIN_WORDS.has(word.replace(/'s$/, '')))) {
      if (name && name.to !== at) return undefined;
      name = { from: name?.from ?? at, to: at + 1 };
    } else if (word !== '') {
      plain.push(word);
      sentence.dimension ??= DIMENSION_WORDS.get(word);
    }
    at++;
  }
  if (name) {
    const [from, to] = [tokens[name.from]!, tokens[name.to - 1]!];
    const shown = name.to - name.from === 1 ? from.text : text.slice(from.start, to.end);
    const trimmed = shown.replace(/[?!.,;]+$/, '');
    if (trimmed !== '') sentence.name = trimmed;
  }
  sentence.plain = plain.join(' ');
  return sentence;
}

/** Words that are also months, verbs or names of days only count as ranges after a preposition or with a number. */
function readSentenceRange(reading: Reading, at: number, before = ''): { range: string; next: number } | undefined {
  const range = readRange(reading, at);
  if (!range) return undefined;
  const alone = range.next === at + 1 ? bareWord(reading.tokens[at]!) : '';
  if (/^(may|march|now|sun|sat|mar|\d+)$/.test(alone) && !/^(in|during|since|last|this|of)$/.test(before))
    return undefined;
  return range;
}

function toQuestion(sentence: Sentence): Question | undefined {
  const { plain, name, dimension } = sentence;
  const has = (pattern: RegExp) => pattern.test(` ${plain} `);
  const failing = plain.split(' ').some((word) => FAILURE_WORDS.has(word)) || has(/ (wrong|broken|rejected) /);
  const failures: Filter[] = failing && !sentence.filters.some(({ key }) => key === 'status') ? [FAILURES] : [];

  if (has(/^ why /)) {
    return name === undefined ? ask(sentence, 'status') : ask(sentence, 'why', { name });
  }
  if (has(/ (runs?|running) (out|dry)| exhaust| how long | (last|lasts) until | enough | how soon /))
    return aboutPool(sentence);
  if (has(/ (left|remain\w*|headroom|unused|spare|available|balance|allowance|quota|budget) /))
    return aboutPool(sentence);
  if (has(/ (over|near|close to|exceed\w*|reach\w*|hit\w*) .*(limits?|rate|pools?) /)) return aboutPool(sentence);
  if (has(/ (should|reduce|improve|save|avoid) /)) return ask(sentence, 'advice');
  if (has(/ new clients? /)) return ranking(sentence, 'client', failures);
  if (has(/ (who|who's|whose|anyone|anybody) /)) return ranking(sentence, dimension ?? 'client', failures);
  if (has(/ (which|what|how many|top|busiest|biggest) /) && dimension && !has(/ how many (calls|requests) /)) {
    return ranking(sentence, dimension, failures);
  }
  if (failing || sentence.filters.some(({ key }) => key === 'status')) {
    if (name !== undefined) return about(sentence, 'status', name, 'client');
    return has(/^ (what|where) /) ? ranking(sentence, 'route', failures) : ask(sentence, 'status');
  }
  if (has(/ how (many|much) /)) {
    if (name !== undefined) return subject(sentence, name);
    if (has(/ (spent|spend|cost|costs|consumed|credits) /)) return aboutPool(sentence);
    return series(sentence);
  }
  if (name !== undefined) return subject(sentence, name);
  if (has(/ (happen\w*|going on|changed?|different|unusual|traffic|volume|activity|busy) /)) return series(sentence);
  if (has(/ (doing|going|ok|okay|fine|well|good|up|status|usage) /)) {
    return sentence.range === undefined ? ask(sentence, 'summary') : series(sentence);
  }
  if (dimension) return ranking(sentence, dimension, failures);
  return sentence.range === undefined ? undefined : series(sentence);
}

const FAILURES: Filter = { key: 'status', patterns: ['4xx', '5xx'], not: false };

function ask(
  sentence: Sentence,
  report: ReportKind,
  more: Partial<Question> = {},
  extra: readonly Filter[] = [],
): Question {
  const filters = mergeFilters([...sentence.filters, ...extra]);
  return {
    report,
    ...more,
    ...(sentence.limit !== undefined && report === 'top' && { limit: sentence.limit }),
    ...(sentence.range !== undefined && { range: sentence.range }),
    ...(filters.length > 0 && { filters }),
    ...(sentence.private !== undefined && { private: sentence.private }),
  };
}

/** Ranked, under a filter for the name that the sentence mentions. */
function ranking(sentence: Sentence, dimension: Dimension, failures: readonly Filter[]): Question {
  const credits = /\b(credits?|costs?|spend|spent|spends|expensive)\b/.test(sentence.plain);
  const more: Partial<Question> = { dimension, ...(credits && { measure: 'credits' as const }) };
  const extra = [...failures];
  if (sentence.name !== undefined) {
    const key = sentence.name.startsWith('/') ? 'route' : dimension === 'client' ? 'scope' : 'client';
    extra.push({ key, patterns: [sentence.name], not: false });
  }
  return ask(sentence, 'top', more, extra);
}

function about(sentence: Sentence, report: ReportKind, name: string, key: 'client'): Question {
  return ask(sentence, report, {}, [{ key: name.startsWith('/') ? 'route' : key, patterns: [name], not: false }]);
}

function subject(sentence: Sentence, name: string): Question {
  return ask(sentence, name.startsWith('/') ? 'route' : 'client', { name });
}

function aboutPool(sentence: Sentence): Question {
  return ask(sentence, 'pool', sentence.name === undefined ? {} : { scope: sentence.name });
}

function series(sentence: Sentence): Question {
  const oneDay = sentence.range !== undefined && isOneDay(sentence.range);
  return ask(sentence, oneDay ? 'day' : 'daily');
}
