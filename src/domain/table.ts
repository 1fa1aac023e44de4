export const COLUMN_TYPES = ['text', 'count', 'credits', 'percent', 'duration', 'time', 'bar'] as const;
export type ColumnType = (typeof COLUMN_TYPES)[number];
export type TableCell = string | number | bigint | null;

/**
 * The numbers of a report, exact, as the table shows them and the CSV holds them. `credits` cells are thousandths, `percent`
 * cells are numbers 0–100 (unrounded), `duration` cells are milliseconds, `time` cells are epoch ms, `bar` cells are 0–1 and
 * not part of a CSV.
 */
export interface Table {
  /**
   * In the order of the CSV. `csvOnly`: left out where the table is shown to people; `shownOnly`: left out of the CSV.
   * `name`: what a row is about, and so first for people; absent: the first column that is shown.
   */
  columns: readonly {
    key: string;
    label: string;
    type: ColumnType;
    csvOnly?: boolean;
    shownOnly?: boolean;
    name?: boolean;
    /** A difference: shown with `+` where it is more. */
    signed?: boolean;
  }[];
  rows: readonly (readonly TableCell[])[];
  /** People read the columns in this order too; else numbers stand beside the name, and texts behind them. */
  inOrder?: true;
}
