import type { Filter } from '../../domain/filter.ts';
import { isByHours, PREVIOUS } from '../../domain/ranges.ts';
import type { Question } from '../../domain/report.ts';
import { type Command, Misunderstood } from './command.ts';
import { formatQuestion } from './format-question.ts';
import { finish } from './question-words.ts';
import { hasUse } from './report-parts.ts';
import { type Facts, RULES, type Rule } from './rules.ts';
import { readSentence, type Sentence } from './sentence.ts';
import type { Concept } from './vocabulary.ts';
import type { Token } from './words.ts';
import { bareWord, type Reading, UnknownWords } from './words.ts';

/** Longer texts are no sentence. */
const MAX_WORDS = 40;

/** Words that say only how an answer is given: any answer does. */
const ALWAYS = new Set<Concept>(['count', 'now']);

/**
 * A question asked in a sentence: `how many calls did Acme make last week`, `who is getting 429s`, `when do we run out`; by
 * rules, of which the first is taken that uses every word. Throws Misunderstood where no report tells what is asked, and
 * UnknownWords where words are left over.
 */
export function readNatural(reading: Reading): Command {
  const { tokens } = reading;
  if (tokens.length > MAX_WORDS) throw new UnknownWords(reading, tokens.slice(MAX_WORDS));
  const sentence = joinRanges(readSentence(reading));
  const facts = toFacts(sentence, tokens);
  refuseUntold(sentence, facts);
  if (sentence.unknown.length > 0) throw new UnknownWords(reading, sentence.unknown);
  let nearest: { unused: readonly Token[]; offers: string[] } | undefined;
  for (const rule of RULES) {
    if (!rule.when(facts)) continue;
    const made = make(reading, sentence, facts, rule);
    const unused = listUnused(sentence, rule, made.command);
    if (made.unused.length + unused.length === 0 && made.command) return made.command;
    const all = [...unused, ...made.unused];
    if (!nearest || all.length < nearest.unused.length) {
      const offers = made.command?.kind === 'question' ? [formatQuestion(made.command.question)] : [];
      nearest = { unused: all, offers };
    }
  }
  if (nearest) throw new UnknownWords(reading, inOrder(nearest.unused), 'unused', nearest.offers);
  throw new Misunderstood("I can't make a report of that question.", ['top clients', 'pool', 'help']);
}

function toFacts(sentence: Sentence, tokens: readonly Token[]): Facts {
  const { concepts, names, dimensions, draft } = sentence;
  const [dimension] = dimensions;
  return {
    has: (...wanted) => wanted.some((concept) => concepts.has(concept)),
    opening: bareWord(tokens[0]!),
    listing: isListing(tokens.map(bareWord)) && !concepts.has('count'),
    names,
    ...(names[0] && { name: names[0] }),
    ...(dimension && { dimension: dimension.dimension }),
    by: dimension?.by ?? false,
    ...(draft.question.range !== undefined && { range: draft.question.range }),
    byStatus: draft.filters.some(({ key }) => key === 'status'),
    filtered: draft.filters.length > 0,
    compared: draft.question.versus !== undefined || asksForChange(sentence),
  };
}

