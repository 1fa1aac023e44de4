import { MAX_RANKING_ROWS, type Question } from '../domain/report.ts';
import { buildNotice } from '../messages/answer-message.ts';
import { callSlack } from './client/call.ts';
import { answerOrRefuse } from './command/refused-range.ts';
import { type Asked, type SlackContext, tellPrivately } from './context.ts';
import { fileStem } from './pictures.ts';
import type { Place } from './places.ts';

/**
 * Uploads the report of a question as CSV: to the thread of the answer or the channel where that is open, else to the asker
 * by DM. A ranking comes whole (up to 1,000 rows) unless the question has a number of rows.
 */
export async function sendCsv(
  ctx: SlackContext,
  asked: Asked,
  question: Question,
  to: { place: Place | 'asker'; threadTs?: string | undefined },
): Promise<void> {
  const limit = question.limit ?? MAX_RANKING_ROWS;
  const whole = question.report === 'top' ? { ...question, limit, offset: 0 } : question;
  const report = await answerOrRefuse(ctx.reporter, whole, ctx.now());
  const csv = ctx.toCsv(report);
  const filename = `${fileStem(report)}.csv`;
  const file = { file: Buffer.from(csv, 'utf8'), filename, title: filename };
  if (to.place !== 'asker' && to.place.open) {
    const thread = to.threadTs ? { thread_ts: to.threadTs } : {};
    await upload(ctx, { ...file, channel_id: asked.channel, ...thread });
    return;
  }
  const channel = await openDirect(ctx, asked.user);
  await upload(ctx, { ...file, channel_id: channel });
  await tellPrivately(ctx, asked, buildNotice([`${filename} is in your direct messages with ${ctx.bot.name}.`]));
}

/** The direct conversation with a person. */
export async function openDirect(ctx: SlackContext, user: string): Promise<string> {
  const { channel } = await callSlack(() => ctx.client.conversations.open({ users: user }), {
    wait: ctx.wait,
    repeatable: true,
  });
  return channel!.id!;
}

type Upload = {
  file: Buffer;
  filename: string;
  title: string;
  channel_id: string;
  thread_ts?: string;
  alt_text?: string;
};

export async function upload(ctx: SlackContext, file: Upload): Promise<void> {
  await callSlack(() => ctx.client.filesUploadV2(file as Parameters<typeof ctx.client.filesUploadV2>[0]), {
    wait: ctx.wait,
  });
}
