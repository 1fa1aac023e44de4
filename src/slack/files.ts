import { DAY_MS } from '../domain/calendar.ts';
import type { Question, Report } from '../domain/report.ts';
import { describeContext } from '../messages/controls.ts';
import { defuse, toOneLine } from '../messages/text.ts';
import { openDirect } from './client/memory.ts';
import { uploadFile, uploadPicture } from './client/post.ts';
import { answerOrRefuse } from './command/format-question.ts';
import type { Asking, SlackContext } from './context.ts';
import type { Place } from './places.ts';
import { say } from './tell.ts';

/** An uploaded chart that blocks can show; `none`: there is nothing to draw; `failed`: it could not be drawn or uploaded. */
export type Drawn = { fileId: string; altText: string } | 'none' | 'failed';

/** Draws, uploads and waits until Slack can show it. Never rejects: a chart is never worth an answer. */
export async function drawPicture(ctx: SlackContext, report: Report): Promise<Drawn> {
  const view = report.question.view;
  if (view === 'table') return 'none';
  try {
    const picture = await ctx.charts.render(report, { view });
    if (!picture) return 'none';
    const fileId = await uploadPicture(ctx, picture, { name: `${fileStem(report)}.png`, title: report.title });
    return { fileId, altText: picture.altText };
  } catch (error) {
    ctx.log.warn({ error: String(error), report: report.kind }, 'chart left out of an answer');
    return 'failed';
  }
}

/** Sends the chart of a question to the person who asks for it, by DM: a file that only the two of us see. */
export async function sendPicture(asking: Asking, question: Question): Promise<void> {
  const { ctx, asked } = asking;
  const report = await ctx.reporter.answer(question, ctx.now());
  const picture = await ctx.charts.render(report, { view: question.view === 'table' ? 'graph' : question.view });
  if (!picture) return say(asking, ['There is nothing to draw in this answer.']);
  const file = { name: `${fileStem(report)}.png`, title: report.title, bytes: picture.png, altText: picture.altText };
  await uploadFile(ctx, file, { channel: await openDirect(ctx, asked.user) });
  await say(asking, [`The chart is in your direct messages with ${ctx.bot.name}.`]);
}

/**
 * Uploads the report of a question as CSV: to the thread of the answer or the channel where that is open, else to the asker
 * by DM. A ranking comes whole (up to 1,000 rows) unless the question has a number of rows.
 */
export async function sendCsv(
  asking: Asking,
  question: Question,
  to: { place: Place | 'asker'; threadTs?: string | undefined },
): Promise<void> {
  const { ctx, asked } = asking;
  const report = await answerOrRefuse(ctx.reporter, question, ctx.now(), { whole: true });
  const name = `${fileStem(report)}.csv`;
  const what = defuse(toOneLine(`${report.title} · ${describeContext(report)}`));
  const file = { name, title: name, bytes: Buffer.from(ctx.toCsv(report), 'utf8') };
  if (to.place !== 'asker' && to.place.open) {
    const comment = `${what} · asked by <@${asked.user}>`;
    await uploadFile(ctx, file, { channel: asked.channel, threadTs: to.threadTs, comment });
    return;
  }
  await uploadFile(ctx, file, { channel: await openDirect(ctx, asked.user), comment: what });
  await say(asking, [`${name} is in your direct messages with ${ctx.bot.name}.`]);
}

/** `usage_top_clients_2026-11-14_2026-11-20_Europe-Berlin`: what, first and last day, zone. */
export function fileStem(report: Report): string {
  const { question, range, zone } = report;
  const subject =
    report.kind === 'top' || (report.kind === 'latency' && !report.steps)
      ? `${report.dimension}s`
      : (question.scope ?? question.name ?? '');
  const days = range ? new Set([isoDate(range.firstDay), isoDate(range.lastDay)]) : [];
  return ['usage', question.report, subject, ...days, zone]
    .map((part) => part.replace(/[^\p{L}\p{N}.-]+/gu, '-').replace(/^-+|-+$/g, ''))
    .map((part) => part.slice(0, 60))
    .filter((part) => part !== '')
    .join('_');
}

function isoDate(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}
