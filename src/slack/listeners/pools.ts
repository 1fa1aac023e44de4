import type { App } from '@slack/bolt';
import { ACTIONS, CALLBACKS } from '../../messages/action-ids.ts';
import { buildNotice } from '../../messages/answer-message.ts';
import { buildPoolForm, type PoolFormMetadata } from '../../messages/pool-form.ts';
import type { PoolsMetadata } from '../../messages/pool-list.ts';
import type { ScopeFormMetadata } from '../../messages/scope-form.ts';
import { type SlackContext, tellPrivately } from '../context.ts';
import { requireAdmin, serve } from '../failure.ts';
import { publishHome } from '../home.ts';
import { updateView } from '../modals.ts';
import { toActor } from '../perform.ts';
import {
  openNewPoolForm,
  openPoolForm,
  openPools,
  openPoolText,
  openScopeForm,
  showPools,
  showPoolText,
} from '../pools.ts';
import type { OnPress } from './actions.ts';
import { askedByPress, type PressBody } from './asked.ts';
import { type Fields, readFields } from './fields.ts';
import { faultAt, onForm, type Submitted } from './form.ts';
import { placeFaults, placeScopeFaults, readPool, toEdit, toScopeEdit } from './pool-fields.ts';

const UNCHANGED = 'Nothing differs: nothing changed.';

/** What admins press in the windows about pools. Whoever presses, it is asked again whether they may. */
export function registerPoolButtons(on: OnPress, ctx: SlackContext): void {
  const forAdmins: OnPress = (action, task) =>
    on(action, async (given) => {
      requireAdmin(given.person);
      await task(given);
    });
  forAdmins(ACTIONS.poolEdit, ({ asked, value }) => openPools(ctx, asked, value || undefined));
  forAdmins(ACTIONS.poolScope, async ({ asked, value }) => {
    await showPools(ctx, asked, asked.modal!, { scope: value || undefined });
  });
  forAdmins(ACTIONS.poolFind, async ({ asked, value }) => {
    const scope = (await ctx.pools.list())[Number(value)]?.name;
    await showPools(ctx, asked, asked.modal!, { scope });
  });
  forAdmins(ACTIONS.poolText, ({ asked, value }) => openPoolText(ctx, asked, value || undefined));
  forAdmins(ACTIONS.poolChange, ({ asked, value }) => openPoolForm(ctx, asked, { ...JSON.parse(value), more: false }));
  forAdmins(ACTIONS.poolGrant, ({ asked, value }) => openPoolForm(ctx, asked, { ...JSON.parse(value), more: true }));
  forAdmins(ACTIONS.poolAdd, ({ asked, value }) => openNewPoolForm(ctx, asked, JSON.parse(value)));
  forAdmins(ACTIONS.scopeEdit, ({ asked, value }) => openScopeForm(ctx, asked, value || undefined));
  forAdmins(ACTIONS.poolEnd, async ({ asked, person, value }) => {
    const pool = JSON.parse(value) as { scope: string; name: string };
    const lines = await ctx.pools.endPool(pool, toActor(person));
    await showPools(ctx, asked, asked.modal!, { scope: pool.scope, said: lines.join('\n') || UNCHANGED });
  });
}

/** Forms of pools: by fields, and as text. */
export function registerPoolForms(app: App, ctx: SlackContext): void {
  app.action(new RegExp(`^${ACTIONS.poolForm}:`), async ({ ack, body, action }) => {
    await ack();
    const press = body as PressBody;
    await serve(ctx, askedByPress(press, ctx.now()), async (person) => {
      requireAdmin(person);
      await reshape(ctx, press.view as unknown as OpenForm, action as { action_id: string; value?: string });
    });
  });
  onForm<PoolFormMetadata>(
    app,
    ctx,
    CALLBACKS.pool,
    async (given) => {
      requireAdmin(given.person);
      await tellChanges(ctx, given, await ctx.pools.changePool(toEdit(given.metadata, given), toActor(given.person)));
    },
    async (given) => {
      // Whoever may not is told so after the acknowledgement, and learns nothing of the pool from its faults.
      const person = await ctx.people.find(given.asked.user);
      if (!person.admin) return {};
      return placeFaults(await ctx.pools.checkPool(toEdit(given.metadata, given)), given.metadata, given);
    },
  );
  onForm<ScopeFormMetadata>(
    app,
    ctx,
    CALLBACKS.scope,
    async (given) => {
      requireAdmin(given.person);
      const edit = toScopeEdit(given.metadata, given);
      const lines = await ctx.pools.changeScope(edit, toActor(given.person));
      await tellChanges(ctx, { ...given, metadata: { ...given.metadata, scope: edit.fields.name } }, lines);
    },
    async (given) => {
      const person = await ctx.people.find(given.asked.user);
      return person.admin ? placeScopeFaults(await ctx.pools.checkScope(toScopeEdit(given.metadata, given))) : {};
    },
  );
  onForm<PoolsMetadata>(
    app,
    ctx,
    CALLBACKS.pools,
    async (given) => {
      requireAdmin(given.person);
      await tellChanges(ctx, given, await ctx.pools.apply(given.field('yaml'), toActor(given.person)));
    },
    async ({ field }) => faultAt('yaml', () => ctx.pools.check(field('yaml'))),
  );
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
  const before = JSON.parse(form.private_metadata) as PoolFormMetadata;
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
