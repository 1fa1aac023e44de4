import type { NameSource } from '../domain/names.ts';
import type { Question, Report, Reporter } from '../domain/report.ts';
import { QuestionError } from '../errors.ts';
import type { Command } from '../slack/command/command.ts';
import { answerOrRefuse, formatQuestion } from '../slack/command/format-question.ts';
import { parseCommand, understand } from '../slack/command/parse-command.ts';
import { protectFromSlack, undoSlackEscapes } from '../slack/command/words.ts';

/** Forms of an answer outside Slack. */
export const FORMATS = ['json', 'csv', 'png', 'text'] as const;
export type Format = (typeof FORMATS)[number];

export interface AskDeps {
  reporter: Reporter & NameSource;
  /** Epoch ms. */
  now(): number;
}

export interface Asked {
  question: Question;
  /** Set if the words themselves ask for a form: `csv top clients`. */
  format?: Format;
}

/**
 * Reads the question that plain words ask, in the language of `/usage`. Rejects with QuestionError if they ask none; its suggestions
 * are words that do.
 */
export async function readQuestion({ reporter, now }: AskDeps, words: string): Promise<Asked> {
  return withPlainSuggestions(async () => {
    const command = await understand(protectFromSlack(words), reporter, now());
    if (command.kind !== 'question' && command.kind !== 'export') throw refuseCommand(command, words);
    const { private: secret, ...question } = command.question;
    if (secret === false) {
      const offer = formatQuestion(question);
      throw new QuestionError('Sharing is done in Slack: leave “share” out here.', [{ label: offer, command: offer }]);
    }
    return { question, ...(command.kind === 'export' && { format: 'csv' as const }) };
  });
}

/**
 * Answers a question. `whole`: a ranking without a number of rows has all of them, up to 1,000, as its CSV in Slack has. Rejects with
 * QuestionError if it cannot be answered as asked.
 */
export async function answerQuestion(
  { reporter, now }: AskDeps,
  question: Question,
  { whole }: { whole: boolean },
): Promise<Report> {
  return withPlainSuggestions(() => answerOrRefuse(reporter, question, now(), { whole }));
}

/** Writes a question in the words that people type outside Slack. */
export function toWords(question: Question): string {
  return undoSlackEscapes(formatQuestion(question)).text;
}

async function withPlainSuggestions<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof QuestionError)) throw error;
    const plain = error.suggestions
      .filter(({ command }) => isQuestion(command))
      .map(({ label, command }) => ({ label, command: undoSlackEscapes(command).text }));
    const examples = plain.length === 0 && error.suggestions.length > 0;
    throw new QuestionError(error.message, examples ? EXAMPLES : plain, { cause: error });
  }
}

/** Tells whether a suggestion is a question. One that cannot be parsed without known names is about something, so it is. */
function isQuestion(command: string): boolean {
  try {
    const { kind } = parseCommand(command);
    return kind === 'question' || kind === 'export';
  } catch {
    return true;
  }
}

type NoQuestion = Exclude<Command['kind'], 'question' | 'export'>;

/** Tells where each command belongs that is no question. */
const ELSEWHERE: Readonly<Record<NoQuestion, string>> = {
  help: 'Ask one of these, or any other question that /usage answers.',
  digest: 'Digests belong to channels: type it after /usage in Slack. “headroom digest preview” shows one as text.',
  alerts: 'Alerts are handled in Slack: type it after /usage there.',
  save: 'Saved views belong to people and channels: type it after /usage in Slack.',
  open: 'Saved views belong to people and channels: ask with the words of the view instead.',
  unsave: 'Saved views belong to people and channels: type it after /usage in Slack.',
  views: 'Saved views belong to people and channels: type it after /usage in Slack.',
  pools: 'Pools are changed in Slack, or by “headroom pools apply FILE”.',
  correct: 'Corrections are made by “headroom correct”, or by admins in Slack.',
  filters: 'Filters are chosen in Slack: put them in the question here, such as status:429.',
  reset: 'Filters are chosen in Slack: here a question has only its own.',
  settings: 'Settings are shown in Slack: type it after /usage there.',
  audit: 'The list of changes is for admins: type it after /usage in Slack.',
  debug: 'This is what “headroom doctor” tells.',
};

const EXAMPLES = ['top clients 7d', 'status yesterday', 'pool', 'daily 30d', 'sources'].map((command) => ({
  label: command,
  command,
}));

function refuseCommand({ kind }: Command, words: string): QuestionError {
  const cure = ELSEWHERE[kind as NoQuestion];
  if (kind === 'help') return new QuestionError(cure, EXAMPLES);
  const shown = words.trim().replace(/\s+/g, ' ');
  const quoted = shown.length > 60 ? `${shown.slice(0, 59)}…` : shown;
  return new QuestionError(`“${quoted}” is no question about usage. ${cure}`, EXAMPLES);
}
