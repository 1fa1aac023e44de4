export const COLUMN_TYPES = ['text', 'count', 'credits', 'percent', 'duration', 'time', 'bar'] as const;
export type ColumnType = (typeof COLUMN_TYPES)[number];
export type TableCell = string | number | bigint | null;

/**
 * The exact numbers of a report, as its table shows them and its CSV holds them. `credits` cells are thousandths, `percent` cells are
 * numbers 0–100 (unrounded), `duration` cells are milliseconds, `time` cells are epoch ms; `bar` cells are 0–1 and not part of a CSV.
 */
export interface Table {
  /**
   * In the order of the CSV. `csvOnly`: not shown to people; `shownOnly`: not in the CSV. `name`: what a row is about, shown first to
   * people; absent: the first shown column.
   */
  columns: readonly {
    key: string;
    label: string;
    type: ColumnType;
    csvOnly?: boolean;
    shownOnly?: boolean;
    name?: boolean;
    /** A difference, shown with its sign. */
    signed?: boolean;
  }[];
  rows: readonly (readonly TableCell[])[];
  /** Show columns in this order to people too; otherwise numbers come right after the name, and texts after them. */
  inOrder?: true;
}
