import { OTHER, type QuestionKey } from '../domain/dimension.ts';
import type { Filter } from '../domain/filter.ts';
import type { Range } from '../domain/range.ts';
import type { Offer, Question, ReportHead } from '../domain/report.ts';
import { DIMENSION_WORDS } from './dimension-words.ts';
import { joinWords } from './format.ts';
import { type ReporterDeps, toSpan } from './inquiry.ts';
import { listNear } from './known-name.ts';
import { listNames } from './known-names.ts';

/** Names that a note offers for one that there is not. */
const SUGGESTIONS = 3;

/**
 * Notes and offers about filter values that nobody sent in a question's range: the nearest that somebody did, each with
 * the corrected question as an offer. Nothing of patterns with `*`, of `not` filters, of statuses, of declared names, and
 * where the value may be among those beyond the cap.
 */
export async function listUnknownValues(
  deps: ReporterDeps,
  question: Question,
  range: Range,
): Promise<Required<Pick<ReportHead, 'notes' | 'offers'>>> {
  const asked = (question.filters ?? []).filter(({ key, not }) => !not && key !== 'status');
  const found = await Promise.all(asked.map((filter) => findUnknown(deps, question, range, filter)));
  return { notes: found.flatMap(({ notes }) => notes), offers: found.flatMap(({ offers }) => offers) };
}

async function findUnknown(deps: ReporterDeps, question: Question, range: Range, filter: Filter) {
  const { key, patterns } = filter;
  const typed = patterns.filter((pattern) => !pattern.includes('*') && !pattern.startsWith('('));
  const known = typed.length > 0 ? await listKnown(deps, key, range) : undefined;
  const isKnown = (value: string) => known!.has(key === 'method' ? value.toUpperCase() : value);
  const unknown = known ? typed.filter((value) => !isKnown(value)) : [];
  const { singular, plural } = DIMENSION_WORDS[key];
  const notes: string[] = [];
  const offers: Offer[] = [];
  for (const value of unknown) {
    const near = listNear(value, [...known!]).slice(0, SUGGESTIONS);
    const nearest = near.length > 0 ? `; nearest: ${joinWords(near)}` : '';
    const where = key === 'team' ? 'is declared' : 'in this range';
    notes.push(`No ${singular} “${value}” ${where}${nearest}.`);
    offers.push(...near.map((name) => ({ label: name, question: replaceValue(question, filter, value, name) })));
    if (near.length === 0 && key !== 'status') {
      const top: Question = { report: 'top', dimension: key, range: question.range, private: question.private };
      offers.push({ label: `Top ${plural}`, question: top });
    }
  }
  return { notes, offers };
}

/** Values of the range, and declared names; undefined where not all can be told, or nothing came in. */
async function listKnown(deps: ReporterDeps, key: QuestionKey, range: Range): Promise<Set<string> | undefined> {
  const span = toSpan(range, deps.calendar);
  if (key !== 'team' && span.toMs <= span.fromMs) return undefined;
  const { shown, sent } = await listNames(deps, key, span);
  if (key !== 'team' && (sent.length === 0 || sent.includes(OTHER))) return undefined;
  return new Set([...shown, ...sent]);
}

/** The same question about another value of one of its filters, from its first row. */
function replaceValue(question: Question, filter: Filter, value: string, name: string): Question {
  const patterns = [...new Set(filter.patterns.map((pattern) => (pattern === value ? name : pattern)))];
  const filters = question.filters!.map((each) => (each === filter ? { ...filter, patterns } : each));
  return { ...question, filters, offset: 0 };
}
