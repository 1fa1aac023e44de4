import type { Grouping } from '../../domain/dimension.ts';
import type { Filter } from '../../domain/filter.ts';
import { counterpartOf, PREVIOUS } from '../../domain/ranges.ts';
import type { Question } from '../../domain/report.ts';
import { twoRanges } from './clauses.ts';
import { type Command, Misunderstood } from './command.ts';
import { asksForChange, findAlternatives, listFacts } from './facts.ts';
import { readStatus } from './filter-words.ts';
import { formatQuestion } from './format-question.ts';
import { NO_NAMES } from './names.ts';
import { finish } from './question-words.ts';
import { reachNow } from './range-words.ts';
import { COUNTED, hasScope, hasUse } from './report-parts.ts';
import { readReport } from './report-words.ts';
import { holds, REFUSALS, RULES, type Rule } from './rules.ts';
import { readSentence, type Sentence, type SentenceName } from './sentence.ts';
import type { Has, Sign } from './signs.ts';
import { applyBound, applyPeriod, applyStep, findStep, isOfSuccess, toOneDay, toStepFocus } from './steps.ts';
import { type Concept, DIMENSION_PLURALS } from './vocabulary.ts';
import { bareWord, type Reading, type Token, tokenize, UnknownWords } from './words.ts';

/** Longer texts are not read as sentences. */
const MAX_WORDS = 40;
/** Signs that every rule may leave unused, because any answer covers them. */
const ALWAYS: readonly Sign[] = ['count', 'portion', 'now', 'usage'];
/** Concepts that ask for a comparison. */
const COMPARING = ['compare', 'versus', 'moved', 'fell'] as const satisfies Concept[];
/** Reports that always show the present. */
const NOW_ANYWAY = new Set<Question['report']>(['summary', 'pool', 'history', 'explain', 'licences', 'advice']);

/**
 * Reads a question asked as a sentence: `how many calls did Acme make last week`, `who is getting 429s`, `when do we run out`.
 * The first rule that uses every word makes the command. Throws Misunderstood if no report answers the question, and
 * UnknownWords if words are left over.
 */
export function readNatural(reading: Reading): Command {
  const { tokens } = reading;
  if (tokens.length > MAX_WORDS) throw new UnknownWords(reading, tokens.slice(MAX_WORDS));
  const sentence = joinRanges(readSentence(reading));
  const facts = listFacts(sentence, tokens);
  const has: Has = (...signs) => signs.some((sign) => facts.has(sign));
  const refusal = REFUSALS.find(({ signs }) => holds(signs, has));
  const near = refusal?.near.map((command) => fillOffer(command, sentence));
  // A number that is not understood does not hide a refusal, which explains more.
  if (sentence.unknown.some(({ text }) => !near || !/^\d[\d,.]*k?\W*$/i.test(text)))
    throw new UnknownWords(reading, sentence.unknown, 'unknown', near ?? listNear(reading, sentence, has));
  if (refusal) throw new Misunderstood(refusal.told, [...near!, 'help']);
  const nearest = findNearest(reading, sentence, has);
  if (nearest?.command && nearest.unused.length === 0) return nearest.command;
  const { otherRange } = sentence;
  if (
    otherRange &&
    nearest?.command?.kind === 'question' &&
    nearest.unused.every((token) => otherRange.tokens.includes(token))
  )
    throw twoRanges(nearest.command.question, otherRange.range);
  if (!nearest) throw new Misunderstood("I can't make a report of that question.", ['top clients', 'pool', 'help']);
  const inOrder = nearest.unused.toSorted((a, b) => a.start - b.start);
  throw new UnknownWords(reading, inOrder, 'unused', nearest.offers);
}

/** Lists commands that are near to the sentence without its unknown words. */
function listNear(reading: Reading, sentence: Sentence, has: Has): readonly string[] {
  try {
    return findNearest(reading, sentence, has)?.offers ?? [];
  } catch (error) {
    if (error instanceof Misunderstood) return error.candidates;
    throw error;
  }
}

interface Nearest {
  command: Command | undefined;
  unused: readonly Token[];
  offers: string[];
}

