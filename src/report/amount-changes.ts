import { type Calendar, MINUTE_MS } from '../domain/calendar.ts';
import type { AppliedDefinitions, Definitions, Pool } from '../domain/definition.ts';
import { findStanding, type Standing } from '../domain/draw-down.ts';
import type { Thousandths } from '../domain/event.ts';
import type { UsageReader } from '../domain/usage.ts';
import { getScopeStates } from './scope-states.ts';

/** One pool or limit of a scope, by name. */
export interface PoolPlace {
  scope: string;
  pool: string;
  isLimit: boolean;
}

/** An amount that came into force, and what was used before the minute in which it did. */
export interface AmountChange {
  atMs: number;
  amount: Thousandths;
  used: Thousandths;
}

/**
 * Lists each amount that came into force for a pool after `fromMs` and up to `untilMs`, oldest first. `versions`: the definitions in
 * force at `fromMs`, then the later ones. Depends on definitions and events alone.
 */
export async function listAmountChanges(
  deps: { usage: UsageReader; calendar: Calendar },
  versions: readonly AppliedDefinitions[],
  place: PoolPlace,
  { fromMs, untilMs }: { fromMs: number; untilMs: number },
): Promise<AmountChange[]> {
  const { calendar } = deps;
  const changes: AmountChange[] = [];
  let inForce: Thousandths | undefined;
  for (const [index, { appliedMs, definitions }] of versions.entries()) {
    const endMs = Math.min(versions[index + 1]?.appliedMs ?? Number.POSITIVE_INFINITY, untilMs + 1);
    const pools = listLives(definitions, place);
    const turns = pools.flatMap((pool) => [pool, ...pool.amounts].map(({ fromDay }) => calendar.startOfDay(fromDay)));
    const startMs = Math.max(appliedMs, fromMs);
    const moments = [startMs, ...turns.filter((ms) => ms > startMs)].filter((ms) => ms < endMs);
    for (const atMs of [...new Set(moments)].sort((a, b) => a - b)) {
      const standing = findStandingAt(pools, atMs, calendar);
      if (!standing || standing.amount === inForce) continue;
      inForce = standing.amount;
      if (atMs > fromMs)
        changes.push({ atMs, amount: inForce, used: await getUsed(deps, definitions, place, atMs, standing) });
    }
  }
  return changes;
}

/** Lists the pools of this name: one that ended and came back is declared once for each of its lives. */
function listLives({ scopes }: Definitions, { scope, pool, isLimit }: PoolPlace): readonly Pool[] {
  const declared = scopes.find(({ name }) => name === scope);
  return (isLimit ? declared?.limits : declared?.pools)?.filter(({ name }) => name === pool) ?? [];
}

function findStandingAt(pools: readonly Pool[], atMs: number, calendar: Calendar): Standing | undefined {
  for (const pool of pools) {
    const standing = findStanding(pool, atMs + 1, calendar, calendar.dayOf(atMs));
    if (standing) return standing;
  }
  return undefined;
}

async function getUsed(
  { usage, calendar }: { usage: UsageReader; calendar: Calendar },
  definitions: Definitions,
  { scope, pool, isLimit }: PoolPlace,
  atMs: number,
  { period, days }: Standing,
): Promise<Thousandths> {
  const minuteMs = Math.floor(atMs / MINUTE_MS) * MINUTE_MS;
  if (days && minuteMs <= period.fromMs) return 0;
  const deps = { usage, calendar, definitions: async () => definitions };
  const [state] = await getScopeStates(deps, { atMs: minuteMs, nowMs: atMs + 1, scope, plain: true });
  return (isLimit ? state?.limits : state?.pools)?.find(({ name }) => name === pool)?.used ?? 0;
}
