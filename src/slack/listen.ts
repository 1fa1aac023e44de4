import type { App } from '@slack/bolt';
import type { z } from 'zod';
import { HeadroomError } from '../errors.ts';
import { buildNotice } from '../messages/answer-message.ts';
import type { FormFields } from '../messages/form.ts';
import { askedByPress, type PressBody, readPress, readPressed } from './asked.ts';
import {
  type Asked,
  describeFailure,
  refuse,
  type SlackContext,
  serveIfAllowed,
  tellFailure,
  tellPrivately,
} from './context.ts';
import { type Faults, type Filled, listFaults, readForm, readMetadata, readPlace, toFault } from './form-state.ts';
import { publishHome } from './home.ts';
import type { Person } from './permissions.ts';

/** Slack waits 3 s for what a menu offers and for what is wrong with a form. */
const PATIENCE_MS = 2000;

type Needs = 'view' | 'admin';

/** A press, of somebody who may. */
export interface Press extends ReturnType<typeof readPressed> {
  asked: Asked;
  person: Person;
  body: PressBody;
}

/** A submitted form, of somebody who may: what it was about, and its fields. */
export interface Submitted<T, F extends FormFields> extends Filled<F> {
  asked: Asked;
  person: Person;
  metadata: T;
  /** The modal that is seen again once this one has closed. */
  below?: string | undefined;
}

interface FormTasks<T, F extends FormFields> {
  needs?: Needs;
  metadata: z.ZodType<T>;
  /** Fields by which it is read, and the faults of each alone are found. */
  fields: F | ((metadata: T) => F);
  /** Finds other faults while the form is still open. */
  check?(given: Submitted<T, F>): Promise<Faults>;
  /** Done once, however often the form is sent. */
  submit(given: Submitted<T, F>): Promise<void>;
}

/**
 * The only way to hear of what people do. Each listener acknowledges first, then asks for the rights of the person who acts,
 * and nothing runs before they are known: a task is handed the person it may serve.
 */
export interface Listen {
  command(task: (asked: Asked, person: Person, text: string) => Promise<void>): void;
  /** Also for actions with more after a colon. */
  press(action: string, task: (press: Press) => Promise<void>, needs?: Needs): void;
  /** Presses that lead to nothing here, whoever makes them. */
  ignore(action: string): void;
  form<T, F extends FormFields>(callback: string, tasks: FormTasks<T, F>): void;
  shortcut(callback: string, task: (asked: Asked, person: Person, body: PressBody) => Promise<void>): void;
  /** Registers the options of a menu for typed text; people without rights get none, nor does a menu that takes too long. */
  options(action: string, task: (typed: string) => Promise<readonly object[]>, needs?: Needs): void;
}

export function createListen(app: App, ctx: SlackContext): Listen {
  app.view({ type: 'view_closed', callback_id: /.*/ }, async ({ ack }) => ack());
  return {
    command(task) {
      // Any slash command that Slack sends here is ours, whatever the manifest calls it.
      app.command(/.*/, async ({ command, ack }) => {
        await ack();
        const asked: Asked = {
          user: command.user_id,
          channel: command.channel_id,
          responseUrl: command.response_url,
          triggerId: command.trigger_id,
          atMs: ctx.now(),
        };
        await serveIfAllowed(ctx, asked, (person) => task(asked, person, command.text ?? ''));
      });
    },
    press(action, task, needs) {
      app.action(new RegExp(`^${action}(:|$)`), async ({ ack, body: given, action: element }) => {
        await ack();
        const body = readPress(given);
        const asked = askedByPress(body, ctx.now());
        await serveIfAllowed(
          ctx,
          asked,
          async (person) => {
            await task({ asked, person, body, ...readPressed(element) });
            if (body.view?.type === 'home') await publishHome(ctx, person);
          },
          needs,
        );
      });
    },
    ignore(action) {
      app.action(new RegExp(`^${action}(:|$)`), async ({ ack }) => ack());
    },
    form: (callback, tasks) => registerForm(app, ctx, callback, tasks),
    shortcut(callback, task) {
      app.shortcut(callback, async ({ ack, body: given }) => {
        await ack();
        const body = readPress(given);
        const asked = askedByPress(body, ctx.now());
        await serveIfAllowed(ctx, asked, (person) => task(asked, person, body));
      });
    },
    options(action, task, needs) {
      app.options(action, async ({ ack, body, payload }) => {
        const find = async () => {
          const person = await ctx.people.find(body.user.id);
          return refuse(ctx, person, needs) === undefined ? task(payload.value ?? '') : [];
        };
        const options = await inTime(ctx, find()).catch((error: unknown) => {
          ctx.log.warn({ action, error: String(error) }, 'a menu stayed empty');
          return [];
        });
        await ack({ options: options as never });
      });
    },
  };
}

function registerForm<T, F extends FormFields>(
  app: App,
  ctx: SlackContext,
  callback: string,
  { needs, metadata: schema, fields, check, submit }: FormTasks<T, F>,
): void {
  app.view({ type: 'view_submission', callback_id: callback }, async ({ ack, body, view }) => {
    const { private_metadata: carried } = view;
    const asked: Asked = { user: body.user.id, channel: '', ...readPlace(carried), atMs: ctx.now() };
    const read = (person: Person) => {
      const metadata = readMetadata(schema, carried);
      const shown = typeof fields === 'function' ? fields(metadata) : fields;
      const filled = readForm(shown, view.state.values);
      const given: Submitted<T, F> = { asked, person, metadata, below: view.previous_view_id ?? undefined, ...filled };
      return { given, shown };
    };
    const look = async (): Promise<Faults> => {
      const person = await ctx.people.find(asked.user);
      // Told after the acknowledgement: whoever may not learns nothing from faults.
      if (refuse(ctx, person, needs) !== undefined) return {};
      const { given, shown } = read(person);
      return { ...(await check?.(given)), ...listFaults(shown, given) };
    };
    let faults: Faults;
    try {
      faults = await inTime(ctx, look());
    } catch (error) {
      // The form stays open with what was typed; one without fields has nothing to lose.
      const field = view.blocks.find(({ type }) => type === 'input')?.block_id;
      if (field === undefined) {
        await ack();
        return tellFailure(ctx, asked, error);
      }
      faults = { [field]: toFault(describeFailure(ctx, asked, error).text) };
    }
    if (Object.keys(faults).length > 0) return ack({ response_action: 'errors', errors: faults });
    await ack();
    const once = async (person: Person) => {
      if (await ctx.seen.insert(`form:${view.id}:${view.hash}`)) await submit(read(person).given);
    };
    await serveIfAllowed(ctx, asked, once, needs);
  });
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

/** Tells whoever pressed or sent something that no listener knows: it is from before an upgrade. */
export async function tellOldWindow(ctx: SlackContext, body: object): Promise<void> {
  const asked = askedByPress(readPress(body), ctx.now());
  const line = `This is from an older version of ${ctx.bot.name}, which no longer knows it. Close it and ask again.`;
  await serveIfAllowed(ctx, asked, () =>
    tellPrivately(ctx, asked, buildNotice([line], [{ label: 'Help', command: 'help' }])),
  );
}

/** Rejects once Slack would no longer wait. */
function inTime<T>(ctx: SlackContext, work: Promise<T>): Promise<T> {
  const late = ctx.wait(PATIENCE_MS).then(() => {
    throw new HeadroomError('slack', 'That took too long. Please try again.');
  });
  return Promise.race([work, late]);
}
