import { type Calendar, formatDate, formatDay } from '../domain/calendar.ts';
import type { Definitions } from '../domain/definition.ts';
import { DIMENSIONS } from '../domain/dimension.ts';
import type { StoredFilter } from '../domain/filter.ts';
import type { Span } from '../domain/usage.ts';
import { HeadroomError } from '../errors.ts';
import { type ClientNames, getClientNames } from '../report/client-names.ts';
import { type Cell, type Page, toTotalRow } from '../sql/part-rows.ts';
import type { FrozenUsage } from '../usage/reader.ts';
import { type Encoder, type Exported, type ExportFormat, encodeCsv, encodeNdjson } from './encoder.ts';
import { encodeParquet } from './parquet.ts';

export interface ExportOrder {
  what: Exported;
  format: ExportFormat;
  span: Span;
  filters: readonly StoredFilter[];
}

export interface ExportPorts {
  frozen: FrozenUsage;
  calendar: Calendar;
  definitions: Definitions;
}

const ENCODERS: Readonly<Record<ExportFormat, (what: Exported, names: ClientNames) => Encoder>> = {
  ndjson: encodeNdjson,
  csv: encodeCsv,
  parquet: encodeParquet,
};

/**
 * Lists the days of the order that may hold usage, in order; undefined if nothing was ever received. `firstKept`: the first day that
 * is still stored.
 */
export async function listDays(
  { frozen, calendar }: ExportPorts,
  { what, span }: Pick<ExportOrder, 'what' | 'span'>,
): Promise<{ days: number[]; firstKept: number } | undefined> {
  const extent = await frozen.usage.extent();
  if (!extent) return undefined;
  const firstKept = what === 'events' ? extent.firstRawDay : extent.firstDay;
  const days: number[] = [];
  const last = Math.min(extent.lastDay, calendar.dayOf(span.toMs - 1));
  for (let day = Math.max(firstKept, calendar.dayOf(span.fromMs)); day <= last; day += 1) days.push(day);
  return { days, firstKept };
}

/** Streams one file with the usage of these days, piece by piece; calls `onDay` after each day. Memory use is bounded. */
export async function* exportDays(
  ports: ExportPorts,
  order: ExportOrder,
  days: readonly number[],
  onDay: () => void = () => {},
): AsyncGenerator<string | Uint8Array> {
  const encoder = ENCODERS[order.format](order.what, getClientNames(ports.definitions.clients));
  for (const day of days) {
    for await (const page of readDay(ports, order, day)) yield* encoder.add(page);
    onDay();
  }
  yield* encoder.end();
}

async function* readDay(ports: ExportPorts, order: ExportOrder, day: number): AsyncGenerator<Page> {
  const { frozen, calendar } = ports;
  const { what, filters } = order;
  const span = {
    fromMs: Math.max(order.span.fromMs, calendar.startOfDay(day)),
    toMs: Math.min(order.span.toMs, calendar.startOfDay(day + 1)),
  };
  if (what === 'events') for await (const events of frozen.pages({ span, filters, ids: true })) yield { events };
  else yield { rows: await readTotals(ports, day, span, filters) };
}

/** Returns totals of a day by each dimension and status, under the filters. */
async function readTotals(
  { frozen, definitions }: ExportPorts,
  day: number,
  span: Span,
  filters: readonly StoredFilter[],
): Promise<Cell[][]> {
  const { nameOf } = getClientNames(definitions.clients);
  const answers = await Promise.all(
    DIMENSIONS.map((dimension) =>
      frozen.usage.sum({ span, grain: 'day', groupBy: [dimension, 'status'], filters: [...filters] }),
    ),
  );
  return answers.flatMap(({ rows, shortened }, place) => {
    const dimension = DIMENSIONS[place]!;
    if (shortened)
      throw new HeadroomError(
        'range',
        `Totals of ${formatDate(day)} do not hold ${dimension} together with these filters, and raw events of that day are no longer kept: leave the filters out, or begin later.`,
      );
    return rows.map((row) => [formatDay(day), dimension, ...toTotalRow(row, dimension, nameOf)]);
  });
}
