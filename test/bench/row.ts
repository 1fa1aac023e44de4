/** One row of figures. Its keys are the headings, with units. */
export type Row = Readonly<Record<string, string | number>>;

export interface Settings {
  /** Folder for databases, removed at the end. */
  folder: string;
  /** Share of the full size: 1, or less for a quick run. */
  share: number;
  /** Number of events for reports and memory. */
  events: number;
  /** URL of an empty database to use in place of one in `folder`. */
  database?: string | undefined;
}

/** Times `work` in milliseconds: the first run, which compiles code, then median and 99th percentile of `runs` more. */
export async function repeat(
  runs: number,
  work: () => Promise<unknown>,
): Promise<{ firstMs: number; p50Ms: number; p99Ms: number }> {
  const times: number[] = [];
  for (let run = 0; run <= runs; run += 1) {
    const startedMs = performance.now();
    await work();
    times.push(performance.now() - startedMs);
  }
  const [firstMs, ...later] = times as [number, ...number[]];
  later.sort((a, b) => a - b);
  const at = (part: number): number => later[Math.min(later.length - 1, Math.floor(later.length * part))]!;
  return { firstMs, p50Ms: at(0.5), p99Ms: at(0.99) };
}

/** Returns how much `work` counts per second of this thread's processor time, which other processes disturb less. */
export function countPerSecond(seconds: number, work: () => number): number {
  const worked = (): number => process.threadCpuUsage().user / 1e6;
  const began = worked();
  let count = 0;
  while (worked() - began < seconds) count += work();
  return count / (worked() - began);
}

/** Formats rows as a right-aligned table. Its headings are the keys as words: `eventsPerSecond` becomes 'events per second'. */
export function formatTable(rows: readonly Row[]): string {
  const keys = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const lines = [
    keys.map((key) => key.replace(/(?<=[a-z\d])[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)),
    ...rows.map((row) => keys.map((key) => formatFigure(row[key]))),
  ];
  const widths = keys.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  return lines.map((line) => line.map((cell, column) => cell.padStart(widths[column]!)).join('  ')).join('\n');
}

function formatFigure(figure: string | number | undefined): string {
  if (typeof figure !== 'number') return figure ?? '';
  return figure.toLocaleString('en-US', {
    maximumFractionDigits: Math.abs(figure) < 10 ? 2 : Math.abs(figure) < 100 ? 1 : 0,
  });
}
