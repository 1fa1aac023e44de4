import { readFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { formatDeclaration } from '../definition/format.ts';
import { parseDeclaration } from '../definition/parse.ts';
import { formatCredits } from '../domain/amount.ts';
import { createCalendar } from '../domain/calendar.ts';
import { amend, type Change, toDeclaration } from '../domain/declaration.ts';
import { formatPercent } from '../domain/level.ts';
import type { PoolState, ScopeState } from '../domain/report.ts';
import { HeadroomError } from '../errors.ts';
import { getScopeStates } from '../report/pools.ts';
import { dialectOf } from '../store/database.ts';
import { applyDeclaration, getDefinitions } from '../store/definition-repository.ts';
import { getReportZone } from '../store/report-zone.ts';
import { StoredUsage } from '../store/usage-reader.ts';
import type { CliContext } from './command.ts';
import { findNearest } from './nearest.ts';
import { withDatabase } from './open.ts';
import { describePerson } from './person.ts';

/** `headroom pools apply|show`: see the table of commands. */
export async function runPools(args: readonly string[], context: CliContext): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { 'dry-run': { type: 'boolean' }, yaml: { type: 'boolean' } },
  });
  const [verb = 'show', name] = positionals;
  if (verb === 'apply') return apply(name, values['dry-run'] ?? false, context);
  if (verb === 'show') return show(name, values.yaml ?? false, context);
  throw new HeadroomError(
    'definition',
    `There is no "pools ${verb}": use ${findNearest(verb, ['apply', 'show']) ?? 'apply or show'}.`,
  );
}

async function apply(file: string | undefined, dryRun: boolean, context: CliContext): Promise<number> {
  if (file === undefined) throw new HeadroomError('definition', 'Name the file: headroom pools apply FILE.');
  const declaration = parseDeclaration(read(resolve(context.folder, file)), basename(file));
  return withDatabase(context, async (db, config) => {
    const zone = await getReportZone(db, config.reportTimezone);
    const nowMs = context.now();
    const today = createCalendar(zone).dayOf(nowMs);
    const changes = dryRun
      ? amend(await getDefinitions(db), declaration, today).changes
      : await applyDeclaration(db, { declaration, today, actor: describePerson(), nowMs });
    printChanges(changes, dryRun, context);
    return 0;
  });
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new HeadroomError('definition', `${path} cannot be read: ${(error as Error).message}.`, { cause: error });
  }
}

function printChanges(changes: readonly Change[], dryRun: boolean, { out }: CliContext): void {
  for (const { place, text } of changes) out(`${place}: ${text}`);
  const count = changes.length === 1 ? '1 change' : `${changes.length} changes`;
  if (changes.length === 0) out('Nothing differs; nothing was changed.');
  else if (dryRun) out(`${count} would be made; nothing was changed.`);
  else out(`${count} made; running instances follow within 2 seconds.`);
}

async function show(scope: string | undefined, yaml: boolean, context: CliContext): Promise<number> {
  return withDatabase(context, async (db, config) => {
    const definitions = await getDefinitions(db);
    const declared = toDeclaration(definitions);
    const names = declared.scopes.map((each) => each.name);
    if (scope !== undefined && !names.includes(scope)) throw unknownScope(scope, names);
    if (yaml) {
      const scopes = declared.scopes.filter(({ name }) => name === scope);
      context.out(formatDeclaration(scope === undefined ? declared : { ...NOTHING, scopes }).trimEnd());
      return 0;
    }
    if (names.length === 0) {
      context.out('No pools are declared. Write them in a file and run "headroom pools apply FILE".');
      return 0;
    }
    const calendar = createCalendar(await getReportZone(db, config.reportTimezone));
    const usage = new StoredUsage(db, dialectOf(config.databaseUrl.reveal()), calendar);
    const states = await getScopeStates(
      { usage, calendar, definitions: async () => definitions },
      { atMs: context.now(), ...(scope === undefined ? {} : { scope }) },
    );
    for (const state of states) printScope(state, context);
    context.out(`Days in ${calendar.zone}.`);
    return 0;
  });
}

const NOTHING = { scopes: [], exclude: [], holidays: [], clients: [] };

function printScope(state: ScopeState, context: CliContext): void {
  const { out } = context;
  const title = state.title === state.scope ? '' : `: ${state.title}`;
  out(`${state.scope}${title}${state.declared ? '' : ' (not declared)'}`);
  if (state.rateLimitPerMinute !== undefined) out(`  at most ${state.rateLimitPerMinute} requests a minute`);
  for (const pool of state.pools) printPool(pool, pool.drawnNow ? ', drawn from now' : '', context);
  for (const limit of state.limits) printPool(limit, ', a limit', context);
  out(`  this month: ${formatCredits(state.used)} used, ${formatCredits(state.overage)} of them beyond all pools\n`);
}

function printPool(pool: PoolState, note: string, { out }: CliContext): void {
  const { name, used, amount, left, level, thresholds, period, arithmetic, runOut } = pool;
  out(`  ${name} (${pool.periodKind}${note})`);
  out(
    `    ${formatCredits(used)} of ${formatCredits(amount)} used (${formatPercent(used, amount, thresholds)} %, ${level}), ${formatCredits(left)} left, ${period.label}`,
  );
  out(`    ${arithmetic}`);
  if (runOut) out(`    runs out before the reset: ${runOut.arithmetic}`);
}

/** Names the nearest scope, or those that there are. */
export function unknownScope(scope: string, names: readonly string[]): HeadroomError {
  const nearest = findNearest(scope, names);
  const known = names.length > 0 ? `there are ${names.join(', ')}.` : 'declare it with "headroom pools apply FILE".';
  return new HeadroomError(
    'definition',
    `There is no scope ${JSON.stringify(scope)}: ${nearest ? `did you mean ${nearest}?` : known}`,
  );
}
