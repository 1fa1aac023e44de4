import { readNumber } from '../../domain/calendar.ts';
import type { Grouping } from '../../domain/dimension.ts';
import { Misunderstood } from './command.ts';
import { type Denied, readDenied, settle } from './denials.ts';
import { countNegation, endOfUnknown, keyOfName, readMissing, readStatus } from './filter-words.ts';
import { type FoundName, isSingular, readKnown, readPlainName, readPoolCalled, readScopeTitle } from './names.ts';
import { readBound } from './number-words.ts';
import { type Draft, readNamed, readOption, readVersus, startDraft } from './question-words.ts';
import { isAhead, readRange } from './range-words.ts';
import { withoutWords } from './unknown-words.ts';
import { COMPARATIVE, type Concept, DIMENSION_WORDS, isLanguage, isSentenceFiller, readConcept } from './vocabulary.ts';
import type { Token } from './words.ts';
import { bareWord, type Reading, trimWord } from './words.ts';

/** The parts of a sentence, each with its words. The rule that makes a question of it must use every part. */
export interface Sentence {
  /** Filters, range, number and other options, read as in commands. */
  draft: Draft;
  concepts: ReadonlyMap<Concept, readonly Token[]>;
  /** Dimensions, such as `clients`. `by`: to group by; these come first. `counted`: the sentence asks how many there are. */
  dimensions: readonly SentenceDimension[];
  names: readonly SentenceName[];
  /** Names of pools and limits. */
  pools: readonly { name: string; tokens: readonly Token[] }[];
  otherRange?: { range: string; tokens: readonly Token[] };
  /** True if it asks whether there is none of something: `no errors today?` */
  asksForNone: boolean;
  unknown: readonly Token[];
}

interface SentenceDimension {
  dimension: Grouping;
  by?: boolean;
  counted?: boolean;
  tokens: readonly Token[];
}

export interface SentenceName {
  key: Grouping;
  /** The value that a filter compares. */
  value: string;
  tokens: readonly Token[];
}

/** Weekdays in the plural: of every week, not one day as `monday`. */
const MONDAYS = /^(?:(?:on|of|for|vs|versus|than|and) )?(mon|tues|wednes|thurs|fri|satur|sun)days(?= |$)/;

/** Dimensions whose names can be the subject of a report. Other names are filters. */
const SUBJECTS = new Set<Grouping>(['client', 'route', 'scope']);

/** Number of calls shown for `the last errors`. */
const LATEST = 10;

/** Running range by its unit, for `than the same week last year`, which compares it. */
const RUNNING: Readonly<Record<string, string>> = { week: 'this-week', month: 'this-month' };

/** Words before a counted dimension: `how many different`. */
const COUNTED =
  /(how many|more|fewer|as many|(number|count|total|amount) of)( (the|our|my|distinct|different|unique|individual|separate|active|failing))*$/;

/** Reads a number of calls: `last 50 calls`; at the beginning also `20 failed calls`, but not `429 calls`, which is a status. */
export function readCountedCalls(text: string, at = 0): { limit: number; used: number } | undefined {
  const [, lead, count, kind] =
    /^(last|latest|newest|recent)? ?(\d{1,5}|one(?= (?:fail|reject|error))) (?:(\S+) )?(?:calls?|requests?|events?|errors|failures)\b/.exec(
      text,
    ) ?? [];
  if (!count || (!lead && ((at > 0 && count !== 'one') || /^[2-5]\d\d$/.test(count)))) return undefined;
  if (kind && !/^(failed|failing|rejected|single|raw|[1-5](\d\d|xx)s?)$/.test(kind)) return undefined;
  return { limit: Number(count) || 1, used: lead ? 2 : 1 };
}

