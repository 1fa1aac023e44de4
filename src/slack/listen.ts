import type { App } from '@slack/bolt';
import { z } from 'zod';
import { HeadroomError, QuestionError, type Suggestion } from '../errors.ts';
import { clip } from '../messages/text.ts';
import { parseJson } from '../store/json-columns.ts';
import { describeRefusal } from './client/errors.ts';
import type { Asking, Served, SlackContext } from './context.ts';
import { askedBy, COMMAND, DEED, PRESS, SEARCH, SHORTCUT, SUBMISSION, type View } from './dispatch.ts';
import { publishHome } from './home.ts';
import { type Person, whyClosed } from './permissions.ts';
import { newId, say } from './tell.ts';
import { withChannel } from './views.ts';

/** Answer a menu's search or a form's submission within this time: Slack waits 3 s. */
const PATIENCE_MS = 2000;

/** Log requests that take longer. The text of an answer is out within 2 s; its picture may follow. */
const SLOW_MS = 5000;

export type Needs = 'view' | 'admin';

/**
 * Registers the handler of one command, press, form, event or search at the app. Each acknowledges the request first, then
 * looks up the rights of the person, and runs the handler only if they suffice.
 */
export type Listener = (app: App, ctx: SlackContext) => void;

/** A press on a button or menu entry, once the person's rights are checked. */
export interface Press<V = string> extends Served {
  /** Value of the button or entry, read by the listener's schema. */
  value: V;
  action: string;
  blockId: string | undefined;
  /** The modal or Home tab with the button. */
  view: View | undefined;
}

/** Listens to the slash command, whatever name the app's manifest gives it. */
export function command(run: (served: Served, text: string) => Promise<void>): Listener {
  return (app, ctx) =>
    app.command(/.*/, async ({ command: given, ack }) => {
      await ack();
      const { user_id: user, channel_id: channel, response_url, trigger_id, text } = COMMAND.parse(given);
      const asked = { user, channel, responseUrl: response_url, triggerId: trigger_id, what: text, atMs: ctx.now() };
      await serveIfAllowed({ ctx, asked }, (served) => run(served, text));
    });
}

/** Listens to presses on a button or menu entry with the action id `on`, or `on:` and more. */
export function press<V = string>({
  on,
  needs,
  value: schema,
  window = false,
  run,
}: {
  on: string;
  needs?: Needs;
  /** Schema of the value; absent: any text. */
  value?: z.ZodType<V, string>;
  /** True if it opens or changes a modal, which must not wait. Others are given a channel: from the Home tab, direct messages. */
  window?: boolean;
  run(press: Press<V>): Promise<void>;
}): Listener {
  return (app, ctx) =>
    app.action(new RegExp(`^${on}(:|$)`), async ({ ack, body: given }) => {
      await ack();
      const { view, actions, ...deed } = PRESS.parse(given);
      const { value, ...pressed } = actions[0];
      const asking = { ctx, asked: { ...askedBy({ ...deed, view }, ctx.now()), what: pressed.action } };
      const task = async (served: Served) => {
        const read = schema?.safeParse(value) ?? { success: true, data: value as V };
        if (!read.success) throw tooOld(ctx);
        const asked = window ? served.asked : await withChannel(served);
        await run({ ...served, asked, view, ...pressed, value: read.data });
        if (view?.type === 'home') await refreshHome(served);
      };
      await serveIfAllowed(asking, task, needs);
    });
}

/** Updates the Home tab after a press. A failure is logged only: the press has done its work. */
async function refreshHome({ ctx, person }: Served): Promise<void> {
  await publishHome(ctx, person).catch((error: unknown) => {
    ctx.log.warn({ user: person.id, error: String(error) }, 'the Home tab was not refreshed');
  });
}

/** Listens to a press by an admin that opens or changes a modal. `value`: schema of its value. */
export function adminWindow<V = string>(
  on: string,
  run: (press: Press<V>) => Promise<void>,
  value?: z.ZodType<V, string>,
): Listener {
  return press({ on, run, needs: 'admin', window: true, ...(value ? { value } : {}) });
}

/** Acknowledges presses that need no handler, such as links. */
export function ignore(on: string): Listener {
  return (app) => app.action(new RegExp(`^${on}(:|$)`), async ({ ack }) => ack());
}

