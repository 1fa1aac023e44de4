import type { Grouping } from '../../domain/dimension.ts';
import type { Filter } from '../../domain/filter.ts';
import { mergeFilters, RHETORICAL, readDeniedStatus } from './filter-words.ts';
import { readKnown, readPlainName } from './names.ts';
import { type Concept, readConcept } from './vocabulary.ts';
import { bareWord, type Reading, type Token } from './words.ts';

const OPENERS =
  /^(?:(without|free of|lacking)|((?:with )?(?:no|zero)|never|nothing|none|nobody|no one)|((?:do|does|did|have|has|had)(?:n't| not))|(?:is|are|was|were|ca|could|would|should)(?:n't| not)|not|cannot)(?= |$)/;
/** Verbs whose object is calls or the thing called, and the small words before that object. */
const VERBS =
  /^(us(e|es|ed|ing)|call(s|ed|ing)?|g[eo]t(ting|s)?|hav(e|ing)|has|had|mak(e|es|ing)|made|send(s|ing)?|sent|see(s|n|ing)?|hit(s|ting)?|receiv(e|es|ed|ing)|return(s|ed|ing)?|access(ed)?|produc(e|ed|ing)|caus(e|ed|ing)|been|being|be|any|an?|the|of|single|to|at all)$/;

/** A negation in a sentence, and what it negates. */
export interface Denied {
  /**
   * `without`: rows that have none of it, or calls other than it. `no`: asks whether there is none. `do`: as in `don't use`. `be`:
   * negates the words after it.
   */
  kind: 'without' | 'no' | 'do' | 'be';
  /** True if a verb is between negation and object: `don't use /v1`. */
  hasVerb: boolean;
  /** The negated filters, perhaps with different keys. */
  filters: readonly Filter[];
  /** True for an outcome in words, such as `never fail`; false for a code, such as `never 429`. */
  isOutcome: boolean;
  tokens: readonly Token[];
}

const OUTCOMES: Readonly<Record<string, readonly string[]>> = {
  failing: ['4xx', '5xx'],
  throttled: ['429'],
  succeeding: ['1xx', '2xx', '3xx'],
};

/** Reads a negation with all its objects: `without 429s`, `never fail`, `don't use /v1 or /v2`. */
export function readDenied(reading: Reading, at: number): { denied: Denied; next: number } | undefined {
  const { tokens } = reading;
  const opened = findDenial(tokens, at);
  // `not working` is a phrase with a meaning of its own. So is `don't call`, unless an object follows.
  const own = readConcept(tokens.slice(at).map(bareWord));
  if (!opened || (own && own.used > 1 && !own.concepts.includes('gone'))) return undefined;
  const { object, ...denial } = opened;
  const filters: Filter[] = [];
  let isOutcome = false;
  let next = object;
  for (let from: number | undefined = object; from !== undefined; from = findJoined(reading, next)) {
    const found = readObject(reading, from);
    if (!found) break;
    filters.push(found.filter);
    isOutcome ||= found.isOutcome;
    next = found.next;
  }
  if (filters.length === 0) return undefined;
  return { denied: { ...denial, filters: mergeFilters(filters), isOutcome, tokens: tokens.slice(at, next) }, next };
}

/** Finds the next item of a list, after `and` or a comma. */
function findJoined({ tokens, text }: Reading, at: number): number | undefined {
  if (at >= tokens.length) return undefined;
  if (/^(and|or|nor|&)$/.test(bareWord(tokens[at]!))) return at + 1 < tokens.length ? at + 1 : undefined;
  return text[tokens[at - 1]!.end - 1] === ',' ? at : undefined;
}

function readObject(reading: Reading, at: number): { filter: Filter; isOutcome: boolean; next: number } | undefined {
  const outcome = readConcept(reading.tokens.slice(at).map(bareWord));
  const group = outcome && OUTCOMES[outcome.concepts.join()];
  if (group)
    return { filter: { key: 'status', patterns: group, not: false }, isOutcome: true, next: at + outcome.used };
  const status = readDeniedStatus(reading.tokens, at);
  if (status) return { ...status, filter: { ...status.filter, not: false }, isOutcome: false };
  const name = readPlainName(reading, at, undefined) ?? readKnown(reading, at);
  if (!name || name.key === 'pool') return undefined;
  return { filter: { key: name.key, patterns: [name.name], not: false }, isOutcome: false, next: name.next };
}

/**
 * Decides the meaning of a negation in a sentence: `rows` that have none of it, calls that are `left-out`, or a question whether
 * there is `none`. `dimension`: the rows of the answer.
 */
export function settle(
  { kind, hasVerb, filters, isOutcome }: Denied,
  dimension: Grouping | undefined,
  isBound: boolean,
  has: (concept: Concept) => boolean,
): 'rows' | 'left-out' | 'none' | 'unknown' {
  // A rate is of the other calls.
  const isOfRows = !has('rate') && (dimension !== undefined || ROWS.some(has));
  const { key } = filters[0]!;
  const isWho = kind === 'without' && !hasVerb && WHO.test(key);
  if (isOfRows && (hasVerb || kind !== 'be' || isOutcome) && !isWho && key !== dimension && !isBound) return 'rows';
  if (kind === 'no' && key === 'status') return 'none';
  return key === 'status' || kind === 'without' || (kind === 'be' && !hasVerb) ? 'left-out' : 'unknown';
}

/** Concepts that ask for rows or steps. */
const ROWS = ['who', 'day', 'hour', 'week', 'month', 'perDay', 'perHour', 'perWeek', 'perMonth'] as const;
/** Keys of callers. `routes without Acme` leaves its calls out; `clients without /v1` are those that never called it. */
const WHO = /^(client|team|user|ip|initiator|source)$/;

/** Finds a negation here (`without`, `with no`, `never`, `don't use`) and the index of its object; undefined if there is none. */
function findDenial(
  tokens: readonly Token[],
  at: number,
): (Pick<Denied, 'kind' | 'hasVerb'> & { object: number }) | undefined {
  const words = tokens.slice(at).map(bareWord);
  const [said, without, no, auxiliary] = OPENERS.exec(words.slice(0, 3).join(' ')) ?? [];
  if (said === undefined) return undefined;
  const before = tokens[at - 1];
  if (!without && !no && said.endsWith("n't") && RHETORICAL.test(before ? bareWord(before) : '')) return undefined;
  let object = said.split(' ').length;
  const from = object;
  // `days with no calls from Acme`, where `no calls from Acme` alone asks whether it has stopped.
  const isOfSteps = tokens
    .slice(0, at)
    .some((token) => ROWS.some((row) => readConcept([bareWord(token)])?.concepts.includes(row)));
  const isFrom = (word: string) => (without || isOfSteps) && /^(from|by|requests?|traffic)$/.test(word);
  while (VERBS.test(words[object] ?? '') || isFrom(words[object] ?? '')) object++;
  return object < words.length
    ? {
        kind: without ? 'without' : no ? 'no' : auxiliary ? 'do' : 'be',
        hasVerb: object > from,
        object: at + object,
      }
    : undefined;
}