/** Reads the parts of a sentence. Throws Misunderstood if a part is wrong, or may mean several things. */
export function readSentence(reading: Reading): Sentence {
  const { tokens } = reading;
  const words = tokens.map(bareWord);
  // The report is not known yet. A ranking takes all options; unsuitable ones are refused once it is known.
  const draft = startDraft({ report: 'top', dimension: 'client' });
  const concepts = new Map<Concept, Token[]>();
  const dimensions: SentenceDimension[] = [];
  const names: SentenceName[] = [];
  const pools: Sentence['pools'][number][] = [];
  const unknown: Token[] = [];
  const denied: Denied[] = [];
  let asksForNone = false;
  let otherRange: Sentence['otherRange'];
  for (let at = 0; at < tokens.length; ) {
    const next =
      readName(at) ??
      readBoundAt(at) ??
      readDenial(at) ??
      readSecondRange(at) ??
      readLatest(at) ??
      readPool(at) ??
      readLongConcept(at) ??
      readSpan(at) ??
      readNumbered(at) ??
      readGrouping(at) ??
      readWord(at) ??
      readNamedFilter(at) ??
      readRest(at);
    const end = next ?? endOfUnknown(tokens, at);
    if (next === undefined) unknown.push(...tokens.slice(at, end));
    at = end;
  }
  countSteps();
  // `which hours had none` asks for some of these hours, not for averages.
  const hours = denied.length > 0 || draft.question.bound ? concepts.get('hourOfDay') : undefined;
  if (hours && /^(which|what)$/.test(bareWord(hours[0]!)) && concepts.delete('hourOfDay')) concepts.set('hour', hours);
  for (const each of denied) settleDenied(each);
  dimensions.sort((a, b) => Number(b.by ?? false) - Number(a.by ?? false));
  return { draft, concepts, dimensions, names, pools, unknown, asksForNone, ...(otherRange && { otherRange }) };

  /** Reads a quoted name, a method, or a known name that has several words or is a word of the language. */
  function readName(at: number): number | undefined {
    if (tokens[at]!.quoted) return addName(at, readPlainName(reading, at, undefined)!);
    // `PATCH calls` names a method; `since the patch` is a moment.
    const plain = keyOfName(trimWord(tokens[at]!)) === 'method' && readPlainName(reading, at, undefined);
    if (plain) return addName(at, plain);
    if (/^(patch|delete|put|post)$/.test(words[at]!) && /^(calls|requests)$/.test(words[at + 1] ?? ''))
      return addName(at, { key: 'method', name: words[at]!.toUpperCase(), next: at + 1 });
    const found = readKnown(reading, at);
    return found && (found.next > at + 1 || isLanguage(words[at]!)) ? addName(at, found) : undefined;
  }

  /** Reads a bound: `more than 100 calls`, `slower than 500 ms`. */
  function readBoundAt(at: number): number | undefined {
    const found = draft.question.bound === undefined ? readBound(tokens, at) : undefined;
    if (!found) return undefined;
    const own = tokens.slice(at, found.next);
    draft.question = { ...draft.question, bound: found.bound };
    draft.places.set('bound', own);
    if (found.bound.column === 'p95') addConcept(at, { concepts: ['latency'], used: own.length });
    return found.next;
  }

  /** Reads a negation: `without 429s`, `never fail`, `don't use /v1`. */
  function readDenial(at: number): number | undefined {
    const found = readDenied(reading, at);
    if (found) denied.push(found.denied);
    return found?.next;
  }

  /** Adds the bound of `how many days had 500s`: days with at least one. */
  function countSteps(): void {
    const at = words.findIndex(
      (word, index) =>
        /^(days|hours|weeks|months)$/.test(word) && /^(had|have|saw|with|were)$/.test(words[index + 1] ?? ''),
    );
    const isAsked = at > 0 && /\b(how many|number of|count)$/.test(words.slice(0, at).join(' '));
    const isOfSome = draft.filters.length > 0 || ['failing', 'throttled'].some((each) => concepts.has(each as Concept));
    if (!isAsked || !isOfSome || denied.length > 0 || draft.question.bound !== undefined) return;
    draft.question = { ...draft.question, bound: { sign: 'at-least', value: 1, column: 'requests' } };
    draft.places.set('bound', [tokens[at + 1]!]);
  }

  /** Applies a negation: to rows, to calls, or as a question whether there is none. This depends on the whole sentence. */
  function settleDenied({ filters, tokens: own, ...each }: Denied): void {
    const isBound = draft.question.bound !== undefined;
    if (isBound && each.kind !== 'be' && filters[0]!.key === 'status') {
      throw new Misunderstood('I check one condition at a time: which first?', [
        withoutWords(reading, own),
        withoutWords(reading, draft.places.get('bound')!),
      ]);
    }
    const meant = settle({ filters, tokens: own, ...each }, dimensions[0]?.dimension, isBound, (concept) =>
      concepts.has(concept),
    );
    if (meant === 'unknown') unknown.push(...own);
    else if (meant === 'left-out') draft.filters.push(...filters.map((filter) => ({ ...filter, not: true })));
    else {
      if (meant === 'none') asksForNone = true;
      if (meant === 'none' && each.isOutcome)
        addConcept(tokens.indexOf(own[0]!), { concepts: ['failing'], used: own.length });
      else draft.filters.push(...filters);
      if (meant === 'none') return;
      draft.question = { ...draft.question, bound: { sign: 'under', value: 1, column: 'requests' } };
      draft.places.set('bound', [...own]);
    }
  }

  /** Reads a number of the newest calls: `last 50 calls`, `newest 5 failed calls`, `last error`. Words about the calls follow. */
  function readLatest(at: number): number | undefined {
    const text = words.slice(at, at + 5).join(' ');
    const found =
      readCountedCalls(text, at) ??
      (/^(last|latest|newest|recent) (errors|failures|(failed|failing|rejected|unsuccessful) (calls|requests))\b/.test(
        text,
      )
        ? { limit: LATEST, used: 1 }
        : undefined) ??
      (/^(last|latest|newest|recent) (((failed|failing|rejected|unsuccessful) )?(call|request|event|error|failure|fail)\b|[1-5](\d\d|xx)(?= (error|call|request|failure|response)\b|$))/.test(
        text,
      )
        ? { limit: 1, used: 1 }
        : undefined);
    if (!found) return undefined;
    const { limit, used } = found;
    draft.question = { ...draft.question, limit };
    draft.places.set('limit', tokens.slice(at, at + used));
    return addConcept(at, { concepts: ['latest'], used });
  }

  function readPool(at: number): number | undefined {
    // `worth buying the add-on` is not about the existing one.
    if (/\b(buy|buying|upgrade|upgrading|need|another|bigger)( (a|an|the|our))?$/.test(words.slice(0, at).join(' ')))
      return undefined;
    const found = readPoolCalled(reading, at);
    return found && addName(at, found);
  }

  function readLongConcept(at: number): number | undefined {
    const found = readConcept(words.slice(at));
    return found && found.used > 1 ? addConcept(at, found) : undefined;
  }

  /** Reads a second range: `vs last week`, `compared to yesterday`. */
  function readSecondRange(at: number): number | undefined {
    // `week over week`
    const [over, unit] = /^(week|month|year) (?:over|on) \1\b/.exec(words.slice(at, at + 3).join(' ')) ?? [];
    if (over) draft.question.range ??= unit === 'year' ? 'this-year' : `last-${unit}`;
    if (over) return setVersus(`${unit}-before`, tokens.slice(at, at + 3), at + 3);
    // `compare last week with the week before`
    const isJoined = concepts.has('compare') && /^(with|to|and)$/.test(words[at]!);
    // `than at the same time last week` compares the running day or week.
    const isSame = words[at] === 'same' && at > 0;
    if (MONDAYS.test(words.slice(at, at + 2).join(' '))) return undefined;
    const found = isSame ? readVersus(reading, at - 1, draft, true) : readVersus(reading, at, draft, isJoined);
    if (found && isSame) draft.question.range ??= RUNNING[words[at + 1]!] ?? 'today';
    return found && setVersus(found.range, tokens.slice(at, found.next), found.next);
  }

  function setVersus(range: string, own: readonly Token[], next: number): number {
    draft.question = { ...draft.question, versus: range };
    draft.places.set('versus', [...own]);
    return next;
  }

  function readSpan(at: number): number | undefined {
    if (isAhead(reading, at) || MONDAYS.test(words.slice(at, at + 2).join(' '))) return undefined;
    // After a superlative, `month` and `3 days` are no ranges: `the cheapest month so far`, `the busiest 3 days of november`.
    const isOfRank =
      at > 0 && /^(most|least|best|failing|record)/.test(readConcept(words.slice(at - 1))?.concepts[0] ?? '');
    if (isOfRank && /^(week|month)$/.test(words[at]!)) return undefined;
    if (isOfRank && /^\d+ (day|hour|week|month)s$/.test(words.slice(at, at + 2).join(' '))) {
      draft.places.set('limit', [tokens[at]!]);
      draft.question = { ...draft.question, limit: Number(words[at]) };
      return at + 1;
    }
    const range = readCompared(at) ?? readRange(reading, at);
    const after = words[at - 1] ?? '';
    const isEver = words[at] === 'ever' && at === tokens.length - 1;
    if (!range || (range.weak && !isEver && !/^(in|during|since|last|this|of)$/.test(after))) return undefined;
    // `per hour` asks for steps.
    if (/^(per|each|every)$/.test(after)) return undefined;
    // A range after a comparative is the second range: `more than last week`, `slower than in october`, `up from yesterday`.
    const joined = concepts.get('versus')?.at(-1);
    const isBehind =
      after === 'than' ||
      (/^(that|then)$/.test(after) && /^(more|less|slow|\w{3,}er)$/.test(words[at - 2] ?? '')) ||
      (words[at - 2] === 'than' && isSentenceFiller(after));
    // In `worse this week`, the range is the first one, compared with the week before.
    const distance = joined && !COMPARATIVE.test(bareWord(joined)) ? at - tokens.indexOf(joined) : 0;
    // `POST vs GET last month`: the method is what is compared.
    const isName = at > 0 && keyOfName(trimWord(tokens[at - 1]!)) !== undefined;
    const isJoined = isBehind || distance === 1 || (distance === 2 && isSentenceFiller(after) && !isName);
    if (isJoined && draft.question.versus === undefined)
      return setVersus(range.range, tokens.slice(at, range.next), range.next);
    const { question } = draft;
    const own = tokens.slice(at, range.next);
    if (question.range === undefined || question.range === range.range) {
      draft.question = { ...question, range: range.range };
      draft.places.set('range', own);
    } else if (otherRange === undefined) otherRange = { range: range.range, tokens: own };
    else return undefined;
    return range.next;
  }

  /** Reads the first of two compared ranges: `compare october to november` does not mean the days between. */
  function readCompared(at: number): ReturnType<typeof readRange> {
    const joint = words.findIndex((word, index) => index > at && /^(to|and|with)$/.test(word));
    if (joint < 0 || !concepts.has('compare') || draft.question.range !== undefined) return undefined;
    const [first, second] = [
      readRange({ ...reading, tokens: tokens.slice(0, joint) }, at),
      readRange(reading, joint + 1),
    ];
    return first?.next === joint && second && !second.weak ? first : undefined;
  }

  /** Reads a status: `429s`, `5xx`, `429`. */
  function readNumbered(at: number): number | undefined {
    const word = words[at]!.replace(/['’]s$/, 's');
    const counts =
      /\b(top|first|last|over|under|above|below|than|at (least|most))$/.test(words.slice(0, at).join(' ')) &&
      !concepts.has('latest');
    // `300 per minute` is a rate.
    const isRate = /^(((calls|requests) )?(per|a|an|%)|more|further|extra|additional)\b/.test(
      words.slice(at + 1, at + 3).join(' '),
    );
    const status = /^[1-5](\d\ds?|xx)$/.test(word) && !counts && !isRate ? readStatus(word) : undefined;
    if (status) draft.filters.push({ key: 'status', patterns: status, not: false });
    return status && at + 1;
  }

  /** Reads a grouping: `by client`. */
  function readGrouping(at: number): number | undefined {
    const dimension = /^(by|per|each|every)$/.test(words[at]!) ? DIMENSION_WORDS.get(words[at + 1] ?? '') : undefined;
    if (!dimension || isNaming(at + 1)) return undefined;
    dimensions.push({ dimension, by: true, tokens: tokens.slice(at, at + 2) });
    return at + 2;
  }

  function readWord(at: number): number | undefined {
    const word = words[at]!;
    if (word === 'top' && /^\d+$/.test(words[at + 1] ?? '')) return undefined;
    const found = readConcept([word]);
    if (found) return addConcept(at, found);
    const dimension = DIMENSION_WORDS.get(word.replace(/['’]s$/, ''));
    const scope = dimension && readScopeTitle(reading, at);
    if (scope) return addName(at, scope);
    if (!dimension || isNaming(at)) return undefined;
    const last = dimensions.at(-1);
    // `ip addresses` names one dimension twice.
    if (last?.dimension === dimension && last.tokens.at(-1) === tokens[at - 1]) {
      dimensions[dimensions.length - 1] = { ...last, tokens: [...last.tokens, tokens[at]!] };
      return at + 1;
    }
    const counted = COUNTED.test(words.slice(Math.max(0, at - 6), at).join(' '));
    dimensions.push({ dimension, counted, tokens: [tokens[at]!] });
    return at + 1;
  }

  /** Reads a name as a filter: `user ana`, `except Acme`, or a path, an address or a method. */
  function readNamedFilter(at: number): number | undefined {
    const found = readKnown(reading, at) ?? readPlainName(reading, at, undefined);
    if (found) return addName(at, found);
    if (countNegation(tokens, at) === 0 && !isNaming(at)) return undefined;
    const before = draft.filters.length;
    const next = readNamed(reading, at, draft);
    const [filter] = draft.filters.slice(before);
    if (next === undefined || !filter || filter.not) return next;
    draft.filters.pop();
    return addName(at, { key: filter.key as Grouping, name: filter.patterns[0]!, next });
  }

  function readRest(at: number): number | undefined {
    if (readMissing(tokens, at)) return readOption(reading, at, draft);
    if (isSentenceFiller(words[at]!) || (/n't$/.test(words[at]!) && countNegation(tokens, at) === 0)) return at + 1;
    // In `10000 more calls`, the number means no rows.
    const many = DIMENSION_WORDS.has(words[at + 1] ?? '') ? readNumber(words[at]!) : undefined;
    // A number in words means rows: `which two clients`.
    if (many !== undefined && many > 1 && !/^\d/.test(words[at]!) && draft.question.limit === undefined) {
      draft.question = { ...draft.question, limit: many };
      draft.places.set('limit', [tokens[at]!]);
      return at + 1;
    }
    const isRanked = /^(first|top|most|worst|\w{3,}est)$/.test(words[at + 1] ?? '');
    if (/^\d+$/.test(words[at]!) && !isRanked && !DIMENSION_WORDS.has(words[at + 1] ?? '')) return undefined;
    const before = draft.filters.length;
    const next = readOption(reading, at, draft);
    const [filter] = draft.filters.slice(before);
    // `client:Acme` is the subject of the sentence, not just a filter.
    if (next === undefined || !filter || filter.not || filter.patterns.length > 1) return next;
    const { key, patterns } = filter;
    if (key === 'status' || !SUBJECTS.has(key)) return next;
    draft.filters.pop();
    return addName(at, { key, name: patterns[0]!, next });
  }

  /** Tells whether a name follows the word for a dimension; not in `which user calls`. */
  function isNaming(at: number): boolean {
    if (
      at + 1 >= tokens.length ||
      /^(which|what|many|any|every|each|all|most|top|distinct|unique)$/.test(words[at - 1] ?? '')
    )
      return false;
    const probe = startDraft({ report: 'daily' });
    try {
      const dimension = DIMENSION_WORDS.get(words[at]!);
      if (dimension && isSingular(words[at]!) && readKnown(reading, at + 1, dimension)) return true;
      return dimension === words[at] && readNamed(reading, at, probe) !== undefined;
    } catch (error) {
      if (error instanceof Misunderstood) return true;
      throw error;
    }
  }

  function addConcept(at: number, { concepts: meant, used }: { concepts: readonly Concept[]; used: number }): number {
    for (const concept of meant) concepts.getOrInsertComputed(concept, () => []).push(...tokens.slice(at, at + used));
    return at + used;
  }

  function addName(at: number, { key, name, next }: FoundName): number {
    if (key === 'pool') pools.push({ name, tokens: tokens.slice(at, next) });
    else if (SUBJECTS.has(key)) names.push({ key, value: name, tokens: tokens.slice(at, next) });
    else draft.filters.push({ key, patterns: [name], not: false });
    // `the finance team`: the word behind says what the name is of. A pattern is of many.
    const isOwn = isSingular(words[next] ?? '') && DIMENSION_WORDS.get(words[next]!) === key && !name.includes('*');
    return isOwn ? next + 1 : next;
  }
}
