import { ALERT_KINDS, findAlertKind } from '../domain/alert.ts';
import { DAY_MS, HOUR_MS } from '../domain/calendar.ts';
import { HeadroomError, QuestionError } from '../errors.ts';
import { ACTIONS } from '../messages/action-ids.ts';
import { buildAlertList, describeMuted } from '../messages/alert-list.ts';
import { buildNotice } from '../messages/answer-message.ts';
import { findView } from '../store/view-repository.ts';
import { withChannel } from './asked.ts';
import { describeBadTime, listMuteExamples } from './command/alert-words.ts';
import type { AlertsCommand } from './command/command.ts';
import { parseUntil } from './command/until.ts';
import { type Asked, requireAdmin, type SlackContext, tellPrivately } from './context.ts';
import type { Listen } from './listen.ts';
import { type Person, toActor } from './permissions.ts';
import { prepareChannel } from './places.ts';
import { openPools } from './pool-forms.ts';
import type { Actor, AlertPort } from './ports.ts';
import { openRouting } from './routing-form.ts';

/** Actions that members may do as well; the port lets them remove what is their own. */
const FOR_MEMBERS = new Set<AlertsCommand['action']>(['list', 'acknowledge', 'add', 'remove']);

/** State of alerts, and who hears of them. Members may look, acknowledge, and set bounds of their own; the rest is for admins. */
export async function performAlerts(
  ctx: SlackContext,
  asked: Asked,
  person: Person,
  command: AlertsCommand,
): Promise<void> {
  if (command.action === 'list') {
    const [alerts, { channel: route }] = await Promise.all([ctx.alerts.list(), ctx.alertRouting.get()]);
    return tellPrivately(ctx, asked, buildAlertList(alerts, { route, admin: person.admin, zone: person.zone }));
  }
  if (!FOR_MEMBERS.has(command.action)) requireAdmin(person);
  if (command.action === 'route' && !command.channel && !command.to) return openRouting(ctx, asked);
  const line = await change(ctx, asked, person, command);
  await tellPrivately(ctx, asked, buildNotice([line], [{ label: 'Alerts', command: 'alerts' }]));
}

