import type { App } from '@slack/bolt';
import { z } from 'zod';
import { HeadroomError, QuestionError, type Suggestion } from '../errors.ts';
import { clip } from '../messages/text.ts';
import { parseJson } from '../store/json-columns.ts';
import { describeRefusal } from './client/errors.ts';
import type { Asking, Served, SlackContext } from './context.ts';
import { publishHome } from './home.ts';
import { askedBy, COMMAND, DEED, PRESS, SEARCH, SHORTCUT, SUBMISSION, type View } from './payloads.ts';
import { type Person, whyClosed } from './permissions.ts';
import { newId, say } from './tell.ts';
import { withChannel } from './views.ts';

/** Slack waits 3 s for what a menu offers and for what is wrong with a form. */
const PATIENCE_MS = 2000;

/** A picture may still be drawn after the text of an answer, which is never later than 2 s. */
const SLOW_MS = 5000;

export type Needs = 'view' | 'admin';

/**
 * One thing that people do in Slack, and what follows: rows of these are all that the app hears. Each acknowledges first,
 * then asks for the rights of the person who acts, and nothing runs before they are known.
 */
export type Listener = (app: App, ctx: SlackContext) => void;

/** A press, of somebody who may. */
export interface Press<V = string> extends Served {
  /** Read by the schema of the row. */
  value: V;
  action: string;
  blockId: string | undefined;
  /** The window or Home tab in which it was. */
  view: View | undefined;
}

/** Any slash command that Slack sends here is ours, whatever the manifest calls it. */
export function command(run: (served: Served, text: string) => Promise<void>): Listener {
  return (app, ctx) =>
    app.command(/.*/, async ({ command: given, ack }) => {
      await ack();
      const { user_id: user, channel_id: channel, response_url, trigger_id, text } = COMMAND.parse(given);
      const asked = { user, channel, responseUrl: response_url, triggerId: trigger_id, what: text, atMs: ctx.now() };
      await serveIfAllowed({ ctx, asked }, (served) => run(served, text));
    });
}

/** A press on a button or an entry of a menu; `on` also stands for actions with more after a colon. */
export function press<V = string>({
  on,
  needs,
  value: schema,
  window = false,
  run,
}: {
  on: string;
  needs?: Needs;
  /** Of its value, a text; absent: any text. */
  value?: z.ZodType<V, string>;
  /** It opens or changes a window, which waits for nothing. Anything else has a channel: in the Home tab, the direct messages. */
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

/** Shows in the Home tab what was done; it is done whether or not Slack takes the view. */
async function refreshHome({ ctx, person }: Served): Promise<void> {
  await publishHome(ctx, person).catch((error: unknown) => {
    ctx.log.warn({ user: person.id, error: String(error) }, 'the Home tab was not refreshed');
  });
}

/** A press by an admin that opens or changes a window. `value`: its schema. */
export function adminWindow<V = string>(
  on: string,
  run: (press: Press<V>) => Promise<void>,
  value?: z.ZodType<V, string>,
): Listener {
  return press({ on, run, needs: 'admin', window: true, ...(value ? { value } : {}) });
}

/** Presses that lead to nothing here, whoever makes them. */
export function ignore(on: string): Listener {
  return (app) => app.action(new RegExp(`^${on}(:|$)`), async ({ ack }) => ack());
}

/** A window that somebody closes asks for nothing. */
export const closed: Listener = (app) => app.view({ type: 'view_closed', callback_id: /.*/ }, async ({ ack }) => ack());

/** An entry in the menu of a message. `threadTs`: the thread of that message, `inThread`: which has replies. */
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

/** Entries of a menu for typed text; people without rights get none, nor does a menu that takes too long. */
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

/** Slack cuts longer ones. */
const MAX_FAULT = 500;

/** What is wrong with a form, by the field under which it is said. */
export type Faults = Record<string, string>;

/** A form that is sent: it stays open with its faults, or closes and is done, once, however often it is sent. */
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
      // It is closed by then, and what follows stands where it was opened.
      const { modal: _modal, triggerId: _triggerId, ...asked } = askedBy(body, ctx.now());
      const asking = { ctx, asked: { ...asked, what: on } };
      const look = async (): Promise<Faults> => {
        const { refusal, served } = await findRights(asking, needs);
        // Told after the acknowledgement: whoever may not learns nothing from faults.
        return refusal === undefined ? check(served, view) : {};
      };
      let faults: Faults;
      try {
        faults = await inTime(ctx, look());
      } catch (error) {
        // The form stays open with what was typed; one without fields has nothing to lose.
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

/** A schema of button values that are JSON. */
export function json<T>(schema: z.ZodType<T>): z.ZodType<T, string> {
  return z.string().transform(parseJson).pipe(schema);
}

/** A button or window that no listener can read is from before an upgrade. */
export function tooOld({ bot }: SlackContext): QuestionError {
  const line = `This is from an older version of ${bot.name}, which no longer knows it. Close it and ask again.`;
  return new QuestionError(line, [{ label: 'Help', command: 'help' }]);
}

/** Returns the window in which something was pressed. */
export function windowOf({ ctx, view }: Pick<Press<unknown>, 'ctx' | 'view'>): View {
  if (view?.type === 'modal') return view;
  throw tooOld(ctx);
}

/** Tells whoever pressed or sent something that no listener knows. */
export async function tellOld(ctx: SlackContext, body: object): Promise<void> {
  const asking = { ctx, asked: askedBy(DEED.parse(body), ctx.now()) };
  await serveIfAllowed(asking, () => Promise.reject(tooOld(ctx)));
}

/** Rejects once Slack would no longer wait. */
function inTime<T>(ctx: SlackContext, work: Promise<T>): Promise<T> {
  const late = ctx.wait(PATIENCE_MS).then(() => {
    throw new HeadroomError('slack', 'That took too long. Please try again.');
  });
  return Promise.race([work, late]);
}

/**
 * Does what a person asked for, if they may: checked anew for every command and press, for the one who makes it. What goes
 * wrong is told to that person alone; what they cannot help gets a short id that the log has too. Never rejects.
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

/** Finds out who asks, and why they may not; `refusal` undefined where they may. */
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

/** Refuses with a message to the person; for what only admins may do. */
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

/** The person has left, is a bot, or the place is gone. */
function logUntold({ ctx, asked: { user, channel } }: Asking, error: unknown): void {
  ctx.log.warn({ user, channel, error: String(error) }, 'somebody could not be told');
}

/** Codes whose message is meant for the person who asked. */
const FOR_PEOPLE = new Set<HeadroomError['code']>([
  'question',
  'range',
  'schedule',
  'definition',
  'slack',
  'unauthorised',
]);
const HELP: readonly Suggestion[] = [{ label: 'Health check', command: 'debug' }];

/** Returns what to tell a person about a failure, with commands that help; logs what the person cannot help. */
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
