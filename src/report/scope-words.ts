import type { Definitions } from '../domain/definition.ts';
import type { Thousandths } from '../domain/event.ts';
import { listNearest } from '../domain/nearest.ts';
import type { Question } from '../domain/report.ts';
import type { Level, PoolBalance } from '../domain/scope-state.ts';
import { QuestionError } from '../errors.ts';
import { formatMoment } from './format.ts';

/** Worst last. */
export const LEVELS = ['healthy', 'approaching', 'critical', 'exhausted'] as const satisfies readonly Level[];

export const LEVEL_SIGNS = {
  healthy: '🔵',
  approaching: '🟠',
  critical: '🔴',
  exhausted: '⛔',
} as const satisfies Record<Level, string>;

/** Tells whether overage is worth a word: where there is no pool at all, nothing is over anything. */
export function isOver({ pools, overage }: { pools: readonly unknown[]; overage: Thousandths }): boolean {
  return pools.length > 0 && overage > 0;
}

/** `runs out between Mon 30 Nov 04:32 and 05:09`, `may run out as early as …` where at the slower pace it lasts. */
export function describeRunOut({ earliestMs, latestMs }: NonNullable<PoolBalance['runOut']>, zone: string): string {
  const earliest = formatMoment(earliestMs, zone);
  if (latestMs === undefined) return `may run out as early as ${earliest}`;
  const latest = formatMoment(latestMs, zone);
  if (latest === earliest) return `runs out on ${earliest}`;
  const sameDay = latest.slice(0, -5) === earliest.slice(0, -5);
  return `runs out between ${earliest} and ${sameDay ? latest.slice(-5) : latest}`;
}

/** `CRM API`, `CRM API: Daily credits`: what a meter, or a pool's `scope/name`, is called. Undefined of a scope that is not among these. */
export function titleOfMeter(meter: string, scopes: readonly { scope: string; title: string }[]): string | undefined {
  const [name, ...parts] = meter.split('/');
  const found = scopes.find(({ scope }) => scope === name);
  return found && [found.title, ...parts].join(': ');
}

/** For a scope that is neither declared nor used, with those that are declared. */
export function unknownScope(name: string, { scopes }: Definitions, report: string): QuestionError {
  const known = scopes.length === 0 ? 'there are none yet' : `there is ${scopes.map((scope) => scope.name).join(', ')}`;
  return new QuestionError(
    `No scope is called “${name}”; ${known}.`,
    scopes.slice(0, 5).map((scope) => ({ label: scope.title, command: `${report} ${scope.name}` })),
  );
}

/** Throws QuestionError for a what-if about a quantity that no grant of the scope (or of any) has. */
export function checkSuppose({ suppose = {}, scope, report }: Question, { scopes }: Definitions): void {
  const asked = scopes.filter(({ name }) => scope === undefined || name === scope);
  const grants = asked.flatMap(({ pools, limits }) =>
    [...pools, ...limits].flatMap(({ amounts }) => amounts.flatMap((amount) => amount.grants.map(({ name }) => name))),
  );
  const known = [...new Set(grants)];
  const strange = Object.entries(suppose).find(
    ([name]) => !known.some((grant) => grant.toLowerCase() === name.toLowerCase()),
  );
  if (!strange) return;
  const [name, quantity] = strange;
  const near = listNearest(name, known);
  throw new QuestionError(
    `No quantity is called ${JSON.stringify(name)}; ${known.length > 0 ? `there are ${known.join(', ')}` : 'the amounts here are fixed'}.`,
    (near.length > 0 ? near : known).slice(0, 5).map((grant) => ({
      label: `${grant} = ${quantity}`,
      command: `${report}${scope === undefined ? '' : ` ${scope}`} if "${grant}"=${quantity}`,
    })),
  );
}

/** Describes what a what-if changed; nothing where it is none. */
export function noteSuppose(suppose: Question['suppose'] = {}): string[] {
  const changes = Object.entries(suppose).map(([name, quantity]) => `${quantity} ${name}`);
  return changes.length > 0 ? [`What if: ${changes.join(', ')}.`] : [];
}
