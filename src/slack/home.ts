import { listAudit } from '../store/audit-repository.ts';
import { buildHome, buildRefusedHome } from './blocks/home.ts';
import type { SlackContext } from './context.ts';
import type { Person } from './permissions.ts';
import { callSlack } from './web-clients.ts';

/** Publishes the Home tab of a person: cards, their digests, and for admins what they can change. */
export async function publishHome(ctx: SlackContext, person: Person): Promise<void> {
  const blocks = person.mayView ? await compose(ctx, person) : buildRefusedHome();
  const publish = () =>
    ctx.client.views.publish({ user_id: person.id, view: { type: 'home', blocks: blocks as never } });
  await callSlack(publish, { wait: ctx.wait, repeatable: true });
}

async function compose(ctx: SlackContext, person: Person) {
  const report = await ctx.reporter.answer({ report: 'summary' }, ctx.now());
  const [digests, alerts, audit] = await Promise.all([
    ctx.digests.list({ owner: person.id }),
    person.admin ? ctx.alerts.list() : [],
    person.admin ? listAudit(ctx.db, 5) : [],
  ]);
  return buildHome({ report, digests, alerts, audit, person, config: ctx.config, command: ctx.command });
}
