import { formatDay } from './calendar.ts';
import type { DeclaredPool, DeclaredScope } from './declaration.ts';
import { LAST_PRIORITY } from './definition.ts';
import type { Thousandths } from './event.ts';

/** A pool or limit as a form has it: each field as it would be typed; empty: not given. */
export interface PoolFields {
  name: string;
  period: string;
  anchor: string;
  from: string;
  until: string;
  base: string;
  grants: readonly GrantFields[];
  max: string;
  priority: string;
  /** `75, 90`. */
  thresholds: string;
  validFrom: string;
}

export interface GrantFields {
  name: string;
  quantity: string;
  each: string;
}

/** One that is still to be filled in. */
export const NO_GRANT: GrantFields = { name: '', quantity: '1', each: '' };

/** One pool or limit of a scope, changed or new. */
export interface PoolEdit {
  scope: string;
  part: 'pools' | 'limits';
  /** Of the one that is changed; absent: a new one, named by its fields. */
  name?: string | undefined;
  fields: PoolFields;
  /** Its value when the form was opened, as `PoolSummary` has it: somebody else's change in between is not overwritten. */
  basis?: string | undefined;
}

/** The fields of a scope's own form; its pools have forms of their own, its rules are edited as text. */
export interface ScopeFields {
  name: string;
  title: string;
  rateLimit: string;
  addon: string;
  upgrade: string;
}

/** A scope changed or new, as PoolEdit. */
export interface ScopeEdit {
  name?: string | undefined;
  fields: ScopeFields;
  basis?: string | undefined;
}

/** A fault of one field, with its cure. `field` is its name (`base`, `grants.0.each`), or empty for the whole. */
export interface FieldFault {
  field: string;
  text: string;
}

/** The fields of what is declared. Written back unchanged they declare the same. */
export function toPoolFields({ name, period, priority, base, grants, max, thresholds }: DeclaredPool): PoolFields {
  return {
    ...{ name, period: period.kind },
    anchor: period.kind === 'month' ? String(period.anchor) : '',
    from: period.kind === 'once' ? formatDay(period.fromDay) : '',
    until: period.kind === 'once' ? formatDay(period.untilDay) : '',
    base: base > 0 || grants.length === 0 ? toText(base) : '',
    grants: grants.map(({ name: grant, quantity, each }) => ({
      ...{ name: grant, quantity: String(quantity), each: toText(each) },
    })),
    max: max === undefined ? '' : toText(max),
    priority: priority === LAST_PRIORITY ? '' : String(priority),
    thresholds: thresholds.join(', '),
    validFrom: '',
  };
}

export function toScopeFields({ name, title, rateLimitPerMinute, links }: DeclaredScope): ScopeFields {
  return {
    name,
    title: title === name ? '' : title,
    rateLimit: rateLimitPerMinute === undefined ? '' : String(rateLimitPerMinute),
    addon: links.addon ?? '',
    upgrade: links.upgrade ?? '',
  };
}

/** Below 10^15 thousandths the nearest float prints the three decimals exactly. */
function toText(credits: Thousandths): string {
  return String(credits / 1000);
}
