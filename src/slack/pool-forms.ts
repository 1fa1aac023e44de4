import { z } from 'zod';
import type { FieldFault, PoolEdit, PoolFields, ScopeEdit, ScopeFields } from '../domain/declared-fields.ts';
import { SCOPE_FIELDS } from '../domain/declared-fields.ts';
import { describeUnknown } from '../domain/names.ts';
import { HeadroomError } from '../errors.ts';
import { ACTIONS, CALLBACKS } from '../messages/action-ids.ts';
import type { FormFields } from '../messages/form.ts';
import {
  buildChangeForm,
  buildPoolForm,
  buildScopeForm,
  buildTextForm,
  listPoolFields,
  TEXT_FIELDS,
} from '../messages/pool-form.ts';
import { buildScope, buildScopes, toScopeOptions } from '../messages/pool-list.ts';
import type { Block } from '../messages/text.ts';
import type { Served } from './context.ts';
import { declarationForm, saidOf } from './declaration-form.ts';
import {
  METADATA,
  type PoolFormMetadata,
  type PoolsMetadata,
  type ScopeFormMetadata,
  toFormPlace,
} from './form-metadata.ts';
import type { Filled } from './form-state.ts';
import { adminWindow, json, type Listener, options, type Press, type Sent, windowOf } from './listen.ts';
import type { ScopeSummary } from './ports.ts';
import { openView, updateView } from './views.ts';

/** The pool that a button is about. */
const POOL = json(z.object({ scope: z.string(), name: z.string() }));
/** The kind of pool that a button adds. */
const KIND = json(z.object({ scope: z.string(), kind: z.enum(['pool', 'addon', 'limit']) }));
/** Its place among all scopes. */
const PLACE = z.string().regex(/^\d+$/).transform(Number);

/** The windows about pools, for admins: lists with their buttons, and forms by fields and as text. */
export const POOL_WINDOWS: readonly Listener[] = [
  adminWindow(ACTIONS.poolScope, (pressed) => showPools(pressed, pressed.value || undefined)),
  adminWindow(
    ACTIONS.poolFind,
    async (pressed) => showPools(pressed, (await pressed.ctx.pools.list())[pressed.value]?.name),
    PLACE,
  ),
  options(ACTIONS.poolFind, async (ctx, typed) => toScopeOptions(await ctx.pools.list(), typed), 'admin'),
  adminWindow(ACTIONS.poolText, async ({ ctx, asked, value }) => {
    const scope = value || undefined;
    await openView(ctx, asked, buildTextForm({ ...toFormPlace(asked), scope }, await ctx.pools.show(scope)));
  }),
  adminWindow(ACTIONS.poolChange, (pressed) => openPoolForm(pressed, false), POOL),
  adminWindow(ACTIONS.poolGrant, (pressed) => openPoolForm(pressed, true), POOL),
  adminWindow(ACTIONS.poolAdd, openNewPoolForm, KIND),
  adminWindow(ACTIONS.scopeEdit, openScopeForm),
  adminWindow(ACTIONS.poolEnd, endPool, POOL),
  declarationForm({
    on: CALLBACKS.pool,
    metadata: METADATA.pool,
    fields: listPoolFields,
    live: { on: ACTIONS.poolForm, rebuild: reshape },
    toEdit: ({ metadata, ...filled }) => toPoolEdit(metadata, filled),
    instead: (field) => (['anchor', 'from', 'until'].includes(field) ? 'period' : 'base'),
    toField: toPoolField,
    buildList: buildListAgain,
  }),
  declarationForm({
    on: CALLBACKS.scope,
    metadata: METADATA.scope,
    fields: SCOPE_FIELDS,
    toEdit: ({ metadata, typed }) => toScopeEdit(metadata, typed),
    instead: () => 'title',
    buildList: ({ metadata, ...sent }, said) =>
      buildListAgain({ ...sent, metadata: { ...metadata, scope: metadata.scope ?? sent.typed.name } }, said),
  }),
  declarationForm({
    on: CALLBACKS.pools,
    metadata: METADATA.pools,
    fields: TEXT_FIELDS,
    toEdit: ({ typed }) => ({ part: 'text', ...typed }),
    instead: () => 'yaml',
    buildList: buildListAgain,
  }),
];

/** Opens the pools of one scope (by its name, in any case), or of all; where there is only one, that. */
export async function openPools({ ctx, asked }: Served, scope?: string): Promise<void> {
  const scopes = await ctx.pools.list();
  const found = scope === undefined ? undefined : findScope(scopes, scope);
  if (scope !== undefined && !found) {
    const known = scopes.map(({ name }) => name);
    throw new HeadroomError('definition', describeUnknown('scope', scope, known));
  }
  await openView(ctx, asked, buildList(scopes, toFormPlace(asked), found?.name));
}

async function endPool(pressed: Press<z.infer<typeof POOL>>): Promise<void> {
  windowOf(pressed);
  const lines = await pressed.ctx.pools.apply({ part: 'end', ...pressed.value }, pressed.by);
  await showPools(pressed, pressed.value.scope, saidOf(lines));
}

/** The same in the window that is open, with what just happened. */
async function showPools(pressed: Press<unknown>, scope: string | undefined, said?: string): Promise<void> {
  const { ctx, asked } = pressed;
  const list = buildList(await ctx.pools.list(), toFormPlace(asked), scope, said);
  await updateView(ctx, windowOf(pressed), list);
}

async function buildListAgain(
  { ctx, metadata }: Pick<Sent<PoolsMetadata, FormFields>, 'ctx' | 'metadata'>,
  said: string,
): Promise<Block> {
  return buildList(await ctx.pools.list(), toFormPlace(metadata), metadata.scope, said);
}

