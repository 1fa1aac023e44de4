import type { InvalidRangeError } from '../../domain/ranges.ts';
import type { Question } from '../../domain/report.ts';
import { QuestionError } from '../../errors.ts';
import { formatQuestion } from './format-question.ts';

/** A range that cannot be, for the person who asked: the same question with the ranges nearest to it, as commands. */
export function refuseRange(error: InvalidRangeError, question: Question): QuestionError {
  const suggestions = error.suggestions.slice(0, 5).map((range) => ({
    label: range,
    command: formatQuestion({ ...question, range }),
  }));
  return new QuestionError(error.message, suggestions, { cause: error });
}