/** Returns the command of the rule that leaves the fewest words unused; of several, the first. */
function findNearest(reading: Reading, sentence: Sentence, has: Has): Nearest | undefined {
  const ofRange = new Set(sentence.draft.places.get('range'));
  // A word of the range counts less than other words.
  const weigh = (tokens: readonly Token[]) => tokens.reduce((sum, token) => sum + (ofRange.has(token) ? 0.4 : 1), 0);
  let nearest: Nearest | undefined;
  for (const rule of RULES) {
    if (!holds(rule.signs, has)) continue;
    const { command, unused: left } = make(reading, sentence, rule, has);
    const unused = [...listUnused(sentence, rule, command), ...left];
    if (nearest && weigh(nearest.unused) <= weigh(unused)) continue;
    nearest = { command, unused, offers: command ? [writeCommand(command)] : [] };
    if (unused.length === 0) break;
  }
  return nearest;
}

/** Compares the first range with the second, if the sentence asks for that: `compare this week with last week`. */
function joinRanges(sentence: Sentence): Sentence {
  const { draft, concepts, otherRange, ...rest } = sentence;
  const isAsked = COMPARING.some((concept) => concepts.has(concept)) && draft.question.versus === undefined;
  if (!otherRange || !isAsked) return sentence;
  const places = new Map(draft.places).set('versus', [...otherRange.tokens]);
  return { ...rest, concepts, draft: { ...draft, places, question: { ...draft.question, versus: otherRange.range } } };
}

/** Lists the tokens of a sentence that a rule does not use. */
function listUnused(
  { concepts, names, pools, dimensions, otherRange }: Sentence,
  rule: Rule,
  command?: Command,
): Token[] {
  const { uses, slots } = rule;
  const isCompared = command?.kind === 'question' && command.question.versus !== undefined;
  const used = new Set<Sign>([...uses, ...ALWAYS, ...(isCompared ? [...COMPARING, 'spike' as const] : [])]);
  // A ranking that compares two ranges counts calls, so it cannot use a rate.
  if (isCompared && command.question.report === 'top') used.delete('rate');
  const takes = (name: SentenceName, index: number) =>
    slots.includes('names')
      ? name.key === names[0]!.key
      : (index === 0 || isBeside(name, names[0]!)) && (slots.includes('name') || slots.includes(name.key));
  return [
    ...[...concepts].flatMap(([concept, tokens]) => (used.has(concept) ? [] : tokens)),
    ...names.flatMap((name, index) => (takes(name, index) ? [] : name.tokens)),
    ...pools.flatMap(({ tokens }, index) => (index === 0 && slots.includes('pool') ? [] : tokens)),
    ...dimensions.flatMap(({ dimension, tokens }, index) => {
      const isTaken = index === 0 && (slots.includes('dimension') || slots.includes(DIMENSION_PLURALS[dimension]));
      return isTaken ? [] : tokens;
    }),
    ...(otherRange?.tokens ?? []),
  ];
}

/** Tells whether a name becomes a filter beside the first name: `how often did Acme call /v1/orders`. */
function isBeside(name: SentenceName, first: SentenceName): boolean {
  return name.key !== first.key && name.key !== 'scope' && first.key !== 'scope';
}

