import { listNearest } from '../../domain/nearest.ts';
import type { Question, ReportKind } from '../../domain/report.ts';
import { Misunderstood, quoteShort } from './misunderstood.ts';
import { readNaturalQuestion } from './natural.ts';
import { hasScope, isOneDay, readAllOptions, readNameAndOptions, readOptions } from './question-words.ts';
import { changed, type Reading, wordOf } from './reading.ts';
import type { Token } from './tokens.ts';
import { ACTION_WORDS, DIMENSION_WORDS, REPORT_WORDS } from './vocabulary.ts';

/** The question of a text without an action in front. */
export function readQuestion(reading: Reading): Question {
  const head = reading.tokens[0];
  if (!head) return { report: 'summary' };
  const natural = readNaturalQuestion(reading);
  if (natural) return natural;
  const question = readReport(reading) ?? readBareOptions(reading);
  if (question) return question;
  throw unknownHead(reading, head);
}

function readReport(reading: Reading): Question | undefined {
  const head = reading.tokens[0]!;
  if (head.quoted) return undefined;
  const word = wordOf(head);
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
    const question = readNameAndOptions(report === 'history' ? dropUntil(reading) : reading, 1, base, 'scope', true);
    // The history of twelve months is what it shows anyway.
    if (report !== 'history' || question.range !== '12-months') return question;
    const { range: _range, ...rest } = question;
    return rest;
  }
  const question = readAllOptions(reading, 1, base);
  return report === 'top' && !question.dimension ? { ...question, dimension: 'client' } : question;
}

/** `history crm until march` names the last month. */
function dropUntil({ text, tokens }: Reading): Reading {
  const rest = tokens.filter((token, at) => at === 0 || token.quoted || !/^(until|till|to)$/i.test(token.text));
  return { text, tokens: rest };
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
  return isOneDay(found.range) ? { ...found, report: 'day' } : found;
}

function unknownHead(reading: Reading, head: Token): Misunderstood {
  const heads = [...REPORT_WORDS.keys(), ...ACTION_WORDS.keys(), ...DIMENSION_WORDS.keys()];
  const near = head.quoted ? [] : listNearest(head.text.slice(0, 40), heads, 4);
  const given = reading.text.slice(head.start).trim();
  return new Misunderstood(`I do not know ${quoteShort(reading.text.slice(head.start, head.end))}.`, [
    ...near.map((word) => changed(reading, head, word)),
    ...near,
    ...(near.length > 0 ? [] : [`client ${given}`, `pool ${given}`]),
    'top clients',
    'status',
    'help',
  ]);
}