/** `Acme's calls today`: no verb says what is asked about them. */
function isListing(words: readonly string[]): boolean {
  return /^[^ ]+( [^ ]+){0,3}['’]s? calls\b/.test(words.join(' '));
}

/** `compare this week with last week`: the range named first is compared with the other. */
function joinRanges(sentence: Sentence): Sentence {
  const { draft, concepts, otherRange, ...rest } = sentence;
  const isAsked = COMPARING.some((concept) => concepts.has(concept)) && draft.question.versus === undefined;
  if (!otherRange || !isAsked) return sentence;
  const places = new Map(draft.places).set('versus', [...otherRange.tokens]);
  return { ...rest, concepts, draft: { ...draft, places, question: { ...draft.question, versus: otherRange.range } } };
}

/** Words that ask for a change. */
const COMPARING = ['compare', 'versus', 'moved', 'fell'] as const satisfies Concept[];

/** Tells whether a change is asked for without the range that it is from: then it is the one before. */
function asksForChange({ concepts, names, draft }: Sentence): boolean {
  const isChange = concepts.has('moved') || concepts.has('fell') || (concepts.has('compare') && names.length < 2);
  return draft.question.versus === undefined && isChange && !concepts.has('versus') && !concepts.has('average');
}

/** Tokens of a sentence that a rule has no use for. */
function listUnused(
  { concepts, names, dimensions, otherRange }: Sentence,
  rule: Rule,
  command: Command | undefined,
): Token[] {
  const isCompared = command?.kind === 'question' && command.question.versus !== undefined;
  const used = new Set<Concept>([...rule.uses, ...(isCompared ? COMPARING : [])]);
  const keys = rule.names ?? [];
  const [first] = names;
  return [
    ...[...concepts].flatMap(([concept, tokens]) => (used.has(concept) || ALWAYS.has(concept) ? [] : tokens)),
    ...names.flatMap((name, index) => {
      const fits = keys.includes(name.key) && (index === 0 || (rule.several === true && name.key === first!.key));
      return fits ? [] : name.tokens;
    }),
    ...dimensions.flatMap(({ dimension, tokens }, index) => {
      const fits = rule.dimensions === 'any' ? index === 0 : rule.dimensions?.includes(dimension);
      return fits ? [] : tokens;
    }),
    ...(otherRange?.tokens ?? []),
  ];
}

/** The rule's question with what the grammar read; `unused`: words that its report has no use for. */
function make(
  reading: Reading,
  sentence: Sentence,
  facts: Facts,
  rule: Rule,
): { command?: Command; unused: readonly Token[] } {
  const { draft } = sentence;
  const asked = rule.ask(facts);
  if (asked.kind !== undefined) {
    return { command: asked, unused: [...draft.places.values()].flat() };
  }
  const { report: _report, dimension: _dimension, ...read } = draft.question;
  const places = new Map(draft.places);
  const { filters = [], ...question } = asked;
  // A column that was asked for by name goes before the one that the sentence suggests.
  const given: Question = { ...read, ...question, ...(read.sort && { sort: read.sort }) };
  if (rule.now?.(facts)) {
    delete given.range;
    places.delete('range');
  } else if (facts.has('now') && given.range === undefined && !NOW_ANYWAY.has(given.report)) given.range = 'today';
  if (asksForChange(sentence) && hasUse(given, 'versus', PREVIOUS)) given.versus = PREVIOUS;
  const filled = { ...draft, question: given, filters: [...draft.filters, ...filters], places };
  try {
    return { command: { kind: 'question', question: toOneDay(finish(reading, filled), facts) }, unused: [] };
  } catch (error) {
    if (error instanceof UnknownWords) return { unused: error.tokens };
    throw error;
  }
}

/** Reports of what holds now. */
const NOW_ANYWAY = new Set<Question['report']>(['summary', 'pool', 'history', 'explain', 'licences', 'advice']);

/** A single day is drawn by the hour, and several days are not; who says `hour` hears that from the report. */
function toOneDay(question: Question, { has }: Facts): Question {
  const { report, range } = question;
  if (report === 'day' && range !== undefined && !isByHours(range))
    return has('hour', 'perHour') ? question : { ...question, report: 'daily' };
  return report === 'daily' && range !== undefined && isByHours(range) ? { ...question, report: 'day' } : question;
}

function inOrder(tokens: readonly Token[]): Token[] {
  return tokens.toSorted((a, b) => a.start - b.start);
}

/** Throws Misunderstood for what no report tells, with the questions that come nearest. */
function refuseUntold({ draft, names }: Sentence, { has, range, name, dimension, compared }: Facts): void {
  const filters: Filter[] = [...draft.filters];
  if (name && (name.key === 'client' || name.key === 'scope' || name.key === 'route'))
    filters.push({ key: name.key, patterns: [name.value], not: false });
  const near = (...questions: Question[]) =>
    questions.map((question) =>
      formatQuestion({ ...question, ...(range !== undefined && { range }), ...(filters.length > 0 && { filters }) }),
    );
  const clients: Question = { report: 'top', dimension: 'client' };
  if (has('howSlow') && has('most')) {
    const { versus } = draft.question;
    throw new Misunderstood('Those are two questions: who used most, and how slow it was. Ask them one by one.', [
      ...near({ ...clients, ...(versus !== undefined && { versus }) }, { report: 'latency', dimension: 'client' }),
      'help',
    ]);
  }
  if (has('timeout'))
    throw new Misunderstood("I can't tell timeouts from other failures; gateways answer them with 504.", [
      ...near({ report: 'status' }),
      'latency',
      'help',
    ]);
  if (has('bytes'))
    throw new Misunderstood('Headroom counts calls, credits and durations; bytes and records are not reported.', [
      ...near(clients, { ...clients, measure: 'credits' }, { report: 'latency' }),
      'help',
    ]);
  // What changed is seen by what is before and after it, so the time has to be named.
  if (has('fix') && range === undefined)
    throw new Misunderstood(
      'Since when? Name the time of the change: what came after is set beside as much before it.',
      [
        ...['today', 'since yesterday 14:00', 'yesterday'].map((since) =>
          formatQuestion({ report: 'status', range: since, versus: PREVIOUS, ...(filters.length > 0 && { filters }) }),
        ),
        'help ranges',
      ],
    );
  if (has('csv'))
    throw new Misunderstood('A CSV comes with the answer: under ⋯ in Slack, by --csv in a terminal.', [
      ...near(dimension ? { report: 'top', dimension } : { report: 'daily' }),
      'help',
    ]);
  if (/^(until|till|to|\.\.)/.test(range ?? '') && has('left', 'runOut', 'forecast', 'limit'))
    throw new Misunderstood("I can't report days ahead; a pool's answer says whether it lasts until its reset.", [
      'forecast',
      'pool',
      'help',
    ]);
  if (has('ahead'))
    throw new Misunderstood("I can't report days ahead; a pool's answer says whether it lasts until its reset.", [
      'pool',
      ...(has('runOut') ? [] : near({ report: 'daily' })),
      'help',
    ]);
  if (has('versus') && !compared && !has('average', 'fix') && names.length < 2)
    throw new Misunderstood('Compared with what? Name the second range, or take the one before.', [
      ...near({ report: 'daily', versus: PREVIOUS }, { ...clients, versus: PREVIOUS }),
      'help ranges',
    ]);
}
