import { amend } from '../domain/amend.ts';
import { backdateRules, type Change, type Declaration, NO_DEFINITIONS } from '../domain/declaration.ts';
import type { AppliedDefinitions, Definitions } from '../domain/definition.ts';
import { insertAudit } from './audit-repository.ts';
import { type Db, insertNew, transact } from './database.ts';
import { DEFINITIONS, readColumn } from './json-columns.ts';

/** Returns all that was ever declared; version 0 and empty before the first declaration. */
export async function getDefinitions(db: Db): Promise<Definitions> {
  const row = await db.selectFrom('definition').select('body').orderBy('version', 'desc').limit(1).executeTakeFirst();
  return row ? readColumn('definition.body', DEFINITIONS, row.body) : NO_DEFINITIONS;
}

/** Lists the definitions that were in force at an instant (none before the first), then each later version, oldest first. */
export async function listDefinitionsSince(db: Db, sinceMs: number): Promise<AppliedDefinitions[]> {
  const rows = await db
    .selectFrom('definition')
    .select(['applied_ms as appliedMs', 'body'])
    .where('version', '>=', ({ selectFrom, fn, val }) =>
      fn.coalesce(
        selectFrom('definition as held')
          .select((each) => each.fn.max('held.version').as('version'))
          .where('held.applied_ms', '<=', sinceMs),
        val(0),
      ),
    )
    .orderBy('version')
    .execute();
  return rows.map(({ appliedMs, body }) => ({
    appliedMs,
    definitions: readColumn('definition.body', DEFINITIONS, body),
  }));
}

/** Returns the version of the definitions, which grows with every change; 0 before the first. Reads one index. */
export async function getDefinitionsVersion(db: Db): Promise<number> {
  const row = await db
    .selectFrom('definition')
    .select('version')
    .orderBy('version', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row?.version ?? 0;
}

/**
 * Writes the differences between a declaration and the stored definitions as one new version with audit lines; `today` is a day
 * of the report zone. Returns the changes; if there are none, nothing is written. Safe if several apply at once: each sees the
 * changes of the others.
 */
export async function applyDeclaration(
  db: Db,
  { declaration, today, actor, nowMs }: { declaration: Declaration; today: number; actor: string; nowMs: number },
): Promise<Change[]> {
  return changeDefinitions(db, { actor, nowMs }, (current) => amend(current, declaration, today));
}

/** Lets the newest rules hold from `fromDay` on, for a recount. Returns whether anything changed. */
export async function applyRulesFrom(
  db: Db,
  { fromDay, reason, actor, nowMs }: { fromDay: number; reason: string; actor: string; nowMs: number },
): Promise<boolean> {
  const changes = await changeDefinitions(db, { actor, nowMs }, (current) => {
    const definitions = backdateRules(current, fromDay);
    return { definitions, changes: definitions === current ? [] : [{ place: 'rules', text: reason }] };
  });
  return changes.length > 0;
}

/**
 * Applies `change` to the stored definitions and writes the result as a new version. `change` runs again if somebody else wrote
 * first. Returns the changes that it named; if there are none, nothing is written.
 */
export async function changeDefinitions(
  db: Db,
  { actor, nowMs }: { actor: string; nowMs: number },
  change: (current: Definitions) => { definitions: Definitions; changes: Change[] },
): Promise<Change[]> {
  for (;;) {
    const current = await getDefinitions(db);
    const { definitions, changes } = change(current);
    if (changes.length === 0) return [];
    const version = current.version + 1;
    const body = JSON.stringify({ ...definitions, version });
    const written = await transact(db, async (trx) => {
      // Versions are unique: of several writers that read the same version, only one can insert the next.
      const row = { version, applied_ms: nowMs, actor, body };
      if (!(await insertNew(trx.insertInto('definition').values(row)))) return false;
      for (const { place, text } of changes)
        await insertAudit(trx, { atMs: nowMs, actor, action: 'pools', detail: `${place}: ${text}` });
      return true;
    });
    if (written) return changes;
  }
}

/** Makes a function that returns the definitions and reads them again only if their version has changed. */
export function createDefinitionCache(db: Db): () => Promise<Definitions> {
  let cached = NO_DEFINITIONS;
  return async () => {
    if (cached.version !== (await getDefinitionsVersion(db))) cached = await getDefinitions(db);
    return cached;
  };
}
