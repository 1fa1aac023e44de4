import { formatDeclaration } from '../definition/format.ts';
import type { Calendar } from '../domain/calendar.ts';
import { offerRecount, toDeclaration } from '../domain/declaration.ts';
import { describeUnknown } from '../domain/names.ts';
import { HeadroomError } from '../errors.ts';
import type { PoolPort } from '../slack/ports.ts';
import type { Db } from '../store/database.ts';
import { changeDefinitions, getDefinitions } from '../store/definition-repository.ts';
import { listClientSummaries } from './client-edit.ts';
import { editDeclaration, listScopeSummaries } from './pool-edit.ts';

/** Creates the port by which admins see and change pools in Slack: one pool by its fields, or some scopes as YAML. */
export function createPoolAdmin({ db, calendar, now }: { db: Db; calendar: Calendar; now(): number }): PoolPort {
  return {
    async list() {
      return listScopeSummaries(await getDefinitions(db), calendar.dayOf(now()));
    },
    async clients() {
      return listClientSummaries(await getDefinitions(db));
    },
    async show(scope) {
      const declared = toDeclaration(await getDefinitions(db));
      if (scope === undefined) return formatDeclaration(declared);
      const found = declared.scopes.filter(({ name }) => name === scope);
      if (found.length === 0) {
        const known = declared.scopes.map(({ name }) => name);
        throw new HeadroomError('definition', describeUnknown('scope', scope, known));
      }
      return formatDeclaration({ scopes: found, exclude: [], holidays: [], clients: [] });
    },
    async check(edit) {
      return editDeclaration(await getDefinitions(db), edit, calendar.dayOf(now())).faults;
    },
    async apply(edit, by) {
      const nowMs = now();
      const changes = await changeDefinitions(db, { actor: by.user, nowMs }, (current) => {
        const { faults, ...amended } = editDeclaration(current, edit, calendar.dayOf(nowMs));
        // The edit was checked before: a fault means that somebody else has changed something since.
        if (faults.length > 0) throw new HeadroomError('definition', faults.map(({ text }) => text).join('\n'));
        return amended;
      });
      const offer = offerRecount(changes, calendar.dayOf(nowMs));
      return [...changes.map(({ place, text }) => `${place}: ${text}`), ...(offer ? [offer] : [])];
    },
  };
}
