import type { Dimension } from '../../domain/dimension.ts';
import type { Filter } from '../../domain/filter.ts';
import { distanceWithin } from '../../domain/nearest.ts';
import { keyOfName, readFilter, readStatus } from './filter-words.ts';
import { readRange } from './question-words.ts';
import type { Reading } from './reading.ts';
import type { Token } from './tokens.ts';
import { ACTION_WORDS, DIMENSION_WORDS, REPORT_WORDS, SHARE_WORDS } from './vocabulary.ts';

/** First words of a question in a sentence. */
export const QUESTION_WORDS = new Set(
  `who who's whos whose which what what's whats when when's how how's hows why is isn't are aren't am was were do does did
  can could has have had any anything anyone anybody will where where's compare`.split(/\s+/),
);

/** Words of such sentences that name nobody. A run of other words is a name. */
const PLAIN_WORDS = new Set(
  `a an the of for in on per by to from with at and or as be been being it its it's we us our i my me you your they them their
  there this that these those so much many more most few all some every each than over under near close just only
  call calls called calling request requests api apis use uses used using usage make makes made making get gets got getting
  give gives send sends sent sending hit hits hitting cause causes caused causing see sees seeing happen happens happened
  happening go goes going run runs ran running out left remain remains remaining remainder still available unused spare
  headroom balance allowance quota budget last lasts until till long soon enough empty full dry exhaust exhausted exceed exceeded
  exceeding limit limits limited reach reaches reached rate rates ratio pool pools credit credits cost costs costing
  spend spends spent spending consume consumes consumed consuming consumption burn burns burned burning fast quick quickly
  reset resets renew renews fail fails failed failing failure failures error errors erroring wrong broken down
  throttled throttling blocked refused rejected rejecting slow slower slowest latency
  top busiest busy biggest heaviest largest highest high higher low lower lowest least fewest peak average active main
  new stopped silent changed change changes different difference compared comparison versus vs same against before
  unusual normal ok okay fine good well bad healthy reliable up doing done should would reduce improve save avoid help
  percent percentage share number count sum total totals volume traffic activity often lately recently now currently
  somebody someone something nobody nothing everybody everyone everything today please not no yet about status
  statuses codes code http requests' request's late time times day days week weeks month months hour hours
  end between during since worth success successful succeed succeeded owner if
  numbers figures come comes calculated computed trend trends
  licence licences license licenses seat seats grant grants`
    .split(/\s+/)
    .concat([...QUESTION_WORDS], [...DIMENSION_WORDS.keys()]),
);

/** Who does something in a sentence: a strange word behind them is what they do. */
const DOERS = new Set("who who's whos anyone anybody someone somebody nobody everyone we they".split(' '));
const AUXILIARIES = new Set('is are was were be been being keeps gets got'.split(' '));
/** Words before a name in a text that does not begin like a question. */
const INTRODUCTIONS = new Set('for of by from to on with at in about'.split(' '));

/** What a sentence says apart from its plain words. */
export interface Sentence {
  /** Plain words in order, lower case, joined by spaces. */
  plain: string;
  /** Names in order; those of a sentence that compares may be several. */
  names: readonly string[];
  range?: string;
  otherRange?: string;
  filters: Filter[];
  limit?: number;
  dimension?: Dimension;
  /** `errors by client`, `calls per hour`. */
  by?: Dimension;
  private?: boolean;
}

export function bareWord(token: Token): string {
  return token.quoted
    ? ''
    : token.text
        .toLowerCase()
        .replace(/’/g, "'")
        .replace(/[?!.,;]+$/, '');
}

/**
 * The words of a sentence by what they are; undefined where a word's part in it is not clear. `strict`: it does not begin
 * like a question, so a strange word is a name only where a word such as `for` leads to it, and no slip is corrected.
 */