/** Makes the command of a rule from the parts of the sentence. `unused`: words that its report cannot use. */
function make(
  reading: Reading,
  sentence: Sentence,
  rule: Rule,
  has: Has,
): { command?: Command; unused: readonly Token[] } {
  const { draft, names, dimensions } = sentence;
  const base = readBase(rule.command === 'subject' ? aboutName(names[0]!, has) : rule.command);
  if (base.kind !== 'question') {
    const { range } = draft.question;
    const isHistory = base.kind === 'alerts' && range !== undefined;
    const unused = [...draft.places].flatMap(([part, tokens]) => (isHistory && part === 'range' ? [] : tokens));
    return { command: isHistory ? { kind: 'alerts', action: 'history', range } : base, unused };
  }
  const { report: _report, dimension: _dimension, ...read } = draft.question;
  const { report } = base.question;
  const places = new Map(draft.places);
  const question: Question = { ...base.question, ...effects(base.question, sentence, has), ...read };
  if (isNow(base.question, read.range, has)) {
    delete question.range;
    places.delete('range');
  } else if (report === 'summary' && read.range !== undefined) {
    // The cards show the present, so another range stays unused.
    return { unused: places.get('range') ?? [] };
  } else if (base.question.range !== undefined && read.range !== undefined && base.question.focus === undefined) {
    if (base.question.range !== read.range) return { unused: places.get('range') ?? [] };
  } else if (has('now') && read.range === undefined && !NOW_ANYWAY.has(report) && !question.focus && !isStill(sentence))
    question.range = 'today';
  if (has('fix') && question.range !== undefined) question.range = toSince(question.range);
  if (asksForChange(sentence) && !question.focus && hasUse(question, 'versus', PREVIOUS))
    Object.assign(question, toCompared(question.range));
  const isOpen = question.versus === undefined || (question.versus === PREVIOUS && question.range !== undefined);
  const untilNow = reachNow(question.range, reading.tokens.map(bareWord).join(' '));
  // A comparison since a month or date is of whole days: hours of the span before may no longer be kept.
  const isRecent = question.versus === undefined || /^since-[a-z]*day$/.test(question.range ?? '');
  if (isOpen && isRecent && untilNow && COUNTED.includes(report)) question.range = untilNow;
  // A question with a focus, such as the quietest step, cannot compare: the words of the second range stay unused.
  const unused = hasUse(question, 'focus', question.focus) ? [] : (places.get('versus') ?? []);
  if (unused.length > 0) {
    delete question.versus;
    places.delete('versus');
  }
  const [dimension] = dimensions;
  if (dimension && rule.slots.includes('dimension') && hasUse(question, 'dimension', dimension))
    question.dimension = dimension.dimension;
  const filtered = draft.filters.find(({ key, not }) => key !== 'status' && !not)?.key as Grouping | undefined;
  const asked = rule.slots.includes('alternatives') ? findAlternatives(draft.filters) : undefined;
  if (asked ?? (rule.slots.includes('filtered') && filtered)) question.dimension = asked ?? filtered;
  const left = [
    ...unused,
    ...applyStep(question, sentence),
    ...applyPeriod(question, sentence),
    ...applyBound(question, sentence, has, reading),
  ];
  const focus = toStepFocus(question, has);
  if (focus && hasUse(question, 'focus', focus)) question.focus = focus;
  // A comparison shows changes, so words for the busiest or quietest step stay unused.
  else if (focus && question.focus === undefined && question.versus !== undefined && !has('busy', 'average'))
    left.push(...(['most', 'least', 'peak', 'record'] as const).flatMap((each) => sentence.concepts.get(each) ?? []));
  const filters = [
    ...draft.filters,
    ...(question.focus === 'odd' || [question.sort, question.bound?.column].some((each) => each?.endsWith('ed_percent'))
      ? []
      : toOutcome(report, has)),
    ...placeNames(question, rule, sentence),
    ...names
      .filter((each) => isBeside(each, names[0]!))
      .map(({ key, value }) => ({ key, patterns: [value], not: false })),
  ];
  if (rule.uses.has('solely')) {
    // Those that have none of what is not so.
    const [own, ...others] = filters;
    if (!own || others.length > 0) return { unused: sentence.concepts.get('solely') ?? reading.tokens.slice(-1) };
    filters.splice(0, 1, { ...own, not: !own.not });
  }
  refuseBoth(filters, question);
  try {
    const whole = finish(reading, { ...draft, question, filters, places });
    return { command: { kind: 'question', question: toOneDay(whole, has) }, unused: left };
  } catch (error) {
    if (error instanceof UnknownWords) return { unused: error.tokens };
    throw error;
  }
}

/** Throws Misunderstood for `clients using v1 but not v2`: each call has one version, so the second filter would change nothing. */
function refuseBoth(filters: readonly Filter[], question: Question): void {
  const isPlain = ({ key, not, patterns }: Filter) =>
    !not && key !== 'status' && !patterns.some((each) => each.includes('*'));
  const plain = filters.find((filter) => isPlain(filter) && filters.some(({ key, not }) => not && key === filter.key));
  if (!plain) return;
  const only = (not: boolean) => filters.filter((filter) => filter.key !== plain.key || filter.not === not);
  const none = only(true).map((filter) => ({ ...filter, not: false }));
  throw new Misunderstood(
    "I can't list what has one and not the other; each alone I can.",
    [
      { ...question, filters: only(false) },
      { ...question, bound: { sign: 'under' as const, value: 1, column: 'requests' as const }, filters: none },
    ].map(formatQuestion),
  );
}

