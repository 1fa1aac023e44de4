import { OTHER } from '../domain/dimension.ts';
import type { Offer, Question } from '../domain/report.ts';
import type { UsageAnswer } from '../domain/usage.ts';
import { DIMENSION_WORDS } from './dimension-words.ts';
import { formatDate, joinWords } from './format.ts';
import type { Inquiry } from './inquiry.ts';

/** Lists what a reader must know to trust an answer: still in progress, older than the data, cut to raw events, values over the cap. */
export function noteAnswer(inquiry: Inquiry, answer: UsageAnswer): string[] {
  const { range, extent } = inquiry;
  const notes: string[] = [];
  if (range.partial) {
    notes.push('Still in progress: more calls will be added.');
  }
  if (extent && range.firstDay < extent.firstDay) notes.push(`Data begins on ${formatDate(extent.firstDay)}.`);
  notes.push(...noteOlderDays(inquiry));
  if (answer.shortened) notes.push(noteShortened(inquiry, answer.shortened));
  if (answer.capped.length > 0) {
    notes.push(
      `Rare ${joinWords(answer.capped.map((key) => DIMENSION_WORDS[key].plural))} are counted together as ${OTHER}; totals are exact.`,
    );
  }
  return notes;
}

/** Where the whole range is answered, but only raw events can tell how many clients there were. */
export function noteClients(inquiry: Inquiry, main: UsageAnswer, clients: UsageAnswer): string[] {
  if (main.shortened || !clients.shortened) return [];
  const since = formatRawStart(inquiry, clients.shortened.fromMs);
  return [`Clients are only known since ${since}.`];
}

/** The day that an answer begins on where it was cut; of one that was cut whole, the day that raw events do begin on. */
export function formatRawStart({ deps, span, extent }: Inquiry, fromMs: number): string {
  const day = deps.calendar.dayOf(fromMs);
  return formatDate(fromMs < span.toMs ? day : Math.max(day, extent?.firstRawDay ?? day));
}

/** The same question with what totals hold, where an answer was cut short. */
export function offerNearest(question: Question, answer: UsageAnswer): Offer[] {
  if (answer.shortened?.reason !== 'no-total') return [];
  const { nearest } = answer.shortened;
  const filters = (question.filters ?? []).filter(({ key }) => nearest.includes(key));
  if (filters.length === (question.filters ?? []).length) return [];
  const kept = filters.map(({ key }) => DIMENSION_WORDS[key].singular);
  return [
    {
      label: kept.length > 0 ? `Whole range, by ${joinWords(kept)} only` : 'Whole range, no filters',
      question: { ...question, filters, offset: 0 },
    },
  ];
}

/** Days that a change of the report zone could not count anew. Combinations are asked for by filters and drill-downs. */
function noteOlderDays({ olderZones, range, filters, question }: Inquiry): string[] {
  const combines = filters.length > 0 || question.name !== undefined;
  return olderZones
    .map(({ zone, beforeDay, pairsBeforeDay }) => ({ zone, day: combines ? pairsBeforeDay : beforeDay }))
    .filter(({ day }) => range.firstDay < day)
    .map(({ zone, day }) => `Days before ${formatDate(day)} are counted in ${zone}.`);
}

function noteShortened(inquiry: Inquiry, shortened: NonNullable<UsageAnswer['shortened']>): string {
  if (shortened.reason === 'no-hours') {
    const day = inquiry.deps.calendar.dayOf(shortened.fromMs);
    return `Hours are only kept since ${formatDate(day)}; earlier ones are left out.`;
  }
  const since = formatRawStart(inquiry, shortened.fromMs);
  const nearest = shortened.nearest.map((key) => DIMENSION_WORDS[key].singular);
  const more = nearest.length > 0 ? ` The whole range can be answered by ${joinWords(nearest)}.` : '';
  return shortened.fromMs >= inquiry.span.toMs
    ? `This combination is only kept since ${since}, after the range asked for.${more}`
    : `This combination is only kept since ${since}; earlier days are left out.${more}`;
}