export function readSentence(reading: Reading, strict: boolean): Sentence | undefined {
  const { tokens, text } = reading;
  const sentence: Sentence = { plain: '', names: [], filters: [] };
  const plain: string[] = [];
  const names: { from: number; to: number }[] = [];
  for (let at = 0; at < tokens.length; ) {
    const token = tokens[at]!;
    const filter = readFilter(tokens, at, text);
    if (filter) {
      sentence.filters.push(filter.filter);
      at = filter.next;
      continue;
    }
    const word = bareWord(token);
    const range = at > 0 || strict || tokens.length > 2 ? readSentenceRange(reading, at, plain.at(-1)) : undefined;
    if (range) {
      if (sentence.range === undefined || sentence.range === range.range) sentence.range = range.range;
      else if (sentence.otherRange === undefined) sentence.otherRange = range.range;
      else return undefined;
      at = range.next;
      continue;
    }
    const known = token.quoted || strict ? word : at === 0 ? correctOpening(word) : correct(word);
    const status = /^[1-5](\d\ds?|xx)$/.test(word) ? readStatus(word) : undefined;
    const key = token.quoted ? undefined : keyOfName(token.text.replace(/[?!.,;]+$/, ''));
    if (status && plain.at(-1) !== 'top') sentence.filters.push({ key: 'status', patterns: status, not: false });
    else if (/^\d{1,4}$/.test(word) && Number(word) > 0 && Number(word) <= 1000) sentence.limit = Number(word);
    else if (Object.hasOwn(SHARE_WORDS, word) && at === tokens.length - 1) sentence.private = SHARE_WORDS[word]!;
    else if (key === 'ip' || key === 'method') {
      sentence.filters.push({ key, patterns: [token.text.replace(/[?!.,;]+$/, '')], not: false });
    } else if (token.quoted || (known !== '' && !PLAIN_WORDS.has(known.replace(/'s$/, '')))) {
      const last = names.at(-1);
      const before = plain.at(-1) ?? '';
      if (last?.to === at) last.to = at + 1;
      else if (isDoing(word, plain)) plain.push(word);
      else if (strict && !token.quoted && key === undefined && !INTRODUCTIONS.has(before)) return undefined;
      else {
        const dimension = DIMENSION_WORDS.get(before);
        // `user ana`; but `which client uses`, `did the client Acme` name nobody, or a client.
        if (dimension && dimension !== 'client' && bareWord(tokens[at - 1]!) === before && names.length === 0) {
          sentence.filters.push({ key: dimension, patterns: [toName(reading, at, at + 1)], not: false });
          sentence.dimension = undefined;
          plain.pop();
        } else names.push({ from: at, to: at + 1 });
      }
    } else if (known !== '') {
      const dimension = DIMENSION_WORDS.get(known);
      if (dimension && /^(by|per|each)$/.test(plain.at(-1) ?? '')) sentence.by = dimension;
      plain.push(known);
      sentence.dimension ??= dimension;
    }
    at++;
  }
  const found = names.map(({ from, to }) => toName(reading, from, to)).filter((name) => name !== '');
  // With a name there, a word like a plain one is no other: `how meny calls did Acme make`.
  const others = found.length > 1 && !strict ? found.filter((name) => !isNearPlain(name)) : found;
  sentence.names = others.length > 0 ? others : found;
  sentence.plain = plain.join(' ');
  return sentence;
}

/** The name that these tokens are, without the punctuation of the sentence. */
function toName({ tokens, text }: Reading, from: number, to: number): string {
  const [first, last] = [tokens[from]!, tokens[to - 1]!];
  const shown = to - from === 1 ? first.text : text.slice(first.start, last.end);
  return shown.replace(/[?!.,;]+$/, '');
}

/** What somebody does in words that are not known here: `who is hammering us`, `which client stopped polling`. */
function isDoing(word: string, plain: readonly string[]): boolean {
  if (!/^[a-z]{2,}(ing|ed|s)$/.test(word)) return false;
  const [before = '', earlier = ''] = [plain.at(-1), plain.at(-2)];
  const doer = AUXILIARIES.has(before) && before !== plain[0] ? earlier : before;
  return DOERS.has(doer) || /^(stopped|started|keeps)$/.test(before);
}

/** The question word that a sentence was to begin with. */
export function correctOpening(word: string): string {
  if (QUESTION_WORDS.has(word) || word.length < 4) return word;
  if ([REPORT_WORDS, ACTION_WORDS, DIMENSION_WORDS].some((known) => known.has(word))) return word;
  return [...QUESTION_WORDS].find((known) => known.length >= 4 && distanceWithin(word, known, 1) === 1) ?? word;
}

/** A plain word for one that is a slip away: letters swapped, or one too few or too many in a longer one. */
function correct(word: string): string {
  if (PLAIN_WORDS.has(word) || !/^[a-z]{4,14}$/.test(word)) return word;
  for (const known of PLAIN_WORDS) {
    const swapped = known.length === word.length && [...known].sort().join('') === [...word].sort().join('');
    const longer = known.length >= 5 && word.length >= 5 && known.length !== word.length;
    if ((swapped || longer) && distanceWithin(word, known, 1) === 1) return known;
  }
  return word;
}

function isNearPlain(word: string): boolean {
  if (!/^[a-z]{4,14}$/.test(word)) return false;
  return [...PLAIN_WORDS].some((known) => distanceWithin(word, known, 1) === 1);
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
