import { formatDeclaration } from '../definition/format.ts';
import { parseDeclaration } from '../definition/parse.ts';
import { amend } from '../domain/amend.ts';
import type { Calendar } from '../domain/calendar.ts';
import { type Change, type Declaration, toDeclaration } from '../domain/declaration.ts';
import type { Definitions } from '../domain/definition.ts';
import type { FieldFault } from '../domain/pool-fields.ts';
import { HeadroomError } from '../errors.ts';
import type { Actor, PoolPort } from '../slack/ports.ts';
import type { Db } from '../store/database.ts';
import { changeDefinitions, getDefinitions } from '../store/definition-repository.ts';
import { editPool, editScope, endPool, listScopeSummaries, merge } from './pool-edit.ts';

interface Amended {
  definitions: Definitions;
  changes: Change[];
}

/** Pools as admins see and change them in Slack: one by its fields, or the YAML of some scopes; the others are left as they are. */
export function createPoolAdmin({ db, calendar, now }: { db: Db; calendar: Calendar; now(): number }): PoolPort {
  /** The declaration with the scopes of `yaml` in place of theirs. */
  function read(yaml: string, declared: Declaration): (current: Declaration) => Declaration {
    const names = declared.scopes.map(({ name }) => name);
    const edited = parseDeclaration(yaml, 'this text', names);
    return (current) => merge(current, edited, edited.parts);
  }
  async function change(by: Actor, amendment: (current: Definitions, today: number) => Amended): Promise<string[]> {
    const nowMs = now();
    const changes = await changeDefinitions(db, { actor: by.user, nowMs }, (current) =>
      amendment(current, calendar.dayOf(nowMs)),
    );
    return changes.map(({ place, text }) => `${place}: ${text}`);
  }
  return {
    async check(yaml) {
      const current = await getDefinitions(db);
      const declared = toDeclaration(current);
      amend(current, read(yaml, declared)(declared), calendar.dayOf(now()));
    },
    async show(scope) {
      const declared = toDeclaration(await getDefinitions(db));
      if (scope === undefined) return formatDeclaration(declared);
      const found = declared.scopes.filter(({ name }) => name === scope);
      if (found.length === 0) {
        throw new HeadroomError('definition', `There is no scope ${JSON.stringify(scope)}: ${listScopes(declared)}.`);
      }
      return formatDeclaration({ scopes: found, exclude: [], holidays: [], clients: [] });
    },
    async apply(yaml: string, by: Actor) {
      const edited = read(yaml, toDeclaration(await getDefinitions(db)));
      return change(by, (current, today) => amend(current, edited(toDeclaration(current)), today));
    },
    async list() {
      return listScopeSummaries(await getDefinitions(db), calendar.dayOf(now()));
    },
    async checkPool(edit) {
      const { faults } = editPool(await getDefinitions(db), edit, calendar.dayOf(now()));
      return faults;
    },
    async changePool(edit, by) {
      return change(by, (current, today) => demand(editPool(current, edit, today)));
    },
    async checkScope(edit) {
      return editScope(await getDefinitions(db), edit, calendar.dayOf(now())).faults;
    },
    async changeScope(edit, by) {
      return change(by, (current, today) => demand(editScope(current, edit, today)));
    },
    async endPool(pool, by) {
      return change(by, (current, today) => endPool(current, pool, today));
    },
  };
}

/** Only where somebody else was faster than this person between the check and now is there a fault. */
function demand({ faults, ...amended }: Amended & { faults: readonly FieldFault[] }): Amended {
  if (faults.length > 0) throw new HeadroomError('definition', faults.map(({ text }) => text).join('\n'));
  return amended;
}

function listScopes({ scopes }: Declaration): string {
  return scopes.length > 0 ? `there are ${scopes.map(({ name }) => name).join(', ')}` : 'none is declared yet';
}
