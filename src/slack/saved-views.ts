import type { Question } from '../domain/report.ts';
import { QuestionError } from '../errors.ts';
import { insertAudit } from '../store/audit-repository.ts';
import { deleteView, findLastAnswer, findView, listViews, upsertView } from '../store/conversation-repository.ts';
import { answerQuestion } from './answer.ts';
import type { Command } from './command/command.ts';
import { formatOpen, formatQuestion } from './command/format-question.ts';
import type { Asking, Served } from './context.ts';
import { withRange } from './next-questions.ts';
import { say } from './tell.ts';

/** Saves a question under a name, for the person or for the channel. Without a question: the last one asked here. */
export async function saveView(
  asking: Asking,
  view: { name: string; question?: Question; owner: 'user' | 'channel' },
): Promise<void> {
  const { ctx, asked } = asking;
  const question = view.question ?? (await findLastAnswer(ctx.db, asked.user, asked.channel))?.question;
  if (!question) {
    throw new QuestionError(`There is no answer of yours here to save. Say what: save ${view.name} top clients 30d`, [
      { label: 'Top clients', command: 'top clients 30d' },
    ]);
  }
  const owner = view.owner === 'channel' ? asked.channel : asked.user;
  await upsertView(ctx.db, { owner, name: view.name, question, savedBy: asked.user, savedMs: ctx.now() });
  await note(asking, 'view.save', `${view.name} for ${owner}`);
  const whose = view.owner === 'channel' ? 'for everyone in this channel' : 'for you';
  const lines = [`Saved ${view.name} ${whose}: ${ctx.command} ${formatQuestion(question)}`];
  await say(asking, lines, [{ label: 'Open', command: formatOpen(view.name) }]);
}

/** Answers the person's own view of that name, else the channel's. */
export async function openSaved(served: Served, command: Extract<Command, { kind: 'open' }>): Promise<void> {
  const { ctx, asked } = served;
  const owners = [asked.user, asked.channel];
  const view = await findView(ctx.db, owners, command.name);
  if (!view) {
    const known = (await listViews(ctx.db, owners)).slice(0, 5);
    const suggestions = known.map(({ name }) => ({ label: name, command: formatOpen(name) }));
    throw new QuestionError(
      known.length > 0
        ? `There is no view named ${command.name}. These are saved:`
        : `There is no view named ${command.name}, nor any other. Save one: ${ctx.command} save NAME top clients 30d`,
      suggestions,
    );
  }
  const ranged = command.range ? withRange(view.question, command.range) : view.question;
  const question = command.private === undefined ? ranged : { ...ranged, private: command.private };
  await answerQuestion(served, question);
}

export async function unsaveView(asking: Asking, name: string): Promise<void> {
  const { ctx, asked } = asking;
  for (const owner of [asked.user, asked.channel]) {
    if (!(await deleteView(ctx.db, owner, name))) continue;
    await note(asking, 'view.remove', `${name} of ${owner}`);
    return say(asking, [`Removed the view ${name}.`]);
  }
  throw new QuestionError(`There is no view named ${name}.`, [{ label: 'Saved views', command: 'views' }]);
}

export async function tellViews(asking: Asking): Promise<void> {
  const { ctx, asked } = asking;
  const views = await listViews(ctx.db, [asked.user, asked.channel]);
  if (views.length === 0) {
    return say(asking, [`No views are saved yet. Save one: ${ctx.command} save NAME top clients 30d`]);
  }
  const lines = views.map(
    ({ owner, name, question }) =>
      `${name} (${owner === asked.user ? 'yours' : "the channel's"}): ${ctx.command} ${formatQuestion(question)}`,
  );
  const buttons = views.map(({ name }) => ({ label: name, command: formatOpen(name) }));
  await say(asking, ['Saved views:', ...lines.slice(0, 40)], buttons);
}

async function note({ ctx, asked }: Asking, action: string, detail: string): Promise<void> {
  await insertAudit(ctx.db, { atMs: ctx.now(), actor: asked.user, action, detail });
}
