import { z } from 'zod';
import { ALERT_KINDS, findAlertKind } from '../domain/alert.ts';
import { InvalidRangeError } from '../domain/range.ts';
import { HeadroomError, QuestionError } from '../errors.ts';
import { ACTIONS } from '../messages/action-ids.ts';
import { buildAlertHistory, buildAlertList, describeMuted, describeRouting } from '../messages/alert-message.ts';
import { buildNotice } from '../messages/answer-message.ts';
import { type Option, option, plainContext } from '../messages/text.ts';
import { findView } from '../store/conversation-repository.ts';
import { slackErrorOf } from './client/errors.ts';
import { describeBadTime, listMuteExamples } from './command/alert-words.ts';
import type { AlertsCommand } from './command/command.ts';
import { parseUntil } from './command/until.ts';
import type { Asking, Served, SlackContext } from './context.ts';
import { faultAt, form } from './form.ts';
import { type Faults, options, requireAdmin } from './listen.ts';
import type { AlertRulePort } from './ports.ts';
import { prepareChannel, say, tell } from './tell.ts';

/** Actions open to members as well as admins. The port lets members remove only what they added themselves. */
const FOR_MEMBERS = new Set<AlertsCommand['action']>(['list', 'history', 'acknowledge', 'add', 'remove']);

/** Performs `/usage alerts …`. Members may list, acknowledge and set their own alert rules; everything else is for admins. */
export async function performAlerts(served: Served, command: AlertsCommand): Promise<void> {
  const { ctx, person } = served;
  if (command.action === 'list') {
    const [alerts, { channel: route }] = await Promise.all([ctx.alerts.list(), ctx.alertRouting.get()]);
    return tell(served, buildAlertList(alerts, { route, admin: person.admin, zone: person.zone }));
  }
  if (command.action === 'history') return tellHistory(served, command.range);
  if (!FOR_MEMBERS.has(command.action)) requireAdmin(person);
  if (command.action === 'route' && !command.channel && !command.to) return openRouting(served);
  const line = await change(served, command);
  await say(served, [line], [{ label: 'Alerts', command: 'alerts' }]);
}

/** Adds an alert rule on the count of a question, and returns the sentence that confirms it. */
export async function addRule({ ctx, by }: Served, rule: Parameters<AlertRulePort['add']>[0]): Promise<string> {
  await ctx.alertRules.add(rule, by);
  const { name, over, per } = rule;
  return `I’ll alert you when “${name}” passes ${over.toLocaleString('en-US')} ${over === 1 ? 'request' : 'requests'} ${per === 'day' ? 'a day' : 'an hour'}.`;
}

async function tellHistory(served: Served, range: string | undefined): Promise<void> {
  const { ctx, person } = served;
  try {
    return await tell(served, buildAlertHistory(await ctx.alerts.told(range), person.zone));
  } catch (error) {
    if (!(error instanceof InvalidRangeError)) throw error;
    const offers = error.suggestions.slice(0, 5).map((text) => ({ label: text, command: `alerts ${text}` }));
    throw new QuestionError(error.message, offers, { cause: error });
  }
}

