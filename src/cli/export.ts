import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { readQuestion } from '../ask/ask.ts';
import { type Calendar, formatDate, formatDay } from '../domain/calendar.ts';
import { InvalidRangeError } from '../domain/ranges.ts';
import type { Question } from '../domain/report.ts';
import { HeadroomError, QuestionError } from '../errors.ts';
import { EXPORT_FORMATS, type Exported, type ExportFormat } from '../export/encoder.ts';
import { type ExportOrder, type ExportPorts, exportDays, listDays } from '../export/export-usage.ts';
import { countOf, formatCount } from '../report/format.ts';
import { openInquiry } from '../report/inquiry.ts';
import { joinWords, toArgument } from './ask.ts';
import { type CliContext, MISUSE, readDay, STOPPED, takes, write } from './command.ts';
import { toWriteError } from './files.ts';
import { withStored } from './open.ts';
import { drawBar } from './progress.ts';
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

/** File in a folder of days that describes the export, so that another one is not mixed with it. */
const NOTE = 'export.json';

/** Writes an export to standard output, to a file, or to a folder with a file per day. Returns the exit code. */
export async function writeExport(
  ports: ExportPorts,
  order: ExportOrder,
  out: string | undefined,
  context: CliContext,
): Promise<number> {
  const { days = [], firstKept } = (await listDays(ports, order)) ?? {};
  if (firstKept !== undefined && ports.calendar.startOfDay(firstKept) > order.span.fromMs && order.what === 'events')
    context.err(`Single calls are kept from ${formatDate(firstKept)} on.`);
  const isFolder = out !== undefined && (/[/\\]$/.test(out) || isDirectory(resolve(context.folder, out)));
  const progress = context.isTerminal && out !== undefined ? drawBar(order.what, context) : undefined;
  let done = 0;
  const onDay = (): void => {
    done += 1;
    progress?.move(done, days.length);
  };
  try {
    if (isFolder)
      return await writeFolder(ports, order, { folder: resolve(context.folder, out), days, onDay }, context);
    const pieces = exportDays(ports, order, days, onDay);
    if (out === undefined) {
      for await (const piece of pieces) {
        if (context.signal.aborted) return STOPPED;
        await write(context, piece);
      }
      return 0;
    }
    const bytes = await writeFile(resolve(context.folder, out), pieces, context.signal);
    if (bytes === undefined) return STOPPED;
    context.err(`${out}: ${countOf(days.length, 'day')}, ${formatCount(bytes)} bytes.`);
    return 0;
  } finally {
    progress?.end();
  }
}

async function writeFolder(
  ports: ExportPorts,
  order: ExportOrder,
  { folder, days, onDay }: { folder: string; days: readonly number[]; onDay: () => void },
  context: CliContext,
): Promise<number> {
  const { what, format, filters } = order;
  try {
    mkdirSync(folder, { recursive: true });
    claimFolder(folder, { what, format, zone: ports.calendar.zone, filters });
  } catch (error) {
    throw toWriteError(folder, error);
  }
  let written = 0;
  for (const day of days) {
    const path = join(folder, `${what}-${formatDay(day)}.${format}`);
    if (!wasComplete(path, day, order, ports.calendar)) {
      if ((await writeFile(path, exportDays(ports, order, [day]), context.signal)) === undefined) {
        context.err(`Stopped after ${countOf(written, 'day')}; run the same command again to go on.`);
        return STOPPED;
      }
      written += 1;
    }
    onDay();
  }
  const before = days.length - written;
  context.err(`${folder}: ${countOf(written, 'day')} written${before > 0 ? `, ${before} already there` : ''}.`);
  return 0;
}

/** Tells whether the file of a day is complete: written after the day was over, for a range that includes all of the day. */
function wasComplete(path: string, day: number, { span }: ExportOrder, calendar: Calendar): boolean {
  const [startMs, endMs] = [calendar.startOfDay(day), calendar.startOfDay(day + 1)];
  return existsSync(path) && statSync(path).mtimeMs >= endMs && span.fromMs <= startMs && span.toMs >= endMs;
}

/** Writes to a temporary file and renames it when it is complete. Returns the bytes, or undefined if it was stopped. */
async function writeFile(
  path: string,
  pieces: AsyncIterable<string | Uint8Array>,
  signal: AbortSignal,
): Promise<number | undefined> {
  const part = `${path}.part`;
  let bytes = 0;
  try {
    const file = await open(part, 'w');
    try {
      for await (const piece of pieces) {
        if (signal.aborted) break;
        const data = typeof piece === 'string' ? Buffer.from(piece) : piece;
        await file.writeFile(data);
        bytes += data.length;
      }
    } finally {
      await file.close();
    }
    if (signal.aborted) {
      await rm(part);
      return undefined;
    }
    await rename(part, path);
    return bytes;
  } catch (error) {
    throw toWriteError(path, error);
  }
}

/** Writes the description of the export into a folder; refuses a folder with another export. */
function claimFolder(
  folder: string,
  wanted: { what: Exported; format: ExportFormat; zone: string; filters: unknown },
): void {
  const path = join(folder, NOTE);
  const text = `${JSON.stringify(wanted, undefined, 2)}\n`;
  if (!existsSync(path)) writeFileSync(path, text);
  else if (readFileSync(path, 'utf8') !== text)
    throw new HeadroomError('unreadable', `${folder} holds another export (see ${NOTE} in it): choose another folder.`);
}

function isDirectory(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory();
}
