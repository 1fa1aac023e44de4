import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Calendar, formatDate, formatDay } from '../domain/calendar.ts';
import { HeadroomError } from '../errors.ts';
import type { Exported, ExportFormat } from '../export/encoder.ts';
import { type ExportOrder, type ExportPorts, exportDays, listDays } from '../export/export-usage.ts';
import { countOf, formatCount } from '../report/format.ts';
import { type CliContext, STOPPED, write } from './command.ts';
import { toWriteError } from './files.ts';
import { drawBar } from './progress.ts';

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
