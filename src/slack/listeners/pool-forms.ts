import { ACTIONS, CALLBACKS } from '../../messages/action-ids.ts';
import { buildNotice } from '../../messages/answer-message.ts';
import { buildPoolForm, type PoolFormMetadata, type PoolsMetadata } from '../../messages/pool-form.ts';
import type { ScopeFormMetadata } from '../../messages/scope-form.ts';
import { type SlackContext, tellPrivately } from '../context.ts';
import { publishHome } from '../home.ts';
import { updateView } from '../modals.ts';
import { toActor } from '../permissions.ts';
import {
  openNewPoolForm,
  openPoolForm,
  openPools,
  openPoolText,
  openScopeForm,
  showPools,
  showPoolText,
} from '../pool-windows.ts';
import { readMetadata } from './asked.ts';
import { type Fields, readFields } from './fields.ts';
import { faultAt, type Listen, type Press, type Submitted } from './listen.ts';
import { placeFaults, placeScopeFaults, readPool, toEdit, toScopeEdit } from './pool-fields.ts';

type PoolRef = Parameters<typeof openPoolForm>[2];

const UNCHANGED = 'Nothing differs: nothing changed.';

/** Buttons for admins in the windows about pools. */
export function registerPoolButtons(listen: Listen, ctx: SlackContext): void {
  const on = (action: string, task: (press: Press) => Promise<void>) => listen.press(action, task, 'admin');
  on(ACTIONS.poolEdit, ({ asked, value }) => openPools(ctx, asked, value || undefined));
  on(ACTIONS.poolScope, async ({ asked, value }) => {
    await showPools(ctx, asked, asked.modal!, { scope: value || undefined });
  });
  on(ACTIONS.poolFind, async ({ asked, value }) => {
    const scope = (await ctx.pools.list())[Number(value)]?.name;
    await showPools(ctx, asked, asked.modal!, { scope });
  });
  on(ACTIONS.poolText, ({ asked, value }) => openPoolText(ctx, asked, value || undefined));
  on(ACTIONS.poolChange, ({ asked, value }) =>
    openPoolForm(ctx, asked, { ...readMetadata<PoolRef>(value), more: false }),
  );
  on(ACTIONS.poolGrant, ({ asked, value }) =>
    openPoolForm(ctx, asked, { ...readMetadata<PoolRef>(value), more: true }),
  );
  on(ACTIONS.poolAdd, ({ asked, value }) => openNewPoolForm(ctx, asked, readMetadata(value)));
  on(ACTIONS.scopeEdit, ({ asked, value }) => openScopeForm(ctx, asked, value || undefined));
  on(ACTIONS.poolEnd, async ({ asked, person, value }) => {
    const pool = readMetadata<PoolRef>(value);
    const lines = await ctx.pools.endPool(pool, toActor(person));
    await showPools(ctx, asked, asked.modal!, { scope: pool.scope, said: lines.join('\n') || UNCHANGED });
  });
  on(ACTIONS.poolForm, ({ body, pressed }) => reshape(ctx, body.view as unknown as OpenForm, pressed));
}

/** Forms of pools: by fields, and as text. */
export function registerPoolForms(listen: Listen, ctx: SlackContext): void {
  listen.form<PoolFormMetadata>(CALLBACKS.pool, {
    needs: 'admin',
    check: async (given) =>
      placeFaults(await ctx.pools.checkPool(toEdit(given.metadata, given)), given.metadata, given),
    submit: async (given) =>
      tellChanges(ctx, given, await ctx.pools.changePool(toEdit(given.metadata, given), toActor(given.person))),
  });
  listen.form<ScopeFormMetadata>(CALLBACKS.scope, {
    needs: 'admin',
    check: async (given) => placeScopeFaults(await ctx.pools.checkScope(toScopeEdit(given.metadata, given))),
    async submit(given) {
      const edit = toScopeEdit(given.metadata, given);
      const lines = await ctx.pools.changeScope(edit, toActor(given.person));
      await tellChanges(ctx, { ...given, metadata: { ...given.metadata, scope: edit.fields.name } }, lines);
    },
  });
  listen.form<PoolsMetadata>(CALLBACKS.pools, {
    needs: 'admin',
    check: ({ field }) => faultAt('yaml', () => ctx.pools.check(field('yaml'))),
    submit: async (given) => tellChanges(ctx, given, await ctx.pools.apply(given.field('yaml'), toActor(given.person))),
  });
}

/** In the list that is seen again, else to the person alone. */
async function tellChanges(
  ctx: SlackContext,
  { asked, person, below, metadata }: Submitted<PoolsMetadata>,
  lines: readonly string[],
): Promise<void> {
  const shown = lines.length > 0 ? ['Saved:', ...lines] : [UNCHANGED];
  const { scope } = metadata;
  const seen = below !== undefined && (await showPools(ctx, asked, { id: below }, { scope, said: shown.join('\n') }));
  if (!seen) await tellPrivately(ctx, asked, buildNotice(shown));
  if (asked.channel === '') await publishHome(ctx, person);
}

interface OpenForm {
  id: string;
  hash: string;
  private_metadata: string;
  state: { values: Fields };
}

/** Another period has other fields; a grant more or less has its own. What was typed stays, unless the text takes the form's place. */
async function reshape(
  ctx: SlackContext,
  form: OpenForm,
  pressed: { action_id: string; value?: string },
): Promise<void> {
  const before = readMetadata<PoolFormMetadata>(form.private_metadata);
  const typed = readFields(form.state.values);
  const what = pressed.action_id.split(':')[1];
  if (what === 'text') {
    await showPoolText(ctx, form, before);
    return;
  }
  const grants =
    what === 'grant'
      ? [...before.grants, Math.max(-1, ...before.grants) + 1]
      : before.grants.filter((id) => what !== 'drop' || String(id) !== pressed.value);
  const metadata = { ...before, grants };
  const fields = readPool(metadata, typed);
  const scope = (await ctx.pools.list()).find(({ name }) => name === metadata.scope);
  const now = scope?.[metadata.part].find(({ pool }) => pool.name === metadata.name);
  await updateView(ctx, form, buildPoolForm(metadata, fields, now));
}
