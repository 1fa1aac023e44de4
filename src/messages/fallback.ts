import type { Report } from '../domain/report.ts';
import { describeContext } from './answer-context.ts';
import { clipMarkup } from './fit.ts';
import { MAX_FALLBACK_TEXT } from './limits.ts';
import { formatCell, orderColumns } from './table.ts';
import { defuse, toOneLine } from './text.ts';

/**
 * The whole answer as text, for notifications, screen readers, and where blocks are refused: finding, the numbers row by row,
 * notes, context. Cut at whole lines, saying how many rows are missing. Names in it can do nothing.
 */
export function buildFallback(report: Report, extra: readonly string[] = []): string {
  const head = [defuse(toOneLine(report.finding))];
  const tail = [...extra, ...report.notes, describeContext(report)].map((line) => defuse(toOneLine(line)));
  const columns = orderColumns(report.table).filter(({ type }) => type !== 'bar');
  const rows = report.table.rows.map((row) =>
    defuse(
      columns
        .map(({ label, index, ...column }, place) => {
          const text = formatCell(row[index] ?? null, column, report.zone);
          return place === 0 ? text : `${label} ${text}`;
        })
        .join(', '),
    ),
  );
  let left = MAX_FALLBACK_TEXT - [...head, ...tail].join('\n').length - 40;
  const shown: string[] = [];
  for (const row of rows) {
    left -= row.length + 3;
    if (left < 0) break;
    shown.push(`• ${row}`);
  }
  const missing = rows.length - shown.length;
  const lines = [...head, ...shown, ...(missing > 0 ? [`and ${missing} more rows`] : []), ...tail];
  return clipMarkup(lines.join('\n'), MAX_FALLBACK_TEXT);
}
