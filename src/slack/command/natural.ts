import type { Dimension } from '../../domain/dimension.ts';
import type { Filter } from '../../domain/filter.ts';
import { isByHours } from '../../domain/ranges.ts';
import type { Question, ReportKind } from '../../domain/report.ts';
import { keyOfName, mergeFilters } from './filter-words.ts';
import { Misunderstood } from './misunderstood.ts';
import type { Reading } from './reading.ts';
import { bareWord, correctOpening, QUESTION_WORDS, readSentence, type Sentence } from './sentence.ts';
import { DIMENSION_WORDS, FAILURE_WORDS } from './vocabulary.ts';

/** Longer texts are no sentence. */
const MAX_WORDS = 40;

/**
 * A question asked in a sentence: `how many calls did Acme make last week`, `who is getting 429s`, `when do we run out`.
 * By rules, on the words that stand in it; undefined where it does not begin like a question, or no rule fits. Throws
 * Misunderstood where it asks for what no report tells, with those that come nearest.
 */
export function readNaturalQuestion(reading: Reading): Question | undefined {
  const { tokens } = reading;
  const first = correctOpening(bareWord(tokens[0]!));
  const ending = tokens.at(-1)!.parts.at(-1)!;
  const marked = ending.kind === 'bare' && ending.text.endsWith('?');
  if (tokens.length === 1 || tokens.length > MAX_WORDS || !(marked || QUESTION_WORDS.has(first))) return undefined;
  // `why Acme CRM` is a command; a sentence goes on with a verb, or with what there is much of.
  if (first === 'why' && !/^(is|are|was|were|do|does|did|has|have|so|the|all|am)$/.test(bareWord(tokens[1]!)))
    return undefined;
  if (first === 'what' && bareWord(tokens[1]!) === 'if') throw whatIf(reading.text);
  const sentence = readSentence(reading, false);
  return sentence && toQuestion(sentence);
}

function whatIf(text: string): Misunderstood {
  const [, quantity, name] = /(\d{1,9}) +([a-z][\w-]*)/i.exec(text) ?? [];
  return new Misunderstood('A what-if names a grant and another quantity of it, as in: pool if users=25.', [
    quantity ? `pool if ${name}=${quantity}` : '',
    text.replace(/^.*?\bif\b/i, 'pool if'),
    'pool if users=25',
    'licences',
  ]);
}

/** A sentence that does not begin like a question: `errors by client`, `number of calls yesterday`. */
export function readPhrase(reading: Reading): Question | undefined {
  if (reading.tokens.length === 1 || reading.tokens.length > MAX_WORDS) return undefined;
  const sentence = readSentence(reading, true);
  return sentence && toQuestion(sentence);
}

/** Whether a text groups by a dimension or a time: `errors by client`, `calls per day`. */
export function isGrouped({ tokens }: Reading): boolean {
  const words = tokens.map(bareWord);
  if (words[0] === 'top') return false;
  return words.some((word, at) => /^(by|per)$/.test(word) && isGroup(words[at + 1] ?? ''));
}

const FAILURES: Filter = { key: 'status', patterns: ['4xx', '5xx'], not: false };
const THROTTLED: Filter = { key: 'status', patterns: ['429'], not: false };

/** What a pool is asked about. */
const RUN_OUT =
  / (runs?|running|ran) (out|dry) | exhaust\w* | how (long|soon|fast|quickly?) | lasts? until | enough | burn(s|ed|ing)? | resets? | renews? | make it /;
const LEFT = / (left|remain\w*|headroom|unused|spare|available|balance|allowance|quota|budget|full|empty) /;
const LIMIT = / (over|near|close to|exceed\w*|reach\w*|hit\w*) .*(limits?|rate|pools?|quota) /;

