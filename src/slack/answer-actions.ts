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
import { openDigestForm } from './digests.ts';
import { type Listener, type Press, press } from './listen.ts';
import { withRange } from './next-questions.ts';
import { findPlace, say } from './tell.ts';

/** A press on a control under an answer. `question`: the one answered; `mine`: the asker pressed, and `answer` is still stored. */
interface AnswerPress extends Press {
  question: Question;
  answer: KeptAnswer | undefined;
  mine: boolean;
}

/** Listens to a control under an answer. The rights checked are those of the person who presses. */
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

/** Listeners of all controls under an answer. */
export const ANSWER_ACTIONS: readonly Listener[] = [
  under(ACTIONS.range, (pressed) => become(pressed, withRange(pressed.question, pressed.value))),
  under(ACTIONS.view, (pressed) => become(pressed, findQuestion(pressed.value) ?? pressed.question)),
  under(ACTIONS.drill, choose),
  under(ACTIONS.share, share),
  under(ACTIONS.more, choose),
];

/** Replaces the answer if its asker pressed; anyone else gets a private copy. */
async function become(press: AnswerPress, next: Question): Promise<void> {
  const { question, answer, mine } = press;
  // Single calls are shown to the asker only, so they never replace an answer that the channel sees.
  const isShown = next.report === 'events' && question.report !== 'events' && answer?.private === false;
  if (!answer || !mine || isShown) return answerQuestion(press, { ...next, private: true });
  const isPrivate = answer.question.private;
  await answerQuestion(press, isPrivate === undefined ? next : { ...next, private: isPrivate }, { change: answer });
}

/** Handles an entry of the menu under an answer: a next question, by its index, or an action such as CSV. */
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
  // The answer has been shared. A private copy that stays behind, as after a slow answer, is no failure.
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
  // With VIEWERS set, only a few rows were shared with the channel on purpose: the whole file goes to the asker alone.
  const consented = ctx.config.viewers.length === 0;
  const toThread = place.open && mine && consented && answer !== undefined && !answer.private;
  const threadTs = asked.threadTs ?? asked.messageTs;
  // The message shows one page of the ranking, the file has all rows.
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

/** Opens the forms that start from an answer: filters, saved view, alert rule, digest. */
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
