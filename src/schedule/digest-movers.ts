import type { RankingRow } from '../domain/report.ts';
import { isNamed } from '../report/totals.ts';

/** A client whose requests changed, and what explains most of it. */
export interface Mover {
  name: string;
  requests: number;
  before: number;
  /** The route that changed most in the same direction, and whether failures did. */
  because?: { route: string; change: number };
  failed: number;
  failedBefore: number;
}

/** Finds the route that moved furthest in the direction that the client moved; none where no route did. */
export function describeMover(
  change: { name: string; requests: number; before: number },
  routes: readonly RankingRow[],
  routesBefore: readonly RankingRow[],
): Mover {
  const sign = Math.sign(change.requests - change.before);
  const moved = new Map<string, number>();
  for (const row of routes) moved.set(row.name, row.requests);
  for (const row of routesBefore) moved.set(row.name, (moved.get(row.name) ?? 0) - row.requests);
  const named = [...moved].filter(([name]) => isNamed(name));
  const [route, delta] = named.sort((a, b) => sign * (b[1] - a[1]))[0] ?? [];
  const sumFailed = (rows: readonly RankingRow[]) => rows.reduce((sum, row) => sum + row.failed, 0);
  return {
    name: change.name,
    requests: change.requests,
    before: change.before,
    ...(route !== undefined && delta !== undefined && Math.sign(delta) === sign
      ? { because: { route, change: delta } }
      : {}),
    failed: sumFailed(routes),
    failedBefore: sumFailed(routesBefore),
  };
}
