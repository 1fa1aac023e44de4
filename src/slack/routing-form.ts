import { ALERT_KINDS } from '../domain/alert.ts';
import { ACTIONS, CALLBACKS } from '../messages/action-ids.ts';
import { buildNotice } from '../messages/answer-message.ts';
import { buildRoutingForm, describeRouting, listRoutingFields, toRouting } from '../messages/routing-form.ts';
import { type Option, option } from '../messages/text.ts';
import { slackErrorOf } from './client/errors.ts';
import type { Served, SlackContext } from './context.ts';
import { METADATA, type RoutingMetadata, toFormPlace } from './form-metadata.ts';
import type { Faults, Filled } from './form-state.ts';
import { faultAt, form, type Listener, options, type Sent } from './listen.ts';
import { prepareChannel } from './places.ts';
import type { RoutingChange } from './ports.ts';
import { tellPrivately } from './tell.ts';
import { openView } from './views.ts';

const PATIENCE_MS = 1000;
/** `usergroups.list` takes 20 calls a minute. */
const KEEP_MS = 60_000;
/** Which kinds there are matters only where they are offered. */
const FIELDS = listRoutingFields([], true);
type Fields = typeof FIELDS;

/** The form of where alerts go, and its search of groups. */
export const ROUTING_WINDOWS: readonly Listener[] = [
  options(ACTIONS.alertGroup, listGroups, 'admin'),
  form({
    on: CALLBACKS.alertRoute,
    needs: 'admin',
    metadata: METADATA.routing,
    fields: FIELDS,
    again: 'alerts route',
    // Another choice brings other fields.
    live: {
      on: ACTIONS.alertForm,
      async rebuild({ ctx, metadata, typed, option }) {
        const { kinds } = await ctx.alertRouting.get();
        const values = {
          ...typed,
          to: typed.to || 'admins',
          who: typed.who || 'nobody',
          group: option('group'),
        } as const;
        return buildRoutingForm(metadata, values, kinds);
      },
    },
    check: checkRouting,
    run: saveRouting,
  }),
];

/** Opens the form of where alerts go, as it is now. */
export async function openRouting({ ctx, asked }: Served): Promise<void> {
  const routing = await ctx.alertRouting.get();
  // Slack opens a form for 3 s only: where it does not say in time, groups are offered, and shown by their ids.
  const groups = await Promise.race([findGroups(ctx).catch(() => []), ctx.wait(PATIENCE_MS).then(() => [])]);
  const { mention } = routing;
  const group = mention?.startsWith('S')
    ? (groups?.find(({ value }) => value === mention) ?? option(mention, mention))
    : undefined;
  const metadata = { ...toFormPlace(asked), ...(groups ? {} : { noGroups: true }) };
  await openView(ctx, asked, buildRoutingForm(metadata, toRouting(routing, group), routing.kinds));
}

async function saveRouting({ ctx, asked, by, typed }: Sent<RoutingMetadata, Fields>): Promise<void> {
  const changed = await ctx.alertRouting.change(toChange(typed), by);
  const notice = buildNotice(changed ? [] : ['Nothing differs: nothing changed.'], [
    { label: 'Alerts', command: 'alerts' },
    { label: 'Send a test alert', command: 'alerts test' },
  ]);
  const { text, blocks } = describeRouting(await ctx.alertRouting.get());
  await tellPrivately(ctx, asked, {
    text: `${notice.text} ${text}`.trim(),
    blocks: [...blocks, ...notice.blocks],
  });
}

/** A choice that was sent before the field that it brings stood there has its fault at the choice. */
async function checkRouting({ ctx, typed, has }: Sent<RoutingMetadata, Fields>): Promise<Faults> {
  const { to, who, channel } = typed;
  const faults: Faults = {};
  if (to === 'channel' && channel === '') faults[has('channel') ? 'channel' : 'to'] = 'Choose the channel.';
  else if (to === 'channel') Object.assign(faults, await faultAt('channel', () => prepareChannel(ctx, channel)));
  if ((who === 'group' || who === 'person') && typed[who] === '') faults[has(who) ? who : 'who'] = `Choose the ${who}.`;
  else if (who === 'person') Object.assign(faults, await checkPerson(ctx, typed.person));
  return faults;
}

async function checkPerson(ctx: SlackContext, person: string): Promise<Faults> {
  const { fullMember, name } = await ctx.people.find(person);
  return fullMember ? {} : { person: `${name} is no full member of this workspace: choose somebody who is.` };
}

function toChange({ to, channel, who, group, person, kinds }: Filled<Fields>['typed']): RoutingChange {
  const mention = { group, person, nobody: null, '': null }[who];
  const on = ALERT_KINDS.map(({ kind }) => [kind, kinds.includes(kind)] as const);
  return { channel: to === 'channel' ? channel : null, mention, kinds: Object.fromEntries(on) };
}

/** User groups whose name or handle contains what was typed. */
async function listGroups(ctx: SlackContext, contains: string): Promise<Option[]> {
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
