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
import { type Faults, type Listener, type Needs, type Press, press, submission, tooOld, windowOf } from './listen.ts';
import { type FormState, readPlace, type View } from './payloads.ts';
import { openView, updateView } from './views.ts';

type ManyField = { kind: 'choices' | 'list' } | { kind: 'search'; many: true };

/** Input of each field: words where several can be chosen, else a text; empty where nothing was given. */
type Typed<F extends FormFields> = {
  [K in keyof F]: F[K] extends ManyField ? readonly string[] : F[K] extends ChoiceField<infer W> ? W | '' : string;
};

/** A form as it is filled in. */
export interface Filled<F extends FormFields> {
  typed: Typed<F>;
  /** Tells whether the form has such a field: a choice may bring others. */
  has(id: string): boolean;
  /** Returns the entry that is chosen in a menu, with its label. */
  option(id: string): Option | undefined;
}

/** A submitted form, of somebody who may: what it is about, and its fields. */
export interface Sent<M, F extends FormFields> extends Filled<F>, Served {
  about: M;
  /** The window that is seen again once this one has closed. */
  below: string | undefined;
}

/** Puts a field into a form, with what it holds. */
type Put<F extends FormFields> = (id: keyof F & string, value?: FieldValue, change?: FieldChange) => Block;

/** A press on a field of a form, or a button in it, that changes the form. */
interface Changing<M, S> extends Press {
  view: View;
  build(about: M, shown: S): Block;
}

/** All of a form: what it looks like, who may send it, and what that does. */
export interface FormRow<M extends object, F extends FormFields, S> {
  /** Its `callback_id`. Old windows keep theirs: never change one. */
  on: string;
  title: string | ((about: M, shown: S) => string);
  submit: string;
  needs?: Needs;
  /** What it is about, kept with the window. */
  about: z.ZodType<M>;
  fields: F | ((about: M) => F);
  /** Its blocks from top to bottom, with what is shown in them; absent: its fields. */
  layout?(put: Put<F>, shown: S, about: M): readonly Block[];
  /** The command that opens it anew; absent: an answer opens it, and is asked for again. */
  again?: string;
  /** While it is filled in, its fields of this action bring others. */
  live?: { on: string; rebuild(sent: Sent<M, F>, pressed: Changing<M, S>): Promise<Block> };
  /** Finds other faults than those of single fields while it is still open. */
  check?(sent: Sent<M, F>): Promise<Faults>;
  run(sent: Sent<M, F>): Promise<void>;
}

/** A form as Slack tells of it. */
export interface Sendable {
  on: string;
  listen: Listener;
}

export interface Form<M extends object, F extends FormFields, S> extends Sendable {
  build(about: M, shown: S): Block;
  open(asking: Asking, about: M, shown: S): Promise<void>;
  /** Reads one as it stands; undefined where it is from another version. */
  read(view: Readable): (Filled<F> & { about: M }) | undefined;
}

/** A form: opened, filled in, checked and sent. */
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
  /** The last press in each window that is being answered: it carries what was chosen before it. */
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
          // Slack had drawn the press before this one meanwhile, which did not know of it.
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

/** Reads the state of a form by its fields. */
function readForm<F extends FormFields>(fields: F, { state, blocks = [] }: Readable): Filled<F> {
  const values = state?.values ?? {};
  // Every field has one element, whatever its action id.
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
 * What a field that must be filled in begins with. Slack sends nothing of it where an update brought the field and nobody
 * touched it (slackapi/bolt-js#1258, bolt-python#572); emptied by hand, its client would not send the form. Many lines are
 * typed or changed, or there was nothing to send.
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

/** Lists what is wrong with each field by itself, in the words of its description. */
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
      // Slack lets nothing else be chosen.
      return undefined;
  }
}

/** Returns what `look` finds wrong, to be shown at a field; nothing where it finds nothing. */
export async function faultAt(field: string, look: () => Promise<unknown>): Promise<Faults> {
  try {
    await look();
    return {};
  } catch (error) {
    if (error instanceof HeadroomError) return { [field]: error.message };
    throw error;
  }
}
