import type { DeclaredLimit, DeclaredPool } from '../domain/declaration.ts';
import {
  GRANT_FIELDS,
  type GrantFields,
  NO_GRANT,
  POOL_FIELDS as POOL,
  type PoolFields,
  SCOPE_FIELDS,
  type ScopeFields,
  toPoolFields,
} from '../domain/declared-fields.ts';
import { amountOf, formatArithmetic, formatCredits, LAST_PRIORITY, type PeriodRule } from '../domain/definition.ts';
import { formatDays } from '../domain/range.ts';
import type { PoolFormMetadata, PoolsMetadata, ScopeFormMetadata } from '../slack/form-metadata.ts';
import type { PoolSummary } from '../slack/ports.ts';
import { ACTIONS, CALLBACKS } from './action-ids.ts';
import { buildField, type FormFields, modal } from './form.ts';
import { MAX_INPUT_TEXT } from './limits.ts';
import { actions, type Block, button, clip, leaf, plainContext, plainText, richText } from './text.ts';

/** Four blocks each: with the other fields they stay below a view's 100. */
export const MAX_GRANTS = 20;

/** Fields of a pool's form: each of its grants has fields of its own. */
export function listPoolFields({ grants }: PoolFormMetadata): FormFields {
  const ofGrant = (id: number) => Object.entries(GRANT_FIELDS).map(([key, field]) => [`grants.${id}.${key}`, field]);
  return { ...POOL, ...Object.fromEntries(grants.flatMap(ofGrant)) };
}

/** The form of a pool or limit as it is now; `more`: with room for one more grant. */
export function buildChangeForm(
  place: PoolsMetadata,
  given: { scope: string; part: 'pools' | 'limits'; summary: PoolSummary; more: boolean },
): Block {
  const { scope, part, summary, more } = given;
  const fields = { ...toPoolFields(summary.pool), valid_from: summary.planned ?? '' };
  const grants = more ? [...fields.grants, NO_GRANT] : fields.grants;
  const metadata: PoolFormMetadata = {
    ...{ ...place, scope, part, name: summary.pool.name, basis: summary.basis },
    grants: grants.map((_, index) => index),
  };
  return buildPoolForm(metadata, { ...fields, grants }, summary);
}

/** Every field of a pool or limit. `now`: what holds, for one that is changed. */
export function buildPoolForm(metadata: PoolFormMetadata, fields: PoolFields, now?: PoolSummary): Block {
  const { name, part, scope, grants } = metadata;
  const noun = part === 'limits' ? 'limit' : fields.period === 'once' ? 'add-on' : 'pool';
  return modal({
    callback: CALLBACKS.pool,
    title: name === undefined ? `New ${noun}` : `Change ${noun}`,
    submit: 'Save',
    metadata,
    blocks: [
      ...buildHead(metadata, now),
      ...(name === undefined
        ? [buildField('name', POOL.name, fields.name, { hint: `Among the ${part} of ${clip(scope, 100)}` })]
        : []),
      ...buildPeriod(fields),
      buildField('base', POOL.base, fields.base, {
        optional: grants.length > 0,
        hint: `Credits ${fields.period === 'once' ? 'in total' : 'in each period'}. Grants are added to it.`,
      }),
      ...grants.flatMap((id, index) => buildGrant(id, index, fields.grants[index])),
      ...buildGrantButton(metadata),
      buildField('max', POOL.max, fields.max),
      ...(part === 'pools' ? [buildField('priority', POOL.priority, fields.priority)] : []),
      buildField('thresholds', POOL.thresholds, fields.thresholds),
      buildField('valid_from', POOL.valid_from, fields.valid_from, {
        hint: `${describeStart(metadata, fields)} With a day in the past, that time is counted again.`,
      }),
      plainContext('To set which calls a limit counts, costs or links, edit the scope as text.'),
      ...actions(button({ action: `${ACTIONS.poolForm}:text`, text: 'Edit as text' })),
    ],
  });
}

function buildHead({ name, scope }: PoolFormMetadata, now: PoolSummary | undefined): Block[] {
  if (name === undefined || !now) return [];
  const planned = now.planned
    ? [richText(leaf(`This is planned from ${now.planned} on: `, { bold: true }), 'what you save takes its place.')]
    : [];
  return [
    richText(leaf(clip(name, 200), { bold: true }), ` of ${clip(scope, 200)}\n${clip(describePool(now.pool), 1500)}`),
    ...planned,
  ];
}

/** The fields that a period needs stand with it; the others are not there. */
function buildPeriod({ period, anchor, from, until }: PoolFields): Block[] {
  const needed = { optional: false };
  return [
    buildField('period', { ...POOL.period, live: ACTIONS.poolForm }, period, needed),
    ...(period === 'month' ? [buildField('anchor', POOL.anchor, anchor || '1', needed)] : []),
    ...(period === 'once'
      ? [buildField('from', POOL.from, from, needed), buildField('until', POOL.until, until, needed)]
      : []),
  ];
}

