import { createHash } from 'node:crypto';
import type { Change } from '../domain/declaration.ts';
import type { FieldFault } from '../domain/declared-fields.ts';
import type { Definitions } from '../domain/definition.ts';

/** The outcome of an edit: the definitions it leads to and its changes; with faults, the definitions as they were. */
export interface Edited {
  faults: FieldFault[];
  definitions: Definitions;
  changes: Change[];
}

/** An edit that is refused. */
export function refuse(definitions: Definitions, ...faults: FieldFault[]): Edited {
  return { faults, definitions, changes: [] };
}

/** Stands for the content of something declared: short, and another one for whatever differs. */
export function toBasis(declared: object): string {
  return createHash('sha256').update(JSON.stringify(declared)).digest('hex').slice(0, 16);
}
