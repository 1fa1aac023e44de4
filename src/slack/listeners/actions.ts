import { DAY_MS } from '../../domain/time-units.ts';
import { ACTIONS } from '../../messages/action-ids.ts';
import { buildNotice } from '../../messages/answer-message.ts';
import { buildDigestPreview } from '../../messages/digest-preview.ts';
import { type SlackContext, tellPrivately } from '../context.ts';
import { openDigestModal } from '../modals.ts';
import { chooseMute } from '../mute-until.ts';
import { performText } from '../perform.ts';
import { describeSent, tellChange, tellRemoved } from '../perform-digests.ts';
import type { Person } from '../permissions.ts';
import { toActor } from '../permissions.ts';
import { withChannel } from './asked.ts';
import type { Listen } from './listen.ts';

const MUTE_MS = DAY_MS;

/** Buttons that stand outside answers: suggestions, links, digests, alerts. */
export function registerActions(listen: Listen, ctx: SlackContext): void {
  listen.press(ACTIONS.run, async ({ asked, person, value }) => {
    await performText(ctx, await withChannel(ctx, asked), person, value);
  });
  // Slack opens the link itself, also for those who may nothing here.
  listen.ignore(ACTIONS.link);
  registerDigestButtons(listen, ctx);
  registerAlertButtons(listen, ctx);
}

function registerDigestButtons({ press: on }: Listen, ctx: SlackContext): void {
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
    await tellRemoved(ctx, await withChannel(ctx, asked), digest);
  });
  on(ACTIONS.digestTakeOver, async ({ asked, person, value }) => {
    const digest = await ctx.digests.takeOver(Number(value), toActor(person));
    await tellChange(ctx, await withChannel(ctx, asked), 'Yours now', digest);
  });
  on(ACTIONS.digestPreview, async ({ asked, value }) => {
    const here = await withChannel(ctx, asked);
    const preview = await ctx.digests.compose({ id: Number(value), channel: here.channel });
    await tellPrivately(ctx, here, buildDigestPreview(preview));
  });
  on(ACTIONS.digestSend, async ({ asked, person, value }) => {
    const here = await withChannel(ctx, asked);
    const digest = await ctx.digests.send({ id: Number(value), channel: here.channel }, toActor(person));
    await tellPrivately(ctx, here, buildNotice([describeSent(digest)]));
  });
}

/** Alerts are acknowledged by any member; muting and switching is for admins, which the port checks as well. */
function registerAlertButtons({ press: on }: Listen, ctx: SlackContext): void {
  const { alerts } = ctx;
  const change = (
    action: string,
    needs: 'view' | 'admin',
    told: string,
    run: (what: string, person: Person) => Promise<unknown>,
  ) =>
    on(
      action,
      async ({ asked, person, value }) => {
        await run(value, person);
        await tellPrivately(ctx, await withChannel(ctx, asked), buildNotice([told]));
      },
      needs,
    );
  // What an alert leads to is read beside it, by everybody who looks into it.
  on(ACTIONS.alertAsk, async ({ asked, person, value }) => {
    const threadTs = asked.ephemeral ? undefined : (asked.threadTs ?? asked.messageTs);
    await performText(ctx, { ...(await withChannel(ctx, asked)), threadTs }, person, value);
  });
  change(ACTIONS.alertAcknowledge, 'view', 'Acknowledged.', (what, person) =>
    alerts.acknowledge({ what }, toActor(person)),
  );
  change(ACTIONS.alertMute, 'admin', 'Muted for 24 hours.', (what, person) =>
    alerts.mute({ what, untilMs: ctx.now() + MUTE_MS }, toActor(person)),
  );
  on(
    ACTIONS.alertMuteUntil,
    async ({ asked, person, value }) => {
      const told = await chooseMute(alerts, value, toActor(person), ctx.now());
      await tellPrivately(ctx, asked, buildNotice([told]));
    },
    'admin',
  );
  change(ACTIONS.alertUnmute, 'admin', 'No longer muted.', (what, person) => alerts.unmute({ what }, toActor(person)));
  change(ACTIONS.alertRemove, 'view', 'Removed.', (what, person) => alerts.remove(what, toActor(person)));
  change(ACTIONS.alertTest, 'admin', 'A test alert is on its way.', (_what, person) => alerts.test(toActor(person)));
}