/** Returns the command about one name: the report of a client or a route, or the balance or calls of a scope. */
function aboutName({ key }: SentenceName, has: Has): string {
  if (key === 'client' || key === 'route') return key;
  return has('range', 'filtered', 'happening', 'count', 'average') ? 'daily' : 'pool';
}

/** Puts the names of a sentence into the question. Returns those as filters that have no place of their own in the report. */
function placeNames(question: Question, { slots }: Rule, { names, pools }: Sentence): Filter[] {
  const [name] = names;
  const [pool] = pools;
  const { report } = question;
  if (pool && slots.includes('pool')) {
    // A scope and a pool together: `crm/Daily credits`.
    const scope = name?.key === 'scope' ? `${name.value}/${pool.name}` : pool.name;
    if (!hasScope(question)) return [{ key: 'scope', patterns: [scope], not: false }];
    question.scope = scope;
    return [];
  }
  if (!name) return [];
  const { key, value } = name;
  if (slots.includes('names')) {
    question.dimension = key;
    const same = names.filter((each) => each.key === key).map((each) => each.value);
    return [{ key, patterns: [...new Set(same)], not: false }];
  }
  if (report === key || (report === 'why' && key === 'client')) question.name = value;
  else if (key === 'scope' && hasScope(question)) question.scope = value;
  else return [{ key, patterns: [value], not: false }];
  return [];
}

/** Returns the order by rates that words ask for: `highest error rate`, `least reliable`. */
function sortByRate(concepts: Sentence['concepts'], has: Has): string | undefined {
  if (!concepts.has('rate')) return undefined;
  return `${has('least') ? '' : '-'}${isOfSuccess(concepts) ? 'ok_percent' : 'failed_percent'}`;
}

/** Returns the parts of a question that single words of a sentence set, such as measure, order and focus. */
function effects({ report, only }: Question, { draft, concepts }: Sentence, has: Has): Partial<Question> {
  const isCompared = has('compared');
  if (report === 'latency') {
    const isOverTime = has('trend') || (has('when') && has('most', 'least', 'peak'));
    const percentile = concepts
      .get('latency')
      ?.map(bareWord)
      .find((word) => /^(p50|p99|median)$/.test(word));
    return {
      ...(isOverTime && { overTime: true as const }),
      ...((percentile || has('average')) && { sort: percentile === 'p99' ? '-p99' : '-p50' }),
      ...(has('fastest') && { sort: 'p95' }),
    };
  }
  const rate = isCompared ? undefined : sortByRate(concepts, has);
  if (report === 'status' && !has('failing', 'down', 'code') && (has('succeeding') || isOfSuccess(concepts)))
    return { focus: 'succeeded' };
  if (report === 'client' && has('who', 'owner')) return { focus: 'owner' };
  if (report !== 'top') return {};
  return {
    ...(has('cost') && { measure: 'credits' as const }),
    ...(has('least') && { sort: has('cost') ? 'credits' : 'requests' }),
    ...(rate && { sort: rate }),
    ...(isCompared &&
      !only &&
      has('moved', 'fell', 'spike', 'busy') && {
        sort: has('fell') || (has('busy') && has('least')) ? 'change' : '-change',
      }),
    // `who used most` sorts by size, not by change.
    ...(isCompared &&
      !only &&
      has('most', 'least') &&
      !has('moved', 'fell', 'spike', 'why', 'busy') && {
        sort: `${has('least') ? '' : '-'}${has('cost') ? 'credits' : 'requests'}`,
      }),
    ...(draft.question.sort && { sort: draft.question.sort }),
  };
}

