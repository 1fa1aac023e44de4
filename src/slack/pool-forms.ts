import type { FieldFault, PoolEdit, PoolFields, ScopeEdit, ScopeFields } from '../domain/declared-fields.ts';
import { SCOPE_FIELDS } from '../domain/declared-fields.ts';
import { HeadroomError } from '../errors.ts';
import { ACTIONS, CALLBACKS } from '../messages/action-ids.ts';
import { buildNotice } from '../messages/answer-message.ts';
import type { FormFields } from '../messages/form.ts';
import {
  buildChangeForm,
  buildPoolForm,
  buildScopeForm,
  buildTextForm,
  listPoolFields,
  type PoolFormMetadata,
  type PoolsMetadata,
  type ScopeFormMetadata,
  TEXT_FIELDS,
} from '../messages/pool-form.ts';
import { buildScope, buildScopes, toScopeOptions } from '../messages/pool-list.ts';
import type { Block } from '../messages/text.ts';
import { type Asked, type SlackContext, tellPrivately, toFormPlace } from './context.ts';
import { type Filled, METADATA, placeFaults, readForm, readMetadata } from './form-state.ts';
import { publishHome } from './home.ts';
import type { Listen, Press, Submitted } from './listen.ts';
import { toActor } from './permissions.ts';
import type { ScopeSummary } from './ports.ts';
import { openView, updateView } from './views.ts';

const UNCHANGED = 'Nothing differs: nothing changed.';

/** Registers the windows about pools, for admins: lists with their buttons, and forms by fields and as text. */
export function registerPools(listen: Listen, ctx: SlackContext): void {
  const on = (action: string, task: (press: Press) => Promise<void>) => listen.press(action, task, 'admin');
  const { poolRef, poolKind } = METADATA;
  on(ACTIONS.poolEdit, ({ asked, value }) => openPools(ctx, asked, value || undefined));
  on(ACTIONS.poolScope, async ({ asked, value }) => {
    await showPools(ctx, asked, asked.modal!, { scope: value || undefined });
  });
  on(ACTIONS.poolFind, async ({ asked, value }) => {
    const scope = (await ctx.pools.list())[Number(value)]?.name;
    await showPools(ctx, asked, asked.modal!, { scope });
  });
  listen.options(ACTIONS.poolFind, async (typed) => toScopeOptions(await ctx.pools.list(), typed), 'admin');
  on(ACTIONS.poolText, ({ asked, value }) => openPoolText(ctx, asked, value || undefined));
  on(ACTIONS.poolChange, ({ asked, value }) =>
    openPoolForm(ctx, asked, { ...readMetadata(poolRef, value), more: false }),
  );
  on(ACTIONS.poolGrant, ({ asked, value }) =>
    openPoolForm(ctx, asked, { ...readMetadata(poolRef, value), more: true }),
  );
  on(ACTIONS.poolAdd, ({ asked, value }) => openNewPoolForm(ctx, asked, readMetadata(poolKind, value)));
  on(ACTIONS.scopeEdit, ({ asked, value }) => openScopeForm(ctx, asked, value || undefined));
  on(ACTIONS.poolEnd, async ({ asked, person, value }) => {
    const pool = readMetadata(poolRef, value);
    const lines = await ctx.pools.apply({ part: 'end', ...pool }, toActor(person));
    await showPools(ctx, asked, asked.modal!, { scope: pool.scope, said: lines.join('\n') || UNCHANGED });
  });
  on(ACTIONS.poolForm, (press) => reshape(ctx, press));
  registerForms(listen, ctx);
}

