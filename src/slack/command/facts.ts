import type { Grouping } from '../../domain/dimension.ts';
import type { Filter } from '../../domain/filter.ts';
import type { Sentence } from './sentence.ts';
import type { Sign } from './signs.ts';
import { findStep } from './steps.ts';
import { COMPARATIVE, DIMENSION_WORDS } from './vocabulary.ts';
import { bareWord, type Token } from './words.ts';

const LASTING = /^(track|stay|keep|last|lasts|enough|make|sufficient|cope|handle)$/;
const LATELY = '( (us|now|right now|currently|at the moment|today))*$';
const ALIVE = new RegExp(
  `\\b(alive|up|back|running|online|reachable|work(s|ing)?|still (sending|calling|active|working|there))${LATELY}`,
);
const DOWN = /(?<!\b(go|goes|went|gone|going|slow|slowed|slowing) )\b(down|offline|unreachable|dead)\b(?! from)/;

/** Tells whether a word is a degree, such as `busy`; `busiest` asks for a ranking instead. */
const isDegree = (token: Token) => /^(busy|busier|heavy|high|quiet|quieter|low)$/.test(bareWord(token));
function isOfDegree(concepts: Sentence['concepts']): boolean {
  return [...(concepts.get('most') ?? []), ...(concepts.get('least') ?? [])].some(isDegree);
}

/** Sentences that ask for a judgement: `was it busy`, but not `which hours are busy`. */
const JUDGING = /^(?!.*\b(who|whose|which|what|when|where)\b).*\b(is|are|was|were|been|has|have|had|how)\b/;

