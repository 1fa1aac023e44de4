import { capitalise } from '../domain/calendar.ts';
import type { Question, TableReport } from '../domain/report.ts';
import { isOverdue, type SourceHealth } from '../domain/source-health.ts';
import { countOf, formatCount, formatDuration, formatInstant, joinFirst, joinWords } from './format.ts';
import { ask, openInquiry, type ReporterDeps, toHead } from './inquiry.ts';
import { buildTable, type Column } from './table.ts';
import { groupTotals, sumTotals } from './totals.ts';

/**
 * Reports how each sender is doing: what it sent in the range; since it exists, what was a duplicate, in conflict, rejected, without
 * an id, or late; whether it is silent; and what exclusion rules took out in the range, rule by rule.
 */
export async function reportSources(deps: ReporterDeps, question: Question, nowMs: number): Promise<TableReport> {
  const inquiry = await openInquiry(deps, question, nowMs);
  const [answer, healths, excluded] = await Promise.all([
    ask(inquiry, { groupBy: ['source'] }),
    deps.sources?.() ?? [],
    deps.usage.excluded(inquiry.span),
  ]);
  const { zone } = deps.calendar;
  const sent = groupTotals(answer.rows, ({ keys }) => keys[0]!);
  const unknown = [...sent.keys()].filter((name) => !healths.some((each) => each.name === name));
  const silent = healths.filter((health) => isOverdue(health, nowMs));
  const out = excluded.reduce((sum, { requests }) => sum + requests, 0);
  const troubled = healths.filter(({ rejected, conflicts }) => rejected + conflicts > 0).length;

  return {
    ...toHead(inquiry, [answer], {
      title: 'Sources',
      finding:
        `${silent.length > 0 ? `${joinWords(silent.map(({ name }) => name))} ${silent.length === 1 ? 'is' : 'are'} silent. ` : ''}` +
        `${countOf(sumTotals(answer.rows).requests, 'request')} from ${countOf(sent.size, 'source')}` +
        `${troubled > 0 ? `; ${countOf(troubled, 'source')} ${troubled === 1 ? 'has' : 'have'} rejected events or conflicts` : ''}.` +
        `${out > 0 ? ` ${countOf(out, 'request')} excluded by rules.` : ''}`,
      notes: [],
    }),
    kind: 'sources',
    sections: [
      ...healths.map((health) => ({
        title: `${health.name} (${health.adapter})`,
        lines: describe(health, sent.get(health.name)?.requests ?? 0),
      })),
      ...unknown.map((name) => ({
        title: name,
        lines: [`${countOf(sent.get(name)!.requests, 'request')} in this range.`],
      })),
      {
        title: 'Excluded',
        lines: excluded.length === 0 ? ['Nothing excluded in this range.'] : listExcluded(excluded),
      },
    ],
    table: buildTable(
      [
        ...healths.map((health) => ({ ...health, requests: sent.get(health.name)?.requests ?? 0 })),
        ...unknown.map((name): SourceRow => ({ name, adapter: '', requests: sent.get(name)!.requests })),
        ...excluded.map(({ rule, requests }): SourceRow => ({ name: `excluded: ${rule}`, adapter: '', requests })),
      ],
      COLUMNS,
    ),
  };

  function describe(health: SourceHealth, requests: number): string[] {
    const { lastReceivedMs, usualGapMs, reasons } = health;
    const last =
      lastReceivedMs === undefined ? 'nothing received yet' : `last received ${formatInstant(lastReceivedMs, zone)}`;
    const silence =
      isOverdue(health, nowMs) && usualGapMs !== undefined
        ? [
            `Silent for ${formatDuration(nowMs - lastReceivedMs!)}; usually it sends every ${formatDuration(usualGapMs)}.`,
          ]
        : [];
    const counts = (
      [
        [health.accepted, 'accepted'],
        [health.duplicates, health.duplicates === 1 ? 'duplicate' : 'duplicates'],
        [health.conflicts, `conflict${health.conflicts === 1 ? '' : 's'} (same id, other content)`],
        [health.rejected, 'rejected'],
        [health.late, 'late (after their day was over)'],
      ] as const
    ).filter(([count], index) => index === 0 || count > 0);
    return [
      // With a single source, the finding already says how many came.
      capitalise(
        sent.size === 1 && requests > 0 ? `${last}.` : `${countOf(requests, 'request')} in this range; ${last}.`,
      ),
      ...silence,
      `Events so far: ${counts.map(([count, word]) => `${formatCount(count)} ${word}`).join(', ')}.`,
      ...describeLimit(health),
      ...(health.withoutId > 0
        ? [`${countOf(health.withoutId, 'event')} had no id; resending them counts twice (at least once).`]
        : []),
      ...(health.medianLagMs !== undefined && health.medianLagMs >= 1000
        ? [`Typical delay ${formatDuration(health.medianLagMs)}.`]
        : []),
      ...reasons
        .slice(0, 3)
        .flatMap(({ reason, events, excerpt, atMs }) => [
          `Rejected ${formatCount(events)} ×: ${reason}`,
          ...(excerpt === undefined ? [] : [`The newest, ${formatInstant(atMs, zone)}: ${excerpt.slice(0, 200)}`]),
        ]),
      ...describeUnread(health.unread),
    ];
  }
}

