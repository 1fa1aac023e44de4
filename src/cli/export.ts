import { readQuestion } from '../ask/ask.ts';
import { InvalidRangeError } from '../domain/ranges.ts';
import type { Question } from '../domain/report.ts';
import { HeadroomError, QuestionError } from '../errors.ts';
import { EXPORT_FORMATS } from '../export/encoder.ts';
import type { ExportOrder } from '../export/export-usage.ts';
import { openInquiry } from '../report/inquiry.ts';
import { joinWords, toArgument } from './ask.ts';
import { MISUSE, readDay, takes } from './command.ts';
import { writeExport } from './export-files.ts';
import { withStored } from './open.ts';
import { createStoredReporter } from './stored-reporter.ts';

const FLAGS = {
  format: { type: 'string', default: 'ndjson' },
  from: { type: 'string' },
  to: { type: 'string' },
  out: { type: 'string' },
} as const;

/** `headroom export events|daily …`: see the table of commands. */
export const runExport = takes('events|daily [RANGE] [FILTERS]…', FLAGS, async ([what, ...words], flags, context) => {
  if (what !== 'events' && what !== 'daily')
    throw new HeadroomError(
      'question',
      `Say what to export, events or daily, not ${JSON.stringify(what)}: headroom export events.`,
    );
  const format = EXPORT_FORMATS.find((each) => each === flags.format);
  if (!format)
    throw new HeadroomError(
      'question',
      `--format is ${JSON.stringify(flags.format)}: use ${EXPORT_FORMATS.join(', ')}.`,
    );
  const days = readDays(flags);
  return withStored(context, async ({ db, calendar, usage, definitions: read }) => {
    const deps = { reporter: createStoredReporter(db, usage, calendar), now: context.now };
    try {
      const asked = words.length === 0 ? {} : readWords((await readQuestion(deps, toQuestion(words))).question);
      if (days !== undefined && asked.range !== undefined)
        throw new HeadroomError('range', `Give either a range (${asked.range}) or --from and --to.`);
      const range = days ?? asked.range;
      const question: Question = { report: 'daily', ...asked, ...(range === undefined ? {} : { range }) };
      const definitions = await read();
      return await usage.freeze(async (frozen) => {
        const reading = { usage: frozen.usage, definitions: async () => definitions, calendar };
        const inquiry = await openInquiry(reading, question, context.now(), 'all');
        const { filters, extent, range: resolved } = inquiry;
        // Ranges leave today out, even `all`; without a range, today is included.
        const span =
          range === undefined && extent
            ? { fromMs: calendar.startOfDay(extent.firstDay), toMs: calendar.startOfDay(extent.lastDay + 1) }
            : inquiry.span;
        if (what === 'daily' && resolved.timed)
          throw new HeadroomError(
            'range',
            `Daily totals are of whole days, not of ${resolved.label}: export events instead.`,
          );
        const order = { what, format, span, filters } satisfies ExportOrder;
        return writeExport({ frozen, calendar, definitions }, order, flags.out, context);
      });
    } catch (error) {
      if (error instanceof InvalidRangeError) throw new HeadroomError('range', error.message, { cause: error });
      if (!(error instanceof QuestionError)) throw error;
      context.err(error.message);
      for (const { command } of error.suggestions)
        if (command.startsWith('daily ')) context.err(`  headroom export ${what} ${toArgument(command.slice(6))}`);
      return MISUSE;
    }
  });
});

/** Makes a question of the words. A single filter gets the quotation marks of its name again, which the shell has removed. */
function toQuestion(words: readonly string[]): string {
  const isFilter = words.length === 1 && /^\w+:(?!")[^:]*$/.test(words[0]!);
  return isFilter ? joinWords(['daily', ...words]) : `daily ${joinWords(words)}`;
}

/** Converts the flags `--from` and `--to` to a range. */
function readDays({ from, to }: { from?: string | undefined; to?: string | undefined }): string | undefined {
  if (from !== undefined) readDay('--from', from);
  if (to !== undefined) readDay('--to', to);
  if (from === undefined) return to === undefined ? undefined : `until ${to}`;
  return to === undefined ? `${from}..` : `${from}..${to}`;
}

/** Reads a range and filters. Throws if the words ask for anything else. */
function readWords(question: Question): Pick<Question, 'range' | 'filters'> {
  const { report, range, filters, private: _, ...rest } = question;
  const [more] = Object.keys(rest);
  if (report !== 'daily' || more !== undefined)
    throw new HeadroomError(
      'question',
      'Only a range and filters go with an export, such as last-month client:"Acme CRM".',
    );
  return { ...(range === undefined ? {} : { range }), ...(filters ? { filters } : {}) };
}
