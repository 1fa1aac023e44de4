import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import { formatCredits } from '../domain/definition.ts';
import type { Thousandths } from '../domain/event.ts';
import { withoutSign } from '../domain/thousandths.ts';
import { HeadroomError } from '../errors.ts';
import type { ClientNames } from '../report/client-names.ts';
import type { Cell } from '../sql/part-rows.ts';
import type { SqlColumn } from '../sql/tables.ts';
import { columnsOf, type Encoder, type Exported, rowsOf } from './encoder.ts';

const MOST_THOUSANDTHS = 10n ** 18n;

/** Rows of a group. A group is in memory at once, and a reader can skip one. */
const GROUP_ROWS = 50_000;

/**
 * Encodes Parquet: `day` is a date, times are timestamps in milliseconds, whole numbers have 64 bits, credits are decimals. The list
 * of groups is at the end of the file, so it can be read only once it is finished.
 */
export function encodeParquet(what: Exported, names: Pick<ClientNames, 'nameOf'>): Encoder {
  const columns = columnsOf(what);
  const bytes = new ByteWriter();
  const writer = new ParquetWriter({
    writer: bytes,
    schema: [{ name: 'root', num_children: columns.length }, ...columns.map(toSchema)],
    createdBy: 'Headroom',
  });
  let data: unknown[][] = columns.map(() => []);

  /** Returns the bytes written since it was called last. */
  function take(): Uint8Array {
    const taken = bytes.getBytes().slice();
    bytes.index = 0;
    return taken;
  }
  function writeGroup(): Uint8Array {
    void writer.write({
      columnData: columns.map(({ name }, place) => ({ name, data: data[place]! })),
      rowGroupSize: GROUP_ROWS,
    });
    data = columns.map(() => []);
    return take();
  }
  return {
    *add(page) {
      for (const row of rowsOf(page, names)) {
        for (const [place, column] of columns.entries()) data[place]!.push(toValue(row[place]!, column));
        if (data[0]!.length === GROUP_ROWS) yield writeGroup();
      }
    },
    *end() {
      if (data[0]!.length > 0) yield writeGroup();
      void writer.finish();
      yield take();
    },
  };
}

type Schema = ConstructorParameters<typeof ParquetWriter>[0]['schema'][number];

function toSchema({ name, type }: SqlColumn): Schema {
  const repetition_type = 'OPTIONAL';
  if (name === 'day') return { name, type: 'INT32', converted_type: 'DATE', repetition_type };
  if (isTime(name)) return { name, type: 'INT64', converted_type: 'TIMESTAMP_MILLIS', repetition_type };
  if (type === 'integer') return { name, type: 'INT64', repetition_type };
  if (type === 'credits')
    return { name, type: 'INT64', converted_type: 'DECIMAL', precision: 18, scale: 3, repetition_type };
  if (type === 'real') return { name, type: 'DOUBLE', repetition_type };
  return { name, type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type };
}

function toValue(cell: Cell, { name, type }: SqlColumn): unknown {
  if (cell === null) return undefined;
  if (name === 'day' || isTime(name)) return new Date(cell as string);
  if (type === 'credits' && withoutSign(cell as Thousandths) >= MOST_THOUSANDTHS)
    throw new HeadroomError(
      'range',
      `A sum of ${formatCredits(cell as Thousandths)} credits has more digits than a decimal of Parquet holds in 64 bits: export as NDJSON or CSV.`,
    );
  return type === 'integer' || type === 'credits' ? BigInt(cell) : cell;
}

function isTime(name: string): boolean {
  return name === 'time' || name.endsWith('_time');
}