/** Lists the rules that took calls out, each with a count; for a single rule the finding has the count. */
export function listExcluded(excluded: readonly { rule: string; requests: number }[]): string[] {
  return excluded.map(({ rule, requests }) =>
    excluded.length === 1 ? `${rule}.` : `${rule}: ${countOf(requests, 'request')}`,
  );
}

function describeLimit({ limit, limited = 0 }: SourceHealth): string[] {
  if (limit === undefined && limited === 0) return [];
  const [events = '', span] = limit?.split('/') ?? [];
  const bound = limit === undefined ? 'It had a limit' : `Limit: ${formatCount(Number(events))} events/${span}`;
  return [`${bound}.${limited > 0 ? ` ${countOf(limited, 'request')} over it refused.` : ''}`];
}

/** A sender with all its numbers, or an unknown source or rule with its requests alone. */
type SourceRow = Partial<SourceHealth> & { name: string; adapter: string; requests: number };

const COLUMNS: readonly Column<SourceRow>[] = [
  { key: 'source', label: 'Source', type: 'text', cell: ({ name }) => name },
  { key: 'adapter', label: 'Adapter', type: 'text', cell: ({ adapter }) => adapter },
  { key: 'requests', label: 'Requests', type: 'count', cell: ({ requests }) => requests },
  { key: 'last_received', label: 'Last received', type: 'time', cell: ({ lastReceivedMs }) => lastReceivedMs },
  { key: 'accepted', label: 'Accepted', type: 'count', csvOnly: true, cell: ({ accepted }) => accepted },
  { key: 'duplicates', label: 'Duplicates', type: 'count', cell: ({ duplicates }) => duplicates },
  { key: 'conflicts', label: 'Conflicts', type: 'count', cell: ({ conflicts }) => conflicts },
  { key: 'rejected', label: 'Rejected', type: 'count', cell: ({ rejected }) => rejected },
  { key: 'without_id', label: 'At least once', type: 'count', cell: ({ withoutId }) => withoutId },
  { key: 'late', label: 'Late', type: 'count', cell: ({ late }) => late },
  {
    ...{ key: 'limited', label: 'Over its limit', type: 'count', csvOnly: true },
    cell: ({ limited, accepted }) => (accepted === undefined ? null : (limited ?? 0)),
  },
];

const UNREAD_SHOWN = 3;

/** Describes what was not read: fields with unknown names, and paths in the source's map that were empty. */
function describeUnread(unread: SourceHealth['unread']): string[] {
  const names = unread.map(({ name, events }) => `${name} (${countOf(events, 'event')})`);
  return names.length > 0 ? [`Not read: ${joinFirst(names, UNREAD_SHOWN)}.`] : [];
}
