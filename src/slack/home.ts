import { DAY_MS } from '../domain/calendar.ts';
import { type AdminContent, buildClosedHome, buildHome } from '../messages/home.ts';
import type { Block } from '../messages/text.ts';
import { listAudit } from '../store/audit-repository.ts';
import { listViews } from '../store/conversation-repository.ts';
import { listDeliveries } from '../store/delivery-repository.ts';
import { callSlack, cureOf } from './client/errors.ts';
import type { SlackContext } from './context.ts';
import { type Person, whyClosed } from './permissions.ts';
import type { DigestSummary } from './ports.ts';
import { sendView } from './views.ts';

const FAILED_SINCE_MS = 7 * DAY_MS;
const MAX_CHANNEL_PAGES = 5;

/** Publishes the Home tab of a person: cards, their digests and views, and for admins the state of the installation. */
export async function publishHome(ctx: SlackContext, person: Person): Promise<void> {
  const closed = whyClosed(person, ctx.bot.name);
  const blocks = closed === undefined ? await compose(ctx, person) : buildClosedHome(closed);
  const publish = (view: Block) =>
    callSlack(() => ctx.client.views.publish({ user_id: person.id, view: view as never }), {
      wait: ctx.wait,
      repeatable: true,
    });
  await sendView(ctx, { type: 'home', blocks }, publish);
}

async function compose(ctx: SlackContext, person: Person) {
  const [report, digests, views, alerts, admin] = await Promise.all([
    ctx.reporter.answer({ report: 'summary' }, ctx.now()),
    listDigests(ctx, person),
    listViews(ctx.db, [person.id]),
    ctx.alerts.list(),
    person.admin ? describeInstallation(ctx) : undefined,
  ]);
  return buildHome({ report, digests, views, alerts, admin, person, config: ctx.config, command: ctx.command });
}

/** Lists the person's own digests, then those of their channels. */
async function listDigests(ctx: SlackContext, { id }: Person): Promise<DigestSummary[]> {
  const digests = await ctx.digests.list();
  const { own = [], others = [] } = Object.groupBy(digests, ({ owner }) => (owner === id ? 'own' : 'others'));
  const channels = others.length > 0 ? await listChannels(ctx, id) : new Set();
  return [...own, ...others.filter(({ channel }) => channels.has(channel))];
}

/** Lists the channels of a person that the bot can see; none if Slack fails, since the Home tab must not wait. */
async function listChannels({ client, log }: SlackContext, user: string): Promise<Set<string>> {
  const found = new Set<string>();
  let cursor: string | undefined;
  try {
    for (let page = 0; page < MAX_CHANNEL_PAGES; page += 1) {
      const kinds = { types: 'public_channel,private_channel', exclude_archived: true, limit: 999 };
      const answer = await client.users.conversations({ user, ...kinds, ...(cursor ? { cursor } : {}) });
      for (const { id } of answer.channels ?? []) if (id) found.add(id);
      cursor = answer.response_metadata?.next_cursor;
      if (!cursor) break;
    }
  } catch (error) {
    log.debug({ error: String(error), user }, 'digests of other channels are left out of a Home tab');
  }
  return found;
}

async function describeInstallation(ctx: SlackContext): Promise<AdminContent> {
  const nowMs = ctx.now();
  const [sources, failed, orphans, audit] = await Promise.all([
    ctx.reporter.answer({ report: 'sources' }, nowMs),
    listDeliveries(ctx.db, { state: 'failed', sinceMs: nowMs - FAILED_SINCE_MS, limit: 5 }),
    listOrphans(ctx),
    listAudit(ctx.db, 5),
  ]);
  const { version } = ctx.instance;
  return {
    ...{ sources: sources.finding, orphans, audit, version, lastTickMs: ctx.instance.lastTickMs() },
    failed: failed.map(({ kind, channel, dueMs, error = 'unknown_error' }) => ({
      ...{ kind, channel, dueMs },
      why: kind === 'webhook' ? error : cureOf(error),
    })),
  };
}

/** Lists digests whose owner has left; none if Slack fails. */
async function listOrphans(ctx: SlackContext) {
  const digests = await ctx.digests.list();
  const owners = [...new Set(digests.map(({ owner }) => owner))];
  const left = await Promise.all(owners.map((owner) => ctx.people.hasLeft(owner).catch(() => false)));
  const gone = new Set(owners.filter((_, index) => left[index]));
  return digests.filter(({ owner }) => gone.has(owner));
}
