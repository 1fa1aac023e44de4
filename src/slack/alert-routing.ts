import { buildRoutingModal, toRoutingFields } from '../messages/routing-modal.ts';
import { type Option, option } from '../messages/text.ts';
import { callSlack } from './client/call.ts';
import { type Asked, type SlackContext, toFormPlace } from './context.ts';
import { openView } from './modals.ts';

/** Opens the form of where alerts go, as it is now. */
export async function openRouting(ctx: SlackContext, asked: Asked): Promise<void> {
  const routing = await ctx.alerts.routing();
  const group = routing.mention?.startsWith('S') ? await nameGroup(ctx, routing.mention) : undefined;
  await openView(ctx, asked, buildRoutingModal(toFormPlace(asked), toRoutingFields(routing, group), routing.kinds));
}

/** User groups whose name or handle contains what was typed. */
export async function listGroups(ctx: SlackContext, contains = ''): Promise<Option[]> {
  const { usergroups = [] } = await callSlack(() => ctx.client.usergroups.list(), { wait: ctx.wait, repeatable: true });
  const wanted = contains.toLowerCase();
  return usergroups
    .map(({ id = '', name, handle }) => ({
      id,
      text: name && handle ? `${name} (@${handle})` : (name ?? handle ?? id),
    }))
    .filter(({ id, text }) => id !== '' && text.toLowerCase().includes(wanted))
    .slice(0, 100)
    .map(({ id, text }) => option(text, id));
}

/** A group by its name; by its id where Slack does not say, so that a form opens in any case. */
async function nameGroup(ctx: SlackContext, id: string): Promise<Option> {
  const groups = await listGroups(ctx).catch(() => []);
  return groups.find(({ value }) => value === id) ?? option(id, id);
}
