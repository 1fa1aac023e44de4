import { listViews } from '../store/view-repository.ts';
import { findHelpDays, type HelpNames } from './command/help.ts';
import type { Asked, SlackContext } from './context.ts';

/** Names of this workspace, channel and person for the examples of the help. */
export async function findHelpNames(ctx: SlackContext, { user, channel }: Asked): Promise<HelpNames> {
  const nowMs = ctx.now();
  const [examples, [view], [digest]] = await Promise.all([
    ctx.reporter.examples(nowMs),
    listViews(ctx.db, [user, channel]),
    ctx.digests.list({ channel }),
  ]);
  return {
    ...examples,
    ...(view && { view: view.name }),
    ...(digest && { digest: digest.id }),
    ...findHelpDays(nowMs, ctx.config.zone),
  };
}
