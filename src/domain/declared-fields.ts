import { formatDay } from './calendar.ts';
import type { DeclaredPool, DeclaredScope } from './declaration.ts';
import { LAST_PRIORITY } from './definition.ts';
import type { Field } from './field.ts';

/** The largest amount of a pool: 10^12 credits, so that sums stay exact. */
export const MAX_AMOUNT = 1e15;

type Fields = Readonly<Record<string, Field>>;

/** Fields of a pool or limit, by their keys in a file. Grants and rules are described elsewhere. */
export const POOL_FIELDS = {
  name: { kind: 'text', label: 'Name', required: 'name the pool or limit' },
  period: {
    kind: 'choice',
    label: 'Period',
    options: [
      ['month', 'A month'],
      ['day', 'A day'],
      ['rolling-24h', 'Any 24 hours (rolling)'],
      ['year', 'A year'],
      ['once', 'Once, between two days'],
    ],
  },
  anchor: {
    ...{ kind: 'whole', label: 'Begins on day', least: 1, most: 31 },
    hint: 'Of the month; 31 is the last day of any month.',
  },
  from: { kind: 'day', label: 'First day' },
  until: { kind: 'day', label: 'Last day', hint: 'Both days count.' },
  base: { kind: 'credits', label: 'Amount', most: MAX_AMOUNT },
  max: {
    ...{ kind: 'credits', label: 'At most', most: MAX_AMOUNT },
    hint: 'A cap on the amount with its grants. Empty: none.',
  },
  priority: {
    ...{ kind: 'whole', label: 'Priority', least: 0, most: 1e6 },
    hint: 'Lower is drawn first. Empty: after those that have one.',
  },
  /** Typed as text in a form; a list in a file. */
  thresholds: {
    ...{ kind: 'text', label: 'Warn at' },
    hint: 'Percentages, in ascending order. 100 always warns as well. 75, 90 is usual.',
  },
  valid_from: { kind: 'day', label: 'Holds from' },
} as const satisfies Fields;

export const GRANT_FIELDS = {
  name: {
    ...{ kind: 'text', label: 'Name of the grant', required: 'name the grant' },
    hint: 'Such as Users, or Unattended Robot',
  },
  quantity: { kind: 'whole', label: 'Quantity', least: 0, most: 1e9 },
  each: {
    ...{ kind: 'credits', label: 'Credits each', most: MAX_AMOUNT },
    required: 'say how many credits each one gives',
  },
} as const satisfies Fields;

/** Fields of a scope itself; in a file its links are below `links`. */
export const SCOPE_FIELDS = {
  name: { kind: 'text', label: 'Name', hint: 'As events name it, such as crm', required: 'name the scope' },
  title: { kind: 'text', label: 'Title', hint: 'As people read it. Empty: its name.' },
  rate_limit_per_minute: {
    ...{ kind: 'whole', label: 'Rate limit per minute', least: 1, most: 1e9 },
    hint: 'Shown beside the peak minute. Empty: none.',
  },
  'links.addon': {
    ...{ kind: 'link', label: 'Address to buy an add-on' },
    hint: 'Its button is shown on amber and red.',
  },
  'links.upgrade': { kind: 'link', label: 'Address to upgrade' },
} as const satisfies Fields;

export const CLIENT_FIELDS = {
  id: {
    ...{ kind: 'text', label: 'Client id', most: 400 },
    required: 'give the client id, or a pattern with *',
  },
  name: { kind: 'text', label: 'Shown name', required: 'give the name to show' },
  owner: { kind: 'member', label: 'Owner' },
  team: { kind: 'text', label: 'Team' },
} as const satisfies Fields;

/** The text typed into each field; empty: not given. */
type Typed<F> = { [K in keyof F]: string };
export type GrantFields = Typed<typeof GRANT_FIELDS>;
export type ScopeFields = Typed<typeof SCOPE_FIELDS>;
export type PoolFields = Typed<typeof POOL_FIELDS> & { grants: readonly GrantFields[] };
/** One shown client; `ids` has one id per line. */
export type ClientFields = Record<'name' | 'ids' | 'owner' | 'team', string>;

/** A grant that is still to be filled in. */
export const NO_GRANT: GrantFields = { name: '', quantity: '1', each: '' };

/** One pool or limit of a scope, changed or new. */
export interface PoolEdit {
  part: 'pools' | 'limits';
  scope: string;
  /** Name of the pool that is changed; absent: a new one, named by its fields. */
  name?: string | undefined;
  fields: PoolFields;
  /**
   * `basis` of its PoolSummary when the form was opened. If it differs now, somebody else has changed the pool, and their change is
   * not overwritten.
   */
  basis?: string | undefined;
}

/** A scope itself, changed or new, like PoolEdit. Its pools have forms of their own, and its rules are edited as text. */
export interface ScopeEdit {
  part: 'scope';
  name?: string | undefined;
  fields: ScopeFields;
  basis?: string | undefined;
}

/** The ids of one shown client: changed, new (without `basis`), or no longer declared (without `fields`). */
export interface ClientEdit {
  part: 'client';
  basis?: string | undefined;
  fields?: ClientFields;
}

/** A pool or limit that ends today; its history stays. */
export interface PoolEnd {
  part: 'end';
  scope: string;
  name: string;
}

/** The YAML of some scopes; scopes that it does not name stay as they are. */
export interface TextEdit {
  part: 'text';
  yaml: string;
}

export type DeclarationEdit = PoolEdit | ScopeEdit | ClientEdit | PoolEnd | TextEdit;

/** A fault of one field, with how to fix it. `field` is its key (`base`, `grants.0.each`), or empty for the whole. */
export interface FieldFault {
  field: string;
  text: string;
}

/** Returns the fields of a declared pool. Written back unchanged, they declare the same. */
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
    valid_from: '',
  };
}

export function toScopeFields({ name, title, rateLimitPerMinute, links }: DeclaredScope): ScopeFields {
  return {
    name,
    title: title === name ? '' : title,
    rate_limit_per_minute: rateLimitPerMinute === undefined ? '' : String(rateLimitPerMinute),
    'links.addon': links.addon ?? '',
    'links.upgrade': links.upgrade ?? '',
  };
}

/** Writes credits with their three decimals, which the nearest float prints exactly below 10^15 thousandths. */
function toText(credits: number): string {
  return String(credits / 1000);
}
