import type { Question } from '../domain/report.ts';
import { buildFilterForm } from '../messages/answer-forms.ts';
import { buildHelp } from '../messages/help.ts';
import { buildAudit, buildDebug, buildSettings } from '../messages/installation.ts';
import type { Message } from '../messages/text.ts';
import { listAudit } from '../store/audit-repository.ts';
import { listChosenFilters, upsertChosenFilters } from '../store/conversation-repository.ts';
import { listViews } from '../store/view-repository.ts';
import { performAlerts } from './alerts.ts';
import { answerQuestion } from './answer.ts';
import type { Command } from './command/command.ts';
import { findHelpDays, type HelpNames } from './command/help.ts';
import { understand } from './command/parse-command.ts';
import type { Asked, Served, SlackContext } from './context.ts';
import { performDigest } from './digests.ts';
import { sendCsv } from './files.ts';
import { toFormPlace } from './form-metadata.ts';
import { withChosen } from './next-questions.ts';
import { findPlace, isPrivateByDefault } from './places.ts';
import { openPools } from './pool-forms.ts';
import { openSaved, saveView, tellViews, unsaveView } from './saved-views.ts';
import { requireAdmin } from './serve.ts';
import { say, tellPrivately } from './tell.ts';
import { openView } from './views.ts';

/** Changes that one message shows. */
const AUDIT_SHOWN = 30;

/** Does what the words after `/usage` ask for. */
export async function performText(served: Served, text: string): Promise<void> {
  const { ctx, asked } = served;
  await perform({ ...served, asked: { ...asked, text } }, await understand(text, ctx.reporter, ctx.now()));
}

/** Does what a command asks for; what it needs beyond seeing answers is checked here. */
export async function perform(served: Served, command: Command): Promise<void> {
  const { ctx, asked, person } = served;
  switch (command.kind) {
    case 'question':
      return answerQuestion(served, command.question, { addChosen: true });
    case 'export':
      return exportCsv(served, command.question);
    case 'help':
      return tellPrivately(ctx, asked, await help(served, command.topic));
    case 'digest':
      return performDigest(served, command);
    case 'alerts':
      return performAlerts(served, command);
    case 'save':
      return saveView(served, command);
    case 'open':
      return openSaved(served, command);
    case 'unsave':
      return unsaveView(served, command.name);
    case 'views':
      return tellViews(served);
    case 'pools':
      requireAdmin(person);
      return openPools(served, command.scope);
    case 'correct':
      return correct(served, command);
    case 'filters':
      return openFilters(served);
    case 'reset':
      await upsertChosenFilters(ctx.db, asked.user, asked.channel, []);
      return say(ctx, asked, ['Your filters in this channel are reset.']);
    case 'settings':
      return tellPrivately(ctx, asked, buildSettings(ctx.config));
    case 'audit':
      requireAdmin(person, 'read what was changed, and by whom');
      return tellPrivately(ctx, asked, buildAudit(await listAudit(ctx.db, AUDIT_SHOWN), ctx.config.zone));
    case 'debug':
      return tellPrivately(ctx, asked, buildDebug(await ctx.doctor.check()));
  }
}

async function help({ ctx, asked, person }: Served, topic: string | undefined): Promise<Message> {
  return buildHelp(topic, { command: ctx.command, names: await findHelpNames(ctx, asked), admin: person.admin });
}

async function openFilters({ ctx, asked }: Served): Promise<void> {
  const chosen = await listChosenFilters(ctx.db, asked.user, asked.channel);
  await openView(ctx, asked, buildFilterForm(toFormPlace(asked), chosen));
}

async function exportCsv(served: Served, question: Question): Promise<void> {
  const { ctx, asked } = served;
  const place = await findPlace(ctx, asked.channel);
  const secret = ctx.config.viewers.length > 0 || (question.private ?? isPrivateByDefault(ctx.config));
  const filtered = withChosen(question, await listChosenFilters(ctx.db, asked.user, asked.channel));
  const to = place.open && secret && !place.direct ? 'asker' : place;
  await sendCsv(served, filtered, { place: to, threadTs: asked.threadTs });
}

async function correct(
  { ctx, asked, person, by }: Served,
  command: Extract<Command, { kind: 'correct' }>,
): Promise<void> {
  requireAdmin(person);
  const { kind: _kind, ...entry } = command;
  await say(ctx, asked, await ctx.corrections.correct(entry, by));
}

/** Names of this workspace, channel and person for the examples of the help. */
async function findHelpNames(ctx: SlackContext, { user, channel }: Asked): Promise<HelpNames> {
  const nowMs = ctx.now();
  const [examples, [view], [digest]] = await Promise.all([
    ctx.reporter.examples(nowMs),
    listViews(ctx.db, [user, channel]),
    ctx.digests.list(channel),
  ]);
  return {
    ...examples,
    ...(view && { view: view.name }),
    ...(digest && { digest: digest.id }),
    ...findHelpDays(nowMs, ctx.config.zone),
  };
}
