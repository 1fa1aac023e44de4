import {
  type AmountVersion,
  amountOf,
  formatArithmetic,
  formatPeriodRule,
  type Pool,
  type Scope,
  supposeQuantities,
  versionOn,
} from '../domain/definition.ts';
import type { Question, TableReport } from '../domain/report.ts';
import { multiplyCredits, subtractCredits, withoutSign } from '../domain/thousandths.ts';
import { countOf, formatCredits, formatDate } from './format.ts';
import { openInquiry, type ReporterDeps, toHead } from './inquiry.ts';
import { checkSuppose, noteSuppose, unknownScope } from './scope-words.ts';
import { buildTable } from './table.ts';

/**
 * Reports what was bought and what it grants: every pool that exists now, with the arithmetic of its amount. With `suppose`, also the
 * difference that other quantities would make. Amounts of different periods are never added up.
 */
export async function reportLicences(deps: ReporterDeps, question: Question, nowMs: number): Promise<TableReport> {
  const inquiry = await openInquiry(deps, question, nowMs, 'today');
  const today = deps.calendar.dayOf(nowMs);
  const suppose = question.suppose ?? {};
  checkSuppose(question, inquiry.definitions);
  const scopes = inquiry.definitions.scopes.filter(
    ({ name }) => question.scope === undefined || name === question.scope,
  );
  if (question.scope !== undefined && scopes.length === 0)
    throw unknownScope(question.scope, inquiry.definitions, 'licences');
  const held: Held[] = scopes.flatMap((scope) =>
    scope.pools
      .filter(({ fromDay, untilDay = Infinity }) => fromDay <= today && today <= untilDay)
      .map((pool) => {
        const version = versionOn(pool.amounts, today);
        return { scope, pool, version, supposed: supposeQuantities(version, suppose) };
      }),
  );
  const licences = held.flatMap(({ supposed }) => supposed.grants);
  const seats = licences.reduce((sum, { quantity }) => sum + quantity, 0);
  const isSupposed = Object.keys(suppose).length > 0;

  return {
    ...toHead({ ...inquiry, question }, [], {
      title: 'Licences',
      finding: '',
      notes: [
        ...noteSuppose(suppose),
        ...scopes.flatMap(({ pools }) => pools.flatMap((pool) => noteComing(pool, today))),
      ],
    }),
    // Grants do not depend on usage, so the finding stands even if nothing was received.
    finding:
      held.length === 0
        ? 'No pools yet, so there are no licences.'
        : licences.length === 0
          ? `${countOf(held.length, 'pool')} with fixed amounts; no licences.`
          : `${countOf(seats, 'licence')} of ${countOf(licences.length, 'kind')} ${seats === 1 ? 'feeds' : 'feed'} ${countOf(held.length, 'pool')}.`,
    range: undefined,
    kind: 'licences',
    sections: scopes.map(({ title, pools }) => ({
      title,
      lines: held.filter(({ pool }) => pools.includes(pool)).map(describePool),
    })),
    table: buildTable(held.flatMap(listGranted), [
      { key: 'scope', label: 'Scope', type: 'text', cell: ({ scope }) => scope.name },
      { key: 'pool', label: 'Pool', type: 'text', cell: ({ pool }) => pool.name },
      { key: 'period', label: 'Period', type: 'text', cell: ({ pool }) => formatPeriodRule(pool.period) },
      { key: 'licence', label: 'Licence', type: 'text', name: true, cell: ({ licence }) => licence },
      { key: 'quantity', label: 'Quantity', type: 'count', cell: ({ quantity }) => quantity },
      { key: 'each', label: 'Each', type: 'credits', cell: ({ each }) => each },
      { key: 'granted', label: 'Granted', type: 'credits', cell: ({ granted }) => granted },
    ]),
  };

  function describePool({ pool, version, supposed }: Held): string {
    const line = `${pool.name} (${formatPeriodRule(pool.period)}): ${formatArithmetic(supposed)}`;
    const change = subtractCredits(amountOf(supposed), amountOf(version));
    if (!isSupposed || change === 0) return line;
    return `${line}; ${formatCredits(withoutSign(change))} ${change > 0 ? 'more' : 'less'} than now (${formatCredits(amountOf(version))})`;
  }
}

interface Held {
  scope: Scope;
  pool: Pool;
  version: AmountVersion;
  /** The amount with the quantities of a what-if. */
  supposed: AmountVersion;
}

/** Lists the parts of a pool's amount. A cut by its maximum is a row too, so that the column adds up to the amount. */
function listGranted(held: Held) {
  const { base, grants, max } = held.supposed;
  const over = subtractCredits(amountOf({ ...held.supposed, max: undefined }), amountOf(held.supposed));
  return [
    ...(base > 0 ? [{ licence: 'Base', quantity: 1, each: base, granted: base }] : []),
    ...grants.map(({ name, quantity, each }) => ({
      licence: name,
      quantity,
      each,
      granted: multiplyCredits(each, quantity),
    })),
    ...(over > 0
      ? [{ licence: `Cut by the maximum of ${formatCredits(max!)}`, quantity: null, each: null, granted: -over }]
      : []),
  ].map((granted) => ({ ...held, ...granted }));
}

function noteComing(pool: Pool, today: number): string[] {
  const coming = pool.amounts.find(({ fromDay }) => fromDay > today);
  const ended = pool.untilDay !== undefined && pool.untilDay < today;
  if (ended) return [`${pool.name} ended on ${formatDate(pool.untilDay!)}.`];
  return coming ? [`${pool.name} changes to ${formatCredits(amountOf(coming))} on ${formatDate(coming.fromDay)}.`] : [];
}
