import type { ClientEdit, ClientFields } from '../domain/declared-fields.ts';
import { HeadroomError } from '../errors.ts';
import { ACTIONS, CALLBACKS } from '../messages/action-ids.ts';
import { buildNotice } from '../messages/answer-message.ts';
import { buildClientForm, buildClients, CLIENT_FORM } from '../messages/client-form.ts';
import { type SlackContext, tellPrivately, toFormPlace } from './context.ts';
import { METADATA, placeFaults } from './form-state.ts';
import type { Listen, Press } from './listen.ts';
import { toActor } from './permissions.ts';
import { openView, updateView } from './views.ts';

const NO_CLIENT: ClientFields = { name: '', ids: '', owner: '', team: '' };
const UNCHANGED = 'Nothing differs: nothing changed.';

/** Registers the windows about clients, for admins: their shown names, ids, owners and teams. */
export function registerClients(listen: Listen, ctx: SlackContext): void {
  const on = (action: string, task: (press: Press) => Promise<void>) => listen.press(action, task, 'admin');
  on(ACTIONS.clients, async ({ asked }) => {
    await openView(ctx, asked, buildClients(toFormPlace(asked), await ctx.pools.clients()));
  });
  on(ACTIONS.clientEdit, async ({ asked, value }) => {
    const client = (await ctx.pools.clients()).find(({ basis }) => basis === value);
    if (value && !client)
      throw new HeadroomError('definition', 'This client was changed meanwhile: open the list again.');
    const metadata = { ...toFormPlace(asked), ...(client ? { basis: client.basis } : {}) };
    await openView(ctx, asked, buildClientForm(metadata, client?.fields ?? NO_CLIENT));
  });
  on(ACTIONS.clientEnd, async ({ asked, person, value }) => {
    const lines = await ctx.pools.apply({ part: 'client', basis: value }, toActor(person));
    const said = lines.join('\n') || UNCHANGED;
    await updateView(ctx, asked.modal!, buildClients(toFormPlace(asked), await ctx.pools.clients(), said));
  });
  listen.form(CALLBACKS.client, {
    needs: 'admin',
    metadata: METADATA.client,
    fields: CLIENT_FORM,
    check: async ({ metadata, typed, has }) =>
      placeFaults(await ctx.pools.check(toEdit(metadata.basis, typed)), CLIENT_FORM, has, () => 'name'),
    async submit({ asked, person, below, metadata, typed }) {
      const lines = await ctx.pools.apply(toEdit(metadata.basis, typed), toActor(person));
      const shown = lines.length > 0 ? ['Saved:', ...lines] : [UNCHANGED];
      const list = async () => buildClients(toFormPlace(asked), await ctx.pools.clients(), shown.join('\n'));
      const seen = below !== undefined && (await updateView(ctx, { id: below }, await list()));
      if (!seen) await tellPrivately(ctx, asked, buildNotice(shown));
    },
  });
}

function toEdit(basis: string | undefined, fields: ClientFields): ClientEdit {
  return { part: 'client', basis, fields };
}