/** Sentences about days ahead, which no range covers. */
const FORESEEING = /^(?!.*\bso far\b).*\b(will|won't|gonna|going (to|over)|(do|does|would) (i|we|they) need)\b/;
const TRYING = /\b(can|could|may|enough|room|afford)\b.*\b\d[\d,.]*k?\b/;

/** Sentences about past use: `how much did we use`, but not `how much can we still use`. */
const SPENDING =
  /^(?!.*\b(left|can|could|still|remain\w*|unused|spare|available|headroom|balances?)\b).*\b(use|used|using|spend|spent|consumed?|gone)\b/;

/** Sentences about calls that are still possible: `how many requests may Acme still send`, `how many calls can we make today`. */
const CAPACITY =
  /^(?!.*\bmore than\b)(how (many|much)\b.*\b(can|may|could)|.*\b(can|may|could|allowed)\b(?=.*\b(still|left|more)\b)).*\b(send|make|do|use|call)\b/;
/** Superlatives of pools: the one that is closest to its amount, and the one that has the largest share left. */
const FULLEST =
  /\b(closest|nearest|fullest|tightest|used (up )?(the )?most|most (used|full)|(least|fewest)( \w+)? (left|remaining|available))\b/;
const EMPTIEST =
  /\b(emptiest|furthest|used (the )?least|least (used|full)|most( \w+)? (left|remaining|available|unused)|(has|have|is|with) (the )?most (left|room))\b/;

/** Lists the signs of a sentence: its concepts, and the facts that hold of it. */
export function listFacts(
  { concepts, names, pools, dimensions, draft, unknown, asksForNone }: Sentence,
  tokens: readonly Token[],
): ReadonlySet<Sign> {
  const [name] = names;
  const [dimension] = dimensions;
  const { range, versus, bound } = draft.question;
  const behindBound =
    bound &&
    tokens
      .slice(tokens.indexOf(draft.places.get('bound')!.at(-1)!) + 1)
      .find((token) => !/^(different|distinct|unique|separate)$/.test(bareWord(token)));
  const named = new Set([...names, ...pools].flatMap((each) => each.tokens));
  const toText = (some: readonly Token[]) => some.map(bareWord).join(' ');
  const text = toText(tokens);
  const isOfCalls = /\b(usage|calls|requests|traffic|errors|failures|volume|load|latency|credits|numbers?)\b/.test(
    text,
  );
  const isListing = /^[^ ]+( [^ ]+){0,3}['’]s? calls\b/.test(text) && !concepts.has('count');
  const facts: readonly (readonly [unknown, Sign])[] = [
    [name, 'named'],
    [name, name?.key as Sign],
    [pools.length > 0, 'pool'],
    [pools.length > 0, 'poolNamed'],
    [names.length > 1, 'several'],
    [findAlternatives(draft.filters), 'alternatives'],
    [concepts.has('portion') && names.length + draft.filters.length > 0, 'share'],
    [dimension, 'dimension'],
    [dimension?.by, 'by'],
    [dimension?.counted && !bound, 'counted'],
    [bound, 'bound'],
    [bound?.column === 'p95' && !/\b(p95|latency|response times?)\b/.test(text), 'timed'],
    [bound?.column === 'requests' && behindBound && DIMENSION_WORDS.has(bareWord(behindBound)), 'ofNames'],
    [concepts.get('gone')?.some((token) => /^not$|n't$/.test(bareWord(token))), 'absent'],
    [findStep(concepts), 'step'],
    [asksForNone, 'none'],
    [
      /\b((mon|tues|wednes|thurs|fri|satur|sun)days|(excluding|except|without|not|no|ignoring|minus)( the)? week(end|day)s?)\b/.test(
        text,
      ),
      'mondays',
    ],
    // `more 404s than usual` compares too.
    [/\bthan (usual|normal|typical|average|always)/.test(text), 'versus'],
    [dimension?.dimension === 'source', 'senders'],
    [range, 'range'],
    [
      concepts
        .get('failing')
        ?.every((token) => /^(bad|badly|terrible|worst|problems?|issues?|trouble)$/.test(bareWord(token))),
      'judged',
    ],
    [range?.match(/^(until|\.\.)/), 'until'],
    [range && !/^(today|this-)/.test(range) && FORESEEING.test(text), 'ahead'],
    [draft.filters.some(({ key, not }) => key === 'status' && !not), 'code'],
    [draft.filters.filter(({ key }) => key === 'status').length > 1, 'codes'],
    [draft.filters.length > 0, 'filtered'],
    [versus !== undefined || asksForChange({ concepts, names, draft, dimensions }), 'compared'],
    [isListing, 'listing'],
    [isOfCalls ? undefined : ALIVE.test(text), 'alive'],
    [isOfCalls ? undefined : DOWN.test(text), 'down'],
    [concepts.get('status')?.some((token) => bareWord(token).startsWith('status')), 'statusWord'],
    [isOfDegree(concepts) && (JUDGING.test(text) || concepts.has('why')), 'busy'],
    [range && /^(is|are|was|were|did|has|have)\b/.test(text), 'ofRange'],
    [SPENDING.test(toText(tokens.filter((token) => !named.has(token)))), 'spent'],
    [range && /^(this|last)-month$/.test(range), 'monthly'],
    [(unknown.length > 0 || bound) && TRYING.test(text), 'tryOut'],
    [/^(did|have|has|was|were|when (did|have|has|was|were))\b/.test(text), 'did'],
    [/\bever\b/.test(text), 'ever'],
    [CAPACITY.test(text), 'left'],
    [/^how much\b.*\b(go|gone|went) over\b/.test(text), 'overage'],
    [/^(who|which|what)\b/.test(text) && FULLEST.test(text), 'fullest'],
    [/^(who|which|what)\b/.test(text) && EMPTIEST.test(text), 'emptiest'],
    [/^(who|which|what)\b/.test(text), 'which'],
    [/\bhow (long|soon)\b|\bhow many (days|hours) (un|ti|be|le|do)/.test(text), 'when'],
    [
      /\b(calls|requests)( (that|which|are|were|is|get|got|end|ended|in|with))* (fail|succeed|[1-5](\d\d|xx))/.test(
        text,
      ),
      'ofOwn',
    ],
    [/\b(us(e|es|ed|ing)|call(s|ed|ing)?) .*\bonly$/.test(text), 'solely'],
    [/\b(health\w*|ok|okay|fine|alright)\b/.test(text), 'health'],
    [concepts.get('versus')?.some((token) => bareWord(token) === 'worse'), 'worse'],
    [concepts.get('runOut')?.some((token) => LASTING.test(bareWord(token))), 'lasting'],
    [/^what('?s)?\b/.test(text), 'what'],
    [/^(what|anything|which|is|are)\b/.test(text), 'asking'],
    [/\bhow (often|many times)\b/.test(text), 'often'],
  ];
  return new Set<Sign>([...concepts.keys(), ...facts.flatMap(([isSo, fact]) => (isSo ? [fact] : []))]);
}

/** Tells whether a sentence asks for a change without naming a second range: it is then compared with the range before. */
export function asksForChange({
  concepts,
  names,
  draft,
  dimensions,
}: Pick<Sentence, 'concepts' | 'names' | 'draft' | 'dimensions'>): boolean {
  const isComparative = concepts.get('versus')?.every((token) => COMPARATIVE.test(bareWord(token))) === true;
  // `how did it change per week` asks for a series of weeks.
  const isByStep = (['perHour', 'perDay', 'perWeek', 'perMonth'] as const).some((step) => concepts.has(step));
  const isAmongNames = names.length > 1 || findAlternatives(draft.filters) !== undefined;
  const isChange =
    concepts.has('moved') ||
    (isComparative &&
      (draft.question.range !== undefined ||
        concepts.has('rate') ||
        concepts.has('failing') ||
        concepts.has('latency'))) ||
    concepts.has('fell') ||
    (concepts.has('compare') && !isAmongNames) ||
    (!isAmongNames &&
      [...(concepts.get('latency') ?? []), ...(concepts.get('pace') ?? [])].some((token) =>
        /^((slow|fast)er|more)$/.test(bareWord(token)),
      )) ||
    (concepts.has('spike') && (concepts.has('why') || concepts.has('who') || dimensions.length > 0)) ||
    (concepts.has('why') && isOfDegree(concepts));
  return (
    draft.question.versus === undefined &&
    !isByStep &&
    // `slower than 300 ms` is a bound, not a change.
    draft.question.bound?.column !== 'p95' &&
    isChange &&
    (isComparative || !concepts.has('versus')) &&
    !concepts.has('average') &&
    !(isComparative && concepts.has('odd'))
  );
}

/** Finds a dimension that has several filters. */
export function findAlternatives(filters: readonly Filter[]): Grouping | undefined {
  const keys = filters.flatMap(({ key, not }) => (not || key === 'status' ? [] : [key]));
  return keys.find((key, at) => keys.indexOf(key) < at);
}