/** Acknowledges that a modal was closed. */
export const closed: Listener = (app) => app.view({ type: 'view_closed', callback_id: /.*/ }, async ({ ack }) => ack());

/** Listens to a message shortcut. The answer goes to the message's thread. */
export function shortcut(on: string, run: (served: Served) => Promise<void>): Listener {
  return (app, ctx) =>
    app.shortcut(on, async ({ ack, body: given }) => {
      await ack();
      const body = SHORTCUT.parse(given);
      const { message, message_ts } = body;
      const threadTs = message?.thread_ts ?? message?.ts ?? message_ts;
      const asked = { ...askedBy(body, ctx.now()), threadTs, inThread: message?.thread_ts !== undefined };
      await serveIfAllowed({ ctx, asked: { ...asked, what: on } }, run);
    });
}

/** Listens to a menu's search. Offers nothing to people without rights, or if the search takes too long. */
export function options(
  on: string,
  find: (ctx: SlackContext, typed: string) => Promise<readonly object[]>,
  needs?: Needs,
): Listener {
  return (app, ctx) =>
    app.options(on, async ({ ack, body }) => {
      const look = async () => {
        const { user, value } = SEARCH.parse(body);
        const { refusal } = await findRights({ ctx, asked: { user: user.id, channel: '', atMs: ctx.now() } }, needs);
        return refusal === undefined ? find(ctx, value) : [];
      };
      const found = await inTime(ctx, look()).catch((error: unknown) => {
        ctx.log.warn({ action: on, error: String(error) }, 'a menu stayed empty');
        return [];
      });
      await ack({ options: found as never });
    });
}

/** Slack cuts longer errors of a form. */
const MAX_FAULT = 500;

/** Faults of a form, by the block id of the field under which each is shown. */
export type Faults = Record<string, string>;

/** Listens to the submission of a form. It stays open with its faults, or closes and runs once, even if Slack sends it twice. */
export function submission(
  on: string,
  {
    needs,
    check,
    run,
  }: {
    needs?: Needs | undefined;
    check(served: Served, view: View): Promise<Faults>;
    run(served: Served, view: View): Promise<void>;
  },
): Listener {
  return (app, ctx) =>
    app.view({ type: 'view_submission', callback_id: on }, async ({ ack, body: given }) => {
      const body = SUBMISSION.parse(given);
      const { view } = body;
      // The modal closes before `run`, whose messages go to where it was opened.
      const { modal: _modal, triggerId: _triggerId, ...asked } = askedBy(body, ctx.now());
      const asking = { ctx, asked: { ...asked, what: on } };
      const look = async (): Promise<Faults> => {
        const { refusal, served } = await findRights(asking, needs);
        // People without rights are told after the acknowledgement, and learn nothing from the form's faults.
        return refusal === undefined ? check(served, view) : {};
      };
      let faults: Faults;
      try {
        faults = await inTime(ctx, look());
      } catch (error) {
        // Show the error at the first field, so that the form keeps its input. A form without fields has none to lose.
        const field = view.blocks?.find(({ type }) => type === 'input')?.block_id;
        if (typeof field !== 'string') {
          await ack();
          return tellFailure(asking, error);
        }
        faults = { [field]: describeFailure(asking, error).text };
      }
      if (Object.keys(faults).length > 0) {
        const errors = Object.fromEntries(
          Object.entries(faults).map(([field, fault]) => [field, clip(fault, MAX_FAULT)]),
        );
        return ack({ response_action: 'errors', errors });
      }
      await ack();
      const once = async (served: Served) => {
        if (!(await ctx.seen.insert(`form:${view.id}:${view.hash}`))) return;
        await run({ ...served, asked: await withChannel(served) }, view);
        if (asked.channel === '') await refreshHome(served);
      };
      await serveIfAllowed(asking, once, needs);
    });
}

/** Returns a schema of button values in JSON. */
export function json<T>(schema: z.ZodType<T>): z.ZodType<T, string> {
  return z.string().transform(parseJson).pipe(schema);
}

/** Returns the error for a button or modal of an older version, which no listener can read. */
export function tooOld({ bot }: SlackContext): QuestionError {
  const line = `This is from an older version of ${bot.name}, which no longer knows it. Close it and ask again.`;
  return new QuestionError(line, [{ label: 'Help', command: 'help' }]);
}

