import { isByHours } from '../../domain/ranges.ts';
import type { AskedGrain, Question } from '../../domain/report.ts';
import { hasUse, isByMonths } from './report-parts.ts';
import type { Sentence } from './sentence.ts';
import type { Has } from './signs.ts';
import type { Concept } from './vocabulary.ts';
import { bareWord, type Reading, type Token } from './words.ts';

/** Words for steps, and the steps that they ask for; the first that is there counts. */
const STEPS_ASKED = {
  ...{ weekday: 'weekday', hourOfDay: 'hour-of-day', perHour: 'hour', perWeek: 'week' },
  ...{ perMonth: 'month', history: 'month', perDay: 'day', week: 'week', month: 'month' },
} as const satisfies Partial<Record<Concept, AskedGrain>>;
const STEP_CONCEPTS = Object.keys(STEPS_ASKED) as (keyof typeof STEPS_ASKED)[];

/** The step that a sentence asks for, and its words. */
export function findStep(concepts: Sentence['concepts']): { step: AskedGrain; tokens: readonly Token[] } | undefined {
  const asked = STEP_CONCEPTS.find((concept) => concepts.has(concept));
  return asked && { step: STEPS_ASKED[asked], tokens: concepts.get(asked)! };
}

/** Puts the step that is asked for into the question; returns its words where the report has no such steps. */
export function applyStep(question: Question, { concepts }: Sentence): readonly Token[] {
  const asked = findStep(concepts);
  const { report, range } = question;
  const isSeries = report === 'daily' || report === 'day';
  if (!asked && isSeries && concepts.has('day') && isByMonths(range)) question.step = 'day';
  // A rate over time is told step by step.
  if (!asked && report === 'status' && concepts.has('trend') && concepts.has('rate'))
    question.step = isByMonths(range) ? 'month' : range && isByHours(range) ? 'hour' : 'day';
  if (!asked || !(isSeries || report === 'status' || report === 'latency')) return [];
  const { step, tokens } = asked;
  if (report === 'latency') question.overTime = true;
  if (isSeries) question.report = step === 'hour' || step === 'hour-of-day' ? 'day' : 'daily';
  if (range === undefined && step === 'month' && report !== 'latency') question.range = '12-months';
  if (range === undefined && step === 'hour' && !isSeries) question.range = 'yesterday';
  // Steps that the report has without being asked; of status codes those that are asked for have rates.
  const isOwn =
    step === 'day' || (step === 'hour' && (isSeries || (question.range !== undefined && isByHours(question.range))));
  if (report !== 'status' && (isOwn || (step === 'month' && question.range !== range))) return [];
  if (!hasUse({ ...question, step }, 'step', step)) return tokens;
  question.step = step;
  return [];
}

/** What a bound is a number of; returns its words where the question is of no rows that they could be about. */
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
  if (isSeries && !has('day', 'hour', 'step')) return own;
  // `more than 10% of the failures` is a share of these, `more than 10% fail` a rate.
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

/** What a series is asked for first; undefined where something else is. */
export function toStepFocus({ report, focus }: Question, has: Has): Question['focus'] {
  if (focus !== undefined || (report !== 'daily' && report !== 'day')) return undefined;
  if (has('average')) return 'average';
  return has('least') ? 'quietest' : has('most', 'peak', 'record') ? 'busiest' : undefined;
}

/** A single day is drawn by the hour, and several days where hours are asked for. */
export function toOneDay(question: Question, has: Has): Question {
  const { report, range, step } = question;
  if (step !== undefined) return question;
  if (range === undefined || (report !== 'day' && report !== 'daily')) return question;
  if (isByHours(range)) return { ...question, report: 'day' };
  return has('hour', 'perHour') ? question : { ...question, report: 'daily' };
}

/** `success rate`, `reliable`. */
export function isOfSuccess(concepts: Sentence['concepts']): boolean {
  return concepts.get('rate')?.some((token) => /^(success|reliab|uptime|availab)/.test(bareWord(token))) === true;
}
