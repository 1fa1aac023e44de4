import type { Grouping } from '../../domain/dimension.ts';
import { isByHours } from '../../domain/ranges.ts';
import type { Question, ReportKind } from '../../domain/report.ts';
import { Misunderstood } from './command.ts';
import { keyOfName } from './filter-words.ts';
import { isSingular, readKnown, readPoolCalled } from './names.ts';
import { readBound } from './number-words.ts';
import { finish, readAllOptions, readDraft, readNameAndOptions } from './question-words.ts';
import { isAhead, readRange } from './range-words.ts';
import { hasScope, hasUse, isByMonths } from './report-parts.ts';
import { readCountedCalls } from './sentence.ts';
import { DIMENSION_WORDS, REPORT_WORDS } from './vocabulary.ts';
import type { Token } from './words.ts';
import { bareWord, type Reading, wordOf } from './words.ts';

/** Reads a text that begins with a report, a dimension or a path; undefined for others. Throws Misunderstood for wrong options. */
export function readReport(reading: Reading): Question | undefined {
  const head = reading.tokens[0]!;
  if (head.quoted) return undefined;
  const word = wordOf(head);
  if (/^\/./.test(word)) return readNameAndOptions(reading, 0, { report: 'route' }, 'name', false);
  // `bundle left` is about one pool.
  if (readPoolCalled(reading, 0)) return undefined;
  // `day before yesterday` is a range.
  if (word === 'day' && (readRange(reading, 0)?.next ?? 0) > 1) return undefined;
  // `months over 150k` asks which of them: a sentence.
  if (word === 'months' && reading.tokens.some((_, at) => at > 0 && readBound(reading.tokens, at))) return undefined;
  const report = isAlone(head) ? REPORT_WORDS.get(word) : undefined;
  if (report) return readKnownReport(reading, report);
  const dimension = isAlone(head) ? DIMENSION_WORDS.get(word) : undefined;
  return dimension && readDimension(reading, dimension);
}

/** Tells whether a word has no separator in it: `client:x` is a filter, not the report `client`. */
function isAlone(token: Token): boolean {
  return token.parts.length === 1;
}

/** Reads a text that begins with a dimension. `clients 7d` is a ranking; `client Acme` and `user ana` are about one name. */
function readDimension(reading: Reading, dimension: Grouping): Question {
  const ranking: Question = { report: 'top', dimension };
  const [head, first] = reading.tokens;
  if (!first || !isSingular(wordOf(head!))) return readAllOptions(reading, 1, ranking);
  const isDrill = dimension === 'client' || dimension === 'route';
  const { tokens } = reading;
  if (isDrill && tokens.length > 2 && bareWord(tokens.at(-1)!) === 'history')
    return toHistory(readDimension({ ...reading, tokens: tokens.slice(0, -1) }, dimension));
  if (!isNamed(reading, dimension)) {
    const { draft, unknown } = readDraft(reading, 1, ranking);
    if (unknown.length === 0) return finish(reading, draft);
  }
  if (isDrill) return readNameAndOptions(reading, 1, { report: dimension }, 'name', false);
  return readAllOptions(reading, 0, { report: 'top', dimension: 'client' });
}

/** Turns a question into its calls month by month, for `client Acme CRM history`. Without a name, one series per client. */
function toHistory({ report, name, filters = [], range = '12-months', ...rest }: Question): Question {
  const subject = name === undefined ? [] : [{ key: report as 'client' | 'route', patterns: [name], not: false }];
  const all = [...filters, ...subject];
  return { ...rest, report: 'daily', range, ...(all.length > 0 && { filters: all }) };
}

/** Tells whether a name of the dimension follows anywhere after its word: `client last week "Acme CRM"`. */
function isNamed(reading: Reading, dimension: Grouping): boolean {
  const { tokens } = reading;
  return tokens.some(
    ({ quoted, text }, at) => at > 0 && (quoted || keyOfName(text) === dimension || readKnown(reading, at, dimension)),
  );
}

