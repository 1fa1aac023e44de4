import { z } from 'zod';
import type { Question } from '../domain/report.ts';
import { ACTIONS } from '../messages/action-ids.ts';
import { buildHelp } from '../messages/help.ts';
import { buildAudit, buildDebug, buildSettings } from '../messages/installation.ts';
import type { Message } from '../messages/text.ts';
import { listAudit } from '../store/audit-repository.ts';
import { listChosenFilters, listViews, upsertChosenFilters } from '../store/conversation-repository.ts';
import { performAlerts } from './alerts.ts';
import { answerQuestion, sendCsv } from './answer.ts';
import { FILTER_FORM } from './answer-forms.ts';
import type { Command } from './command/command.ts';
import { findHelpDays, type HelpNames } from './command/help.ts';
import { understand } from './command/parse-command.ts';
import type { Asked, Served, SlackContext } from './context.ts';
import { openPools } from './declaration-windows.ts';
import { performDigest, sendDigest } from './digests.ts';
import { form } from './form.ts';
import { command, ignore, type Listener, type Press, press, requireAdmin, shortcut } from './listen.ts';
import { withChosen } from './next-questions.ts';
import { openSaved, saveView, tellViews, unsaveView } from './saved-views.ts';
import { findPlace, isPrivateByDefault, say, tell } from './tell.ts';

/** Listens to a button that does the same as a command. */
function does<V = string>(
  on: string,
  toCommand: (value: V, press: Press<V>) => Command | Promise<Command>,
  row: Pick<Parameters<typeof press<V>>[0], 'needs' | 'value' | 'window'> = {},
): Listener {
  return press<V>({
    ...{ ...row, on },
    run: async (pressed) => perform(pressed, await toCommand(pressed.value, pressed)),
  });
}

/** The press opens a modal: Slack's trigger expires after 3 s. */
const window = true;
const value = z
  .string()
  .regex(/^\d{1,9}$/)
  .transform(Number);
/** Value of the pause button: the digest's id, and `resume` if it is paused. */
const PAUSE = z.string().regex(/^\d{1,9}(:pause|:resume)?$/);
/** Value of an entry in an alert's menu: `route`, or `pools:ID`, or `mute:CHOICE:ID` with the alert's id. */
const MORE = z.string().regex(/^(route|pools:.+|mute:(hour|tomorrow|period):.+)$/);

/** Form that asks for a command, and answers it in the thread of a message. */
export const ASK_FORM = form({
  ...{ on: 'ask', title: 'Usage in this thread', submit: 'Answer here' },
  about: z.object({}),
  fields: {
    text: {
      ...{ kind: 'text', label: 'What do you want to know?', most: 500 },
      hint: 'For example: top clients 7d · status today · client "Acme CRM" 30d. Empty: the usage cards.',
    },
  },
  run: (sent) => performText(sent, sent.typed.text),
});

/** Listeners of typed commands, and of the buttons that do the same. Each command checks rights beyond seeing answers itself. */
export const COMMANDS: readonly Listener[] = [
  command(performText),
  press({ on: ACTIONS.run, run: (pressed) => performText(pressed, pressed.value) }),
  press({
    on: ACTIONS.alertAsk,
    // Answers about an alert go into its thread, so that everyone who looks into it reads them there.
    run: (pressed) => {
      const { asked } = pressed;
      const threadTs = asked.ephemeral ? undefined : (asked.threadTs ?? asked.messageTs);
      return performText({ ...pressed, asked: { ...asked, threadTs } }, pressed.value);
    },
  }),
  // Slash commands do not work in threads; "Usage here" on a message does.
  shortcut('usage_here', (served) => ASK_FORM.open(served, {}, undefined)),
  // Slack opens the link by itself, also for people without rights here.
  ignore(ACTIONS.link),
  does(ACTIONS.digestNew, () => ({ kind: 'digest', action: 'add' }), { window }),
  does(ACTIONS.digestEdit, (id) => ({ kind: 'digest', action: 'edit', id }), { window, value }),
  does(
    ACTIONS.digestPause,
    (paused) => {
      const [id, word] = paused.split(':');
      return { kind: 'digest', action: word === 'resume' ? word : 'pause', id: Number(id) };
    },
    { value: PAUSE },
  ),
  does(ACTIONS.digestRemove, (id) => ({ kind: 'digest', action: 'remove', id }), { value }),
  does(ACTIONS.digestTakeOver, (id) => ({ kind: 'digest', action: 'takeover', id }), { value }),
  does(ACTIONS.digestPreview, (id) => ({ kind: 'digest', action: 'preview', id }), { value }),
  press({
    on: ACTIONS.digestSend,
    value,
    run: (pressed) => sendDigest(pressed, pressed.value),
  }),
  does(ACTIONS.alertAcknowledge, (what) => ({ kind: 'alerts', action: 'acknowledge', what })),
  does(ACTIONS.alertMute, (what) => ({ kind: 'alerts', action: 'mute', what, until: '24h' }), { needs: 'admin' }),
  does(ACTIONS.alertUnmute, (what) => ({ kind: 'alerts', action: 'unmute', what }), { needs: 'admin' }),
  does(ACTIONS.alertRemove, (what) => ({ kind: 'alerts', action: 'remove', what })),
  does(ACTIONS.alertTest, () => ({ kind: 'alerts', action: 'test' }), { needs: 'admin' }),
  does(ACTIONS.alertRoute, () => ({ kind: 'alerts', action: 'route' }), { needs: 'admin', window }),
  does(ACTIONS.alertMore, choose, { needs: 'admin', window, value: MORE }),
  does(ACTIONS.poolEdit, (scope) => ({ kind: 'pools', action: 'edit', ...(scope ? { scope } : {}) }), {
    ...{ needs: 'admin', window },
  }),
];

