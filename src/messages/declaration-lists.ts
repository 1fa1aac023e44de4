import { formatDate } from '../domain/calendar.ts';
import type { DeclaredLimit, DeclaredPool } from '../domain/declaration.ts';
import type { ClientFields } from '../domain/declared-fields.ts';
import { amountOf, formatArithmetic, formatCredits, LAST_PRIORITY, type PeriodRule } from '../domain/definition.ts';
import { formatDays } from '../domain/range.ts';
import type { ClientSummary, PoolSummary, ScopeSummary } from '../slack/ports.ts';
import { ACTIONS } from './action-ids.ts';
import { modal } from './form.ts';
import { MAX_PLACEHOLDER } from './limits.ts';
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

/** Show 30 scopes with a button each (two blocks); the search finds further ones. */
const MAX_SCOPES = 30;
const MAX_SHOWN_POOLS = 6;
/** Show 40 pools and limits of a scope, two blocks each. */
const MAX_POOLS = 40;
/** Show 45 clients with buttons, two blocks each. */
const MAX_CLIENTS = 45;
/** A form has room for 20 grants of four blocks: with the other fields they stay below the 100 blocks of a view. */
export const MAX_GRANTS = 20;

/** Builds the window with every scope and its pools. `said`: a line about what just happened. */
export function buildScopes(scopes: readonly ScopeSummary[], said = ''): Block {
  const shown = scopes.slice(0, MAX_SCOPES);
  const none = 'No scope is declared yet: add one here, write it as text, or apply a file: headroom pools apply FILE';
  return modal({
    title: 'Pools',
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

/** Builds the window of one scope, with each pool and limit and their buttons. */
export function buildScope(scope: ScopeSummary, said = ''): Block {
  const { name, title, pools, limits } = scope;
  const some = <T>(items: readonly T[], before: number) => items.slice(0, Math.max(0, MAX_POOLS - before));
  const left = pools.length + limits.length - MAX_POOLS;
  const add = (text: string, kind: string) =>
    button({ action: `${ACTIONS.poolAdd}:${kind}`, text, value: JSON.stringify({ scope: name, kind }) });
  return modal({
    title: 'Pools',
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
      `\n${clip(describePool(pool), 1500)}${planned === undefined ? '' : `\nFrom ${formatDate(planned)} on`}`,
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

/** Builds the window of declared clients, with ids, owner and team. `said`: a line about what just happened. */
export function buildClients(clients: readonly ClientSummary[], said = ''): Block {
  const shown = clients.slice(0, MAX_CLIENTS);
  const left = clients.length - shown.length;
  return modal({
    title: 'Clients',
    blocks: [
      ...say(said),
      ...actions(button({ action: ACTIONS.clientEdit, text: 'Add a client' })),
      ...(clients.length === 0
        ? [richText('No client has a name or team yet: ids are shown as senders give them.')]
        : []),
      ...shown.flatMap(({ fields, basis }, index) => buildClient(fields, basis, index)),
      ...(left > 0 ? [plainContext(`${left} more are in the text: Pools → Edit as text.`)] : []),
    ],
  });
}

function buildClient(fields: ClientFields, basis: string, index: number): Block[] {
  const ids = fields.ids.split('\n').join(', ');
  const about = [
    clip(ids, 300),
    ...(fields.team === '' ? [] : [`team ${fields.team}`]),
    ...(fields.owner === '' ? [] : [`owner ${fields.owner}`]),
  ];
  return [
    richText(leaf(fields.name, { bold: true }), `\n${about.join(' · ')}`),
    ...actions(
      button({ action: `${ACTIONS.clientEdit}:${index}`, text: 'Edit', value: basis, spoken: `Edit ${fields.name}` }),
      button({
        action: `${ACTIONS.clientEnd}:${index}`,
        text: 'Remove',
        value: basis,
        style: 'danger',
        spoken: `Remove ${fields.name}`,
        confirm: {
          title: 'Remove its name?',
          text: `${clip(fields.name, 100)} is then shown by its ids, without owner and team. Its numbers stay.`,
          yes: 'Remove',
        },
      }),
    ),
  ];
}

function buildSearch(count: number): Block[] {
  return actions({
    type: 'external_select',
    action_id: ACTIONS.poolFind,
    min_query_length: 0,
    placeholder: plainText(`Find one of ${count} scopes…`, MAX_PLACEHOLDER),
  });
}

/** Lists options for the search of scopes. Their value is the scope's index, since a name may be longer than a value. */
export function toScopeOptions(scopes: readonly ScopeSummary[], contains: string) {
  const wanted = contains.toLowerCase();
  return scopes
    .map(({ name, title }, index) => ({ name, title, index }))
    .filter(({ name, title }) => `${title} ${name}`.toLowerCase().includes(wanted))
    .slice(0, 100)
    .map(({ title, index }) => option(title, String(index)));
}

function say(said: string): Block[] {
  return said ? [richText(leaf(clip(said, 2500), { italic: true }))] : [];
}

function buildTextButton(scope: string | undefined): Block[] {
  const what = scope === undefined ? 'Excluded calls and holidays' : 'Which calls it counts, and what they cost,';
  return [
    plainContext(`${what} are declared as text (YAML).`),
    ...actions(button({ action: ACTIONS.poolText, text: 'Edit as text', value: scope })),
  ];
}

/**
 * Describes a pool in one line: `10 × 5,000 Robots = 50,000 a month, priority 1, warns at 75 and 90%`. If a maximum caps it, the
 * capped amount comes first.
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
