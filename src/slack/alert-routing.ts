import { buildRoutingModal, toRoutingFields } from '../messages/routing-modal.ts';
import { type Option, option } from '../messages/text.ts';
import { slackErrorOf } from './client/errors.ts';
import { type Asked, type SlackContext, toFormPlace } from './context.ts';
import { openView } from './modals.ts';

const PATIENCE_MS = 1000;
/** `usergroups.list` takes 20 calls a minute. */
const KEEP_MS = 60_000;

/** Opens the form of where alerts go, as it is now. */
export async function openRouting(ctx: SlackContext, asked: Asked): Promise<void> {
  const routing = await ctx.alerts.routing();
  // Slack opens a form for 3 s only: where it does not say in time, groups are offered, and shown by their ids.
  const groups = await Promise.race([findGroups(ctx).catch(() => []), ctx.wait(PATIENCE_MS).then(() => [])]);
  const { mention } = routing;
  const group = mention?.startsWith('S')
    ? (groups?.find(({ value }) => value === mention) ?? option(mention, mention))
    : undefined;
  const metadata = { ...toFormPlace(asked), ...(groups ? {} : { noGroups: true }) };
  await openView(ctx, asked, buildRoutingModal(metadata, toRoutingFields(routing, group), routing.kinds));
}

/** User groups whose name or handle contains what was typed. */
export async function listGroups(ctx: SlackContext, contains = ''): Promise<Option[]> {
  const wanted = contains.toLowerCase();
  const groups = (await findGroups(ctx)) ?? [];
  return groups.filter(({ text }) => String(text.text).toLowerCase().includes(wanted)).slice(0, 100);
}

/** All user groups, asked for once a minute while somebody types; undefined where the workspace's plan has none. */
function findGroups(ctx: SlackContext): Promise<Option[] | undefined> {
  return ctx.memory.ask('groups', KEEP_MS, async () => {
    try {
      const { usergroups = [] } = await ctx.client.usergroups.list();
      return usergroups
        .filter(({ id }) => id)
        .map(({ id = '', name, handle }) =>
          option(name && handle ? `${name} (@${handle})` : (name ?? handle ?? id), id),
        );
    } catch (error) {
      if (slackErrorOf(error) === 'plan_upgrade_required') return undefined;
      throw error;
    }
  });
}
