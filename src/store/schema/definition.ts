import type { Generated } from 'kysely';

/** Declarations and who changed them, and corrections made by hand. Rows are never updated or deleted. */
export interface DefinitionTables {
  /** One row per change; `body` is the whole of `Definitions`, and the highest version holds. */
  definition: {
    version: number;
    applied_ms: number;
    actor: string;
    body: string;
  };
  /** Plus or minus `credits` (thousandths) and `requests` of a meter, at the time they apply to. */
  correction: {
    id: Generated<number>;
    meter: string;
    time_ms: number;
    credits: number;
    requests: number;
    reason: string;
    actor: string;
    entered_ms: number;
  };
}
