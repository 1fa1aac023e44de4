import { ALERT_KINDS, findAlertKind } from '../domain/alert.ts';
import { HeadroomError, QuestionError } from '../errors.ts';
import { buildAlertList, describeMuted } from '../messages/alert-list.ts';
import { findView } from '../store/view-repository.ts';
import { describeBadTime, listMuteExamples } from './command/alert-words.ts';
import type { AlertsCommand } from './command/command.ts';
import { parseUntil } from './command/until.ts';
import type { Served } from './context.ts';
import { requireAdmin } from './listen.ts';
import type { AlertRulePort } from './ports.ts';
import { openRouting } from './routing-form.ts';
import { prepareChannel, say, tell } from './tell.ts';

/** Actions open to members as well as admins. The port lets members remove only what they added themselves. */
const FOR_MEMBERS = new Set<AlertsCommand['action']>(['list', 'acknowledge', 'add', 'remove']);

/** Performs `/usage alerts …`. Members may list, acknowledge and set their own alert rules; everything else is for admins. */
export async function performAlerts(served: Served, command: AlertsCommand): Promise<void> {
  const { ctx, person } = served;
  if (command.action === 'list') {
    const [alerts, { channel: route }] = await Promise.all([ctx.alerts.list(), ctx.alertRouting.get()]);
    return tell(served, buildAlertList(alerts, { route, admin: person.admin, zone: person.zone }));
  }
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

async function change(served: Served, command: Exclude<AlertsCommand, { action: 'list' }>): Promise<string> {
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
