import { z } from 'zod';
import { formatDay } from '../domain/calendar.ts';
import { toNumberOrText } from '../domain/definition.ts';
import type { Thousandths } from '../domain/event.ts';
import type { Range } from '../domain/range.ts';
import type { Report } from '../domain/report.ts';
import { COLUMN_TYPES, type ColumnType, type TableCell } from '../domain/table.ts';
import { toJsonNumber } from '../domain/thousandths.ts';
import { formatMoment } from '../report/format.ts';
import { toCsvColumns } from '../report/table.ts';
import { toWords } from './ask.ts';

const instant = z.iso.datetime({ offset: false }).meta({ id: 'Instant' });
const credits = z.number().meta({ description: 'Credits, at most three decimals.' });

const range = z
  .strictObject({
    label: z.string(),
    from: instant,
    to: instant.meta({ description: 'Not in the range itself.' }),
    first_day: z.iso.date().meta({ description: 'In the report zone.' }),
    last_day: z.iso.date().meta({ description: 'In the report zone. Before first_day: the range is empty.' }),
    running: z.boolean().meta({ description: 'It has not ended: its numbers still grow.' }),
  })
  .meta({ id: 'Range' });

/**
 * Schema of an answer as JSON. Later versions may add fields, columns and kinds of report, but never rename or remove any.
 * `answer.schema.json` is made from it.
 */
export const answerSchema = z
  .strictObject({
    question: z.string().meta({ description: 'The words that ask for this again.' }),
    report: z.string().meta({ description: 'Its kind, such as `top`. Kinds may be added.' }),
    title: z.string(),
    answer: z.string().meta({ description: 'One or two sentences that answer the question.' }),
    range: range.nullable().meta({ description: 'null: the answer is about now.' }),
    versus: range
      .nullable()
      .meta({ description: 'The range that it is compared with; null: the answer compares none.' }),
    zone: z.string().meta({ description: 'Report time zone, in whose days usage is counted.' }),
    as_of: instant.nullable().meta({ description: 'When the newest usage was received; null: none ever was.' }),
    population: z.string().nullable().meta({ description: 'What the numbers are about: `8 clients`.' }),
    filters: z.array(
      z.strictObject({ key: z.string(), patterns: z.array(z.string()), not: z.boolean() }).meta({
        description: 'Any of the patterns; `not`: none of them. `*` matches any characters.',
      }),
    ),
    totals: z
      .strictObject({
        requests: z.int(),
        ok: z.int(),
        failed: z.int(),
        none: z.int().meta({ description: 'Requests without a status.' }),
        credits,
      })
      .nullable()
      .meta({ description: 'Of all that was asked for, not of the rows alone. null: the report has none.' }),
    columns: z.array(z.strictObject({ key: z.string(), label: z.string(), type: z.enum(COLUMN_TYPES) })).meta({
      description: 'Columns of the rows, in the order of the CSV. 12.5 means 12.5%; times are RFC 3339 in UTC.',
    }),
    rows: z
      .array(z.record(z.string(), z.union([z.string(), z.number(), z.null()])))
      .meta({ description: 'One value per column, by its key; exact, and null where there is none.' }),
    sections: z
      .array(z.strictObject({ title: z.string(), lines: z.array(z.string()) }))
      .meta({ description: 'What the answer says in sentences besides its rows.' }),
    notes: z.array(z.string()).meta({ description: 'What must be known to trust the numbers.' }),
    next: z
      .array(z.strictObject({ label: z.string(), question: z.string() }))
      .meta({ description: 'Questions that lead on.' }),
  })
  .meta({ title: 'Answer of Headroom' });

export type AnswerJson = z.infer<typeof answerSchema>;

/** Returns the answer as plain data for programs: the numbers of its CSV, and its sentences. */
export function toAnswerJson(report: Report): AnswerJson {
  const { question, range, versus, asOfMs } = report;
  const columns = toCsvColumns(report);
  return {
    question: toWords(question),
    report: report.kind,
    title: report.title,
    answer: report.finding,
    range: range ? toRange(range) : null,
    versus: versus ? toRange(versus) : null,
    zone: report.zone,
    as_of: asOfMs === 0 ? null : toInstant(asOfMs),
    population: report.population ?? null,
    filters: (question.filters ?? []).map(({ key, patterns, not }) => ({ key, patterns: [...patterns], not })),
    totals: toTotals(report),
    columns: columns.map(({ key, label, type }) => ({ key, label, type })),
    rows: report.table.rows.map((row) =>
      Object.fromEntries(columns.map(({ key, type, index }) => [key, toValue(row[index] ?? null, type)])),
    ),
    sections: listSections(report).map(({ title, lines }) => ({ title, lines: [...lines] })),
    notes: report.notes,
    next: (report.offers ?? []).map((offer) => ({ label: offer.label, question: toWords(offer.question) })),
  };
}

/**
 * Lists the sentences that an answer has besides its table, by title: reports in words, likely causes of status codes, and marks on a
 * chart.
 */
export function listSections(report: Report): { title: string; lines: readonly string[] }[] {
  if ('marks' in report || report.kind === 'status') {
    const { marks = [], zone } = report;
    const causes = report.kind === 'status' ? report.diagnosis : [];
    return [
      ...causes.map(({ claim, evidence }) => ({ title: claim, lines: [evidence] })),
      ...(marks.length > 0
        ? [{ title: 'Marked', lines: marks.map(({ atMs, label }) => `${formatMoment(atMs, zone)} · ${label}`) }]
        : []),
    ];
  }
  if (!('sections' in report)) return [];
  return report.sections.flatMap((section) =>
    'lines' in section ? [{ title: section.title, lines: section.lines }] : [],
  );
}

function toRange({ label, fromMs, toMs, firstDay, lastDay, partial }: Range): z.infer<typeof range> {
  return {
    label,
    from: toInstant(fromMs),
    to: toInstant(toMs),
    first_day: formatDay(firstDay),
    last_day: formatDay(lastDay),
    running: partial,
  };
}

function toTotals(report: Report): AnswerJson['totals'] {
  const totals = 'totals' in report ? report.totals : report.kind === 'summary' ? report.today : undefined;
  if (!totals) return null;
  const { requests, ok, failed, none, credits } = totals;
  return { requests, ok, failed, none, credits: toCredits(credits) };
}

function toValue(cell: TableCell, type: ColumnType): string | number | null {
  if (cell === null || type === 'text') return cell as string | null;
  if (type === 'credits') return toCredits(cell as Thousandths);
  return type === 'time' ? toInstant(Number(cell)) : Number(cell);
}

/** Writes credits exactly: JSON numbers may have any length, but a float keeps only some sixteen digits. */
function toCredits(credits: Thousandths): number {
  const exact = toNumberOrText(credits);
  return typeof exact === 'number' ? exact : toJsonNumber(exact);
}

/** Writes an instant as the CSV does. */
function toInstant(ms: number): string {
  return Temporal.Instant.fromEpochMilliseconds(ms).toString();
}
