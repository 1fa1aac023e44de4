import type { PoolState, ScopeState } from '../domain/report.ts';
import { limitMeter } from '../domain/rules.ts';
import type { Span } from '../domain/usage.ts';
import { toScopeFilters } from './alert-commands.ts';
import type { AlertSetting } from './alert-setting.ts';
import type { Surroundings } from './level-words.ts';
import { findPoolCause } from './pool-cause.ts';
import { findOutlook } from './pool-outlook.ts';

/** Finds when a pool runs out and who uses it. A level is told also where this cannot be found. */
export async function findSurroundings(
  setting: AlertSetting,
  scope: ScopeState,
  pool: PoolState,
): Promise<Surroundings & { burst?: Span | undefined }> {
  const { usage, calendar, nowMs } = setting;
  const orNothing = <T>(found: Promise<T>) => found.catch(() => undefined);
  const meter = pool.match ? limitMeter(scope.scope, pool.name) : scope.scope;
  const foresee = async () => {
    const state = await setting.foresee(scope.scope);
    return (scope.limits.includes(pool) ? state?.limits : state?.pools)?.find(({ name }) => name === pool.name);
  };
  const filters = toScopeFilters(scope.scope, pool.match);
  const [outlook, cause] = await Promise.all([
    orNothing(findOutlook({ usage, calendar, nowMs, foresee }, meter, pool)),
    orNothing(
      setting
        .definitions()
        .then((definitions) => findPoolCause({ usage, calendar, definitions }, { filters, nowMs }, pool)),
    ),
  ]);
  return { outlook, cause: cause?.sentence, burst: cause?.burst };
}
