import type { PoolBalance, RankingReport, StatusReport } from '../domain/report.ts';
import { LEVEL_WORDS } from '../messages/cards.ts';
import {
  countOf,
  formatCount,
  formatCredits,
  formatDate,
  formatInstant,
  formatPercent,
  formatShare,
  formatShortDate,
} from '../report/format.ts';
import { describeRunOut, isOver } from '../report/scope-words.ts';
import type { DigestContent } from './digest-content.ts';
import type { Mover } from './digest-movers.ts';

const MAX_DIAGNOSES = 2;
const MAX_EVIDENCE = 220;

/** A titled part of a digest. Lines are plain text: names in them are not to be read as markup. */
export interface DigestPart {
  title: string;
  lines: readonly string[];
}

/** `1,250 requests by 12 clients on Fri 20 Nov 2026 (UTC), +25% on the day before (1,000), …`. */
export function describeDay(content: DigestContent): string {
  const { totals, dayBefore, weekday } = content;
  const comparisons = [
    `${describeChange(totals.requests, dayBefore.requests)} the day before (${formatCount(dayBefore.requests)})`,
    ...(weekday
      ? [
          `${describeChange(totals.requests, weekday.requests)} ${weekday.name}s (${formatCount(weekday.requests)} on average)`,
        ]
      : []),
  ];
  return (
    `${countOf(totals.requests, 'request')} by ${countOf(content.clients, 'client')} ` +
    `on ${formatDate(content.day)} (${content.zone}): ${comparisons.join(', ')}; ` +
    `${formatCount(content.weekAverage)} a day in the week before.`
  );
}

/** `Last 7 days: 8,400 requests, 1,200 a day, +5% on the 7 before (8,000)`. Undefined for a daily digest. */
export function describeSpan({ span }: DigestContent): string | undefined {
  if (!span) return undefined;
  const before =
    span.before === undefined
      ? ''
      : `, ${describeChange(span.requests, span.before)} the 7 before (${formatCount(span.before)})`;
  return `${span.name}: ${countOf(span.requests, 'request')}, ${formatCount(span.perDay)} a day${before}`;
}

/** The one line of a day without calls: quiet, or a sender that is silent. Undefined on other days. */
export function describeEmptyDay(content: DigestContent): string | undefined {
  if (content.totals.requests > 0) return undefined;
  const date = `${formatDate(content.day)} (${content.zone})`;
  if (content.silent.length > 0)
    return `⚠ Usage of ${date} is unknown: nothing was received from ${listSilentSources(content)}. See /usage sources.`;
  const usual = content.weekAverage > 0 ? `, against ${formatCount(content.weekAverage)} a day in the week before` : '';
  return `Quiet day: no requests on ${date}${usual}.`;
}

/** On a day with calls: the senders whose calls are missing among them. */
export function describeSilent(content: DigestContent): string | undefined {
  if (content.silent.length === 0 || content.totals.requests === 0) return undefined;
  return `⚠ Not complete: nothing was received from ${listSilentSources(content)}. See /usage sources.`;
}

/** `kong since 18 Nov 2026 23:55`; of one that sends again, `kong for that day`. */
function listSilentSources({ silent, zone }: DigestContent): string {
  return silent
    .map(
      ({ name, sinceMs }) =>
        `${name} ${sinceMs === undefined ? 'for that day' : `since ${formatInstant(sinceMs, zone)}`}`,
    )
    .join(', ');
}

/** `99.2% successful (99.5% the day before): 1,240 ok, 10 failed`. Undefined where no call has a status. */
export function describeSuccess({ totals, dayBefore }: DigestContent): string | undefined {
  if (totals.ok + totals.failed === 0) return undefined;
  const before =
    dayBefore.ok + dayBefore.failed > 0
      ? ` (${formatShare(dayBefore.ok, dayBefore.ok + dayBefore.failed)} the day before)`
      : '';
  const none = totals.none > 0 ? `, ${formatCount(totals.none)} without status` : '';
  return (
    `${formatShare(totals.ok, totals.ok + totals.failed)} successful${before}: ` +
    `${formatCount(totals.ok)} ok, ${formatCount(totals.failed)} failed${none}`
  );
}

/** The sections below the headline, in their order. */
export function listParts(content: DigestContent): DigestPart[] {
  const { topClients, status, topRoutes, pools, closed, newClients, silentClients } = content;
  const { movers, corrections, changes, advice } = content;
  // What the status codes have said, the advice that follows from it need not say again.
  const said = new Set(status?.diagnosis.slice(0, MAX_DIAGNOSES).map(({ evidence }) => evidence));
  const parts: DigestPart[] = [
    ...(topClients ? [{ title: titleOf('Top clients', topClients), lines: describeRanking(topClients) }] : []),
    ...(status ? [{ title: 'Status codes', lines: describeStatus(status) }] : []),
    ...(topRoutes ? [{ title: titleOf('Top routes', topRoutes), lines: describeRanking(topRoutes) }] : []),
    ...(pools
      ? pools.scopes.map((scope) => ({
          title: scope.title,
          lines: [
            ...[...scope.pools, ...scope.limits].map((pool) => describePool(pool, content.zone)),
            ...(isOver(scope) ? [`Overage: ${formatCredits(scope.overage)} that no pool covered`] : []),
          ],
        }))
      : []),
    ...(closed
      ? [
          {
            title: 'New period',
            lines: closed.map(
              ({ pool, used, amount, label }) =>
                `${pool} began anew; ${label} closed at ${formatCredits(used)} of ${formatCredits(amount)}`,
            ),
          },
        ]
      : []),
    ...(newClients
      ? [
          {
            title: 'New clients',
            lines: shorten(newClients.map((one) => `${one.name}: ${countOf(one.requests, 'request')}`)),
          },
        ]
      : []),
    ...(silentClients
      ? [
          {
            title: 'Silent clients',
            lines: shorten(
              silentClients.map((one) => `${one.name}: no request, ${formatCount(one.requests)} a week before`),
            ),
          },
        ]
      : []),
    ...(movers ? [{ title: 'Biggest movers', lines: movers.map(describeMove) }] : []),
    ...(corrections || changes
      ? [
          {
            title: 'Corrections and late changes',
            lines: [...(changes ?? []).map(describeLate), ...shorten((corrections ?? []).map(describeCorrection))],
          },
        ]
      : []),
    ...(advice
      ? [
          {
            title: 'Advice',
            lines: advice.sections.slice(0, 2).map(({ title, lines }) => {
              const news = lines.filter((line) => !said.has(line)).map(keepClauses);
              return [title, ...news].join(' – ');
            }),
          },
        ]
      : []),
  ];
  return parts.filter(({ lines }) => lines.length > 0);
}

