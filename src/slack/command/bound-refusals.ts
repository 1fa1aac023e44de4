import type { Filter } from '../../domain/filter.ts';
import type { Question } from '../../domain/report.ts';
import { Misunderstood } from './command.ts';
import { formatQuestion } from './format-question.ts';
import { bareWord, type Reading, type Token } from './words.ts';

/** Throws Misunderstood where rows cannot be held against what a question's bound is of. `own`: the words of the bound. */
export function refuseBound(
  { tokens }: Reading,
  { bound, ...rest }: Question,
  own: readonly Token[] | undefined,
  filters: readonly Filter[],
): void {
  if (!bound || !own) return;
  // `status:429` says which calls count; a code in words may say what the number is a share of.
  const isKeyed = tokens.some(({ parts: [key, ...more] }) => more.length > 0 && key?.text.toLowerCase() === 'status');
  const code = isKeyed ? undefined : filters.find(({ key, not }) => key === 'status' && !not);
  const behind = tokens[tokens.indexOf(own.at(-1)!) + 1];
  const isShare = bound.column === 'share_percent' && behind !== undefined && bareWord(behind) === 'of';
  if (code && bound.column.endsWith('_percent') && !isShare) {
    const others = filters.filter((filter) => filter !== code);
    throw new Misunderstood(
      `I can't compare each one's share of ${code.patterns.join(' or ')} with a number, only error rates.`,
      [
        { ...rest, filters },
        { ...rest, bound: { ...bound, column: 'failed_percent' as const }, filters: others },
      ].map(formatQuestion),
    );
  }
  if (bound.column === 'p95' && tokens.some((token) => /^(p50|p90|p99|median)$/.test(bareWord(token)))) {
    const { sort: _sort, ...plain } = rest;
    throw new Misunderstood('I compare only p95 with a number. The table has p50 and p99.', [
      formatQuestion({ ...plain, bound, filters }),
      formatQuestion({ ...rest, filters }),
    ]);
  }
}

const NUMBER = String.raw`\d[\d,]*k?`;
const OF_CALLS = '(?= (?:calls|requests|hits|errors|failures|credits)\\b)';
const BETWEEN = new RegExp(
  `(?:\\b(?:with|between|from|of) )*\\b(${NUMBER})(?: (?:and|to|or) |[-–])(${NUMBER})${OF_CALLS}`,
  'i',
);
const EXACT = new RegExp(`\\bwith (?:exactly |just |only )?(?![45]\\d\\d )(${NUMBER})${OF_CALLS}`, 'i');

/** `between 2000 and 5000 requests`, `with 100 calls`: rows are held against one number, as the least or the most. */
export function refuseNumbers(text: string): void {
  const [said, least, most = least] = BETWEEN.exec(text) ?? EXACT.exec(text) ?? [];
  if (said === undefined) return;
  throw new Misunderstood('I compare with one number, as the least or the most: which do you mean?', [
    text.replace(said, `at least ${least}`),
    text.replace(said, `at most ${most}`),
  ]);
}
