import { toDate, WEEKDAYS } from '../domain/calendar.ts';
import type { AskedGrain } from '../domain/report.ts';
import type { Table } from '../domain/table.ts';
import { STEP_NAMES, type Totals } from '../domain/usage.ts';
import { capitalise, formatRate, formatStepLabel } from './format.ts';
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
        // Round the parts so that they add up to the number that is told.
        ...{ requests, failed, none, ok: Math.max(0, requests - failed - none), credits: 0 },
      };
    });
}

/** `Busiest on Fridays with 7,208 requests on average, quietest on Sundays with 2,872.` */
export function describeFolded(folded: readonly Folded[], grain: Folding, what: string, isQuietest: boolean): string {
  const [most, least] = what === 'request' ? ['busiest', 'quietest'] : ['most', 'fewest'];
  const meanOf = ({ sum, steps }: Folded) => sum / steps;
  const [first] = folded.toSorted((a, b) => meanOf(b) - meanOf(a));
  const [last] = folded.toSorted((a, b) => meanOf(a) - meanOf(b));
  if (!first || !last) return `No whole ${grain === 'weekday' ? 'day' : 'hour'} of it is over yet.`;
  const tell = (step: Folded) => `${grain === 'weekday' ? 'on' : 'at'} ${step.name} with ${formatRate(meanOf(step))}`;
  const ends = [
    { word: most, step: first },
    { word: least, step: last },
  ].slice(0, folded.length);
  const [begin, other] = isQuietest ? ends.toReversed() : ends;
  return `${capitalise(begin!.word)} ${tell(begin!.step)} ${what}s on average${other ? `, ${other.word} ${tell(other.step)}` : ''}.`;
}

export function toFoldedTable(folded: readonly Folded[], grain: Folding): Table {
  return buildTable(folded, [
    { key: grain.replaceAll('-', '_'), label: capitalise(STEP_NAMES[grain]), type: 'text', cell: ({ label }) => label },
    { key: 'average', label: 'Average', type: 'count', cell: ({ sum, steps }) => Math.round(sum / steps) },
    { key: 'requests', label: 'Requests', type: 'count', cell: ({ sum }) => sum },
    { key: 'steps', label: grain === 'weekday' ? 'Days' : 'Hours', type: 'count', cell: ({ steps }) => steps },
    barColumn('Trend', folded, ({ requests }) => requests),
  ]);
}
