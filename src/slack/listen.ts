import type { App } from '@slack/bolt';
import { z } from 'zod';
import { HeadroomError, QuestionError } from '../errors.ts';
import type { FormFields } from '../messages/form.ts';
import type { Block } from '../messages/text.ts';
import { parseJson } from '../store/json-columns.ts';
import type { Served, SlackContext } from './context.ts';
import { type Faults, type Filled, listFaults, readForm, toFault } from './form-state.ts';
import { publishHome } from './home.ts';
import {
  askedBy,
  askedByForm,
  COMMAND,
  DEED,
  PRESS,
  type PressBody,
  SEARCH,
  SHORTCUT,
  SUBMISSION,
  type View,
} from './payloads.ts';
import { describeFailure, refuse, serveIfAllowed, tellFailure, toServed } from './serve.ts';
import { updateView, withChannel } from './views.ts';

/** Slack waits 3 s for what a menu offers and for what is wrong with a form. */
const PATIENCE_MS = 2000;

type Needs = 'view' | 'admin';

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
  body: PressBody;
}

/** A submitted form, of somebody who may: what it was about, and its fields. */
export interface Sent<T, F extends FormFields> extends Filled<F>, Served {
  metadata: T;
  /** The modal that is seen again once this one has closed. */
  below?: string | undefined;
}