function buildGrant(id: number, index: number, grant: GrantFields = NO_GRANT): Block[] {
  const { name, quantity, each } = GRANT_FIELDS;
  return [
    {
      type: 'section',
      block_id: `grants.${id}`,
      text: plainText(`Grant ${index + 1}`),
      accessory: button({
        action: `${ACTIONS.poolForm}:drop`,
        text: 'Remove',
        value: String(id),
        spoken: `Remove grant ${index + 1}`,
      }),
    },
    buildField(`grants.${id}.name`, name, grant.name),
    buildField(`grants.${id}.quantity`, quantity, grant.quantity, { optional: false }),
    buildField(`grants.${id}.each`, each, grant.each),
  ];
}

function buildGrantButton({ grants }: PoolFormMetadata): Block[] {
  if (grants.length >= MAX_GRANTS) return [];
  return actions(button({ action: `${ACTIONS.poolForm}:grant`, text: 'Add a grant (licences, seats…)' }));
}

/** Explains the default where no day is given. */
function describeStart({ name }: PoolFormMetadata, { period }: PoolFields): string {
  return name === undefined && period === 'once' ? 'Empty: its first day.' : 'Empty: today.';
}

/** Builds the form of a scope: its name and title, its rate limit, and the addresses of its buttons. */
export function buildScopeForm(metadata: ScopeFormMetadata, fields: ScopeFields): Block {
  const { scope } = metadata;
  const keys = ['title', 'rate_limit_per_minute', 'links.addon', 'links.upgrade'] as const;
  return modal({
    callback: CALLBACKS.scope,
    title: scope === undefined ? 'New scope' : 'Change scope',
    submit: 'Save',
    metadata,
    blocks: [
      scope === undefined
        ? buildField('name', SCOPE_FIELDS.name, fields.name)
        : richText(leaf(clip(scope, 200), { bold: true })),
      ...keys.map((key) => buildField(key, SCOPE_FIELDS[key], fields[key])),
      plainContext(
        scope === undefined
          ? 'It counts the events that name it; pools are added next. Rules for other events are declared as text.'
          : 'Which calls it counts, and what they cost, is declared as text.',
      ),
    ],
  });
}

export const TEXT_FIELDS = {
  yaml: {
    kind: 'lines',
    label: 'Scopes, pools, limits (YAML)',
    required: 'write at least scopes: []',
    hint: 'What differs holds from today, or from its valid_from. Scopes that are not named stay as they are.',
  },
} as const satisfies FormFields;

/** The YAML of a scope, or of all. Longer than a field holds: said so, with the way that takes any length. */
export function buildTextForm(metadata: PoolsMetadata, yaml: string): Block {
  const fits = yaml.length <= MAX_INPUT_TEXT;
  const long =
    'This declaration is too long for a form. Open one scope (pool edit SCOPE), or apply a file: headroom pools apply FILE';
  return modal({
    callback: CALLBACKS.pools,
    title: 'Pools as text',
    submit: 'Apply',
    metadata,
    blocks: [
      ...(fits ? [] : [{ type: 'section', text: plainText(long) }]),
      buildField('yaml', TEXT_FIELDS.yaml, fits ? yaml : ''),
    ],
  });
}

/**
 * Describes a pool in one line: `10 × 5,000 Robots = 50,000 a month, priority 1, warns at 75 and 90%`; where a maximum caps
 * it, what it really holds comes first.
 */
export function describePool(pool: DeclaredPool | DeclaredLimit): string {
  const { priority, thresholds } = pool;
  const part = 'match' in pool && pool.match ? ['of some calls only'] : [];
  return [
    describeAmount(pool),
    ...part,
    ...(priority === LAST_PRIORITY ? [] : [`priority ${priority}`]),
    describeThresholds(thresholds),
  ].join(', ');
}

function describeAmount(pool: DeclaredPool): string {
  const amount = amountOf(pool);
  const period = describePeriod(pool.period);
  const arithmetic = formatArithmetic(pool);
  const isCapped = amount < amountOf({ ...pool, max: undefined });
  return isCapped ? `${formatCredits(amount)} ${period} (${arithmetic})` : `${arithmetic} ${period}`;
}

function describePeriod(period: PeriodRule): string {
  if (period.kind === 'rolling-24h') return 'in any 24 hours';
  if (period.kind === 'once') return `once, ${formatDays(period.fromDay, period.untilDay)}`;
  if (period.kind === 'month' && period.anchor !== 1) return `a month, from day ${period.anchor}`;
  return `a ${period.kind}`;
}

function describeThresholds(thresholds: readonly number[]): string {
  const below = thresholds.filter((percent) => percent < 100);
  return `warns at ${[...below, 100].join(', ').replace(/, (\S+)$/, ' and $1')}%`;
}
