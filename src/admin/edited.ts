import { createHash } from 'node:crypto';
import type { Change } from '../domain/declaration.ts';
import type { FieldFault } from '../domain/declared-fields.ts';
import type { Definitions } from '../domain/definition.ts';

/** Result of an edit: the new definitions and the changes; with faults, the old definitions and no changes. */
export interface Edited {
  faults: FieldFault[];
  definitions: Definitions;
  changes: Change[];
}

/** Refuses an edit: nothing changes. */
export function refuse(definitions: Definitions, ...faults: FieldFault[]): Edited {
  return { faults, definitions, changes: [] };
}

/** Returns a short hash of declared content, to detect that somebody else changed it. */
export function toBasis(declared: object): string {
  return createHash('sha256').update(JSON.stringify(declared)).digest('hex').slice(0, 16);
}
