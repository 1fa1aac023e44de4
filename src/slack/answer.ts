import { isDeepStrictEqual } from 'node:util';
import { formatDay } from '../domain/calendar.ts';
import type { Question, Report } from '../domain/report.ts';
import { type AnswerFrame, buildAnswer } from '../messages/answer-message.ts';
import { describeContext } from '../messages/controls.ts';
import { buildWelcome } from '../messages/help.ts';
import { defuse, fitMessage, type Message, toOneLine } from '../messages/text.ts';
import { findAnswer, type KeptAnswer, listChosenFilters, upsertAnswer } from '../store/conversation-repository.ts';
import { callSlack, classifyFailure, isThreadRefusal, slackErrorOf } from './client/errors.ts';
import { openDirect } from './client/memory.ts';
import { postMessage, sendRepaired, updateMessage, uploadFile, uploadPicture } from './client/post.ts';
import { answerOrRefuse } from './command/format-question.ts';
import type { Asking, Served, SlackContext } from './context.ts';
import { hasGraph, listNext, type Next, withChosen } from './next-questions.ts';
import { closedBy, findPlace, isPrivateByDefault, newId, type Place, say, tell } from './tell.ts';

/** Wait this long for the picture, counted from the request, before the text is posted: with posting that stays below 2 s. */
const PICTURE_WAIT_MS = 1200;
/** Tell the asker that it is still counting after this time. */
const COUNTING_WAIT_MS = 1000;
const NOT_POSTED = 'Slack did not take the answer for the channel, so it is for you alone.';
const MAYBE_POSTED = 'Slack did not say whether it posted the answer in the channel, so here it is for you.';
const CHART_FAILED = 'The chart could not be shown this time.';

interface Answering extends Served {
  report: Report;
  place: Place;
  answer: KeptAnswer;
  next: readonly Next[];
  remarks: string[];
  /** True if other people see the answer. */
  shared: boolean;
  /** True if the filters that the asker chose for this channel apply. */
  filtered: boolean;
}

/**
 * Answers a question where it was asked, or to the asker alone: report, then text and table, with the
 * picture if it is ready by then, else added when it is. `change`: an earlier answer that becomes this one. `share`: its
 * sharing was confirmed by a press that named who will see it. `addChosen`: the filters that the asker chose here apply too.
 */
export async function answerQuestion(
  served: Served,
  typed: Question,
  { change, share = false, addChosen = false }: { change?: KeptAnswer; share?: boolean; addChosen?: boolean } = {},
): Promise<void> {
  const { ctx, asked } = served;
  const chosen = await listChosenFilters(ctx.db, asked.user, asked.channel);
  const question = addChosen ? withChosen(typed, chosen) : typed;
  const [report, place] = await Promise.all([
    tellIfSlow(served, answerOrRefuse(ctx.reporter, question, ctx.now())),
    findPlace(ctx, asked.channel),
  ]);
  if (report.asOfMs === 0 && report.kind === 'summary') return tell(served, buildWelcome(ctx.config));
  const secret = change ? change.private : isPrivate(ctx, question, place, share);
  const next = listNext(report);
  const answer: KeptAnswer = {
    id: change?.id ?? newId(),
    asker: asked.user,
    channel: asked.channel,
    ...(change?.ts && !secret ? { ts: change.ts } : {}),
    ...(asked.threadTs ? { threadTs: asked.threadTs } : {}),
    private: secret,
    question: report.question,
    drill: next.map((each) => each.question),
    createdMs: ctx.now(),
  };
  const remarks = !change && !place.open && question.private !== true ? [place.reason] : [];
  const shared = !secret && place.open && !place.direct;
  const filtered = chosen.some((filter) => (question.filters ?? []).some((used) => isDeepStrictEqual(used, filter)));
  const answering: Answering = { ...served, report, place, answer, next, remarks, shared, filtered };
  await (secret ? answerPrivately(answering, change !== undefined) : answerOpenly(answering));
}

/** Sends a note to the asker if counting takes long. */
async function tellIfSlow(asking: Asking, counting: Promise<Report>): Promise<Report> {
  const { ctx } = asking;
  const first = await Promise.race([counting.then(() => 'done'), ctx.wait(COUNTING_WAIT_MS)]);
  if (first !== 'done') {
    await say(asking, ['Still counting: the answer follows.']).catch((error: unknown) =>
      ctx.log.warn({ error: String(error) }, 'nobody could be told that counting takes long'),
    );
  }
  return counting;
}

/** With VIEWERS set, a channel may have members who may not see usage: there the typed word `share` is not enough. */
function isPrivate({ config }: SlackContext, question: Question, place: Place, share: boolean): boolean {
  if (!place.open) return true;
  if (place.direct) return false;
  if (share) return false;
  const isSecret = question.report === 'events' || isPrivateByDefault(config);
  return config.viewers.length > 0 || (question.private ?? isSecret);
}

/** Answers the asker alone, with Slack's own chart if the numbers fit into one; a file would need a channel. */
async function answerPrivately(answering: Answering, replace: boolean): Promise<void> {
  const { ctx, asked, answer } = answering;
  await keep(ctx, answer);
  await tell(answering, build(answering, { native: true }), { replace: replace && Boolean(asked.ephemeral) });
}

/** Posts the answer in the channel, without its picture if that is not ready in time. */
async function answerOpenly(answering: Answering): Promise<void> {
  const { ctx, asked } = answering;
  const drawing = drawPicture(ctx, answering.report);
  const patience = Math.max(0, asked.atMs + PICTURE_WAIT_MS - ctx.now());
  const inTime = await Promise.race([drawing, ctx.wait(patience).then(() => 'late' as const)]);
  try {
    await post(answering, inTime);
  } catch (error) {
    return answerInstead(answering, error);
  }
  if (inTime === 'late') await addPicture(answering, await drawing);
}

