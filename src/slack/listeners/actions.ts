import type { App } from '@slack/bolt';
import { ACTIONS } from '../../messages/action-ids.ts';
import { buildNotice } from '../../messages/answer-message.ts';
import type { Block } from '../../messages/text.ts';
import { type Asked, type SlackContext, tellPrivately } from '../context.ts';
import { requireAdmin, serve } from '../failure.ts';
import { publishHome } from '../home.ts';
import { openDigestModal } from '../modals.ts';
import { chooseMute } from '../mute-until.ts';
import { performText, toActor } from '../perform.ts';
import { tellChange } from '../perform-digests.ts';
import type { Person } from '../permissions.ts';
import { askedByPress, type PressBody, withChannel } from './asked.ts';
import { registerPoolButtons } from './pools.ts';
import { registerRoutingButtons, registerRoutingForm } from './routing.ts';

type Task = (given: { ctx: SlackContext; asked: Asked; person: Person; value: string }) => Promise<void>;

/** Does something for the presses of an action, also of those with more after a colon. */
export type OnPress = (action: string, task: Task) => void;

interface Pressed {
  value?: string;
  selected_option?: { value: string } | null;
}

const MUTE_MS = 24 * 3_600_000;

/** Buttons that stand outside answers: suggestions, digests, alerts, pools. Any other press is acknowledged and told off. */
export function registerActions(app: App, ctx: SlackContext): void {
  const on: OnPress = (action, task) =>
    app.action(new RegExp(`^${action}(:|$)`), async ({ ack, body, action: pressed }) => {
      await ack();
      const asked = askedByPress(body as PressBody, ctx.now());
      const { value = '', selected_option: chosen } = pressed as Pressed;
      await serve(ctx, asked, async (person) => {
        await task({ ctx, asked, person, value: chosen?.value ?? value });
        if ((body as PressBody).view?.type === 'home') await publishHome(ctx, person);
      });
    });
  on(ACTIONS.run, async ({ asked, person, value }) => {
    await performText(ctx, await withChannel(ctx, asked), person, value);
  });
  app.action(new RegExp(`^${ACTIONS.link}(:|$)`), async ({ ack }) => ack());
  registerDigestButtons(on, ctx);
  registerAlertButtons(on, ctx);
  registerPoolButtons(on, ctx);
  registerRoutingButtons(on, ctx);
  registerRoutingForm(app, ctx);
  app.action(/^(?!answer_|run|link|digest_|alert_|pool_)/, async ({ ack }) => ack());
}

function registerDigestButtons(on: OnPress, ctx: SlackContext): void {
  on(ACTIONS.digestNew, ({ asked, person }) => openDigestModal(ctx, asked, person));
  on(ACTIONS.digestEdit, async ({ asked, person, value }) => {
    const digest = (await ctx.digests.list({})).find(({ id }) => id === Number(value));
    if (!digest) return tellPrivately(ctx, asked, buildNotice([`Digest ${value} is no longer there.`]));
    await openDigestModal(ctx, asked, person, { digest });
  });
  on(ACTIONS.digestPause, async ({ asked, person, value }) => {
    const [id, word] = value.split(':');
    const by = toActor(person);
    const digest =
      word === 'resume' ? await ctx.digests.resume(Number(id), by) : await ctx.digests.pause(Number(id), {}, by);
    await tellChange(ctx, await withChannel(ctx, asked), word === 'resume' ? 'Resumed' : 'Paused', digest);
  });
  on(ACTIONS.digestRemove, async ({ asked, person, value }) => {
    const digest = await ctx.digests.remove(Number(value), toActor(person));
    await tellChange(ctx, await withChannel(ctx, asked), 'Removed', digest);
  });
  on(ACTIONS.digestTakeOver, async ({ asked, person, value }) => {
    const digest = await ctx.digests.takeOver(Number(value), toActor(person));
    await tellChange(ctx, await withChannel(ctx, asked), 'Yours now', digest);
  });
  on(ACTIONS.digestPreview, async ({ asked, value }) => {
    const here = await withChannel(ctx, asked);
    const { text, blocks } = await ctx.digests.compose({ id: Number(value), channel: here.channel });
    await tellPrivately(ctx, here, { text: `Preview: ${text}`, blocks: blocks as Block[] });
  });
  on(ACTIONS.digestSend, async ({ asked, person, value }) => {
    const here = await withChannel(ctx, asked);
    await ctx.digests.send({ id: Number(value), channel: here.channel }, toActor(person));
    await tellPrivately(ctx, here, buildNotice(['On its way.']));
  });
}

/** Alerts are acknowledged by any member; muting and switching is for admins, which the port checks as well. */
function registerAlertButtons(on: OnPress, ctx: SlackContext): void {
  const change = (
    action: string,
    needsAdmin: boolean,
    told: string,
    run: (what: string, person: Person) => Promise<void>,
  ) =>
    on(action, async ({ asked, person, value }) => {
      if (needsAdmin) requireAdmin(person);
      await run(value, person);
      const here = await withChannel(ctx, asked);
      await tellPrivately(ctx, here, buildNotice([told]));
    });
  const { alerts } = ctx;
  // What an alert leads to is read beside it, by everybody who looks into it.
  on(ACTIONS.alertAsk, async ({ asked, person, value }) => {
    const threadTs = asked.ephemeral ? undefined : (asked.threadTs ?? asked.messageTs);
    await performText(ctx, { ...(await withChannel(ctx, asked)), threadTs }, person, value);
  });
  change(ACTIONS.alertAcknowledge, false, 'Acknowledged.', (what, person) =>
    alerts.acknowledge({ what }, toActor(person)),
  );
  change(ACTIONS.alertMute, true, 'Muted for 24 hours.', (what, person) =>
    alerts.mute({ what, untilMs: ctx.now() + MUTE_MS }, toActor(person)),
  );
  on(ACTIONS.alertMuteUntil, async ({ asked, person, value }) => {
    requireAdmin(person);
    const told = await chooseMute(alerts, value, toActor(person), ctx.now());
    await tellPrivately(ctx, asked, buildNotice([told]));
  });
  change(ACTIONS.alertUnmute, true, 'No longer muted.', (what, person) => alerts.unmute({ what }, toActor(person)));
  change(ACTIONS.alertEnable, true, 'Turned on.', (what, person) => alerts.enable(what, true, toActor(person)));
  change(ACTIONS.alertDisable, true, 'Turned off.', (what, person) => alerts.enable(what, false, toActor(person)));
  change(ACTIONS.alertRemove, false, 'Removed.', (what, person) => alerts.remove(what, toActor(person)));
  change(ACTIONS.alertTest, true, 'A test alert is on its way.', (_what, person) => alerts.test(toActor(person)));
}