async function change(
  served: Served,
  command: Exclude<AlertsCommand, { action: 'list' | 'history' }>,
): Promise<string> {
  const { ctx, asked, person, by } = served;
  switch (command.action) {
    case 'test':
      await ctx.alertRouting.test(by);
      return 'A test alert is on its way, sent the same way as real ones.';
    case 'add': {
      const view = await findView(ctx.db, [asked.user, asked.channel], command.view);
      if (!view) {
        throw new QuestionError(
          `There is no saved view named ${command.view}. Ask first, then: ${ctx.command} save NAME`,
          [{ label: 'Saved views', command: 'views' }],
        );
      }
      const { over, per } = command;
      return addRule(served, { name: command.view, question: view.question, over, per });
    }
    case 'remove':
      await ctx.alertRules.remove(command.what, by);
      return `Removed the alert ${command.what}.`;
    case 'enable':
    case 'disable':
      await ctx.alertRouting.change({ kinds: { [command.what]: command.action === 'enable' } }, by);
      return `${ALERT_KINDS.find(({ kind }) => kind === findAlertKind(command.what))?.title ?? command.what}: ${command.action === 'enable' ? 'on' : 'off'}.`;
    case 'mute': {
      const { what, until } = command;
      const untilMs = typeof until === 'string' ? parseUntil(until, ctx.now(), person.zone) : until;
      // An unreadable end would otherwise mute it for ever.
      if (typeof until === 'string' && untilMs === undefined) {
        const examples = listMuteExamples(what ?? '').map((text) => ({ label: text, command: text }));
        throw new QuestionError(describeBadTime(until), examples);
      }
      const muted = await ctx.alerts.mute({ what, untilMs }, by);
      return describeMuted(muted, untilMs, person.zone);
    }
    case 'unmute':
      return `${await ctx.alerts.unmute({ what: command.what }, by)}: no longer muted.`;
    case 'acknowledge': {
      const titles = await ctx.alerts.acknowledge({ what: command.what }, by);
      return titles.length > 0 ? `Acknowledged: ${titles.join('; ')}.` : 'That was acknowledged before.';
    }
    case 'route': {
      const { channel: named, to } = command;
      if (to === 'admins') {
        await ctx.alertRouting.change({ channel: null }, by);
        return 'Alerts go to the admins by direct message from now on.';
      }
      if (named && !named.id) {
        const name = `#${named.name}`;
        throw new HeadroomError(
          'question',
          `Slack did not say which channel ${name} is: pick it from the list that opens while you type, or use the form: alerts route`,
        );
      }
      const channel = named?.id ?? asked.channel;
      await prepareChannel(ctx, channel);
      await ctx.alertRouting.change({ channel }, by);
      return `Alerts go to ${named ? `#${named.name}` : 'this channel'} from now on.`;
    }
  }
}

const PATIENCE_MS = 1000;
/** Cache the groups for a minute: `usergroups.list` takes 20 calls a minute. */
const KEEP_MS = 60_000;

/** Values of the form: the routing as it is, or the input so far. */
interface Shown {
  to: 'channel' | 'admins';
  channel: string;
  who: (typeof WHOM)[number][0];
  group: Option | undefined;
  person: string;
  kinds: readonly string[];
}

const live = ACTIONS.alertForm;
const WHOM = [
  ['group', 'A user group'],
  ['person', 'One person'],
  ['nobody', 'Nobody'],
] as const;

