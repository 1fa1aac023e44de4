import { isByHours } from '../../domain/ranges.ts';
import type { AskedGrain, Question } from '../../domain/report.ts';
import { hasUse, isByMonths } from './report-parts.ts';
import type { Sentence } from './sentence.ts';
import type { Has } from './signs.ts';
import type { Concept } from './vocabulary.ts';
import { bareWord, type Reading, type Token } from './words.ts';

/** Steps by the concept that asks for them. If a sentence has several, the first one here counts. */
const STEPS_ASKED = {
  ...{ weekday: 'weekday', hourOfDay: 'hour-of-day', perHour: 'hour', perWeek: 'week' },
  ...{ perMonth: 'month', history: 'month', perDay: 'day', week: 'week', month: 'month' },
} as const satisfies Partial<Record<Concept, AskedGrain>>;
const STEP_CONCEPTS = Object.keys(STEPS_ASKED) as (keyof typeof STEPS_ASKED)[];

/** Finds the step that a sentence asks for, and its words. */
export function findStep(concepts: Sentence['concepts']): { step: AskedGrain; tokens: readonly Token[] } | undefined {
  const asked = STEP_CONCEPTS.find((concept) => concepts.has(concept));
  return asked && { step: STEPS_ASKED[asked], tokens: concepts.get(asked)! };
}

/** Sets the step that a sentence asks for. Returns its words if the report has no such steps. */
export function applyStep(question: Question, { concepts }: Sentence): readonly Token[] {
  const asked = findStep(concepts);
  const { report, range } = question;
  const isSeries = report === 'daily' || report === 'day';
  if (!asked && isSeries && concepts.has('day') && isByMonths(range)) question.step = 'day';
  // A rate over time needs steps.
  const isOfHours = concepts.has('hour') || (range !== undefined && isByHours(range));
  const asksWhen = (['trend', 'when', 'day', 'hour'] as const).some((each) => concepts.has(each));
  if (!asked && report === 'status' && concepts.has('rate') && asksWhen) {
    question.step = isByMonths(range) && !concepts.has('day') ? 'month' : isOfHours ? 'hour' : 'day';
    if (isOfHours && range === undefined) question.range = 'yesterday';
  }
  if (!asked || !(isSeries || report === 'status' || report === 'latency')) return [];
  const { step, tokens } = asked;
  if (report === 'latency') question.overTime = true;
  if (isSeries) question.report = step === 'hour' || step === 'hour-of-day' ? 'day' : 'daily';
  if (range === undefined && step === 'month' && report !== 'latency') question.range = '12-months';
  if (range === undefined && step === 'hour' && !isSeries) question.range = 'yesterday';
  // The report's default steps need not be set. Status codes have no default step.
  const isOwn =
    step === 'day' || (step === 'hour' && (isSeries || (question.range !== undefined && isByHours(question.range))));
  if (report !== 'status' && (isOwn || (step === 'month' && question.range !== range))) return [];
  if (!hasUse({ ...question, step }, 'step', step)) return tokens;
  question.step = step;
  return [];
}

/** Sets the period of the pools asked for: `daily limit`, `monthly quota`. Returns the words that the answer cannot use. */
export function applyPeriod(question: Question, { concepts }: Sentence): readonly Token[] {
  const { report, focus, range } = question;
  const own = [...(concepts.get('left') ?? []), ...(concepts.get('limit') ?? [])];
  const said = own.find((token) => /^(daily|monthly)$/.test(bareWord(token)));
  if (!said || report === 'client') return [];
  const asked = bareWord(said) === 'daily' ? 'today' : 'this-month';
  if (report !== 'pool' || (focus !== undefined && focus !== 'used-first') || (range ?? asked) !== asked) return [said];
  question.range = asked;
  return [];
}

/** Sets the column of a bound by the words around it. Returns the bound's words if the answer has no rows to compare. */
export function applyBound(
  question: Question,
  { draft, concepts }: Sentence,
  has: Has,
  { tokens }: Reading,
): readonly Token[] {
  const { bound, report } = question;
  const own = draft.places.get('bound');
  if (!bound || !own) return [];
  const isSeries = report === 'daily' || report === 'day';
  if (isSeries && !has('day', 'hour', 'step', 'when')) return own;
  // `more than 10% of the failures` means a share of the failures, `more than 10% fail` an error rate.
  const behind = tokens
    .slice(tokens.indexOf(own.at(-1)!) + 1)
    .map(bareWord)
    .join(' ');
  const isShare = /^of (the |all |our )*(fail|error|reject|success|[1-5](\d\d|xx)s?\b)/.test(behind);
  const rate = isShare
    ? undefined
    : has('succeeding') || isOfSuccess(concepts)
      ? 'ok_percent'
      : has('rate', 'failing')
        ? 'failed_percent'
        : undefined;
  if (bound.column === 'share_percent' && rate) question.bound = { ...bound, column: rate };
  if (bound.column === 'requests' && has('cost')) question.bound = { ...bound, column: 'credits' };
  return [];
}

/** Returns the focus of a series: its average, quietest or busiest step. Undefined for other reports. */
export function toStepFocus({ report, focus }: Question, has: Has): Question['focus'] {
  if (focus !== undefined || (report !== 'daily' && report !== 'day')) return undefined;
  if (has('average')) return 'average';
  return has('least') ? 'quietest' : has('most', 'peak', 'record') ? 'busiest' : undefined;
}

/** Chooses the report by the length of its range: hours for a single day or if hours are asked for, else days. */
export function toOneDay(question: Question, has: Has): Question {
  const { report, range, step } = question;
  if (step !== undefined) return question;
  if (range === undefined || (report !== 'day' && report !== 'daily')) return question;
  if (isByHours(range)) return { ...question, report: 'day' };
  return has('hour', 'perHour') ? question : { ...question, report: 'daily' };
}

/** Tells whether the rate asked for is of success: `success rate`, `reliable`. */
export function isOfSuccess(concepts: Sentence['concepts']): boolean {
  return concepts.get('rate')?.some((token) => /^(success|reliab|uptime|availab)/.test(bareWord(token))) === true;
}
