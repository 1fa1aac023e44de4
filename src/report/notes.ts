import { OTHER } from '../domain/dimension.ts';
import type { Offer, Question } from '../domain/report.ts';
import type { UsageAnswer } from '../domain/usage.ts';
import { DIMENSION_WORDS } from './dimension-words.ts';
import { formatDate, joinWords } from './format.ts';
import type { Inquiry } from './inquiry.ts';

/** What a reader must know of how an answer was come by: still growing, older than the data, cut to raw events, values over the cap. */
export function noteAnswer(inquiry: Inquiry, answer: UsageAnswer): string[] {
  const { range, extent } = inquiry;
  const notes: string[] = [];
  if (range.partial) {
    notes.push('Still growing: calls of this range are yet to come.');
  }
  if (extent && range.firstDay < extent.firstDay) notes.push(`Data begin on ${formatDate(extent.firstDay)}.`);
  notes.push(...noteOlderDays(inquiry));
  if (answer.shortened) notes.push(noteShortened(inquiry, answer.shortened));
  if (answer.capped.length > 0) {
    notes.push(
      `${joinWords(answer.capped.map((key) => `Rare ${DIMENSION_WORDS[key].plural}`))} of busy days are counted together as ${OTHER}; totals are exact.`,
    );
  }
  return notes;
}

/** Where the whole range is answered, but only raw events can tell how many clients there were. */
export function noteClients(inquiry: Inquiry, main: UsageAnswer, clients: UsageAnswer): string[] {
  if (main.shortened || !clients.shortened) return [];
  const since = formatRawStart(inquiry, clients.shortened.fromMs);
  return [`Clients are told apart by raw events, which begin on ${since}; those of earlier days are not among them.`];
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
      label: kept.length > 0 ? `Whole range, filtered by ${joinWords(kept)} only` : 'Whole range, without filters',
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
    .map(({ zone, day }) => `Older days are counted in ${zone}: those before ${formatDate(day)}.`);
}

function noteShortened(inquiry: Inquiry, shortened: NonNullable<UsageAnswer['shortened']>): string {
  if (shortened.reason === 'no-hours') {
    const day = inquiry.deps.calendar.dayOf(shortened.fromMs);
    return `Hourly totals begin on ${formatDate(day)}; what is older is left out.`;
  }
  const since = formatRawStart(inquiry, shortened.fromMs);
  const nearest = shortened.nearest.map((key) => DIMENSION_WORDS[key].singular);
  const more = nearest.length > 0 ? ` For the whole range, totals hold ${joinWords(nearest)}.` : '';
  return shortened.fromMs >= inquiry.span.toMs
    ? `No total holds this combination, and raw events reach back to ${since} only: nothing of the range can be answered this way.${more}`
    : `No total holds this combination: answered from raw events, which begin on ${since}; what is older is left out.${more}`;
}