function readKnownReport(reading: Reading, report: ReportKind): Question {
  // `forecast` is the report `pool` with the question whether it lasts.
  const isForecast = report === 'pool' && wordOf(reading.tokens[0]!) === 'forecast';
  const base: Question = { report, ...(isForecast ? { focus: 'run-out' as const } : {}) };
  if (wordOf(reading.tokens[0]!) === 'unusual') return readUnusual(reading);
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
    const named = dropKind(reading);
    const question = readNameAndOptions(
      report === 'history' ? dropWords(named, /^(until|till|to)$/i) : named,
      1,
      base,
      'scope',
      true,
    );
    // Twelve months is the default of a history, so that range is left out.
    if (report !== 'history' || question.range !== '12-months') return question;
    const { range: _range, ...rest } = question;
    return rest;
  }
  if (report === 'summary') return readSummary(reading);
  const percentile = /^(p50|p99|median)$/.exec(wordOf(reading.tokens[0]!))?.[0];
  if (percentile) base.sort = percentile === 'p99' ? '-p99' : '-p50';
  const words = report === 'status' ? dropWords(reading, /^(codes?|rates?|ratio)$/i) : reading;
  const asked = readAllOptions(words, 1, base);
  const isOfDays = report === 'daily' && /^days?$/.test(wordOf(reading.tokens[0]!)) && isByMonths(asked.range);
  const question: Question = isOfDays && asked.step === undefined ? { ...asked, step: 'day' } : asked;
  if (wordOf(reading.tokens[0]!) === 'success' && hasUse(question, 'focus', 'succeeded'))
    return { ...question, focus: 'succeeded' };
  return report === 'top' && !question.dimension ? { ...question, dimension: 'client' } : question;
}

/** Drops the word that tells the kind of the name after it: `explain pool crm`, `history of the scope crm`. */
function dropKind(reading: Reading): Reading {
  const { tokens } = reading;
  const at = tokens.findIndex((token, index) => index > 0 && !/^(of|for|the)$/.test(bareWord(token)));
  const isKind = at > 0 && /^(pools?|scopes?)$/.test(bareWord(tokens[at]!)) && !readKnown(reading, at, 'scope');
  return isKind ? { ...reading, tokens: tokens.toSpliced(at, 1) } : reading;
}

/** Reads `unusual`: the report `daily` or `day` with the question whether anything is odd. Default: the last 24 hours. */
function readUnusual(reading: Reading): Question {
  const question = readAllOptions(reading, 1, { report: 'daily', focus: 'odd' });
  const { range = '24h' } = question;
  return { ...question, range, report: isByHours(range) ? 'day' : 'daily' };
}

/** Reads a summary. Its cards show the present, so `usage yesterday` asks for that day, and `usage of Acme` for a client. */
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

/** Drops words without meaning in a report: `until` in `history crm until march`, `rate` in `error rate last week`. */
function dropWords(reading: Reading, saysNothing: RegExp): Reading {
  return {
    ...reading,
    tokens: reading.tokens.filter((token, at) => at === 0 || token.quoted || !saysNothing.test(token.text)),
  };
}

/** Reads options without a report: a range alone asks for its days, filters ask for a ranking of their calls. */
export function readBareOptions(reading: Reading): Question | undefined {
  // `next month` is no range of past calls. Read as a sentence, it gets an answer about days ahead.
  if (reading.tokens.some((_, at) => isAhead(reading, at))) return undefined;
  const { draft, unknown } = readDraft(reading, 0, { report: 'daily' });
  if (unknown.length > 0 || draft.named || draft.places.has('dimension') || draft.places.has('focus')) return undefined;
  const { filters } = draft;
  if (draft.question.scope === undefined && filters.length === 0 && draft.places.size === 0) return undefined;
  // `20 failed calls` asks for single calls, not for a ranking.
  if (readCountedCalls(reading.tokens.map(bareWord).join(' '))) return undefined;
  const isRanking = filters.length > 0 || draft.places.has('limit');
  if (isRanking) {
    const byClient = filters.some(({ key, not }) => key === 'client' && !not);
    draft.question = { ...draft.question, report: 'top', dimension: byClient ? 'route' : 'client' };
  }
  const { range } = draft.question;
  if (!isRanking && range === undefined) draft.question = { ...draft.question, report: 'summary' };
  if (!isRanking && range !== undefined && isByHours(range)) draft.question = { ...draft.question, report: 'day' };
  return finish(reading, draft);
}
