import type { z } from 'zod';
import { type ChoiceField, readText } from '../domain/field.ts';
import { HeadroomError, QuestionError } from '../errors.ts';
import {
  buildField,
  type FieldChange,
  type FieldValue,
  type FormField,
  type FormFields,
  modal,
} from '../messages/form.ts';
import type { Block, Option } from '../messages/text.ts';
import { parseJson } from '../store/json-columns.ts';
import type { Asking, Served } from './context.ts';
import { type FormState, readPlace, type View } from './dispatch.ts';
import { type Faults, type Listener, type Needs, type Press, press, submission, tooOld, windowOf } from './listen.ts';
import { openView, updateView } from './views.ts';

type ManyField = { kind: 'choices' | 'list' } | { kind: 'search'; many: true };

/** Input of each field: a list where several options can be chosen, else a text; empty if nothing was given. */
type Typed<F extends FormFields> = {
  [K in keyof F]: F[K] extends ManyField ? readonly string[] : F[K] extends ChoiceField<infer W> ? W | '' : string;
};

/** The input of a form. */
export interface Filled<F extends FormFields> {
  typed: Typed<F>;
  /** Tells whether the form has the field now: a choice can add and remove fields. */
  has(id: string): boolean;
  /** Returns the option chosen in a menu, with its label. */
  option(id: string): Option | undefined;
}

/** A submitted form, once the rights of its sender are checked. `about`: the metadata that the form was opened with. */
export interface Sent<M, F extends FormFields> extends Filled<F>, Served {
  about: M;
  /** Id of the modal below, which is seen again once this one has closed. */
  below: string | undefined;
}

/** Builds the block of a field with its initial value. */
type Put<F extends FormFields> = (id: keyof F & string, value?: FieldValue, change?: FieldChange) => Block;

/** A press in a form, on a field or button that changes its fields. */
interface Changing<M, S> extends Press {
  view: View;
  build(about: M, shown: S): Block;
}

/** Description of a form: its look, the rights that it needs, and the action of its submission. */
export interface FormRow<M extends object, F extends FormFields, S> {
  /** The modal's `callback_id`. Never change one: forms that are open during an upgrade still have the old one. */
  on: string;
  title: string | ((about: M, shown: S) => string);
  submit: string;
  needs?: Needs;
  /** Schema of the metadata that is kept with the modal. */
  about: z.ZodType<M>;
  fields: F | ((about: M) => F);
  /** Returns the blocks from top to bottom; absent: the fields alone. */
  layout?(put: Put<F>, shown: S, about: M): readonly Block[];
  /** The command that opens it again, offered if it is outdated; absent: it is opened from an answer. */
  again?: string;
  /** Rebuilds the form when a field with this action is changed, since a choice can add or remove fields. */
  live?: { on: string; rebuild(sent: Sent<M, F>, pressed: Changing<M, S>): Promise<Block> };
  /** Finds faults that no single field shows, while the form is still open. */
  check?(sent: Sent<M, F>): Promise<Faults>;
  run(sent: Sent<M, F>): Promise<void>;
}

/** A form with its listeners, as the app registers it. */
export interface Sendable {
  on: string;
  listen: Listener;
}

export interface Form<M extends object, F extends FormFields, S> extends Sendable {
  build(about: M, shown: S): Block;
  open(asking: Asking, about: M, shown: S): Promise<void>;
  /** Reads the input of a submitted form; undefined if the form is from another version. */
  read(view: Readable): (Filled<F> & { about: M }) | undefined;
}