/** Any slash command that Slack sends here is ours, whatever the manifest calls it. */
export function command(run: (served: Served & { text: string }) => Promise<void>): Listener {
  return (app, ctx) =>
    app.command(/.*/, async ({ command: given, ack }) => {
      await ack();
      const { user_id: user, channel_id: channel, response_url, trigger_id, text } = COMMAND.parse(given);
      const asked = { user, channel, responseUrl: response_url, triggerId: trigger_id, atMs: ctx.now() };
      await serveIfAllowed(ctx, asked, (served) => run({ ...served, text }));
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
      const body = PRESS.parse(given);
      const asked = askedBy(body, ctx.now());
      const { value, ...pressed } = body.actions[0];
      const task = async (served: Served) => {
        const read = schema?.safeParse(value) ?? { success: true, data: value as V };
        if (!read.success) throw tooOld(ctx);
        const here = window ? asked : await withChannel(ctx, asked);
        await run({ ...served, asked: here, body, ...pressed, value: read.data });
        if (body.view?.type === 'home') await refreshHome(served);
      };
      await serveIfAllowed(ctx, asked, task, needs);
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

export function shortcut(
  on: string,
  run: (served: Served & { body: z.infer<typeof SHORTCUT> }) => Promise<void>,
): Listener {
  return (app, ctx) =>
    app.shortcut(on, async ({ ack, body: given }) => {
      await ack();
      const body = SHORTCUT.parse(given);
      const asked = askedBy(body, ctx.now());
      await serveIfAllowed(ctx, asked, (served) => run({ ...served, body }));
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
        const person = await ctx.people.find(user.id);
        return refuse(ctx, person, needs) === undefined ? find(ctx, value) : [];
      };
      const found = await inTime(ctx, look()).catch((error: unknown) => {
        ctx.log.warn({ action: on, error: String(error) }, 'a menu stayed empty');
        return [];
      });
      await ack({ options: found as never });
    });
}

export interface FormRow<T, F extends FormFields> {
  on: string;
  needs?: Needs;
  metadata: z.ZodType<T>;
  /** Fields by which it is read, and the faults of each alone are found. */
  fields: F | ((metadata: T) => F);
  /** The command that opens it anew; absent: an answer opens it, and is asked for again. */
  again?: string;
  /** While it is filled in, its fields of this action bring others. `view` is the form as it stands. */
  live?: { on: string; rebuild(sent: Sent<T, F>, pressed: Press & { view: View }): Promise<Block> };
  /** Finds other faults while the form is still open. */
  check?(sent: Sent<T, F>): Promise<Faults>;
  /** Done once, however often the form is sent. */
  run(sent: Sent<T, F>): Promise<void>;
}

/** A form that is sent: it stays open with its faults, or closes and is done. */
export function form<T, F extends FormFields>(row: FormRow<T, F>): Listener {
  const { on, needs, live, check, run } = row;
  const changed =
    live &&
    press({
      ...{ on: live.on, needs: needs ?? 'view', window: true },
      async run(pressed) {
        const view = windowOf(pressed);
        const { sent } = readSent(row, view, pressed);
        await updateView(pressed.ctx, view, await live.rebuild(sent, { ...pressed, view }));
      },
    });
  return (app, ctx) => {
    changed?.(app, ctx);
    app.view({ type: 'view_submission', callback_id: on }, async ({ ack, body: given }) => {
      const body = SUBMISSION.parse(given);
      const { view } = body;
      const asked = askedByForm(body, ctx.now());
      const look = async (): Promise<Faults> => {
        const person = await ctx.people.find(asked.user);
        // Told after the acknowledgement: whoever may not learns nothing from faults.
        if (refuse(ctx, person, needs) !== undefined) return {};
        const { shown, sent } = readSent(row, view, toServed(ctx, asked, person));
        return { ...(await check?.(sent)), ...listFaults(shown, sent) };
      };
      let faults: Faults;
      try {
        faults = await inTime(ctx, look());
      } catch (error) {
        // The form stays open with what was typed; one without fields has nothing to lose.
        const field = view.blocks?.find(({ type }) => type === 'input')?.block_id;
        if (typeof field !== 'string') {
          await ack();
          return tellFailure(ctx, asked, error);
        }
        faults = { [field]: toFault(describeFailure(ctx, asked, error).text) };
      }
      if (Object.keys(faults).length > 0) return ack({ response_action: 'errors', errors: faults });
      await ack();
      const once = async (served: Served) => {
        if (!(await ctx.seen.insert(`form:${view.id}:${view.hash}`))) return;
        await run(readSent(row, view, { ...served, asked: await withChannel(ctx, asked) }).sent);
        if (asked.channel === '') await refreshHome(served);
      };
      await serveIfAllowed(ctx, asked, once, needs);
    });
  };
}

/** Reads a form as it stands, and its fields. Throws where it is from another version. */
function readSent<T, F extends FormFields>(
  { metadata: schema, fields, again }: FormRow<T, F>,
  { private_metadata, previous_view_id: below, state }: View,
  served: Served,
): { shown: F; sent: Sent<T, F> } {
  const read = schema.safeParse(parseJson(private_metadata || '{}'));
  if (!read.success) {
    const { bot, command } = served.ctx;
    if (again === undefined) throw tooOld(served.ctx);
    const old = `This form is from an older version of ${bot.name}. Close it and open it again: ${command} ${again}`;
    throw new QuestionError(old, [{ label: 'Open it again', command: again }]);
  }
  const metadata = read.data;
  const shown = typeof fields === 'function' ? fields(metadata) : fields;
  return { shown, sent: { ...served, metadata, below, ...readForm(shown, state?.values) } };
}

/** A schema of button values that are JSON. */
export function json<T>(schema: z.ZodType<T>): z.ZodType<T, string> {
  return z.string().transform(parseJson).pipe(schema);
}

/** A button or window that no listener can read is from before an upgrade. */
function tooOld({ bot }: SlackContext): QuestionError {
  const line = `This is from an older version of ${bot.name}, which no longer knows it. Close it and ask again.`;
  return new QuestionError(line, [{ label: 'Help', command: 'help' }]);
}

/** Returns the window in which something was pressed. */
export function windowOf({ ctx, body: { view } }: Pick<Press<unknown>, 'ctx' | 'body'>): View {
  if (view?.type === 'modal') return view;
  throw tooOld(ctx);
}

/** Returns what `look` finds wrong, to be shown at a field; nothing where it finds nothing. */
export async function faultAt(field: string, look: () => Promise<unknown>): Promise<Faults> {
  try {
    await look();
    return {};
  } catch (error) {
    if (error instanceof HeadroomError) return { [field]: toFault(error.message) };
    throw error;
  }
}

/** Tells whoever pressed or sent something that no listener knows. */
export async function tellOld(ctx: SlackContext, body: object): Promise<void> {
  const asked = askedBy(DEED.parse(body), ctx.now());
  await serveIfAllowed(ctx, asked, () => Promise.reject(tooOld(ctx)));
}

/** Rejects once Slack would no longer wait. */
function inTime<T>(ctx: SlackContext, work: Promise<T>): Promise<T> {
  const late = ctx.wait(PATIENCE_MS).then(() => {
    throw new HeadroomError('slack', 'That took too long. Please try again.');
  });
  return Promise.race([work, late]);
}