/** Form of alert routing: the channel, the mention, and the kinds that are sent. A choice adds the field that it needs. */
export const ROUTING_FORM = form({
  ...{ on: 'alert_route', title: 'Alert routing', submit: 'Save', needs: 'admin', again: 'alerts route' },
  /** The workspace's plan may have no user groups. */
  about: z.object({ noGroups: z.boolean().optional() }),
  fields: {
    to: {
      ...{ kind: 'choice', label: 'Alerts go to', live, required: 'choose one' },
      options: [
        ['channel', 'A channel'],
        ['admins', 'The admins, by direct message'],
      ],
    },
    channel: {
      ...{ kind: 'channel', label: 'Channel', required: 'choose one' },
      hint: 'I’ll join public channels myself; invite me to private ones.',
    },
    who: { kind: 'choice', label: 'At 90% and 100% mention', live, required: 'choose one', options: WHOM },
    group: { kind: 'search', label: 'User group', action: ACTIONS.alertGroup, required: 'choose one' },
    person: { kind: 'person', label: 'Person', required: 'choose one' },
    kinds: {
      kind: 'choices',
      label: 'Warn when',
      options: ALERT_KINDS.map(({ kind, title }) => [kind, title] as const),
    },
  },
  layout: (put, { to, channel, who, group, person, kinds }: Shown, { noGroups }) => [
    put('to', to),
    ...(to === 'channel' ? [put('channel', channel)] : []),
    put('who', who, noGroups ? { options: WHOM.slice(1) } : {}),
    ...(who === 'group' ? [put('group', group ? [group] : [])] : []),
    ...(who === 'person' ? [put('person', person)] : []),
    plainContext('Only if no other pool has credits left. Other alerts mention no one.'),
    put('kinds', kinds),
  ],
  live: {
    on: live,
    rebuild: async ({ about, typed, option }, { build }) =>
      build(about, { ...typed, to: typed.to || 'admins', who: typed.who || 'nobody', group: option('group') }),
  },
  /** If the form was sent before the field of a choice was there, the fault is shown at the choice. */
  async check({ ctx, typed, has }) {
    const { to, who, channel, person } = typed;
    const faults: Faults = {};
    if (to === 'channel' && channel === '') faults[has('channel') ? 'channel' : 'to'] = 'Choose the channel.';
    else if (to === 'channel') Object.assign(faults, await faultAt('channel', () => prepareChannel(ctx, channel)));
    if ((who === 'group' || who === 'person') && typed[who] === '')
      faults[has(who) ? who : 'who'] = `Choose the ${who}.`;
    else if (who === 'person') {
      const { fullMember, name } = await ctx.people.find(person);
      if (!fullMember) faults.person = `${name} is no full member of this workspace: choose somebody who is.`;
    }
    return faults;
  },
  async run(sent) {
    const { ctx, by, typed } = sent;
    const { to, channel, who, group, person, kinds } = typed;
    const change = {
      channel: to === 'channel' ? channel : null,
      mention: who === 'group' ? group : who === 'person' ? person : null,
      kinds: Object.fromEntries(ALERT_KINDS.map(({ kind }) => [kind, kinds.includes(kind)])),
    };
    const changed = await ctx.alertRouting.change(change, by);
    const notice = buildNotice(changed ? [] : ['Nothing differs: nothing changed.'], [
      { label: 'Alerts', command: 'alerts' },
      { label: 'Send a test alert', command: 'alerts test' },
    ]);
    const { text, blocks } = describeRouting(await ctx.alertRouting.get());
    await tell(sent, { text: `${notice.text} ${text}`.trim(), blocks: [...blocks, ...notice.blocks] });
  },
});

/** Listener that searches user groups. */
export const GROUP_SEARCH = options(ACTIONS.alertGroup, listGroups, 'admin');

/** Opens the routing form with the present routing. */
export async function openRouting(asking: Asking): Promise<void> {
  const { ctx } = asking;
  const { channel = '', mention = '', kinds } = await ctx.alertRouting.get();
  // The trigger expires after 3 s: if Slack does not list the groups in time, the present one is shown by its id.
  const groups = await Promise.race([findGroups(ctx).catch(() => []), ctx.wait(PATIENCE_MS).then(() => [])]);
  const isGroup = mention.startsWith('S');
  const group = groups?.find(({ value }) => value === mention) ?? option(mention, mention);
  await ROUTING_FORM.open(asking, groups ? {} : { noGroups: true }, {
    to: channel ? 'channel' : 'admins',
    channel,
    who: mention === '' ? 'nobody' : isGroup ? 'group' : 'person',
    group: isGroup ? group : undefined,
    person: isGroup ? '' : mention,
    kinds: kinds.filter(({ on }) => on).map(({ kind }) => kind),
  });
}

/** Lists user groups whose name or handle contains the typed text. */
async function listGroups(ctx: SlackContext, contains: string): Promise<Option[]> {
  const wanted = contains.toLowerCase();
  const groups = (await findGroups(ctx)) ?? [];
  return groups.filter(({ text }) => String(text.text).toLowerCase().includes(wanted)).slice(0, 100);
}

/** Lists all user groups, cached for a minute; undefined if the workspace's plan has none. */
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
