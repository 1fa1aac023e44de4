import { canCompare, DRAWN_KINDS, type Question } from '../../domain/report.ts';
import { isAverage } from '../../domain/usage.ts';

const WITHOUT_RANGE = new Set<Question['report']>(['licences']);
/** Reports with a picture. */
export const DRAWN: ReadonlySet<string> = new Set(DRAWN_KINDS);

/** Reports that count calls. They have a range, and filters make sense for them. */
export const COUNTED: readonly Question['report'][] = [
  ...(['top', 'status', 'daily', 'day'] as const),
  ...(['client', 'route', 'latency', 'events'] as const),
];

/** Tells whether filters make sense for a question's report. */
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
    case 'bound':
      return hasBound(question);
    case 'step':
      return hasStep(question);
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
        (question.versus === undefined &&
          (!isAverage(question.step) || value === 'quietest') &&
          (value === 'total' || question.dimension === undefined))
      );
    case 'view':
      return value === 'doughnut' ? report === 'top' : value === 'table' || DRAWN.has(report);
    default:
      return true;
  }
}

/** Tells whether a bound fits a question. Rows and steps can be compared with a number; steps have no share and no duration. */
function hasBound({ report, dimension, only, versus, overTime, step, bound }: Question): boolean {
  if (versus !== undefined || only !== undefined) return false;
  if (report === 'latency') return bound?.column === 'p95' && !overTime;
  if (bound?.column === 'p95') return false;
  if (report === 'top') return true;
  return (
    (report === 'daily' || report === 'day') &&
    dimension === undefined &&
    bound?.column !== 'share_percent' &&
    !isAverage(step)
  );
}

/** Tells whether a report has the asked steps. Averages per weekday or hour exist for counted calls only. */
function hasStep({ report, dimension, versus, overTime, step }: Question): boolean {
  if (versus !== undefined) return false;
  if (report === 'latency') return overTime === true && step === 'hour';
  if (report === 'status') return !isAverage(step);
  if (step === 'hour-of-day') return report === 'day' && dimension === undefined;
  return report === 'daily' && (step !== 'weekday' || dimension === undefined);
}

/** Tells whether a range may be drawn by months, so that days must be asked for. */
export function isByMonths(range: string | undefined): boolean {
  return /^(all|until-today$|\d{4}$|(this|last)-(year|quarter)|\d+-months|[qh]\d)/.test(range ?? '');
}

/** Tells whether a report can be about one scope. */
export function hasScope(question: Question): boolean {
  return question.report === 'pool' || question.report === 'history' || question.report === 'explain';
}
