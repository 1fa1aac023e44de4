import type { Dimension } from '../domain/dimension.ts';
import type { EventColumns } from '../usage/raw-events.ts';
import { createIsoTimes } from './iso-time.ts';
import type { Cell } from './part-rows.ts';

const [timeOf, receivedOf] = [createIsoTimes(), createIsoTimes()];

/** Converts one raw event to a row of the table `events`, in the order of its columns (tables.ts), without its part keys. */
export function toEventRow(
  columns: EventColumns,
  row: number,
  texts: {
    textOf(id: number): string | null;
    nameOf(id: number): string | null;
    idAt(row: number): string | undefined;
  },
): Cell[] {
  const text = (dimension: Dimension): string | null => texts.textOf(columns[dimension][row]!);
  const [status, records, duration] = [columns.status[row]!, columns.records[row]!, columns.duration[row]!];
  return [
    timeOf(columns.time[row]!),
    text('client'),
    texts.nameOf(columns.client[row]!),
    text('method'),
    text('route'),
    status === 0 ? null : status,
    text('user'),
    text('ip'),
    text('module'),
    text('version'),
    text('function'),
    text('initiator'),
    text('kind'),
    text('scope'),
    text('source'),
    columns.count[row]!,
    records === 0 ? null : records - 1,
    columns.credits[row]!,
    duration === 0 ? null : (duration - 1) / 1000,
    receivedOf(columns.received[row]!),
    texts.idAt(row) ?? null,
  ];
}