/** `+25% on`, `the same as`, `new against`. */
function describeChange(now: number, before: number): string {
  if (now === before) return 'the same as';
  if (before === 0) return 'up from';
  const percent = formatPercent((Math.abs(now - before) / before) * 100, []);
  return `${now > before ? '+' : '−'}${percent} on`;
}

/** `Top clients (5 of 38)`. */
function titleOf(title: string, { rows, distinct }: RankingReport): string {
  return distinct > rows.length ? `${title} (${rows.length} of ${formatCount(distinct)})` : title;
}

function describeRanking(report: RankingReport): string[] {
  return report.rows.map((row, index) => {
    const failed = row.failed > 0 ? `, ${formatCount(row.failed)} failed` : '';
    return `${index + 1}. ${row.name}: ${formatCount(row.requests)} (${formatPercent(row.sharePercent)}${failed})`;
  });
}

function describeStatus(report: StatusReport): string[] {
  const codes = report.codes.slice(0, 5).map(({ status, sharePercent }) => `${status} ${formatPercent(sharePercent)}`);
  const found = report.diagnosis.slice(0, MAX_DIAGNOSES);
  return [codes.join(' · '), ...found.map(({ claim, evidence }) => `${claim}: ${keepClauses(evidence)}`)];
}

/** Whole clauses, as many as a line of a digest holds: the answer behind the button has the rest. */
function keepClauses(evidence: string): string {
  const [first = '', ...more] = evidence.split('; ');
  let text = first;
  for (const clause of more) {
    if (text.length + clause.length > MAX_EVIDENCE) break;
    text += `; ${clause}`;
  }
  return text.endsWith('.') ? text : `${text}.`;
}

/** `Daily credits: 41% (21,525 of 52,500, 30,975 left), 🔵 healthy, burn rate 0.82, lasts until the reset at the usual rate`. */
export function describePool(pool: PoolBalance, zone: string): string {
  const burn = pool.burnRate === undefined ? '' : `, burn rate ${pool.burnRate.toFixed(2)}`;
  const forecast = describeForecast(pool, zone);
  return (
    `${pool.name}: ${formatPercent(pool.percent, pool.thresholds)} ` +
    `(${formatCredits(pool.used)} of ${formatCredits(pool.amount)}, ${formatCredits(pool.left)} left), ${LEVEL_WORDS[pool.level]}${burn}` +
    `${forecast ? `, ${forecast}` : ''}`
  );
}

/** `runs out between … and …`; undefined for a pool that is used up, and where too little is known. */
export function describeForecast(pool: PoolBalance, zone: string): string | undefined {
  if (pool.level === 'exhausted') return undefined;
  if (!pool.runOut) return pool.pace && pool.burnRate !== undefined ? 'will last until the reset' : undefined;
  return describeRunOut(pool.runOut, zone);
}

function describeMove(mover: Mover): string {
  const change = mover.requests - mover.before;
  const size = `${change > 0 ? '+' : '−'}${formatCount(Math.abs(change))}`;
  const route = mover.because
    ? `, mostly ${mover.because.route} (${mover.because.change > 0 ? '+' : '−'}${formatCount(Math.abs(mover.because.change))})`
    : '';
  const failed =
    mover.failed > mover.failedBefore
      ? `; ${formatCount(mover.failed)} failed (${formatCount(mover.failedBefore)} before)`
      : '';
  return `${mover.name}: ${size} (${formatCount(mover.before)} → ${formatCount(mover.requests)})${route}${failed}`;
}

function describeLate({ day, stated, requests }: NonNullable<DigestContent['changes']>[number]): string {
  const change = requests - stated;
  return (
    `${formatShortDate(day)} now has ${countOf(requests, 'request')}: ` +
    `${change > 0 ? '+' : '−'}${formatCount(Math.abs(change))} since its digest`
  );
}

function describeCorrection({
  meter,
  day,
  credits,
  reason,
  actor,
}: NonNullable<DigestContent['corrections']>[number]): string {
  return `${meter}, ${formatShortDate(day)}: ${credits > 0 ? '+' : '−'}${formatCredits(Math.abs(credits))} credits, ${reason} (${actor})`;
}

function shorten(lines: readonly string[]): string[] {
  return lines.length <= 5 ? [...lines] : [...lines.slice(0, 5), `and ${lines.length - 5} more`];
}