/** Answers the asker alone because the channel is closed to the bot, or Slack did not confirm the post. */
async function answerInstead(answering: Answering, error: unknown): Promise<void> {
  const { ctx, answer } = answering;
  const closed = closedBy(error, ctx.bot.name);
  if (closed) ctx.memory.forget(`place:${answer.channel}`);
  const { reason, unclear } = classifyFailure(error);
  if (!closed && (reason === 'internal' || reason === 'refused')) throw error;
  ctx.log.warn({ error: String(error), answer: answer.id }, 'an answer went to its asker instead of the channel');
  const remark = closed?.reason ?? (unclear ? MAYBE_POSTED : NOT_POSTED);
  // The first post may have reached the channel: it keeps its id so that its buttons work, and this copy gets another.
  const { ts: _, ...secret } = { ...answer, ...(closed ? {} : { id: newId() }), private: true };
  const place = closed ?? answering.place;
  await answerPrivately({ ...answering, place, shared: false, remarks: [remark], answer: secret }, false);
}

async function post(answering: Answering, drawn: Drawn | 'late'): Promise<void> {
  const { ctx, answer } = answering;
  const message = build(answering, { native: false, drawn });
  // Stored before it is posted, so that no press comes too early, and again with its timestamp once it has one.
  if (!answer.ts) await keep(ctx, answer);
  const send = async (one: Message): Promise<void> => {
    const { channel, ts } = answer;
    if (ts) {
      await callSlack(() => updateMessage(ctx.client, { channel, ts }, one), { wait: ctx.wait, repeatable: true });
      return;
    }
    const add = () =>
      callSlack(() => postMessage(ctx.client, { channel, threadTs: answer.threadTs }, one), { wait: ctx.wait });
    answer.ts = await add().catch((error: unknown) => {
      if (!answer.threadTs || !isThreadRefusal(slackErrorOf(error))) throw error;
      // Slack takes no replies in this thread: post in the channel.
      delete answer.threadTs;
      return add();
    });
  };
  await sendRepaired(message, send, { ...ctx, what: `answer ${answer.id}` });
  await keep(ctx, answer);
}

/** Adds the picture to the posted answer, or its table if there is none, unless the message shows another answer by now. */
async function addPicture(answering: Answering, drawn: Drawn): Promise<void> {
  const { ctx, answer } = answering;
  const current = await findAnswer(ctx.db, answer.id).catch(() => answer);
  if (current && !isDeepStrictEqual(current.question, answer.question)) return;
  try {
    await post(answering, drawn);
  } catch (error) {
    // The text has been posted. A message deleted meanwhile needs no picture.
    ctx.log.warn({ error: String(error), answer: answer.id }, 'chart could not be added to an answer');
  }
}

function build(answering: Answering, { native, drawn = 'none' }: { native: boolean; drawn?: Drawn | 'late' }): Message {
  const { person, report, place, answer, next, shared } = answering;
  const remarks = drawn === 'failed' ? [...answering.remarks, CHART_FAILED] : answering.remarks;
  const options: AnswerFrame = {
    controls: {
      answerId: answer.id,
      revision: newId(),
      sharing: place.open && place.direct ? 'never' : answer.private ? 'private' : 'open',
      next,
      audience: place.open ? place.audience : undefined,
      offerPng: answer.private && hasGraph(report.kind),
      filtered: answering.filtered,
    },
    picture: drawn === 'late' ? 'coming' : typeof drawn === 'object' ? drawn : undefined,
    native,
    askedBy: shared ? answer.asker : undefined,
    readerZone: shared ? undefined : person.zone,
    remarks,
  };
  return fitMessage(buildAnswer(report, options));
}

/** Stores an answer for its buttons. A failure is logged only: the answer itself still goes out. */
async function keep(ctx: SlackContext, answer: KeptAnswer): Promise<void> {
  await upsertAnswer(ctx.db, answer).catch((error: unknown) =>
    ctx.log.error({ error: String(error) }, 'answer could not be kept: its buttons will be out of date'),
  );
}

/** An uploaded chart that blocks can show; `none`: there is nothing to draw; `failed`: it could not be drawn or uploaded. */
type Drawn = { fileId: string; altText: string } | 'none' | 'failed';

/** Draws and uploads the chart, and waits until Slack can show it. Never rejects: a chart's failure must not cost the answer. */
async function drawPicture(ctx: SlackContext, report: Report): Promise<Drawn> {
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

/** Sends the chart of a question to the asker by DM, as a file that nobody else sees. */
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

/** Returns a file name without extension: `usage_top_clients_2026-11-14_2026-11-20_Europe-Berlin`. */
export function fileStem(report: Report): string {
  const { question, range, zone } = report;
  const subject =
    report.kind === 'top' || (report.kind === 'latency' && !report.steps)
      ? `${report.dimension}s`
      : (question.scope ?? question.name ?? '');
  const days = range ? new Set([formatDay(range.firstDay), formatDay(range.lastDay)]) : [];
  return ['usage', question.report, subject, ...days, zone]
    .map((part) => part.replace(/[^\p{L}\p{N}.-]+/gu, '-').replace(/^-+|-+$/g, ''))
    .map((part) => part.slice(0, 60))
    .filter((part) => part !== '')
    .join('_');
}
