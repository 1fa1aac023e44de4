import type { Question } from '../domain/report.ts';
import { buildNotice } from '../messages/answer-message.ts';
import { type Asked, type SlackContext, tellPrivately } from './context.ts';
import { openDirect, upload } from './csv-file.ts';
import { fileStem } from './pictures.ts';

/** Sends the chart of a question to the person who asks for it, by DM: a file that only the two of us see. */
export async function sendPicture(ctx: SlackContext, asked: Asked, question: Question): Promise<void> {
  const report = await ctx.reporter.answer(question, ctx.now());
  const picture = await ctx.charts.render(report, { view: question.view === 'table' ? 'graph' : question.view });
  if (!picture) return tellPrivately(ctx, asked, buildNotice(['There is nothing to draw in this answer.']));
  await upload(ctx, {
    file: Buffer.from(picture.png),
    filename: `${fileStem(report)}.png`,
    title: report.title,
    alt_text: picture.altText.slice(0, 1000),
    channel_id: await openDirect(ctx, asked.user),
  });
  await tellPrivately(ctx, asked, buildNotice([`The chart is in your direct messages with ${ctx.bot.name}.`]));
}
