import { InvalidRangeError } from '../../domain/ranges.ts';
import { type Question, RefusedQuestion, type Report, type Reporter } from '../../domain/report.ts';
import { QuestionError } from '../../errors.ts';
import { formatQuestion } from './format-question.ts';
import { protectFromSlack } from './tokens.ts';

/** Answers a question; what cannot be is refused with the nearest that can, as commands that Slack's escapes leave alone. */
export async function answerOrRefuse(reporter: Reporter, question: Question, nowMs: number): Promise<Report> {
  try {
    return await reporter.answer(question, nowMs);
  } catch (error) {
    if (error instanceof InvalidRangeError) throw refuseRange(error, question);
    if (error instanceof RefusedQuestion) {
      const offers = error.offers.map(({ label, question: meant }) => ({ label, command: formatQuestion(meant) }));
      throw new QuestionError(error.message, offers, { cause: error });
    }
    if (!(error instanceof QuestionError)) throw error;
    const suggestions = error.suggestions.map(({ label, command }) => ({ label, command: protectFromSlack(command) }));
    throw new QuestionError(error.message, suggestions, { cause: error });
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