function registerForms(listen: Listen, ctx: SlackContext): void {
  const { check, apply } = ctx.pools;
  listen.form(CALLBACKS.pool, {
    needs: 'admin',
    metadata: METADATA.pool,
    fields: listPoolFields,
    check: async ({ metadata, ...form }) =>
      placePoolFaults(await check(toPoolEdit(metadata, form)), metadata, form.has),
    submit: async (given) =>
      tellChanges(ctx, given, await apply(toPoolEdit(given.metadata, given), toActor(given.person))),
  });
  listen.form(CALLBACKS.scope, {
    needs: 'admin',
    metadata: METADATA.scope,
    fields: SCOPE_FIELDS,
    check: async ({ metadata, typed, has }) =>
      placeFaults(await check(toScopeEdit(metadata, typed)), SCOPE_FIELDS, has, () => 'title'),
    async submit(given) {
      const edit = toScopeEdit(given.metadata, given.typed);
      const lines = await apply(edit, toActor(given.person));
      await tellChanges(ctx, { ...given, metadata: { ...given.metadata, scope: edit.fields.name } }, lines);
    },
  });
  listen.form(CALLBACKS.pools, {
    needs: 'admin',
    metadata: METADATA.pools,
    fields: TEXT_FIELDS,
    check: async ({ typed, has }) =>
      placeFaults(await check({ part: 'text', ...typed }), TEXT_FIELDS, has, () => 'yaml'),
    submit: async (given) =>
      tellChanges(ctx, given, await apply({ part: 'text', ...given.typed }, toActor(given.person))),
  });
}

/** Opens the pools of one scope (by its name, in any case), or of all; where there is only one, that. */
export async function openPools(ctx: SlackContext, asked: Asked, scope?: string): Promise<void> {
  const scopes = await ctx.pools.list();
  const found = scope === undefined ? undefined : findScope(scopes, scope);
  if (scope !== undefined && !found) {
    const known = scopes.length > 0 ? `there are ${scopes.map(({ name }) => name).join(', ')}` : 'none is declared yet';
    throw new HeadroomError('definition', `There is no scope ${JSON.stringify(scope)}: ${known}.`);
  }
  await openView(ctx, asked, buildList(scopes, toFormPlace(asked), found?.name));
}

/** The same in a window that is open, with what just happened. False: it is no longer open. */
async function showPools(
  ctx: SlackContext,
  asked: Asked,
  modal: { id: string; hash?: string | undefined },
  { scope, said }: { scope?: string | undefined; said?: string | undefined } = {},
): Promise<boolean> {
  return updateView(ctx, modal, buildList(await ctx.pools.list(), toFormPlace(asked), scope, said));
}

/** The declaration as text, of one scope or of all. */
async function openPoolText(ctx: SlackContext, asked: Asked, scope: string | undefined): Promise<void> {
  const yaml = await ctx.pools.show(scope);
  await openView(ctx, asked, buildTextForm({ ...toFormPlace(asked), scope }, yaml));
}

/** The text of its scope in the place of a form. */
async function showPoolText(
  ctx: SlackContext,
  modal: { id: string; hash?: string | undefined },
  { channel, threadTs, inThread, scope }: PoolsMetadata,
): Promise<void> {
  await updateView(ctx, modal, buildTextForm({ channel, threadTs, inThread, scope }, await ctx.pools.show(scope)));
}

/** The form of a pool or limit that there is; `more`: with room for one more grant. */
async function openPoolForm(
  ctx: SlackContext,
  asked: Asked,
  { scope, name, more }: { scope: string; name: string; more: boolean },
): Promise<void> {
  const found = findScope(await ctx.pools.list(), scope);
  const part = found?.pools.some(({ pool }) => pool.name === name) ? 'pools' : 'limits';
  const summary = found?.[part].find(({ pool }) => pool.name === name);
  if (!summary) throw new HeadroomError('definition', `${name} of ${scope} has ended meanwhile.`);
  await openView(ctx, asked, buildChangeForm(toFormPlace(asked), { scope, part, summary, more }));
}