/** Reads an entry of an alert's menu as a command. “Tomorrow” is a day in the zone of the person who chooses it. */
async function choose(value: string, { ctx }: Press): Promise<Command> {
  const [, what, choice, id] = /^(route|pools|mute):?(?:(hour|tomorrow|period):)?(.*)$/.exec(value)!;
  if (what === 'route') return { kind: 'alerts', action: 'route' };
  const alert = await ctx.alerts.find(id!);
  if (what === 'pools') return { kind: 'pools', action: 'edit', ...(alert?.scope ? { scope: alert.scope } : {}) };
  // The period of an old alert may be over.
  const periodEndMs = alert?.periodEndMs !== undefined && alert.periodEndMs > ctx.now() ? alert.periodEndMs : undefined;
  const until = choice === 'hour' ? '1h' : choice === 'tomorrow' ? 'tomorrow' : (periodEndMs ?? '24h');
  return { kind: 'alerts', action: 'mute', what: id!, until };
}

/** Changes shown in one message of the audit. */
const AUDIT_SHOWN = 30;

/** Performs the words after `/usage`. */
export async function performText(served: Served, text: string): Promise<void> {
  const { ctx, asked } = served;
  await perform({ ...served, asked: { ...asked, text } }, await understand(text, ctx.reporter, ctx.now()));
}

/** Performs a command, and checks the rights that it needs beyond seeing answers. */
export async function perform(served: Served, command: Command): Promise<void> {
  const { ctx, asked, person } = served;
  switch (command.kind) {
    case 'question':
      return answerQuestion(served, command.question, { addChosen: true });
    case 'export':
      return exportCsv(served, command.question);
    case 'help':
      return tell(served, await help(served, command.topic));
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
    case 'correct': {
      requireAdmin(person);
      const { kind: _, ...entry } = command;
      return say(served, await ctx.corrections.correct(entry, served.by));
    }
    case 'filters':
      return FILTER_FORM.open(served, {}, await listChosenFilters(ctx.db, asked.user, asked.channel));
    case 'reset':
      await upsertChosenFilters(ctx.db, asked.user, asked.channel, []);
      return say(served, ['Your filters in this channel are reset.']);
    case 'settings':
      return tell(served, buildSettings(ctx.config));
    case 'audit':
      requireAdmin(person, 'read what was changed, and by whom');
      return tell(served, buildAudit(await listAudit(ctx.db, AUDIT_SHOWN), ctx.config.zone));
    case 'debug':
      return tell(served, buildDebug(await ctx.doctor.check()));
  }
}

async function help({ ctx, asked, person }: Served, topic: string | undefined): Promise<Message> {
  return buildHelp(topic, { command: ctx.command, names: await findHelpNames(ctx, asked), admin: person.admin });
}

async function exportCsv(served: Served, question: Question): Promise<void> {
  const { ctx, asked } = served;
  const place = await findPlace(ctx, asked.channel);
  const secret = ctx.config.viewers.length > 0 || (question.private ?? isPrivateByDefault(ctx.config));
  const filtered = withChosen(question, await listChosenFilters(ctx.db, asked.user, asked.channel));
  const to = place.open && secret && !place.direct ? 'asker' : place;
  await sendCsv(served, filtered, { place: to, threadTs: asked.threadTs });
}

/** Finds names for the examples of the help: clients, views and pools that the person can ask about here. */
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
