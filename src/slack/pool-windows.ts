import type { PoolFields, ScopeFields } from '../domain/pool-fields.ts';
import { HeadroomError } from '../errors.ts';
import { buildChangeForm, buildPoolForm, type PoolFormMetadata, type PoolsMetadata } from '../messages/pool-form.ts';
import { buildScope, buildScopes } from '../messages/pool-list.ts';
import { buildPoolModal } from '../messages/pool-modal.ts';
import { buildScopeForm } from '../messages/scope-form.ts';
import type { Block } from '../messages/text.ts';
import { type Asked, type SlackContext, toFormPlace } from './context.ts';
import { openView, updateView } from './modals.ts';
import type { ScopeSummary } from './ports.ts';

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
export async function showPools(
  ctx: SlackContext,
  asked: Asked,
  modal: { id: string; hash?: string | undefined },
  { scope, said }: { scope?: string | undefined; said?: string | undefined } = {},
): Promise<boolean> {
  return updateView(ctx, modal, buildList(await ctx.pools.list(), toFormPlace(asked), scope, said));
}

/** The declaration as text, of one scope or of all. */
export async function openPoolText(ctx: SlackContext, asked: Asked, scope: string | undefined): Promise<void> {
  const yaml = await ctx.pools.show(scope);
  await openView(ctx, asked, buildPoolModal({ ...toFormPlace(asked), scope }, yaml));
}

/** The text of its scope in the place of a form. */
export async function showPoolText(
  ctx: SlackContext,
  modal: { id: string; hash: string },
  { channel, threadTs, inThread, scope }: PoolsMetadata,
): Promise<void> {
  await updateView(ctx, modal, buildPoolModal({ channel, threadTs, inThread, scope }, await ctx.pools.show(scope)));
}

/** The form of a pool or limit that there is; `more`: with room for one more grant. */
export async function openPoolForm(
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
export async function openScopeForm(ctx: SlackContext, asked: Asked, name: string | undefined): Promise<void> {
  const scope = name === undefined ? undefined : findScope(await ctx.pools.list(), name);
  if (name !== undefined && !scope) throw new HeadroomError('definition', `${name} has ended meanwhile.`);
  const metadata = { ...toFormPlace(asked), ...(scope ? { scope: scope.name, basis: scope.basis } : {}) };
  await openView(ctx, asked, buildScopeForm(metadata, scope?.fields ?? NO_SCOPE));
}

const NO_SCOPE: ScopeFields = { name: '', title: '', rateLimit: '', addon: '', upgrade: '' };

const NO_FIELDS: PoolFields = {
  ...{ name: '', period: 'month', anchor: '1', from: '', until: '', base: '', grants: [], max: '' },
  ...{ priority: '', thresholds: '75, 90', validFrom: '' },
};

/** The form of a new pool, add-on (a pool of once, drawn from after the others), or limit. */
export async function openNewPoolForm(
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
