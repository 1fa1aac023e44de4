import { amend } from '../domain/amend.ts';
import { toDeclaration } from '../domain/declaration.ts';
import { CLIENT_FIELDS, type ClientEdit, type ClientFields, type FieldFault } from '../domain/declared-fields.ts';
import type { ClientName, Definitions } from '../domain/definition.ts';
import { readText } from '../domain/field.ts';
import type { ClientSummary } from '../slack/ports.ts';
import { type Edited, refuse, toBasis } from './edited.ts';

interface Shown extends ClientSummary {
  entries: readonly ClientName[];
}

/** Lists declared clients as forms show them: ids with the same name, owner and team are one client. */
export function listClientSummaries(current: Definitions): Shown[] {
  const groups = Map.groupBy(toDeclaration(current).clients, ({ name, owner, team }) =>
    JSON.stringify([name, owner, team]),
  );
  return [...groups.values()].map((entries) => {
    const { name, owner = '', team = '' } = entries[0]!;
    const fields = { name, ids: entries.map(({ id }) => id).join('\n'), owner, team };
    return { fields, basis: toBasis(fields), entries };
  });
}

/** Replaces the entries of one client in place; entries of a new client go to the end. */
export function editClient(current: Definitions, { basis, fields }: ClientEdit, today: number): Edited {
  const declared = toDeclaration(current);
  const found = listClientSummaries(current).find((client) => client.basis === basis);
  if (basis !== undefined && !found) {
    const stale = 'This client was changed by somebody else since this form was opened: close it and open it again.';
    return refuse(current, { field: '', text: stale });
  }
  const others = declared.clients.filter((entry) => !found?.entries.includes(entry));
  const { faults, entries } = fields ? readEntries(fields, others) : { faults: [], entries: [] };
  if (faults.length > 0) return refuse(current, ...faults);
  const place = found ? declared.clients.indexOf(found.entries[0]!) : declared.clients.length;
  const before = others.filter((entry) => declared.clients.indexOf(entry) < place);
  const clients = [...before, ...entries, ...others.slice(before.length)];
  return { faults: [], ...amend(current, { ...declared, clients }, today) };
}

function readEntries({ name, ids, owner, team }: ClientFields, others: readonly ClientName[]) {
  const faults: FieldFault[] = [];
  const lines = ids.split('\n').map((line) => line.trim());
  const entries: ClientName[] = [];
  for (const line of new Set(lines.filter((each) => each !== ''))) {
    const id = readText(CLIENT_FIELDS.id, line);
    const other = others.find((entry) => entry.id === line);
    if ('fault' in id) faults.push({ field: 'ids', text: `${JSON.stringify(line)} ${id.fault}` });
    else if (other) faults.push({ field: 'ids', text: `${JSON.stringify(line)} is an id of ${other.name} already.` });
    else entries.push({ id: line, name, ...(owner === '' ? {} : { owner }), ...(team === '' ? {} : { team }) });
  }
  if (lines.every((line) => line === ''))
    faults.push({ field: 'ids', text: `is missing; ${CLIENT_FIELDS.id.required}.` });
  return { faults, entries };
}