/** Opens the form of a pool or limit; `more`: with room for one more grant. */
async function openPoolForm(
  { ctx, asked, value: { scope, name } }: Press<z.infer<typeof POOL>>,
  more: boolean,
): Promise<void> {
  const found = findScope(await ctx.pools.list(), scope);
  const part = found?.pools.some(({ pool }) => pool.name === name) ? 'pools' : 'limits';
  const summary = found?.[part].find(({ pool }) => pool.name === name);
  if (!summary) throw new HeadroomError('definition', `${name} of ${scope} has ended meanwhile.`);
  await openView(ctx, asked, buildChangeForm(toFormPlace(asked), { scope, part, summary, more }));
}

/** Opens the form of a scope itself, or of a new one. */
async function openScopeForm({ ctx, asked, value: name }: Press): Promise<void> {
  const scope = name === '' ? undefined : findScope(await ctx.pools.list(), name);
  if (name !== '' && !scope) throw new HeadroomError('definition', `${name} has ended meanwhile.`);
  const metadata = { ...toFormPlace(asked), ...(scope ? { scope: scope.name, basis: scope.basis } : {}) };
  await openView(ctx, asked, buildScopeForm(metadata, scope?.fields ?? NO_SCOPE));
}

const NO_SCOPE: ScopeFields = {
  name: '',
  title: '',
  rate_limit_per_minute: '',
  'links.addon': '',
  'links.upgrade': '',
};

const NO_FIELDS: PoolFields = {
  ...{ name: '', period: 'month', anchor: '1', from: '', until: '', base: '', grants: [], max: '' },
  ...{ priority: '', thresholds: '75, 90', valid_from: '' },
};

/** Opens the form of a new pool, add-on (a pool of once, drawn from after the others), or limit. */
async function openNewPoolForm({ ctx, asked, value }: Press<z.infer<typeof KIND>>): Promise<void> {
  const { scope, kind } = value;
  const metadata: PoolFormMetadata = {
    ...{ ...toFormPlace(asked), scope, part: kind === 'limit' ? 'limits' : 'pools', grants: [] },
  };
  const fields = {
    pool: NO_FIELDS,
    addon: { ...NO_FIELDS, period: 'once', anchor: '' },
    limit: { ...NO_FIELDS, period: 'day', anchor: '' },
  }[kind];
  await openView(ctx, asked, buildPoolForm(metadata, fields));
}

function buildList(
  scopes: readonly ScopeSummary[],
  place: PoolsMetadata,
  scope: string | undefined,
  said?: string,
): Block {
  const shown = scope === undefined ? undefined : scopes.find(({ name }) => name === scope);
  return shown ? buildScope(place, shown, said) : buildScopes(place, scopes, said);
}

function findScope(scopes: readonly ScopeSummary[], typed: string): ScopeSummary | undefined {
  const lower = typed.toLowerCase();
  return scopes.find(({ name }) => name === typed) ?? scopes.find(({ name }) => name.toLowerCase() === lower);
}

/** Reads the change that a form of a scope asks for. */
export function toScopeEdit({ scope, basis }: ScopeFormMetadata, typed: ScopeFields): ScopeEdit {
  return { part: 'scope', name: scope, basis, fields: { ...typed, name: scope ?? typed.name } };
}

type Typed = Pick<Filled<FormFields>, 'typed' | 'has'>;

/** Reads the change that a form of a pool asks for. */
export function toPoolEdit(metadata: PoolFormMetadata, filled: Typed): PoolEdit {
  const { scope, part, name, basis } = metadata;
  return { scope, part, name, basis, fields: readPool(metadata, filled) };
}

/** The fields as they were typed; those that another period had are left out. A new grant counts once. */
function readPool({ name, grants }: PoolFormMetadata, { typed, has }: Typed): PoolFields {
  const of = (id: string) => String(typed[id] ?? '');
  const period = of('period');
  const when = (kind: string, id: string) => (period === kind ? of(id) : '');
  return {
    ...{ name: name ?? of('name'), period },
    ...{ anchor: when('month', 'anchor'), from: when('once', 'from'), until: when('once', 'until') },
    ...{ base: of('base'), max: of('max'), priority: of('priority'), thresholds: of('thresholds') },
    valid_from: of('valid_from'),
    grants: grants.map((id) => ({
      name: of(`grants.${id}.name`),
      quantity: has(`grants.${id}.quantity`) ? of(`grants.${id}.quantity`) : '1',
      each: of(`grants.${id}.each`),
    })),
  };
}

/** A declaration numbers grants by their order, the form by when they came. */
function toPoolField({ field, text }: FieldFault, { grants }: PoolFormMetadata): FieldFault {
  if (field === 'grants') return { field: '', text: `Grants ${text}` };
  return { field: field.replace(/^grants\.(\d+)/, (_, index) => `grants.${grants[Number(index)]}`), text };
}

/** Another period has other fields; a grant more or less has its own. What was typed stays, unless the text takes the form's place. */
async function reshape(
  { ctx, metadata: before, ...filled }: Sent<PoolFormMetadata, FormFields>,
  { action, value }: Press,
): Promise<Block> {
  const what = action.split(':')[1];
  if (what === 'text') {
    const { scope } = before;
    return buildTextForm({ ...toFormPlace(before), scope }, await ctx.pools.show(scope));
  }
  const grants =
    what === 'grant'
      ? [...before.grants, Math.max(-1, ...before.grants) + 1]
      : before.grants.filter((grant) => what !== 'drop' || String(grant) !== value);
  const metadata = { ...before, grants };
  const scope = (await ctx.pools.list()).find(({ name }) => name === metadata.scope);
  const now = scope?.[metadata.part].find(({ pool }) => pool.name === metadata.name);
  return buildPoolForm(metadata, readPool(metadata, filled), now);
}
