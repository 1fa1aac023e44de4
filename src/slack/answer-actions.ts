import type { Question } from '../domain/report.ts';
import { ACTIONS, MORE } from '../messages/action-ids.ts';
import { answerIdOf } from '../messages/controls.ts';
import {
  findAnswer,
  type KeptAnswer,
  listChosenFilters,
  upsertChosenFilters,
} from '../store/conversation-repository.ts';
import { findQuestion } from '../store/json-columns.ts';
import { answerQuestion, sendCsv, sendPicture } from './answer.ts';
import { FILTER_FORM, openAlertForm, referTo, SAVE_FORM } from './answer-forms.ts';
import { respond } from './client/web-client.ts';
import type { Asking } from './context.ts';
import { openDigestForm } from './digest-form.ts';
import { type Listener, type Press, press } from './listen.ts';
import { withRange } from './next-questions.ts';
import { findPlace, say } from './tell.ts';

/** A press under an answer. `question` is what the answer is about; `mine`: pressed by its asker, `answer` being kept. */
interface AnswerPress extends Press {
  question: Question;
  answer: KeptAnswer | undefined;
  mine: boolean;
}

/** A control under an answer. Whoever presses, their own rights are checked. */
function under(on: string, run: (press: AnswerPress) => Promise<void>): Listener {
  return press({
    on,
    async run(pressed) {
      const { ctx, asked, value, blockId } = pressed;
      const id = answerIdOf(blockId);
      const kept = id ? await findAnswer(ctx.db, id) : undefined;
      const answer = kept && !kept.private && asked.messageTs ? { ...kept, ts: asked.messageTs } : kept;
      const question = answer?.question ?? findQuestion(value);
      if (!question) return tellOld(pressed);
      const here = answer?.threadTs ? { ...asked, threadTs: answer.threadTs } : asked;
      await run({ ...pressed, asked: here, question, answer, mine: answer?.asker === asked.user });
    },
  });
}

/** Everything that stands under an answer. */
export const ANSWER_ACTIONS: readonly Listener[] = [
  under(ACTIONS.range, (pressed) => become(pressed, withRange(pressed.question, pressed.value))),
  under(ACTIONS.view, (pressed) => become(pressed, findQuestion(pressed.value) ?? pressed.question)),
  under(ACTIONS.drill, choose),
  under(ACTIONS.share, share),
  under(ACTIONS.more, choose),
];

/** In place for the asker; anyone else gets a copy of their own. */
async function become(press: AnswerPress, next: Question): Promise<void> {
  const { question, answer, mine } = press;
  // Single calls are for whoever asks: they do not take the place of what a channel sees.
  const isShown = next.report === 'events' && question.report !== 'events' && answer?.private === false;
  if (!answer || !mine || isShown) return answerQuestion(press, { ...next, private: true });
  const isPrivate = answer.question.private;
  await answerQuestion(press, isPrivate === undefined ? next : { ...next, private: isPrivate }, { change: answer });
}

/** An entry of a menu: a question that leads on, by its place among those of the answer, or what can be done with it. */
async function choose(press: AnswerPress): Promise<void> {
  const { value, answer } = press;
  if (/^\d+$/.test(value)) {
    const next = answer?.drill[Number(value)];
    return next ? become(press, next) : tellOld(press);
  }
  switch (value) {
    case MORE.csv:
      return sendCsvOf(press);
    case MORE.png:
      return sendPicture(press, press.question);
    case MORE.unshare:
      return unshare(press);
    case MORE.resetFilters:
      return resetFilters(press);
    case MORE.explain: {
      const { scope } = press.question;
      return answerQuestion(press, { report: 'explain', ...(scope ? { scope } : {}), private: true });
    }
    default:
      return openForm(press);
  }
}

async function share(press: AnswerPress): Promise<void> {
  const { ctx, asked, question } = press;
  const place = await findPlace(ctx, asked.channel);
  if (!place.open) return say(press, [place.reason]);
  await answerQuestion(
    { ...press, asked: { ...asked, ephemeral: false } },
    { ...question, private: false },
    { share: true },
  );
  if (!asked.responseUrl || !asked.ephemeral) return;
  // It is shared; that the private one stays, as after a slow answer, is no failure.
  await respond(asked.responseUrl, { delete_original: true }).catch((error: unknown) =>
    ctx.log.debug({ error: String(error) }, 'a shared answer still stands privately too'),
  );
}

async function unshare(press: AnswerPress): Promise<void> {
  const { ctx, asked, question, answer, mine } = press;
  if (!answer) return tellOld(press);
  if (!answer.ts || !mine) {
    return say(press, ['Only the person who asked can make this answer private.']);
  }
  await answerQuestion({ ...press, asked: { ...asked, ephemeral: false } }, { ...question, private: true });
  await ctx.client.chat.delete({ channel: answer.channel, ts: answer.ts });
}

async function sendCsvOf(press: AnswerPress): Promise<void> {
  const { ctx, asked, question, answer, mine } = press;
  const place = await findPlace(ctx, asked.channel);
  // With VIEWERS the channel saw a few rows by consent: the whole file is the asker's alone.
  const consented = ctx.config.viewers.length === 0;
  const toThread = place.open && mine && consented && answer !== undefined && !answer.private;
  const threadTs = asked.threadTs ?? asked.messageTs;
  // The message shows a page of the ranking; the file is all of it.
  const { limit: _, offset: __, ...whole } = question;
  if (toThread) return sendCsv(press, whole, { place, threadTs });
  await sendCsv(press, whole, { place: 'asker' });
}

async function resetFilters(press: AnswerPress): Promise<void> {
  const { ctx, asked, question } = press;
  const chosen = await listChosenFilters(ctx.db, asked.user, asked.channel);
  await upsertChosenFilters(ctx.db, asked.user, asked.channel, []);
  const words = new Set(chosen.map((filter) => JSON.stringify(filter)));
  const filters = (question.filters ?? []).filter((filter) => !words.has(JSON.stringify(filter)));
  await become(press, { ...question, filters });
}

/** The forms that begin with an answer. */
async function openForm(press: AnswerPress): Promise<void> {
  const { answer, question, value } = press;
  const about = referTo(answer?.id, question);
  switch (value) {
    case MORE.filters:
      return FILTER_FORM.open(press, about, question.filters ?? []);
    case MORE.save:
      return SAVE_FORM.open(press, about, undefined);
    case MORE.digest:
      return openDigestForm(press, { question });
    case MORE.alert:
      return openAlertForm(press, about, question);
    default:
      return tellOld(press);
  }
}

async function tellOld(asking: Asking): Promise<void> {
  const line = 'This answer is old: I no longer know what it was about in detail.';
  await say(asking, [line], [{ label: 'Ask again', command: 'summary' }]);
}
