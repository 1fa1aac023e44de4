import type { Question } from '../../domain/report.ts';
import { readClauses, whichFirst } from './clauses.ts';
import { type Command, Misunderstood } from './command.ts';
import { readKnown } from './names.ts';
import { readNatural } from './natural.ts';
import { refuseNumbers } from './number-words.ts';
import { readBareOptions, readReport } from './report-words.ts';
import { isLanguage } from './vocabulary.ts';
import { bareWord, type Reading, UnknownWords } from './words.ts';

/**
 * Reads a text that does not begin with an action. The grammar of commands tries first; if it cannot use the text, it is read as
 * a sentence. Throws UnknownWords if a word was not used.
 */
export function readAsked(reading: Reading): Command {
  const head = reading.tokens[0];
  if (!head) return { kind: 'question', question: { report: 'summary' } };
  refuseNumbers(reading.text.slice(head.start));
  if (WHAT_IF.test(reading.text.slice(head.start))) throw whatIf(reading.text);
  const clauses = readClauses(reading, readQuestion);
  if (clauses && !clauses.areOne) throw whichFirst(clauses.questions);
  try {
    return readWhole(reading);
  } catch (error) {
    throw clauses && error instanceof UnknownWords ? whichFirst(clauses.questions) : error;
  }
}

function readWhole(reading: Reading): Command {
  let unknown: UnknownWords | undefined;
  try {
    const question = isSentence(reading) ? undefined : (readReport(reading) ?? readBare(reading));
    if (question) return { kind: 'question', question };
  } catch (error) {
    // These texts are sentences, whose ranges a command cannot have: `better than last week`, `by the end of the month`.
    const isSaid =
      reading.tokens.some((token) =>
        /^(vs\.?|versus|than|against|compar(?:e|ed|ing|ison)|difference)$/.test(bareWord(token)),
      ) || /\bend of (the |this )?month\b/i.test(reading.text);
    if (!(error instanceof UnknownWords) && !(error instanceof Misunderstood && isSaid)) throw error;
    // The grammar knew every word, but the report has no use for one: a sentence may have, else the text was meant as a command.
    if (error instanceof UnknownWords && error.unused) return readUnused(reading, error);
    unknown = error instanceof UnknownWords ? error : undefined;
  }
  try {
    return readNatural(reading);
  } catch (error) {
    throw unknown && error instanceof UnknownWords && !error.unused ? inBoth(error, unknown) : error;
  }
}

/** Reads a text as a sentence. If that fails, throws the error of the command, which names the words without a use. */
function readUnused(reading: Reading, error: UnknownWords): Command {
  try {
    return readNatural(reading);
  } catch {
    throw error;
  }
}

/** Reads a question that has options only. Undefined if that fails: then it is read as a sentence, which explains the error. */
function readBare(reading: Reading): Question | undefined {
  try {
    return readBareOptions(reading);
  } catch (error) {
    if (error instanceof Misunderstood) return undefined;
    throw error;
  }
}

/** Returns an error about the words that neither the grammar nor a sentence can use. Some words have a meaning in one only. */
function inBoth(sentence: UnknownWords, grammar: UnknownWords): UnknownWords {
  const tokens = sentence.tokens.filter((token) => grammar.tokens.includes(token));
  const known = tokens.every((token) => isLanguage(bareWord(token)));
  return tokens.length > 0
    ? new UnknownWords(sentence.reading, tokens, known ? 'unused' : 'unknown', sentence.candidates)
    : grammar;
}

/** Reads a text that must be a question. */
export function readQuestion(reading: Reading): Question {
  const command = readAsked(reading);
  if (command.kind === 'question') return command.question;
  throw new Misunderstood('That is no question with numbers.', ['top clients', 'status', 'help']);
}

/** Texts that the grammar would misread, so they are sentences: `most calls in one day`, `days without 500s`. */
const SAID =
  /\b(mon|tues|wednes|thurs|fri|satur|sun)days\b|\b(slow|long)est (single )?(call|request)s?\b|\bonly (failed|failing)\b|\b(most|least|\w+est|worst) \d+ (day|hour|week|month)s\b|\d ?(%|percent) (?!failed\b|ok\b).*\b(fail|error)|\b(fail|error).*\d ?(%|percent)|\b(in|on|of) (a|one|a single|any) (day|hour|week|month)\b|^(?!(client|route) ).*\b(without|with (no|zero|0))\b/;

/** Tells whether a text must be a sentence, such as `why is Acme failing` or `why so slow`; `why Acme` is a command. */
function isSentence(reading: Reading): boolean {
  const said = reading.tokens.filter(({ parts }) => parts.length === 1).map(bareWord);
  if (SAID.test(said.join(' '))) return true;
  const [first, second] = reading.tokens;
  const word = second ? bareWord(second) : '';
  return bareWord(first!) === 'why' && word !== '' && isLanguage(word) && readKnown(reading, 1, 'client') === undefined;
}

const WHAT_IF = /^(?:what|and) if\b|\bwould \d+ [a-z]+ |^(?:what (?:would|will)|would|will|could|can)\b.*\bif\b/i;

function whatIf(text: string): Misunderstood {
  const [, quantity, name] = /(\d{1,9}) +([a-z][\w-]*)/i.exec(text) ?? [];
  return new Misunderstood('A what-if names a grant and another quantity of it, as in: pool if users=25.', [
    quantity ? `pool if ${name}=${quantity}` : '',
    text.replace(/^.*?\bif\b/i, 'pool if'),
    'pool if users=25',
    'licences',
  ]);
}
