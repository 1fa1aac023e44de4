import type { Filter } from '../../domain/filter.ts';
import type { Question } from '../../domain/report.ts';
import { Misunderstood } from './command.ts';
import { formatQuestion } from './format-question.ts';
import { hasFilters, hasUse } from './report-parts.ts';
import { bareWord, type Reading, type Token } from './words.ts';

const ASKS =
  /^(who|who's|whose|what|what's|whats|which|when|where|why|how|is|are|was|were|do|does|did|has|have|can|will|any)$/;
/** Questions that refer to the one before: `is it normal`, `how many calls`. */
const LEANS = /\b(it|its|they|them|their|those|these|he|she)\b|^how (much|many)( (?!left)\w+)?$/;

/** Splits a text into questions. A new one begins with a question word after `and`, a comma or the end of a sentence. */
function splitClauses(reading: Reading): Reading[] {
  const clauses: Token[][] = [[]];
  for (const token of reading.tokens) {
    const last = clauses.at(-1)!;
    const before = last.at(-1);
    const mark = before && reading.text.slice(before.start, before.end).at(-1)!;
    if (!before || !ASKS.test(bareWord(token)) || !(isAnd(before) || /[?!.,;]/.test(mark!))) last.push(token);
    else {
      if (isAnd(before)) last.pop();
      clauses.push([token]);
    }
  }
  return clauses.filter((tokens) => tokens.length > 0).map((tokens) => ({ ...reading, tokens }));
}

function isAnd(token: Token): boolean {
  return /^(and|also|plus|or|&|\+)$/.test(bareWord(token));
}

/**
 * Reads the questions of a text that has several, if each can be read alone. A later one inherits what it lacks from the first.
 * `areOne`: one answer covers all, or the later ones refer to the first. Undefined if the text has one question only.
 */
export function readClauses(
  reading: Reading,
  read: (clause: Reading) => Question,
): { questions: Question[]; areOne: boolean } | undefined {
  const clauses = splitClauses(reading);
  if (clauses.length < 2) return undefined;
  try {
    const [first, ...others] = clauses.map(read);
    const questions = [first!, ...others.map((question) => inherit(question, first!))];
    const leans = clauses.slice(1).some(({ tokens }) => LEANS.test(tokens.map(bareWord).join(' ')));
    const isSame = ({ report, focus }: Question) => report === first!.report && focus === first!.focus;
    return { questions, areOne: leans || others.every(isSame) };
  } catch (error) {
    if (error instanceof Misunderstood) return undefined;
    throw error;
  }
}

/** Creates the error for several questions, which offers each of them. */
export function whichFirst(questions: readonly Question[]): Misunderstood {
  return new Misunderstood('I answer one question at a time: which first?', questions.map(formatQuestion));
}

/** Creates the error for two ranges without a comparison. It offers the comparison and each range alone. */
export function twoRanges(question: Question, other: string): Misunderstood {
  return new Misunderstood(
    `I see two ranges, ${question.range} and ${other}: vs between them compares them.`,
    [{ ...question, versus: other }, question, { ...question, range: other }].map(formatQuestion),
  );
}

/** Adds to a question the range and names of another, if it has none of its own. */
function inherit(question: Question, { range, name, report, filters = [] }: Question): Question {
  const subject: Filter[] =
    name === undefined ? [] : [{ key: report as 'client' | 'route', patterns: [name], not: false }];
  const own = question.filters ?? [];
  const isNamed = question.name !== undefined || own.some(({ key }) => key !== 'status') || !hasFilters(question);
  const inherited = isNamed ? [] : [...subject, ...filters.filter(({ key }) => !own.some((each) => each.key === key))];
  return {
    ...question,
    ...(question.range === undefined && range !== undefined && hasUse(question, 'range', range) && { range }),
    ...(inherited.length > 0 && { filters: [...inherited, ...own] }),
  };
}
