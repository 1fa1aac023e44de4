import type { AlertKind } from '../domain/alert.ts';
import type { TimeMark } from '../domain/report.ts';
import type { Inquiry } from './inquiry.ts';

/** More lines would hide the bars: the gravest stay. */
const MOST_MARKS = 8;

/** Short words for a line across a chart; kinds without any are about a name, not about a time. */
const LABELS: Partial<Record<AlertKind, string>> = {
  rate: 'Rate limit',
  silent: 'Silent source',
  unusual: 'Unusual',
  switch: 'Next pool',
};

/**
 * Alerts that were told within the range, for lines across its chart: of all scopes, or of the one that the question is
 * about. Under other filters none, since alerts are about all calls.
 */
export async function listMarks({ deps, range, filters }: Inquiry): Promise<{ marks?: readonly TimeMark[] }> {
  if (!deps.alerts || filters.some(({ key, not }) => key !== 'scope' || not)) return {};
  const scopes = filters.flatMap(({ patterns }) => patterns);
  const told = await deps.alerts({ fromMs: range.fromMs, toMs: range.toMs });
  const marks = told
    .filter(({ content }) => scopes.length === 0 || (content.scope !== undefined && scopes.includes(content.scope)))
    .flatMap(({ atMs, content: { kind, level = 0 } }) => {
      const label = kind === 'level' ? `Alert ${level}%` : LABELS[kind];
      return label ? [{ atMs, label, kind: 'alert' as const, level }] : [];
    })
    .sort((a, b) => b.level - a.level || b.atMs - a.atMs)
    .slice(0, MOST_MARKS)
    .sort((a, b) => a.atMs - b.atMs)
    .map(({ level: _, ...mark }) => mark);
  return marks.length > 0 ? { marks } : {};
}
