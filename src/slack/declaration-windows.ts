import { z } from 'zod';
import {
  CLIENT_FIELDS,
  type ClientFields,
  type PoolFields,
  SCOPE_FIELDS,
  type ScopeEdit,
  type ScopeFields,
} from '../domain/declared-fields.ts';
import { describeUnknown } from '../domain/names.ts';
import { HeadroomError } from '../errors.ts';
import { ACTIONS } from '../messages/action-ids.ts';
import { toScopeOptions } from '../messages/declaration-lists.ts';
import { clip, leaf, plainContext, richText } from '../messages/text.ts';
import type { Asking } from './context.ts';
import {
  buildList,
  type DeclaredList,
  declarationForm,
  describeChanges,
  POOL_FORM,
  TEXT_FORM,
  toChange,
} from './declaration-form.ts';
import { adminWindow, json, type Listener, options, type Press, windowOf } from './listen.ts';
import type { PoolSummary, ScopeSummary } from './ports.ts';
import { openView, updateView } from './views.ts';

/** Form of a scope: its name and title, its rate limit, and the addresses of its buttons. `scope` absent: a new one. */
export const SCOPE_FORM = declarationForm({
  on: 'scope',
  title: ({ scope }) => (scope === undefined ? 'New scope' : 'Change scope'),
  about: z.object({ scope: z.string().optional(), basis: z.string().optional() }),
  fields: SCOPE_FIELDS,
  layout: (put, fields: Partial<ScopeFields>, { scope }) => [
    scope === undefined ? put('name') : richText(leaf(clip(scope, 200), { bold: true })),
    ...(['title', 'rate_limit_per_minute', 'links.addon', 'links.upgrade'] as const).map((key) =>
      put(key, fields[key]),
    ),
    plainContext(
      scope === undefined
        ? 'It counts the events that name it; pools are added next. Rules for other events are declared as text.'
        : 'Which calls it counts, and what they cost, is declared as text.',
    ),
  ],
  toEdit: ({ about, typed }) => toScopeEdit(about, typed),
  instead: () => 'title',
  toList: ({ about, typed }) => ({ of: 'pools', scope: about.scope ?? typed.name }),
});

/** Returns the change that the form of a scope asks for. */
export function toScopeEdit({ scope, basis }: { scope?: string; basis?: string }, typed: ScopeFields): ScopeEdit {
  return { part: 'scope', name: scope, basis, fields: { ...typed, name: scope ?? typed.name } };
}

const { name, owner, team } = CLIENT_FIELDS;

/** Form of a client: the name shown for its ids, its owner and its team. `basis` absent: a new one. */
export const CLIENT_FORM = declarationForm({
  on: 'client',
  title: ({ basis }) => (basis === undefined ? 'New client' : 'Change client'),
  about: z.object({ basis: z.string().optional() }),
  fields: {
    name,
    ids: {
      ...{ kind: 'lines', label: 'Client ids', required: CLIENT_FIELDS.id.required },
      hint: 'As senders name it, one a line; * matches any characters. All of them are shown as one client.',
    },
    owner,
    team: { ...team, hint: 'Who answers for it: /usage top teams adds its clients up.' },
  },
  layout: (put, fields: Partial<ClientFields>) => [
    put('name', fields.name),
    put('ids', fields.ids),
    put('owner', fields.owner, {
      hint: fields.owner?.startsWith('S')
        ? 'The id of a Slack user (U…) or user group (S…).'
        : 'A person. To name a user group, edit the pools as text.',
    }),
    put('team', fields.team),
  ],
  toEdit: ({ about: { basis }, typed }) => ({ part: 'client', basis, fields: typed }),
  instead: () => 'name',
  toList: () => ({ of: 'clients' }),
});

/** Value of a button about one pool. */
const POOL = json(z.object({ scope: z.string(), name: z.string() }));
type PoolPress = Press<z.infer<typeof POOL>>;
/** Value of a button that adds a pool of some kind. */
const KIND = json(z.object({ scope: z.string(), kind: z.enum(['pool', 'addon', 'limit']) }));
/** Index among all scopes. */
const PLACE = z.string().regex(/^\d+$/).transform(Number);

