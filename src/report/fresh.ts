import { capitalise, formatDay } from '../domain/calendar.ts';
import { formatDays } from '../domain/range.ts';
import { daysText, resolveRange } from '../domain/ranges.ts';
import { MAX_RANKING_ROWS, type Offer, type Question, type RankingReport, type RankingRow } from '../domain/report.ts';
import type { Span } from '../domain/usage.ts';
import { countOf, DIMENSION_WORDS, formatCount, formatShortDate, joinFirst } from './format.ts';
import {
  ask,
  describeNothing,
  type Inquiry,
  namerOf,
  openInquiry,
  type ReporterDeps,
  toHead,
  toSpan,
} from './inquiry.ts';
import { noteAnswer } from './notes.ts';
import type { Column } from './table.ts';
import { defaultRows } from './top.ts';
import { countNames, isNamed, rankRows, sumTotals, toPage, toRankingTable } from './totals.ts';

/** A name is new if it made no call in this many days before the range. */
const HISTORY_DAYS = 90;
/** How many names the sentence lists. */
const NAMED = 3;

/**
 * Ranks names that are new (calls in the range, none in the 90 days before it or in the range to compare with) or gone (calls before,
 * none in the range), with the day of their first or last call. Numbers are of the range that holds the calls.
 */
export async function reportFresh(deps: ReporterDeps, question: Question, nowMs: number): Promise<RankingReport> {
  const { only = 'new', dimension = 'client', measure = 'requests', offset = 0, versus: versusText } = question;
  const inquiry = await openInquiry(deps, question, nowMs);
  const { range, extent } = inquiry;
  const { calendar } = deps;
  const before = daysText({ first: Math.max(0, range.firstDay - HISTORY_DAYS), last: range.firstDay - 1 });
  const versus = resolveRange(versusText ?? before, nowMs, calendar, { firstDay: extent?.firstDay });
  const key = dimension === 'team' ? 'client' : dimension;
  const nameOf = namerOf(inquiry, dimension);
  const askIn = (span: Span) => ask(inquiry, { groupBy: [key], span });
  const past: Inquiry = { ...inquiry, range: versus, span: toSpan(versus, calendar) };
  const [now, earlier] = await Promise.all([askIn(inquiry.span), askIn(past.span)]);
  const [own, other] = only === 'new' ? [now, earlier] : [earlier, now];
  const { span } = only === 'new' ? inquiry : past;
  // Nobody can be called new or gone for days before the first data, or whose data are no longer kept.
  const firstKnown = Math.max(
    versus.firstDay,
    extent?.firstDay ?? Infinity,
    earlier.shortened ? calendar.dayOf(earlier.shortened.fromMs) : -Infinity,
  );
  const daysKnown = versus.lastDay - firstKnown + 1;
  const isNone = range.toMs <= range.fromMs;
  const isNowKnown = !isNone && (!now.shortened || now.shortened.fromMs < inquiry.span.toMs);
  const isKnown = daysKnown > 0 && isNowKnown;
  const known = new Set(other.rows.map(({ keys }) => nameOf(keys[0]!)));
  const fresh = own.rows.filter(({ keys: [id] }) => isNamed(id!) && isNamed(nameOf(id!)) && !known.has(nameOf(id!)));
  const ofAll = sumTotals(own.rows)[measure];
  const found = rankRows(isKnown ? fresh : [], { measure, sort: question.sort, nameOf, ofAll });
  const limit = Math.min(question.limit ?? defaultRows(dimension), MAX_RANKING_ROWS);
  const page = toPage(found, { offset, limit });
  const days = await findDays(inquiry, page.rows, { key, span, only, nameOf });
  const words = DIMENSION_WORDS[dimension];
  const label = only === 'new' ? 'First call' : 'Last call';
  const dayColumn = (key: string, format: (day: number) => string): Column<RankingRow> => ({
    ...{ key, label, type: 'text' },
    cell: ({ name }) => (days.has(name) ? format(days.get(name)!) : null),
  });
  const when = [
    { ...dayColumn(only === 'new' ? 'first_call' : 'last_call', formatDay), csvOnly: true },
    { ...dayColumn('day', formatShortDate), shownOnly: true },
  ];

  return {
    ...toHead(inquiry, [now, earlier], {
      title: `${capitalise(only)} ${words.plural}`,
      finding: describe(),
      ...(found.length > 0 ? { population: countOf(found.length, words.singular, words.plural) } : {}),
      notes: listNotes(),
      offers: offerOthers(question),
    }),
    kind: 'top',
    versus,
    dimension,
    measure,
    ...page,
    distinct: found.length,
    table: toRankingTable(page.rows, capitalise(words.singular), measure, when),
  };

  function listNotes(): string[] {
    const notes = noteAnswer(inquiry, now);
    const pastNotes = noteAnswer(past, earlier).filter((note) => !notes.includes(note));
    const hidden = other.capped.length > 0 ? [`Some that are called ${only} may be among the rare.`] : [];
    return [...notes, ...pastNotes.map((note) => `${versus.label}: ${note}`), ...hidden];
  }

  function describe(): string {
    if (isNone) return describeNothing(inquiry);
    const before = versusText === undefined ? `the time before ${range.label}` : versus.label;
    if (!isKnown) return `Nothing is known of ${isNowKnown ? before : range.label}, so nothing can be ${only}.`;
    const seen = countNames(own.rows, nameOf);
    const isWhole = daysKnown > versus.lastDay - versus.firstDay;
    if (isWhole || (only === 'new' && seen === 0)) return describeFound(seen);
    const where = versusText === undefined ? 'before' : `of ${versus.label}`;
    return `${describeFound(seen)} Only ${countOf(daysKnown, 'day')} ${where} ${daysKnown === 1 ? 'is' : 'are'} known.`;
  }

  function describeFound(seen: number): string {
    const past =
      versusText === undefined ? `the ${daysKnown === 1 ? 'day' : `${daysKnown} days`} before` : versus.label;
    const [first, second] = found;
    if (!first && seen === 0) return `No ${words.singular} made a call in ${only === 'new' ? range.label : past}.`;
    if (!first)
      return only === 'new'
        ? `No ${words.singular} is new: ${seen === 1 ? 'the only one was' : `all ${formatCount(seen)} were`} seen in ${past} too.`
        : `No ${words.singular} is gone: all ${words.plural} of ${past} were seen ${range.firstDay === range.lastDay ? 'on' : 'in'} ${range.label} too.`;
    if (!second) {
      const day = days.get(first.name);
      const calls = countOf(first.requests, 'request');
      return only === 'new'
        ? `${first.name} is new: ${calls}${day === undefined ? '' : range.toMs > nowMs ? ` since ${formatShortDate(day)}` : ` ${day === range.lastDay ? 'on' : 'in'} ${formatDays(day, range.lastDay)}`}.`
        : `${first.name} is gone: ${calls} before${day === undefined ? '' : `, the last on ${formatShortDate(day)}`}.`;
    }
    const names = found.map(({ name }) => name);
    return `${countOf(found.length, words.singular, words.plural)} are ${only}: ${joinFirst(names, NAMED)}.`;
  }
}

