import { InvalidRangeError } from '../../domain/ranges.ts';
import type { Question, Report, Reporter } from '../../domain/report.ts';
import { QuestionError } from '../../errors.ts';
import { formatQuestion } from './format-question.ts';

/** Answers a question; a range that cannot be is refused with the nearest that can. */
export async function answerOrRefuse(reporter: Reporter, question: Question, nowMs: number): Promise<Report> {
  try {
    return await reporter.answer(question, nowMs);
  } catch (error) {
    throw error instanceof InvalidRangeError ? refuseRange(error, question) : error;
  }
}

/** A range that cannot be, for the person who asked: the same question with the ranges nearest to it, as commands. */
export function refuseRange(error: InvalidRangeError, question: Question): QuestionError {
  const suggestions = error.suggestions.slice(0, 5).map((range) => ({
    label: range,
    command: formatQuestion({ ...question, range }),
  }));
  return new QuestionError(error.message, suggestions, { cause: error });
}