/** Listeners of the admins' modals: they open lists of scopes, pools and clients, and forms with fields or as YAML. */
export const DECLARATION_WINDOWS: readonly Listener[] = [
  adminWindow(ACTIONS.poolScope, (pressed) => show(pressed, { of: 'pools', scope: pressed.value || undefined })),
  adminWindow(
    ACTIONS.poolFind,
    async (pressed) => {
      const scopes = await pressed.ctx.pools.list();
      await show(pressed, { of: 'pools', scope: scopes[pressed.value]?.name });
    },
    PLACE,
  ),
  options(ACTIONS.poolFind, async (ctx, typed) => toScopeOptions(await ctx.pools.list(), typed), 'admin'),
  adminWindow(ACTIONS.poolText, async (pressed) => {
    const scope = pressed.value || undefined;
    await TEXT_FORM.open(pressed, { scope }, await pressed.ctx.pools.show(scope));
  }),
  adminWindow(ACTIONS.poolChange, (pressed) => openPoolForm(pressed, false), POOL),
  adminWindow(ACTIONS.poolGrant, (pressed) => openPoolForm(pressed, true), POOL),
  adminWindow(ACTIONS.poolAdd, openNewPoolForm, KIND),
  adminWindow(ACTIONS.scopeEdit, async (pressed) => {
    const { ctx, value } = pressed;
    const scope = value === '' ? undefined : findScope(await ctx.pools.list(), value);
    if (value !== '' && !scope) throw new HeadroomError('definition', `${value} has ended meanwhile.`);
    await SCOPE_FORM.open(pressed, { scope: scope?.name, basis: scope?.basis }, scope?.fields ?? {});
  }),
  adminWindow(
    ACTIONS.poolEnd,
    async (pressed) => {
      windowOf(pressed);
      const lines = await pressed.ctx.pools.apply({ part: 'end', ...pressed.value }, pressed.by);
      await show(pressed, { of: 'pools', scope: pressed.value.scope }, describeChanges(lines));
    },
    POOL,
  ),
  adminWindow(ACTIONS.clients, async (pressed) => openView(pressed, await buildList(pressed.ctx, { of: 'clients' }))),
  adminWindow(ACTIONS.clientEdit, async (pressed) => {
    const { ctx, value } = pressed;
    const client = (await ctx.pools.clients()).find(({ basis }) => basis === value);
    if (value && !client)
      throw new HeadroomError('definition', 'This client was changed meanwhile: open the list again.');
    await CLIENT_FORM.open(pressed, { basis: client?.basis }, client?.fields ?? {});
  }),
  adminWindow(ACTIONS.clientEnd, async (pressed) => {
    windowOf(pressed);
    const lines = await pressed.ctx.pools.apply({ part: 'client', basis: pressed.value }, pressed.by);
    await show(pressed, { of: 'clients' }, describeChanges(lines));
  }),
];

/** Opens the pools of one scope (its name in any case), or the list of scopes. A single scope is opened at once. */
export async function openPools(asking: Asking, scope?: string): Promise<void> {
  const scopes = await asking.ctx.pools.list();
  const found = scope === undefined ? undefined : findScope(scopes, scope);
  if (scope !== undefined && !found) {
    const known = scopes.map((one) => one.name);
    throw new HeadroomError('definition', describeUnknown('scope', scope, known));
  }
  await openView(asking, await buildList(asking.ctx, { of: 'pools', scope: found?.name }));
}

/** Shows a list in the modal that is open. `said`: the outcome of the last change. */
async function show(pressed: Press<unknown>, list: DeclaredList, said?: string): Promise<void> {
  await updateView(pressed, windowOf(pressed), await buildList(pressed.ctx, list, said));
}

/** Opens the form of a pool or limit. `more`: with empty fields for one more grant. */
async function openPoolForm(pressed: PoolPress, more: boolean): Promise<void> {
  const { scope, name: pool } = pressed.value;
  const found = findScope(await pressed.ctx.pools.list(), scope);
  const isIt = (summary: PoolSummary) => summary.pool.name === pool;
  const part = found?.pools.some(isIt) ? 'pools' : 'limits';
  const summary = found?.[part].find(isIt);
  if (!summary) throw new HeadroomError('definition', `${pool} of ${scope} has ended meanwhile.`);
  await POOL_FORM.open(pressed, ...toChange({ scope, part }, summary, more));
}

const NO_FIELDS: PoolFields = {
  ...{ name: '', period: 'month', anchor: '', from: '', until: '', base: '', grants: [], max: '' },
  ...{ priority: '', thresholds: '75, 90', valid_from: '' },
};

/** Opens the form of a new pool, limit or add-on (a one-off pool that is drawn from after the others). */
async function openNewPoolForm(pressed: Press<z.infer<typeof KIND>>): Promise<void> {
  const { scope, kind } = pressed.value;
  const period = { pool: 'month', addon: 'once', limit: 'day' }[kind];
  const fields = { ...NO_FIELDS, period, anchor: kind === 'pool' ? '1' : '' };
  await POOL_FORM.open(pressed, { scope, part: kind === 'limit' ? 'limits' : 'pools', grants: [] }, { fields });
}

function findScope(scopes: readonly ScopeSummary[], typed: string): ScopeSummary | undefined {
  const lower = typed.toLowerCase();
  return scopes.find((one) => one.name === typed) ?? scopes.find((one) => one.name.toLowerCase() === lower);
}