/** The form of a scope itself, or of a new one. */
async function openScopeForm(ctx: SlackContext, asked: Asked, name: string | undefined): Promise<void> {
  const scope = name === undefined ? undefined : findScope(await ctx.pools.list(), name);
  if (name !== undefined && !scope) throw new HeadroomError('definition', `${name} has ended meanwhile.`);
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

/** The form of a new pool, add-on (a pool of once, drawn from after the others), or limit. */
async function openNewPoolForm(
  ctx: SlackContext,
  asked: Asked,
  { scope, kind }: { scope: string; kind: string },
): Promise<void> {
  const metadata: PoolFormMetadata = {
    ...{ ...toFormPlace(asked), scope, part: kind === 'limit' ? 'limits' : 'pools', grants: [] },
  };
  const fields = {
    addon: { ...NO_FIELDS, period: 'once', anchor: '' },
    limit: { ...NO_FIELDS, period: 'day', anchor: '' },
  }[kind];
  await openView(ctx, asked, buildPoolForm(metadata, fields ?? NO_FIELDS));
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

/** Reads the change that a form of a pool asks for. */
export function toPoolEdit(metadata: PoolFormMetadata, form: Filled<FormFields>): PoolEdit {
  const { scope, part, name, basis } = metadata;
  return { scope, part, name, basis, fields: readPool(metadata, form) };
}

/** The fields as they were typed; those that another period had are left out. A new grant counts once. */
function readPool({ name, grants }: PoolFormMetadata, { typed, has }: Filled<FormFields>): PoolFields {
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
function placePoolFaults(faults: readonly FieldFault[], metadata: PoolFormMetadata, has: (id: string) => boolean) {
  const { grants } = metadata;
  const moved = faults.map(({ field, text }) =>
    field === 'grants'
      ? { field: '', text: `Grants ${text}` }
      : { field: field.replace(/^grants\.(\d+)/, (_, index) => `grants.${grants[Number(index)]}`), text },
  );
  const isOfPeriod = (field: string) => ['anchor', 'from', 'until'].includes(field);
  return placeFaults(moved, listPoolFields(metadata), has, (field) => (isOfPeriod(field) ? 'period' : 'base'));
}

/** Reads the change that a form of a scope asks for. */
export function toScopeEdit({ scope, basis }: ScopeFormMetadata, typed: ScopeFields): ScopeEdit {
  return { part: 'scope', name: scope, basis, fields: { ...typed, name: scope ?? typed.name } };
}

/** In the list that is seen again, else to the person alone. */
async function tellChanges(
  ctx: SlackContext,
  {
    asked,
    person,
    below,
    metadata,
  }: Pick<Submitted<PoolsMetadata, FormFields>, 'asked' | 'person' | 'below' | 'metadata'>,
  lines: readonly string[],
): Promise<void> {
  const shown = lines.length > 0 ? ['Saved:', ...lines] : [UNCHANGED];
  const { scope } = metadata;
  const seen = below !== undefined && (await showPools(ctx, asked, { id: below }, { scope, said: shown.join('\n') }));
  if (!seen) await tellPrivately(ctx, asked, buildNotice(shown));
  if (asked.channel === '') await publishHome(ctx, person);
}

/** Another period has other fields; a grant more or less has its own. What was typed stays, unless the text takes the form's place. */
async function reshape(ctx: SlackContext, { body: { view }, action, value }: Press): Promise<void> {
  const { id = '', hash, private_metadata, state } = view ?? {};
  const before = readMetadata(METADATA.pool, private_metadata);
  const what = action.split(':')[1];
  if (what === 'text') return showPoolText(ctx, { id, hash }, before);
  const grants =
    what === 'grant'
      ? [...before.grants, Math.max(-1, ...before.grants) + 1]
      : before.grants.filter((grant) => what !== 'drop' || String(grant) !== value);
  const metadata = { ...before, grants };
  const fields = readPool(metadata, readForm(listPoolFields(metadata), state?.values));
  const scope = (await ctx.pools.list()).find(({ name }) => name === metadata.scope);
  const now = scope?.[metadata.part].find(({ pool }) => pool.name === metadata.name);
  await updateView(ctx, { id, hash }, buildPoolForm(metadata, fields, now));
}