async function change(
  ctx: SlackContext,
  asked: Asked,
  person: Person,
  command: Exclude<AlertsCommand, { action: 'list' }>,
): Promise<string> {
  const by = toActor(person);
  switch (command.action) {
    case 'test':
      await ctx.alertRouting.test(by);
      return 'A test alert is on its way, sent the same way as real ones.';
    case 'add': {
      const view = await findView(ctx.db, [asked.user, asked.channel], command.view);
      if (!view) {
        throw new QuestionError(`There is no saved view named ${command.view}.`, [
          { label: 'Saved views', command: 'views' },
        ]);
      }
      const { view: name, over, per } = command;
      await ctx.alertRules.add({ name, question: view.question, over, per }, by);
      return `I’ll alert you when “${name}” passes ${over.toLocaleString('en-US')} ${over === 1 ? 'request' : 'requests'} ${per === 'day' ? 'a day' : 'an hour'}.`;
    }
    case 'remove':
      await ctx.alertRules.remove(command.what, by);
      return `Removed the alert ${command.what}.`;
    case 'enable':
    case 'disable':
      await ctx.alertRouting.change({ kinds: { [command.what]: command.action === 'enable' } }, by);
      return `${titleOf(command.what)}: ${command.action === 'enable' ? 'on' : 'off'}.`;
    case 'mute': {
      const untilMs = command.until ? parseUntil(command.until, ctx.now(), person.zone) : undefined;
      // Without this it would be muted for ever.
      if (command.until && untilMs === undefined) {
        const examples = listMuteExamples(command.what ?? '').map((text) => ({ label: text, command: text }));
        throw new QuestionError(describeBadTime(command.until), examples);
      }
      const what = command.what === undefined ? {} : { what: command.what };
      const muted = await ctx.alerts.mute({ ...what, ...(untilMs === undefined ? {} : { untilMs }) }, by);
      return describeMuted(muted, untilMs, person.zone);
    }
    case 'unmute':
      return `${await ctx.alerts.unmute(command.what === undefined ? {} : { what: command.what }, by)}: no longer muted.`;
    case 'acknowledge':
      return describeAcknowledged(
        await ctx.alerts.acknowledge(command.what === undefined ? {} : { what: command.what }, by),
      );
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

/** Registers the buttons of alerts. Any member acknowledges; muting and switching is for admins, which the port checks as well. */
export function registerAlerts({ press: on }: Listen, ctx: SlackContext): void {
  const { alerts } = ctx;
  const change = (action: string, needs: 'view' | 'admin', run: (what: string, by: Actor) => Promise<string>) =>
    on(
      action,
      async ({ asked, person, value }) => {
        const told = await run(value, toActor(person));
        await tellPrivately(ctx, await withChannel(ctx, asked), buildNotice([told]));
      },
      needs,
    );
  change(ACTIONS.alertAcknowledge, 'view', async (what, by) =>
    describeAcknowledged(await alerts.acknowledge({ what }, by)),
  );
  const mute = async (what: string, untilMs: number, by: Actor) =>
    describeMuted(await alerts.mute({ what, untilMs }, by), untilMs, by.zone);
  change(ACTIONS.alertMute, 'admin', (what, by) => mute(what, ctx.now() + DAY_MS, by));
  // Choosing the same again changes nothing.
  const muteUntil = async (value: string, by: Actor) => {
    const [choice = '', id = ''] = value.split(':');
    return mute(id, await toInstant(alerts, choice, id, by.zone, ctx.now()), by);
  };
  // Alerts of earlier versions have a menu of their own for it.
  change(ACTIONS.alertMuteUntil, 'admin', muteUntil);
  on(
    ACTIONS.alertMore,
    async ({ asked, person, value }) => {
      const [, what, rest = ''] = /^(mute|pools):(.+)$/.exec(value) ?? [];
      if (what === 'pools') return openPools(ctx, asked, (await alerts.find(rest))?.scope);
      if (what !== 'mute') return openRouting(ctx, asked);
      await tellPrivately(ctx, asked, buildNotice([await muteUntil(rest, toActor(person))]));
    },
    'admin',
  );
  change(ACTIONS.alertUnmute, 'admin', async (what, by) => `${await alerts.unmute({ what }, by)}: no longer muted.`);
  change(ACTIONS.alertRemove, 'view', async (what, by) => {
    await ctx.alertRules.remove(what, by);
    return 'Removed.';
  });
  change(ACTIONS.alertTest, 'admin', async (_what, by) => {
    await ctx.alertRouting.test(by);
    return 'A test alert is on its way.';
  });
}

function titleOf(what: string): string {
  const named = findAlertKind(what);
  return ALERT_KINDS.find(({ kind }) => kind === named)?.title ?? what;
}

function describeAcknowledged(titles: readonly string[]): string {
  return titles.length > 0 ? `Acknowledged: ${titles.join('; ')}.` : 'That was acknowledged before.';
}

/** Returns the end of a choice that mutes, in the menu of an alert; “tomorrow” is the actor’s own. */
async function toInstant(alerts: AlertPort, choice: string, id: string, zone: string, nowMs: number): Promise<number> {
  if (choice === 'period') return (await alerts.find(id))?.periodEndMs ?? nowMs + DAY_MS;
  if (choice !== 'tomorrow') return nowMs + HOUR_MS;
  const tomorrow = Temporal.Instant.fromEpochMilliseconds(nowMs)
    .toZonedDateTimeISO(zone)
    .toPlainDate()
    .add({ days: 1 });
  return tomorrow.toZonedDateTime({ timeZone: zone, plainTime: '09:00' }).epochMilliseconds;
}
