import { NONE, OTHER, REMOVED } from '../domain/dimension.ts';
import type { Filter } from '../domain/filter.ts';
import type { Offer, Question, Report } from '../domain/report.ts';
import { MAX_OPTIONS } from '../messages/limits.ts';

/** Rows of a page once all are wanted: what a message can show with room for long names. */
export const PAGE_ROWS = 50;

const RANGED = new Set<Question['report']>([
  'top',
  'status',
  'pool',
  'daily',
  'day',
  'client',
  'route',
  'sources',
  'why',
]);

/** Whether another range can be asked for. */
export function hasRange(question: Question): boolean {
  return RANGED.has(question.report);
}

/** The same question for another range, from its first row. A single day by the hour becomes days where more are asked for. */
export function withRange(question: Question, range: string): Question {
  const { offset: _offset, ...rest } = question;
  const day = range === 'today' || range === 'yesterday' || range === '24h' || /^\d{4}-\d{2}-\d{2}$/.test(range);
  if (rest.report === 'day' && !day) return { ...rest, report: 'daily', range };
  return { ...rest, range };
}

/** The question with one more filter; a positive filter on the same key is replaced. */
function withFilter(question: Question, filter: Filter): Question {
  const others = (question.filters ?? []).filter(({ key, not }) => key !== filter.key || not !== filter.not);
  return { ...question, filters: [...others, filter] };
}

/**
 * What can be looked at more closely in a report: its clients and routes by name, functions as the modules that they call,
 * other values as the clients behind them, scopes as their pools. At most as many as a menu holds.
 */
export function listDrills(report: Report): Offer[] {
  return toDrills(report).slice(0, MAX_OPTIONS);
}

function toDrills(report: Report): Offer[] {
  const { question } = report;
  const inherit = { ...(question.range ? { range: question.range } : {}), filters: question.filters ?? [] };
  const drill = (key: Filter['key'], name: string): Question => {
    if (key === 'scope') return { report: 'pool', scope: name };
    if (key === 'client' && report.kind !== 'client') return { report: 'client', name, ...inherit };
    if (key === 'route' && report.kind !== 'route') return { report: 'route', name, ...inherit };
    const filter: Filter = { key, patterns: [name], not: false };
    // What a function costs is decided by the modules that it calls.
    if (key === 'function')
      return withFilter({ report: 'top', dimension: 'module', measure: 'credits', ...inherit }, filter);
    const dimension = key === 'client' || report.kind === 'client' ? 'route' : 'client';
    return withFilter({ report: 'top', dimension, ...inherit }, filter);
  };
  if (report.kind === 'top') {
    return report.rows
      .filter(({ name }) => !isCollective(name))
      .map(({ name }) => ({ label: name, question: drill(report.dimension, name) }));
  }
  if (report.kind === 'status') {
    return report.codes.map(({ status, meaning }) => ({
      label: `${status} ${meaning}`,
      question: withFilter(
        { report: 'top', dimension: 'client', ...inherit },
        { key: 'status', patterns: [status], not: false },
      ),
    }));
  }
  if (report.kind === 'client' || report.kind === 'route') {
    const subject: Filter = { key: report.kind, patterns: [report.name], not: false };
    return report.sections.flatMap(({ dimension, rows }) =>
      rows
        .filter(({ name }) => !isCollective(name))
        .map(({ name }) => ({ label: `${dimension} ${name}`, question: withFilter(drill(dimension, name), subject) })),
    );
  }
  if (report.kind === 'summary') {
    return report.cards.map(({ scope, title }) => ({ label: title, question: drill('scope', scope) }));
  }
  if (report.kind === 'daily') {
    return report.bars.map(({ startMs, label }) => ({
      label,
      question: { report: 'day', range: dateOf(startMs, report.zone), filters: question.filters ?? [] },
    }));
  }
  if (report.kind === 'pool') {
    return report.scopes.map(({ scope, title }) => ({ label: title, question: { report: 'history', scope } }));
  }
  return [];
}

/** The whole ranking, page by page. */
export function viewAll(question: Question): Question {
  return { ...question, view: 'table', limit: PAGE_ROWS, offset: 0 };
}

/** Columns by which a ranking can be sorted, with what `Question.sort` calls them. */
export const SORTS: readonly { key: string; label: string }[] = [
  { key: '-requests', label: 'Most requests' },
  { key: '-failed', label: 'Most failed' },
  { key: '-ok', label: 'Most successful' },
  { key: 'requests', label: 'Fewest requests' },
  { key: 'name', label: 'Name A–Z' },
  { key: '-name', label: 'Name Z–A' },
];

function isCollective(name: string): boolean {
  return name === OTHER || name === NONE || name === REMOVED;
}

function dateOf(ms: number, zone: string): string {
  return Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(zone).toPlainDate().toString();
}