function toQuestion(sentence: Sentence): Question | undefined {
  const { plain, dimension, by } = sentence;
  const has = (pattern: RegExp) => pattern.test(` ${plain} `);
  const compares = has(/ (compared?|comparison|versus|vs|difference) /);
  if (compares && sentence.names.length > 1) return compareClients(sentence);
  if (compares && sentence.otherRange !== undefined) throw twoRanges(sentence);
  // A sentence with two names or ranges is beyond these rules.
  if (sentence.names.length > 1 || sentence.otherRange !== undefined) return undefined;
  const [name] = sentence.names;
  const whose = has(/ (who|who's|whos|whose|anyone|anybody|somebody|someone) /);
  const failing = plain.split(' ').some((word) => FAILURE_WORDS.has(word)) || has(/ (wrong|broken|rejected|refused) /);
  const throttled = has(/ (throttl\w+|blocked|rate limit(s|ed|ing)?) /);
  const byStatus = sentence.filters.some(({ key }) => key === 'status');
  const failures = byStatus ? [] : throttled && whose ? [THROTTLED] : failing ? [FAILURES] : [];
  const ofPool = has(/ (pools?|credits?|allowance|quota|budget|balance) /);

  if (has(/ why | (what's|whats|what is) wrong with /) && !(name && ofPool)) {
    return name === undefined ? ask(sentence, 'status') : ask(sentence, 'why', { name });
  }
  if (has(/ (slow|slower|slowest|latency) /)) throw notTold('How long calls take is', ['top routes', 'status']);
  if ((whose || dimension === 'client') && has(/ (new|silent|stopped) /)) {
    throw notTold('Who is new or silent is', ['digest preview', 'top clients', 'alerts']);
  }
  if (has(/ (numbers?|figures?|calculated|computed) /) && has(/ (come|comes|calculated|computed) /)) {
    return ask(sentence, 'explain', name === undefined ? {} : { scope: name });
  }
  if (by) return ranking(sentence, by, failures);
  if (whose && has(/^ (who|who's|whos) (is |was |are )?(the )?(owner of )?$/) && name) return subject(sentence, name);
  if (whose && (throttled || !has(LIMIT))) return ranking(sentence, dimension ?? 'client', failures);
  if (has(/ (licen[cs]es?|seats?|grants?) /)) return ask(sentence, 'licences');
  if (has(RUN_OUT) || has(LEFT) || has(LIMIT) || (name && ofPool)) return aboutPool(sentence);
  if (has(/ (should|reduce|improve|save|avoid) /)) return ask(sentence, 'advice');
  if (has(/ peak | (busiest|highest|most) .*(hours?|times?) | when .*(busiest|most) /)) return series(sentence, 'day');
  if (has(/ (busiest|highest|most|which|what) .*days? | days? .*(busiest|most) /)) return series(sentence, 'daily');
  if (has(/ (success|successful|error|failure|status) (rates?|ratio|codes?|percentage) | how (high|reliable) /)) {
    return name === undefined ? ask(sentence, 'status') : subject(sentence, name);
  }
  const leads = DIMENSION_WORDS.has(plain.split(' ')[0]!);
  if (
    dimension &&
    (leads || has(/ (which|what|how many|top|busiest|biggest) /)) &&
    !has(/ how many (calls|requests) /)
  ) {
    return ranking(sentence, dimension, failures);
  }
  if (has(/ over time | trends? /) && name === undefined) return ask(sentence, 'daily', {}, failures);
  if (failing || byStatus) {
    if (name !== undefined) return subject(sentence, name);
    return has(/^ (what|where) /) ? ranking(sentence, 'route', failures) : ask(sentence, 'status');
  }
  if (name !== undefined) return subject(sentence, name);
  if (has(/ (spent|spend|costs?|consumed|credits) /)) return aboutPool(sentence);
  if (has(/ per months? /)) return series({ ...sentence, range: sentence.range ?? '12-months' }, 'daily');
  if (has(/ per hours? /)) return series(sentence, 'day');
  if (compares || has(/ (how (many|much)|number|count|sum|totals?|per (days?|weeks?)) /)) return series(sentence);
  if (has(/ (happen\w*|going on|new|changed?|different|unusual|traffic|volume|activity|busy|quiet) /)) {
    return series(sentence);
  }
  if (has(/ (doing|going|ok|okay|fine|well|good|up|healthy|normal|status|usage) /)) {
    return sentence.range === undefined ? ask(sentence, 'summary') : series(sentence);
  }
  if (dimension) return ranking(sentence, dimension, failures);
  return sentence.range === undefined && sentence.filters.length === 0 ? undefined : series(sentence);
}

/** What no report tells by itself, with the commands that come nearest. */
function notTold(what: string, commands: readonly string[]): Misunderstood {
  return new Misunderstood(`${what} in no report of its own; these come nearest.`, commands);
}

function twoRanges({ range, otherRange }: Sentence): Misunderstood {
  return new Misunderstood(`I see two ranges, ${range} and ${otherRange}; an answer has one, and says what is usual.`, [
    `daily ${range}`,
    `daily ${otherRange}`,
  ]);
}

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
  const least = /\b(least|fewest|lowest)\b/.test(sentence.plain);
  const more: Partial<Question> = {
    dimension,
    ...(credits && { measure: 'credits' as const }),
    ...(least && { sort: 'requests' }),
  };
  const [name] = sentence.names;
  const extra = [...failures];
  if (name !== undefined) {
    const key = keyOfName(name) ?? (dimension === 'client' ? 'scope' : 'client');
    extra.push({ key, patterns: [name], not: false });
  }
  return ask(sentence, 'top', more, extra);
}

function compareClients(sentence: Sentence): Question {
  const clients: Filter = { key: 'client', patterns: [...new Set(sentence.names)], not: false };
  return ask(sentence, 'top', { dimension: 'client' }, [clients]);
}

function subject(sentence: Sentence, name: string): Question {
  return ask(sentence, keyOfName(name) === 'route' ? 'route' : 'client', { name });
}

/** What is left, or will be, is so now: only a range of the past is another balance. */
function aboutPool(sentence: Sentence): Question {
  const [name] = sentence.names;
  const ahead = /\b(will|until|till|enough|when|how long|how soon)\b/.test(sentence.plain);
  const past = !ahead && sentence.range !== undefined && !/^(today|24h|this-)/.test(sentence.range);
  const { range: _range, ...rest } = sentence;
  return ask(past ? sentence : rest, 'pool', name === undefined ? {} : { scope: name });
}

function series(sentence: Sentence, report?: 'day' | 'daily'): Question {
  const oneDay = sentence.range !== undefined && isByHours(sentence.range);
  const several = sentence.range !== undefined && !oneDay;
  if (report === 'day' && several) return ask(sentence, 'daily');
  return ask(sentence, oneDay ? 'day' : (report ?? 'daily'));
}

function isGroup(word: string): boolean {
  return DIMENSION_WORDS.has(word) || /^(hour|day|week|month)s?$/.test(word);
}