/** Makes a form from its description: opening it, reading its input, checking and submitting it. */
export function form<M extends object, const F extends FormFields, S = undefined>(
  row: FormRow<M, F, S>,
): Form<M, F, S> {
  const { on, title, submit, needs, layout, again, live, check, run } = row;
  const fieldsOf = (about: M): F => (typeof row.fields === 'function' ? row.fields(about) : row.fields);

  function build(about: M, shown: S): Block {
    const fields = fieldsOf(about);
    const put: Put<F> = (id, value, change) => buildField(id, fields[id]!, value, change);
    const named = typeof title === 'string' ? title : title(about, shown);
    const blocks = layout?.(put, shown, about) ?? Object.keys(fields).map((id) => put(id));
    return modal({ on, title: named, submit, about, blocks });
  }

  function read(view: Readable) {
    const { data: about } = row.about.safeParse(parseJson(view.private_metadata || '{}'));
    return about && readPlace(view) && { about, ...readForm(fieldsOf(about), view) };
  }

  function toSent(served: Served, view: View): Sent<M, F> {
    const filled = read(view);
    if (filled) return { ...served, ...filled, below: view.previous_view_id };
    const { ctx } = served;
    if (again === undefined) throw tooOld(ctx);
    const old = `This form is from an older version of ${ctx.bot.name}. Close it and open it again: ${ctx.command} ${again}`;
    throw new QuestionError(old, [{ label: 'Open it again', command: again }]);
  }

  const sending = submission(on, {
    needs,
    async check(served, view) {
      const sent = toSent(served, view);
      return { ...(await check?.(sent)), ...listFaults(fieldsOf(sent.about), sent) };
    },
    run: (served, view) => run(toSent(served, view)),
  });
  /** The latest press in each modal: it carries all earlier choices, so an older one must not overwrite its result. */
  const newest = new Map<string, Press>();
  const changing =
    live &&
    press({
      ...{ on: live.on, needs: needs ?? 'view', window: true },
      async run(pressed) {
        const view = windowOf(pressed);
        const isNewest = () => newest.get(view.id) === pressed;
        newest.set(view.id, pressed);
        try {
          const changed = await live.rebuild(toSent(pressed, view), { ...pressed, view, build });
          if (!isNewest() || (await updateView(pressed, view, changed))) return;
          // The update of an earlier press has changed the view meanwhile, without this press: send it again.
          if (isNewest()) await updateView(pressed, { id: view.id }, changed);
        } finally {
          if (isNewest()) newest.delete(view.id);
        }
      },
    });
  return {
    on,
    listen(app, ctx) {
      changing?.(app, ctx);
      sending(app, ctx);
    },
    build,
    open: (asking, about, shown) => openView(asking, build(about, shown)),
    read,
  };
}

type Readable = Pick<View, 'private_metadata' | 'state' | 'blocks'>;

/** Reads the input of each field from the state of a view. */
function readForm<F extends FormFields>(fields: F, { state, blocks = [] }: Readable): Filled<F> {
  const values = state?.values ?? {};
  // Each field has one element; its action id does not matter.
  const stateOf = (id: string): FieldState => {
    const given = Object.values(values[id] ?? {})[0] ?? {};
    return Object.values(given).some((value) => value && (!Array.isArray(value) || value.length > 0))
      ? given
      : readInitial(blocks, id);
  };
  const typed = Object.entries(fields).map(([id, field]) => [id, toTyped(field, stateOf(id))] as const);
  return {
    typed: Object.fromEntries(typed) as Typed<F>,
    has: (id) => Object.hasOwn(values, id),
    option: (id) => stateOf(id).selected_option ?? undefined,
  };
}

type FieldState = FormState[string][string];

/**
 * Returns the initial value of a required field. Slack omits a field that an update added and nobody touched
 * (slackapi/bolt-js#1258, bolt-python#572). A required field that was emptied by hand cannot be the reason: Slack's client
 * does not submit such a form. Multi-line fields are left out: they are typed or changed before a form is sent.
 */
function readInitial(blocks: readonly Block[], id: string): FieldState {
  const block = blocks.find(({ block_id, optional }) => block_id === id && optional === false);
  const element = (block?.element ?? {}) as Block;
  const initial = Object.entries(element).filter(([key]) => key.startsWith('initial_') && element.multiline !== true);
  return Object.fromEntries(
    initial.map(([key, value]) => [key === 'initial_value' ? 'value' : key.replace('initial', 'selected'), value]),
  );
}

function toTyped(field: FormField, state: FieldState): string | string[] {
  if (field.kind === 'choices' || field.kind === 'list' || (field.kind === 'search' && field.many)) {
    return (state.selected_options ?? []).map(({ value }) => value);
  }
  const { value, selected_option, selected_conversation, selected_user, selected_date, selected_time } = state;
  const chosen = selected_option?.value ?? selected_conversation ?? selected_user ?? selected_date ?? selected_time;
  const given = value ?? chosen ?? '';
  return field.kind === 'lines' ? given : given.trim();
}

/** Lists the faults of each field by itself. */
function listFaults<F extends FormFields>(fields: F, { typed, has }: Filled<F>): Faults {
  const faults = Object.entries<FormField>(fields).flatMap(([id, field]) => {
    const given = typed[id];
    const fault = has(id) && typeof given === 'string' ? findFault(field, given) : undefined;
    return fault === undefined ? [] : [[id, `${field.label} ${fault}`]];
  });
  return Object.fromEntries(faults);
}

function findFault(field: FormField, given: string): string | undefined {
  if (given === '') return field.required && `is missing; ${field.required}.`;
  switch (field.kind) {
    case 'text':
    case 'link':
    case 'whole':
    case 'credits':
    case 'day':
    case 'member': {
      const read = readText(field, given);
      return 'fault' in read ? read.fault : undefined;
    }
    default:
      // Slack's menus allow nothing else.
      return undefined;
  }
}

/** Returns the error of `look` as the fault of a field; no fault if it succeeds. */
export async function faultAt(field: string, look: () => Promise<unknown>): Promise<Faults> {
  try {
    await look();
    return {};
  } catch (error) {
    if (error instanceof HeadroomError) return { [field]: error.message };
    throw error;
  }
}
