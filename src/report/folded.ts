import { capitalise, toDate, WEEKDAYS } from '../domain/calendar.ts';
import type { AskedGrain } from '../domain/report.ts';
import type { Table } from '../domain/table.ts';
import { STEP_NAMES, type Totals } from '../domain/usage.ts';
import { formatRate, formatStepLabel, joinFirst } from './format.ts';
import type { Inquiry } from './inquiry.ts';
import { listWhole, toStepKey } from './steps.ts';
import { barColumn, buildTable } from './table.ts';
import { sumTotals } from './totals.ts';

/** Steps that are averages of others. */
export type Folding = Extract<AskedGrain, 'weekday' | 'hour-of-day'>;

/** The rounded average of `steps` steps that are alike. */
interface Folded extends Totals {
  startMs: number;
  label: string;
  /** `Fridays`, `14:00`. */
  name: string;
  partial: false;
  steps: number;
  sum: number;
}

/** Averages whole steps that are alike: all Mondays, or all hours at 14:00. Order: from Monday, or from midnight, on. */
export function foldSteps<Bar extends Totals & { startMs: number; partial: boolean }>(
  inquiry: Inquiry,
  grain: Folding,
  bars: readonly Bar[],
): Folded[] {
  const { calendar } = inquiry.deps;
  const alike = Map.groupBy(listWhole(inquiry, bars), ({ startMs }) => toStepKey(startMs, grain, calendar));
  return [...alike]
    .sort(([a], [b]) => a - b)
    .map(([, steps]) => {
      const sum = sumTotals(steps);
      const mean = (count: number) => Math.round(count / steps.length);
      const [requests, failed, none] = [mean(sum.requests), mean(sum.failed), mean(sum.none)];
      const { startMs } = steps.at(-1)!;
      const label = formatStepLabel(startMs, grain, calendar);
      const name = grain === 'weekday' ? `${WEEKDAYS[toDate(calendar.dayOf(startMs)).dayOfWeek - 1]}s` : label;
      return {
        ...{ startMs, label, name, partial: false, steps: steps.length, sum: sum.requests },
        // Round the parts so that they add up to the number in the sentence.
        ...{ requests, failed, none, ok: Math.max(0, requests - failed - none), credits: 0 },
      };
    });
}

/** `Busiest on Fridays with 7,208 requests on average, quietest on Sundays with 2,872. Mon–Fri: 6,540 a day; Sat and Sun: 2,822.` */
export function describeFolded(folded: readonly Folded[], grain: Folding, what: string, isQuietest: boolean): string {
  const [most, least] = what === 'request' ? ['busiest', 'quietest'] : ['most', 'fewest'];
  const means = folded.map(({ sum, steps }) => sum / steps);
  if (means.length === 0) return `No whole ${grain === 'weekday' ? 'day' : 'hour'} of it is over yet.`;
  // Name all steps that show the same number.
  const tell = (mean: number) => {
    const names = folded.filter((_, at) => formatRate(means[at]!) === formatRate(mean)).map(({ name }) => name);
    return `${grain === 'weekday' ? 'on' : 'at'} ${joinFirst(names, NAMED)} with ${formatRate(mean)}`;
  };
  const [high, low] = [Math.max(...means), Math.min(...means)];
  const ends = [
    { word: most, mean: high },
    { word: least, mean: low },
  ].slice(0, formatRate(high) === formatRate(low) ? 1 : 2);
  const [begin, other] = isQuietest ? ends.toReversed() : ends;
  const unit = formatRate(begin!.mean) === '1' ? what : `${what}s`;
  return `${capitalise(begin!.word)} ${tell(begin!.mean)} ${unit} on average${other ? `, ${other.word} ${tell(other.mean)}` : ''}.${grain === 'weekday' ? tellWeekend(folded) : ''}`;
}

/** Averages the days from Monday to Friday, and those of weekends; empty if one of the two is missing. */
function tellWeekend(folded: readonly Folded[]): string {
  const isWeekend = ({ name }: Folded) => name === 'Saturdays' || name === 'Sundays';
  const [workdays, weekends] = [false, true].map((wanted) => {
    const days = folded.filter((each) => isWeekend(each) === wanted);
    const [sum, count] = [
      days.reduce((all, each) => all + each.sum, 0),
      days.reduce((all, each) => all + each.steps, 0),
    ];
    return count > 0 ? formatRate(sum / count) : undefined;
  });
  return workdays && weekends ? ` Mon–Fri: ${workdays} a day; Sat and Sun: ${weekends}.` : '';
}

/** How many equal steps a sentence names. */
const NAMED = 3;

export function toFoldedTable(folded: readonly Folded[], grain: Folding): Table {
  return buildTable(folded, [
    { key: grain.replaceAll('-', '_'), label: capitalise(STEP_NAMES[grain]), type: 'text', cell: ({ label }) => label },
    { key: 'average', label: 'Average', type: 'count', cell: ({ sum, steps }) => Math.round(sum / steps) },
    { key: 'requests', label: 'Requests', type: 'count', cell: ({ sum }) => sum },
    { key: 'steps', label: grain === 'weekday' ? 'Days' : 'Hours', type: 'count', cell: ({ steps }) => steps },
    barColumn('Trend', folded, ({ requests }) => requests),
  ]);
}