/** Returns the modal of a press. Throws if it was pressed elsewhere, which only older versions offered. */
export function windowOf({ ctx, view }: Pick<Press<unknown>, 'ctx' | 'view'>): View {
  if (view?.type === 'modal') return view;
  throw tooOld(ctx);
}

/** Tells a person that the button or form they used is from an older version. */
export async function tellOld(ctx: SlackContext, body: object): Promise<void> {
  const asking = { ctx, asked: askedBy(DEED.parse(body), ctx.now()) };
  await serveIfAllowed(asking, () => Promise.reject(tooOld(ctx)));
}

/** Rejects shortly before Slack's time for an answer is over. */
function inTime<T>(ctx: SlackContext, work: Promise<T>): Promise<T> {
  const late = ctx.wait(PATIENCE_MS).then(() => {
    throw new HeadroomError('slack', 'That took too long. Please try again.');
  });
  return Promise.race([work, late]);
}

/**
 * Runs a task for a person if their rights allow it. Rights are checked for every command and press anew. An error is told to
 * that person alone; an unexpected one with a short id that is in the log too. Never rejects.
 */
export async function serveIfAllowed(
  asking: Asking,
  task: (served: Served) => Promise<void>,
  needs?: Needs,
): Promise<void> {
  try {
    const { refusal, served } = await findRights(asking, needs);
    if (refusal) await say(asking, [refusal]).catch((error) => logUntold(asking, error));
    else await task(served);
  } catch (error) {
    await tellFailure(asking, error);
  }
  const { ctx, asked } = asking;
  const tookMs = ctx.now() - asked.atMs;
  if (tookMs >= SLOW_MS)
    ctx.log.info({ user: asked.user, channel: asked.channel, what: asked.what, tookMs }, 'an answer took long');
}

/** Looks up the person and their rights. `refusal`: the reason why they may not, undefined if they may. */
async function findRights(asking: Asking, needs: Needs = 'view'): Promise<{ refusal?: string; served: Served }> {
  const { ctx, asked } = asking;
  const person = await ctx.people.find(asked.user);
  const { id: user, zone, admin } = person;
  const served = { ...asking, person, by: { user, zone, admin } };
  const refusal = whyClosed(person, ctx.bot.name) ?? (needs === 'admin' && !admin ? onlyAdmins() : undefined);
  return { served, ...(refusal !== undefined && { refusal }) };
}

function onlyAdmins(what = 'change that'): string {
  return `Only admins may ${what}.`;
}

/** Throws with a message to the person unless they are an admin. */
export function requireAdmin(person: Person, what?: string): void {
  if (!person.admin) throw new HeadroomError('unauthorised', onlyAdmins(what));
}

/** Tells a person what went wrong; never rejects. */
async function tellFailure(asking: Asking, error: unknown): Promise<void> {
  try {
    const { text, buttons } = describeFailure(asking, error);
    await say(asking, [text], buttons);
  } catch (unreachable) {
    logUntold(asking, unreachable);
  }
}

/** Logs that a person could not be told: they have left or are a bot, or the conversation is gone. */
function logUntold({ ctx, asked: { user, channel } }: Asking, error: unknown): void {
  ctx.log.warn({ user, channel, error: String(error) }, 'somebody could not be told');
}

/** Error codes whose message is written for the person who asked. */
const FOR_PEOPLE = new Set<HeadroomError['code']>([
  'question',
  'range',
  'schedule',
  'definition',
  'slack',
  'unauthorised',
]);
const HELP: readonly Suggestion[] = [{ label: 'Health check', command: 'debug' }];

/** Returns the text for a person about a failure, and buttons that help. Logs failures that are not the person's. */
function describeFailure(
  { ctx: { log }, asked: { user } }: Asking,
  error: unknown,
): { text: string; buttons: readonly Suggestion[] } {
  if (error instanceof QuestionError) return { text: error.message, buttons: error.suggestions };
  if (error instanceof HeadroomError && FOR_PEOPLE.has(error.code)) return { text: error.message, buttons: [] };
  const refusal = describeRefusal(error);
  if (refusal) {
    log.warn({ user, error: String(error) }, 'Slack refused what somebody asked for');
    return { text: refusal, buttons: HELP };
  }
  const id = newId();
  log.error({ id, user, error: String(error), stack: (error as Error)?.stack }, 'request failed');
  return {
    text: `That did not work: something went wrong on this side. Please try again; if it stays, tell an admin the id ${id}.`,
    buttons: HELP,
  };
}
