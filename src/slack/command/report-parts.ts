import { canCompare, DRAWN_KINDS, type Question } from '../../domain/report.ts';

const WITHOUT_RANGE = new Set<Question['report']>(['licences']);
/** Reports that have a picture. */
export const DRAWN: ReadonlySet<string> = new Set(DRAWN_KINDS);

/** Reports of calls: they have a range, and filters make sense for them. */
export const COUNTED: readonly Question['report'][] = [
  ...(['top', 'status', 'daily', 'day'] as const),
  ...(['client', 'route', 'latency', 'events'] as const),
];

/** Tells whether filters make sense for it. */
export function hasFilters({ report }: Question): boolean {
  return COUNTED.includes(report);
}

/** Tells whether a report's answer depends on a part of the question. */
export function hasUse(question: Question, part: keyof Question, value: unknown): boolean {
  const { report } = question;
  switch (part) {
    case 'limit':
      return ['top', 'client', 'route', 'latency', 'events'].includes(report);
    case 'sort':
      return report === 'top' || report === 'latency' || (question.versus !== undefined && canCompare(question));
    case 'offset':
      return report === 'top' || report === 'latency';
    case 'dimension':
      return ['top', 'latency', 'daily', 'day'].includes(report);
    case 'measure':
    case 'only':
      return report === 'top';
    case 'overTime':
      return report === 'latency';
    case 'suppose':
      return report === 'pool' || report === 'licences';
    case 'versus':
      return canCompare(question);
    case 'range':
      return !WITHOUT_RANGE.has(report);
    case 'focus':
      return (
        value === undefined ||
        value === 'odd' ||
        value === 'succeeded' ||
        (question.versus === undefined && (value === 'total' || question.dimension === undefined))
      );
    case 'view':
      return value === 'doughnut' ? report === 'top' : value === 'table' || DRAWN.has(report);
    default:
      return true;
  }
}

/** Tells whether a report is of one scope, where one is named. */
export function hasScope(question: Question): boolean {
  return question.report === 'pool' || question.report === 'history' || question.report === 'explain';
}
