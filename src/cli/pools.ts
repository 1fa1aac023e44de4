import { basename, resolve } from 'node:path';
import { formatDeclaration } from '../definition/format.ts';
import { listUnknownSources, parseDeclaration } from '../definition/parse.ts';
import { amend } from '../domain/amend.ts';
import { formatDate } from '../domain/calendar.ts';
import { type Change, type Declaration, offerRecount, toDeclaration } from '../domain/declaration.ts';
import { formatCredits, type Pool, type Scope } from '../domain/definition.ts';
import { describeUnknown } from '../domain/names.ts';
import { formatLevelPercent, type PoolState, type ScopeState } from '../domain/scope-state.ts';
import { HeadroomError } from '../errors.ts';
import { getScopeStates } from '../report/scope-states.ts';
import { applyDeclaration } from '../store/configuration-repository.ts';
import type { Db } from '../store/database.ts';
import { listSources } from '../store/source-repository.ts';
import { type CliContext, describePerson, oneOf, takes } from './command.ts';
import { readBytes } from './files.ts';
import { withStored } from './open.ts';

const apply = takes('FILE', { 'dry-run': { type: 'boolean', default: false } }, async ([file], flags, context) => {
  const { 'dry-run': dryRun } = flags;
  const declaration = parseDeclaration(readBytes(resolve(context.folder, file!)).toString(), basename(file!));
  return withStored(context, async ({ db, calendar, definitions }) => {
    const nowMs = context.now();
    const today = calendar.dayOf(nowMs);
    const changes = dryRun
      ? amend(await definitions(), declaration, today).changes
      : await applyDeclaration(db, { declaration, today, actor: describePerson(), nowMs });
    printChanges(changes, dryRun, context);
    const offer = offerRecount(changes, today);
    if (offer && !dryRun) context.out(offer);
    await warnOfSources(db, declaration, context);
  });
});

async function warnOfSources(db: Db, declaration: Declaration, { err }: CliContext): Promise<void> {
  const sources = (await listSources(db)).map(({ name }) => name);
  // These two are created automatically: with INGEST_TOKEN, and by the first import.
  for (const line of listUnknownSources(declaration, [...sources, 'default', 'import'])) err(`Note: ${line}`);
}

function printChanges(changes: readonly Change[], dryRun: boolean, { out }: CliContext): void {
  for (const { place, text } of changes) out(`${place}: ${text}`);
  const count = changes.length === 1 ? '1 change' : `${changes.length} changes`;
  if (changes.length === 0) out('No changes.');
  else if (dryRun) out(`${count} to make; nothing applied (dry run).`);
  else out(`${count} made; running instances follow within 2 seconds.`);
}

const show = takes('[SCOPE]', { yaml: { type: 'boolean', default: false } }, async ([scope], { yaml }, context) =>
  withStored(context, async ({ db, calendar, usage, definitions: read }) => {
    const definitions = await read();
    const declared = toDeclaration(definitions, { dated: yaml });
    const names = declared.scopes.map((each) => each.name);
    if (scope !== undefined && !names.includes(scope)) throw unknownScope(scope, names);
    if (yaml) {
      const scopes = declared.scopes.filter(({ name }) => name === scope);
      context.out(
        '# valid_from is the day from which a pool, or the rules of a scope, hold as written here. Where you change one, change its day too.',
      );
      context.out(formatDeclaration(scope === undefined ? declared : { ...NOTHING, scopes }).trimEnd());
      return;
    }
    if (names.length === 0) {
      context.out('No pools yet. Write a file and run "headroom pools apply FILE".');
      return;
    }
    const states = await getScopeStates(
      { usage, calendar, definitions: async () => definitions },
      { atMs: context.now(), ...(scope === undefined ? {} : { scope }) },
    );
    for (const state of states)
      printScope(
        state,
        definitions.scopes.find(({ name }) => name === state.scope),
        context,
      );
    context.out(`Days in ${calendar.zone}.`);
    const scopes = declared.scopes.filter(({ name }) => (scope ?? name) === name);
    await warnOfSources(db, { ...declared, scopes }, context);
  }),
);

/** `headroom pools apply|show`: see the table of commands. */
export const runPools = oneOf({ apply, show }, 'show');

const NOTHING = { scopes: [], exclude: [], holidays: [], clients: [] };

/** Prints a scope; `scope` is its definition, undefined if senders use it but nobody declared it. */
function printScope(state: ScopeState, scope: Scope | undefined, { out }: CliContext): void {
  const title = state.title === state.scope ? '' : `: ${state.title}`;
  const life = scope ? describeEnd(scope.untilDay, ' (', ')') : ' (not declared)';
  out(`${state.scope}${title}${life}`);
  if (state.rateLimitPerMinute !== undefined) out(`  at most ${state.rateLimitPerMinute} requests a minute`);
  for (const pool of state.pools) printPool(pool, pool.drawnNow ? ', in use' : '', scope?.pools, out);
  for (const limit of state.limits) printPool(limit, ', a limit', scope?.limits, out);
  const beyond = state.pools.length > 0 ? `, ${formatCredits(state.overage)} of them beyond all pools` : '';
  out(`  this month: ${formatCredits(state.used)} used${beyond}\n`);
}

function printPool(state: PoolState, note: string, lives: readonly Pool[] | undefined, out: CliContext['out']): void {
  const { name, used, amount, left, level, thresholds, period, arithmetic, runOut } = state;
  const untilDay = lives?.findLast((pool) => pool.name === name)?.untilDay;
  out(`  ${name} (${state.periodKind}${note}${describeEnd(untilDay, ', ')})`);
  out(
    `    ${formatCredits(used)} of ${formatCredits(amount)} used (${formatLevelPercent(used, amount, thresholds)}%, ${level}), ${formatCredits(left)} left, ${period.label}`,
  );
  out(`    ${arithmetic}`);
  if (runOut) out(`    runs out before the reset: ${runOut.arithmetic}`);
}

function describeEnd(untilDay: number | undefined, before: string, after = ''): string {
  return untilDay === undefined ? '' : `${before}ends on ${formatDate(untilDay)}${after}`;
}

/** Makes the error for an unknown scope; it names the nearest one, or all. */
export function unknownScope(scope: string, names: readonly string[]): HeadroomError {
  const cure = 'declare it with "headroom pools apply FILE".';
  return new HeadroomError('definition', describeUnknown('scope', scope, names, cure));
}