/** Finds the first day of new names, or the last day of names that are gone. */
async function findDays(
  inquiry: Inquiry,
  rows: readonly RankingRow[],
  about: {
    key: Exclude<RankingReport['dimension'], 'team'>;
    span: Span;
    only: 'new' | 'gone';
    nameOf(key: string): string;
  },
): Promise<Map<string, number>> {
  const { key, span, only, nameOf } = about;
  const wanted = new Set(rows.map(({ name }) => name));
  if (wanted.size === 0) return new Map();
  const answer = await ask(inquiry, { groupBy: [key], span, grain: 'day' });
  const days = new Map<string, number>();
  for (const { keys, startMs } of answer.rows) {
    const [name, day] = [nameOf(keys[0]!), inquiry.deps.calendar.dayOf(startMs)];
    const known = days.get(name);
    if (wanted.has(name) && (known === undefined || (only === 'new' ? day < known : day > known))) days.set(name, day);
  }
  return days;
}

function offerOthers({ only, versus, offset: _, ...question }: Question): Offer[] {
  const plural = DIMENSION_WORDS[question.dimension ?? 'client'].plural;
  const other = only === 'new' ? 'gone' : 'new';
  return [
    { label: `${capitalise(other)} ${plural}`, question: { ...question, only: other, ...(versus ? { versus } : {}) } },
    { label: `All ${plural}`, question },
  ];
}
