import { ALERT_KINDS } from '../domain/alert.ts';
import { ACTIONS, CALLBACKS } from '../messages/action-ids.ts';
import { buildNotice } from '../messages/answer-message.ts';
import {
  buildRoutingForm,
  describeRouting,
  listRoutingFields,
  type RoutingMetadata,
  toRouting,
} from '../messages/routing-form.ts';
import { type Option, option } from '../messages/text.ts';
import { slackErrorOf } from './client/errors.ts';
import { type Asked, type SlackContext, tellPrivately, toFormPlace } from './context.ts';
import { type Faults, type Filled, METADATA, readForm, readMetadata } from './form-state.ts';
import { publishHome } from './home.ts';
import { faultAt, type Listen, type Press, type Submitted } from './listen.ts';
import { toActor } from './permissions.ts';
import { prepareChannel } from './places.ts';
import type { RoutingChange } from './ports.ts';
import { openView, updateView } from './views.ts';

const PATIENCE_MS = 1000;
/** `usergroups.list` takes 20 calls a minute. */
const KEEP_MS = 60_000;
/** Which kinds there are matters only where they are offered. */
const FIELDS = listRoutingFields([], true);
type Fields = typeof FIELDS;

/** Registers the form of where alerts go: opened, refreshed while it is filled in, and sent. */
export function registerRouting(listen: Listen, ctx: SlackContext): void {
  listen.press(ACTIONS.alertRoute, ({ asked }) => openRouting(ctx, asked), 'admin');
  listen.press(ACTIONS.alertForm, (press) => reshape(ctx, press), 'admin');
  listen.options(ACTIONS.alertGroup, (typed) => listGroups(ctx, typed), 'admin');
  listen.form(CALLBACKS.alertRoute, {
    needs: 'admin',
    metadata: METADATA.routing,
    fields: FIELDS,
    check: (given) => checkRouting(ctx, given),
    submit: (given) => saveRouting(ctx, given),
  });
}

/** Opens the form of where alerts go, as it is now. */
export async function openRouting(ctx: SlackContext, asked: Asked): Promise<void> {
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

/** Another choice brings other fields. */
async function reshape(ctx: SlackContext, { body: { view } }: Press): Promise<void> {
  const { id = '', hash, private_metadata, state } = view ?? {};
  const { kinds } = await ctx.alertRouting.get();
  const { typed, option } = readForm(FIELDS, state?.values);
  const values = { ...typed, to: typed.to || 'admins', who: typed.who || 'nobody', group: option('group') } as const;
  await updateView(
    ctx,
    { id, hash },
    buildRoutingForm(readMetadata(METADATA.routing, private_metadata), values, kinds),
  );
}

async function saveRouting(ctx: SlackContext, given: Submitted<RoutingMetadata, Fields>): Promise<void> {
  const { asked, person, typed } = given;
  const changed = await ctx.alertRouting.change(toChange(typed), toActor(person));
  const notice = buildNotice(changed ? [] : ['Nothing differs: nothing changed.'], [
    { label: 'Alerts', command: 'alerts' },
    { label: 'Send a test alert', command: 'alerts test' },
  ]);
  const { text, blocks } = describeRouting(await ctx.alertRouting.get());
  await tellPrivately(ctx, asked, {
    text: `${notice.text} ${text}`.trim(),
    blocks: [...blocks, ...notice.blocks],
  });
  if (asked.channel === '') await publishHome(ctx, person);
}

/** A choice that was sent before the field that it brings stood there has its fault at the choice. */
async function checkRouting(ctx: SlackContext, { typed, has }: Filled<Fields>): Promise<Faults> {
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
