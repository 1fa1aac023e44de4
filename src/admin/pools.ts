import { formatDeclaration } from '../definition/format.ts';
import { parseDeclaration } from '../definition/parse.ts';
import type { Calendar } from '../domain/calendar.ts';
import { amend, type Declaration, toDeclaration } from '../domain/declaration.ts';
import { HeadroomError } from '../errors.ts';
import type { Actor, PoolPort } from '../slack/ports.ts';
import type { Db } from '../store/database.ts';
import { changeDefinitions, getDefinitions } from '../store/definition-repository.ts';

/** Pools as admins see and change them in Slack: the YAML of some scopes, the others left as they are. */
export function createPoolAdmin({ db, calendar, now }: { db: Db; calendar: Calendar; now(): number }): PoolPort {
  /** The declaration with the scopes of `yaml` in place of theirs. */
  function read(yaml: string, declared: Declaration): (current: Declaration) => Declaration {
    const names = declared.scopes.map(({ name }) => name);
    const edited = parseDeclaration(yaml, 'this text', names);
    return (current) => merge(current, edited, edited.parts);
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
      const nowMs = now();
      const change = read(yaml, toDeclaration(await getDefinitions(db)));
      const changes = await changeDefinitions(db, { actor: by.user, nowMs }, (current) =>
        amend(current, change(toDeclaration(current)), calendar.dayOf(nowMs)),
      );
      return changes.map(({ place, text }) => `${place}: ${text}`);
    },
  };
}

/** What the edited text has replaces what there is; scopes by name, the other parts whole. */
function merge(current: Declaration, edited: Declaration, parts: readonly string[]): Declaration {
  const byName = new Map(edited.scopes.map((scope) => [scope.name, scope]));
  const known = new Set(current.scopes.map(({ name }) => name));
  return {
    scopes: [
      ...current.scopes.map((scope) => byName.get(scope.name) ?? scope),
      ...edited.scopes.filter(({ name }) => !known.has(name)),
    ],
    exclude: parts.includes('exclude') ? edited.exclude : current.exclude,
    holidays: parts.includes('holidays') ? edited.holidays : current.holidays,
    clients: parts.includes('clients') ? edited.clients : current.clients,
  };
}

function listScopes({ scopes }: Declaration): string {
  return scopes.length > 0 ? `there are ${scopes.map(({ name }) => name).join(', ')}` : 'none is declared yet';
}