/** Returns a filter for the outcome that a sentence asks about. Reports about outcomes cover all calls, unless 429s are meant. */
function toOutcome(report: Question['report'], has: Has): Filter[] {
  const isPart = ['top', 'latency', 'events', 'daily', 'day'].includes(report);
  const isOfOutcomes = ['status', 'client', 'route'].includes(report);
  if (has('code') || !(isPart || isOfOutcomes) || (report === 'latency' && has('judged'))) return [];
  const isHit = report === 'status' && has('client') && has('limit', 'runOut');
  if (isHit || has('throttled', 'rateLimit')) return [{ key: 'status', patterns: ['429'], not: false }];
  const group =
    isPart && (has('failing') || (has('worse') && report === 'top') ? 'failed' : has('succeeding') ? 'ok' : undefined);
  return group ? [{ key: 'status', patterns: readStatus(group)!, not: false }] : [];
}

/** Tells whether a range means the present, so that it can be left out: for a balance, only a past range is another one. */
function isNow({ report, focus }: Question, range: string | undefined, has: Has): boolean {
  if (range === undefined) return false;
  if (report === 'summary') return range === 'today';
  // `left today` is about pools and limits of a day.
  if (range === 'today' && focus === undefined && has('left', 'limit')) return false;
  return report === 'pool' && /^(today|24h|this-)/.test(range) && has('runOut', 'left', 'limit', 'when');
}

/** Returns the ranges to compare: `since last month` means this month and the last, others the time before as well. */
function toCompared(range: string | undefined): Pick<Question, 'range' | 'versus'> {
  const since = /^since-(.+)$/.exec(range ?? '')?.[1];
  const running = since && counterpartOf(since);
  return running ? { range: running, versus: since } : { versus: PREVIOUS };
}

/** Tells whether `still` asks for a change, as in `is it still growing`, which whole days tell. */
function isStill(sentence: Sentence): boolean {
  return (
    asksForChange(sentence) && sentence.concepts.get('now')?.every((token) => bareWord(token) === 'still') === true
  );
}

/** Turns the time of a change (`today 14:00`, `tuesday`) into the range since then, in which its effect is seen. */
function toSince(range: string): string {
  const isMoment = /\d\d:\d\d$/.test(range) && !/since|\.\.|-\d\d:\d\d$/.test(range);
  return isMoment ? `since ${range}` : range.replace(/^((?!to)\w+day|\d{4}-\d\d-\d\d)$/, 'since-$1');
}

/** Fills an offer: `…` becomes the range and filters of the sentence, slots become its dimension. */
function fillOffer(near: string, { draft, names, dimensions, concepts }: Sentence): string {
  const [dimension] = dimensions;
  const command = near
    .replace(' …', '')
    .replace(' [codes]', '')
    .replace('[scope]', () => names.find(({ key }) => key === 'scope')?.value ?? '')
    .replace('[counted]', () => DIMENSION_PLURALS[dimensions.at(-1)?.dimension ?? 'client'])
    .replace('[dimension]', () => DIMENSION_PLURALS[dimension?.dimension ?? 'client']);
  const base = readBase(command);
  if (!near.endsWith('…') || base.kind !== 'question') return command;
  const { range, versus } = draft.question;
  const named = names.slice(0, 1).map(({ key, value }) => ({ key, patterns: [value], not: false }));
  // `[codes]` drops the filter by status, to show all codes.
  const own = near.includes('[codes]') ? draft.filters.filter(({ key }) => key !== 'status') : draft.filters;
  const filters = [...own, ...named];
  const step = findStep(concepts)?.step;
  return formatQuestion({
    ...(step && hasUse({ ...base.question, step }, 'step', step) && { step }),
    ...(range !== undefined && { range }),
    ...(versus !== undefined && { versus }),
    ...base.question,
    ...(filters.length > 0 && { filters }),
  });
}

function writeCommand(command: Command): string {
  return command.kind === 'question' ? formatQuestion(command.question) : command.kind;
}

/** Reads a command of the rules, without its slots. */
function readBase(command: string): Command {
  if (command === 'debug') return { kind: command };
  if (command === 'alerts' || command === 'digest') return { kind: command, action: 'list' };
  if (command === 'client' || command === 'route' || command === 'why')
    return { kind: 'question', question: { report: command } };
  if (command === 'client allowance') return { kind: 'question', question: { report: 'client', focus: 'allowance' } };
  return { kind: 'question', question: readReport({ text: command, tokens: tokenize(command), names: NO_NAMES })! };
}
