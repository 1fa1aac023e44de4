import type { ClientFields } from '../domain/declared-fields.ts';
import { HeadroomError } from '../errors.ts';
import { ACTIONS, CALLBACKS } from '../messages/action-ids.ts';
import { buildClientForm, buildClients, CLIENT_FORM } from '../messages/client-form.ts';
import type { SlackContext } from './context.ts';
import { declarationForm, saidOf } from './declaration-form.ts';
import { type FormPlace, METADATA, toFormPlace } from './form-metadata.ts';
import { adminWindow, type Listener, windowOf } from './listen.ts';
import { openView, updateView } from './views.ts';

const NO_CLIENT: ClientFields = { name: '', ids: '', owner: '', team: '' };
const buildList = async (ctx: SlackContext, from: FormPlace, said?: string) =>
  buildClients(toFormPlace(from), await ctx.pools.clients(), said);

/** The windows about clients, for admins: their shown names, ids, owners and teams. */
export const CLIENT_WINDOWS: readonly Listener[] = [
  adminWindow(ACTIONS.clients, async ({ ctx, asked }) => openView(ctx, asked, await buildList(ctx, asked))),
  adminWindow(ACTIONS.clientEdit, async ({ ctx, asked, value }) => {
    const client = (await ctx.pools.clients()).find(({ basis }) => basis === value);
    if (value && !client)
      throw new HeadroomError('definition', 'This client was changed meanwhile: open the list again.');
    const metadata = { ...toFormPlace(asked), ...(client ? { basis: client.basis } : {}) };
    await openView(ctx, asked, buildClientForm(metadata, client?.fields ?? NO_CLIENT));
  }),
  adminWindow(ACTIONS.clientEnd, async (pressed) => {
    const { ctx, asked, by, value } = pressed;
    const list = windowOf(pressed);
    const lines = await ctx.pools.apply({ part: 'client', basis: value }, by);
    await updateView(ctx, list, await buildList(ctx, asked, saidOf(lines)));
  }),
  declarationForm({
    on: CALLBACKS.client,
    metadata: METADATA.client,
    fields: CLIENT_FORM,
    toEdit: ({ metadata: { basis }, typed }) => ({ part: 'client', basis, fields: typed }),
    instead: () => 'name',
    buildList: ({ ctx, metadata }, said) => buildList(ctx, metadata, said),
  }),
];
