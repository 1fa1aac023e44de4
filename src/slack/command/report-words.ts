import { listNearest } from '../../domain/nearest.ts';
import { isByHours, suggestRanges } from '../../domain/ranges.ts';
import type { Question, ReportKind } from '../../domain/report.ts';
import { Misunderstood, quoteShort } from './misunderstood.ts';
import { isGrouped, readNaturalQuestion, readPhrase } from './natural.ts';
import { hasScope, readAllOptions, readNameAndOptions, readOptions } from './question-words.ts';
import { changed, type Reading, wordOf } from './reading.ts';
import { bareWord, QUESTION_WORDS } from './sentence.ts';
import { suggestActions } from './suggest-actions.ts';
import type { Token } from './tokens.ts';
import { ACTION_WORDS, DIMENSION_WORDS, REPORT_WORDS } from './vocabulary.ts';

/** The question of a text without an action in front. */
export function readQuestion(reading: Reading): Question {
  const head = reading.tokens[0];
  if (!head) return { report: 'summary' };
  const natural = readNaturalQuestion(reading) ?? (isGrouped(reading) ? readPhrase(reading) : undefined);
  if (natural) return natural;
  try {
    const question = readReport(reading) ?? readBareOptions(reading);
    if (question) return question;
    throw unknownHead(reading, head);
  } catch (error) {
    // What is no command may still be a sentence, without the words that questions begin with.
    const phrase = error instanceof Misunderstood ? readPhrase(reading) : undefined;
    if (phrase) return phrase;
    throw error;
  }
}

function readReport(reading: Reading): Question | undefined {
  const head = reading.tokens[0]!;
  if (head.quoted) return undefined;
  const word = wordOf(head);
  if (/^\/./.test(word)) return readNameAndOptions(reading, 0, { report: 'route' }, 'name', false);
  if (isAlone(head) && (word === 'client' || word === 'route')) return readDrill(reading, word);
  const report = isAlone(head) ? REPORT_WORDS.get(word) : undefined;
  if (report) return readKnownReport(reading, report);
  const dimension = isAlone(head) ? DIMENSION_WORDS.get(word) : undefined;
  if (!dimension) return undefined;
  return readAllOptions(reading, 1, { report: 'top', dimension });
}

/** `client:x` is a filter, not the report. */
function isAlone(token: Token): boolean {
  return token.parts.length === 1;
}

function readDrill(reading: Reading, report: 'client' | 'route'): Question {
  const { tokens } = reading;
  if (tokens.length === 1) return { report: 'top', dimension: report };
  const options = readOptions(reading, 1, { report: 'top', dimension: report });
  // `client 7d` ranks clients; `client Acme` is about one.
  if ('report' in options) return options;
  return readNameAndOptions(reading, 1, { report }, 'name', false);
}

function readKnownReport(reading: Reading, report: ReportKind): Question {
  const base: Question = { report };
  if (report === 'why') {
    if (reading.tokens.length === 1) {
      throw new Misunderstood('Whose calls shall I diagnose? Write why and the name of a client.', [
        'status 7d',
        'top clients 7d',
      ]);
    }
    return readNameAndOptions(reading, 1, base, 'name', false);
  }
  if (hasScope(base)) {
    const question = readNameAndOptions(
      report === 'history' ? dropWords(reading, /^(until|till|to)$/i) : reading,
      1,
      base,
      'scope',
      true,
    );
    // The history of twelve months is what it shows anyway.
    if (report !== 'history' || question.range !== '12-months') return question;
    const { range: _range, ...rest } = question;
    return rest;
  }
  if (report === 'summary') return readSummary(reading);
  const words = report === 'status' ? dropWords(reading, /^(codes?|rates?|ratio)$/i) : reading;
  const question = readAllOptions(words, 1, base);
  return report === 'top' && !question.dimension ? { ...question, dimension: 'client' } : question;
}

/** The cards are of now: `usage yesterday` asks for that day, and `usage of Acme` for a client. */
function readSummary(reading: Reading): Question {
  const question = readAllOptions(reading, 1, { report: 'summary' });
  const { filters = [], range } = question;
  const [only] = filters;
  const written = wordOf(reading.tokens[0]!) === 'summary';
  if (!written && filters.length === 1 && only!.key === 'client' && !only!.not && only!.patterns.length === 1) {
    const { filters: _filters, ...rest } = question;
    return { ...rest, report: 'client', name: only!.patterns[0]! };
  }
  return range === undefined ? question : { ...question, report: isByHours(range) ? 'day' : 'daily' };
}

/** `history crm until march` names the last month, `error rate last week` the report: these words say nothing there. */
function dropWords({ text, tokens }: Reading, saysNothing: RegExp): Reading {
  return { text, tokens: tokens.filter((token, at) => at === 0 || token.quoted || !saysNothing.test(token.text)) };
}

/** No report is named: a range asks for its days, filters for what is behind them. */
function readBareOptions(reading: Reading): Question | undefined {
  const found = readOptions(reading, 0, { report: 'daily' });
  if (!('report' in found)) return undefined;
  if (found.filters || found.limit !== undefined) {
    const byClient = found.filters?.some(({ key, not }) => key === 'client' && !not);
    return { ...found, report: 'top', dimension: byClient ? 'route' : 'client' };
  }
  if (found.range === undefined) return { ...found, report: 'summary' };
  return isByHours(found.range) ? { ...found, report: 'day' } : found;
}

function unknownHead(reading: Reading, head: Token): Misunderstood {
  const heads = [...REPORT_WORDS.keys(), ...ACTION_WORDS.keys(), ...DIMENSION_WORDS.keys()];
  const near = head.quoted ? [] : [...listNearest(head.text.slice(0, 40), heads, 2), ...suggestRanges(head.text)];
  const before = reading.text.slice(0, head.start);
  const given = reading.text.slice(head.start).trim();
  const known = [...near.map((word) => changed(reading, head, word)), ...near];
  const isQuestion = !head.quoted && QUESTION_WORDS.has(bareWord(head));
  const meant = isQuestion ? [] : [...suggestActions(given), ...listTurned(reading)];
  return new Misunderstood(
    isQuestion
      ? 'I cannot make a report of that question.'
      : `I do not know ${quoteShort(reading.text.slice(head.start, head.end))}.`,
    [
      ...meant.map((text) => before + text),
      ...known.slice(0, 1),
      ...(isQuestion ? [] : [`${before}client ${given}`]),
      ...known.slice(1),
      ...(near.length > 0 || isQuestion ? [] : [`${before}pool ${given}`]),
      'top clients',
      'status',
      ...(isQuestion ? ['pool', 'daily'] : []),
      'help',
    ],
  );
}

/** `crm pool` the other way round. */
function listTurned({ text, tokens }: Reading): string[] {
  const last = tokens.at(-1)!;
  const report = tokens.length > 1 && !last.quoted ? REPORT_WORDS.get(bareWord(last)) : undefined;
  if (!report || report === 'summary') return [];
  const name = text.slice(tokens[0]!.start, tokens.at(-2)!.end);
  return [hasScope({ report }) ? `${report} ${name}` : `${report} for ${name}`];
}
