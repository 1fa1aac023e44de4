import type { PoolsMetadata } from '../slack/form-metadata.ts';
import type { PoolSummary, ScopeSummary } from '../slack/ports.ts';
import { ACTIONS } from './action-ids.ts';
import { view } from './form.ts';
import { MAX_PLACEHOLDER } from './limits.ts';
import { describePool, MAX_GRANTS } from './pool-form.ts';
import {
  actions,
  type Block,
  button,
  clip,
  header,
  type Leaf,
  leaf,
  option,
  plainContext,
  plainText,
  richText,
} from './text.ts';

/** Scopes with a button of their own, two blocks each; beyond them there is the search. */
const MAX_SCOPES = 30;
const MAX_SHOWN_POOLS = 6;
/** Pools and limits of a scope, two blocks each. */
const MAX_POOLS = 40;

/** Every scope with its pools. `said`: what just happened. */
export function buildScopes(metadata: PoolsMetadata, scopes: readonly ScopeSummary[], said?: string): Block {
  const shown = scopes.slice(0, MAX_SCOPES);
  const none = 'No scope is declared yet: add one here, write it as text, or apply a file: headroom pools apply FILE';
  return view({
    title: 'Pools',
    metadata: { ...metadata, scope: undefined } satisfies PoolsMetadata,
    blocks: [
      ...say(said),
      ...(scopes.length === 0 ? [richText(none)] : []),
      ...(scopes.length > shown.length ? buildSearch(scopes.length) : []),
      ...shown.flatMap((scope, index) => [
        richText(leaf(scope.title, { bold: true }), ...describePools(scope)),
        ...actions(button({ action: `${ACTIONS.poolScope}:${index}`, text: `Open ${scope.title}`, value: scope.name })),
      ]),
      ...actions(
        button({ action: ACTIONS.scopeEdit, text: 'Add a scope' }),
        button({ action: ACTIONS.clients, text: 'Client names and teams' }),
      ),
      ...buildTextButton(undefined),
    ],
  });
}

/** One scope: each pool and limit with its buttons. */
export function buildScope(metadata: PoolsMetadata, scope: ScopeSummary, said?: string): Block {
  const { name, title, pools, limits } = scope;
  const some = <T>(items: readonly T[], before: number) => items.slice(0, Math.max(0, MAX_POOLS - before));
  const left = pools.length + limits.length - MAX_POOLS;
  const add = (text: string, kind: string) =>
    button({ action: `${ACTIONS.poolAdd}:${kind}`, text, value: JSON.stringify({ scope: name, kind }) });
  return view({
    title: 'Pools',
    metadata: { ...metadata, scope: name } satisfies PoolsMetadata,
    blocks: [
      header(clip(title, 140)),
      ...say(said),
      ...(pools.length === 0 ? [richText('This scope has no pool: what it uses is overage.')] : []),
      ...some(pools, 0).flatMap((pool, index) => buildPool(name, pool, index)),
      ...(limits.length > 0
        ? [richText(leaf('Limits', { bold: true }), ': ceilings beside the pools; nothing is drawn from them')]
        : []),
      ...some(limits, pools.length).flatMap((pool, index) => buildPool(name, pool, pools.length + index)),
      ...(left > 0 ? [plainContext(`${left} more are in the text.`)] : []),
      { type: 'divider' },
      ...actions(
        add('Add a pool', 'pool'),
        add('Add an add-on', 'addon'),
        add('Add a limit', 'limit'),
        button({ action: ACTIONS.scopeEdit, text: 'Title, rate limit, links', value: name }),
        button({ action: `${ACTIONS.poolScope}:all`, text: 'All scopes' }),
      ),
      ...buildTextButton(name),
    ],
  });
}

function buildPool(scope: string, { pool, planned }: PoolSummary, index: number): Block[] {
  const value = JSON.stringify({ scope, name: pool.name });
  const fits = pool.grants.length <= MAX_GRANTS;
  const end = {
    title: 'End it today?',
    text: `${clip(pool.name, 100)} holds until the end of today. Its past stays in the history.`,
    yes: 'End it',
  };
  return [
    richText(
      leaf(pool.name, { bold: true }),
      `\n${clip(describePool(pool), 1500)}${planned ? `\nFrom ${planned} on` : ''}`,
      ...(fits ? [] : [`\n${pool.grants.length} grants are more than a form holds: edit them as text.`]),
    ),
    ...actions(
      ...(fits
        ? [
            button({ action: `${ACTIONS.poolChange}:${index}`, text: 'Edit', value, spoken: `Edit ${pool.name}` }),
            button({
              action: `${ACTIONS.poolGrant}:${index}`,
              text: 'Add a grant',
              value,
              spoken: `Add a grant to ${pool.name}`,
            }),
          ]
        : []),
      button({
        action: `${ACTIONS.poolEnd}:${index}`,
        text: 'End',
        value,
        style: 'danger',
        confirm: end,
        spoken: `End ${pool.name}`,
      }),
    ),
  ];
}

function describePools({ pools, limits }: ScopeSummary): (Leaf | string)[] {
  const all = [...pools.map((one) => ({ ...one, sort: '' })), ...limits.map((one) => ({ ...one, sort: ' (limit)' }))];
  const lines = all
    .slice(0, MAX_SHOWN_POOLS)
    .map(({ pool, sort }) => `\n${pool.name}${sort}: ${clip(describePool(pool), 300)}`);
  const more = all.length > MAX_SHOWN_POOLS ? [`\nand ${all.length - MAX_SHOWN_POOLS} more`] : [];
  return all.length > 0 ? [...lines, ...more] : ['\nno pools: what it uses is overage'];
}

function buildSearch(count: number): Block[] {
  return actions({
    type: 'external_select',
    action_id: ACTIONS.poolFind,
    min_query_length: 0,
    placeholder: plainText(`Find one of ${count} scopes…`, MAX_PLACEHOLDER),
  });
}

/** Options of that search: a scope's number in the declaration stands for it, since names may be longer than a value. */
export function toScopeOptions(scopes: readonly ScopeSummary[], contains: string) {
  const wanted = contains.toLowerCase();
  return scopes
    .map(({ name, title }, index) => ({ name, title, index }))
    .filter(({ name, title }) => `${title} ${name}`.toLowerCase().includes(wanted))
    .slice(0, 100)
    .map(({ title, index }) => option(title, String(index)));
}

function say(said: string | undefined): Block[] {
  return said ? [richText(leaf(clip(said, 2500), { italic: true }))] : [];
}

function buildTextButton(scope: string | undefined): Block[] {
  const what = scope === undefined ? 'Excluded calls and holidays' : 'Which calls it counts, and what they cost,';
  return [
    plainContext(`${what} are declared as text (YAML).`),
    ...actions(button({ action: ACTIONS.poolText, text: 'Edit as text', value: scope })),
  ];
}
