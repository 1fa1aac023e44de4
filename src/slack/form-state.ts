import { z } from 'zod';
import type { FieldFault } from '../domain/declared-fields.ts';
import { type ChoiceField, readText } from '../domain/field.ts';
import { HeadroomError } from '../errors.ts';
import type { AnswerFormMetadata, AskMetadata } from '../messages/answer-forms.ts';
import type { ClientFormMetadata } from '../messages/client-form.ts';
import type { DigestMetadata } from '../messages/digest-form.ts';
import type { FormField, FormFields } from '../messages/form.ts';
import type { PoolFormMetadata, PoolsMetadata, ScopeFormMetadata } from '../messages/pool-form.ts';
import type { RoutingMetadata } from '../messages/routing-form.ts';
import { clip, type Option } from '../messages/text.ts';
import { FILTERS, object, parseJson, QUESTION } from '../store/json-columns.ts';

const text = z.string();
const place = { channel: text, threadTs: text.optional(), inThread: z.boolean().optional() };
const pools = { ...place, scope: text.optional() };

/** Schemas of what windows carry (`private_metadata`), and of what buttons in them do (`value`). */
export const METADATA = {
  answer: object<AnswerFormMetadata>({
    ...place,
    ...{ answerId: text.optional(), question: QUESTION.optional(), responseUrl: text.optional() },
  }),
  ask: object<AskMetadata>({ ...place, responseUrl: text.optional() }),
  digest: object<DigestMetadata>({
    ...{ id: z.number().optional(), channel: text.optional() },
    ...{ filters: FILTERS.optional(), scope: text.optional() },
  }),
  routing: object<RoutingMetadata>({ ...place, noGroups: z.boolean().optional() }),
  pools: object<PoolsMetadata>(pools),
  client: object<ClientFormMetadata>({ ...place, basis: text.optional() }),
  scope: object<ScopeFormMetadata>({ ...pools, basis: text.optional() }),
  pool: object<PoolFormMetadata>({
    ...{ ...place, scope: text, part: z.enum(['pools', 'limits']), name: text.optional(), basis: text.optional() },
    grants: z.array(z.number()),
  }),
  /** The pool that a button is about. */
  poolRef: object<{ scope: string; name: string }>({ scope: text, name: text }),
  /** The kind of pool that a button adds: `pool`, `addon`, `limit`. */
  poolKind: object<{ scope: string; kind: string }>({ scope: text, kind: text }),
};

/** Reads what a window or a button carries. Throws where it is something else: it is from another version. */
export function readMetadata<T>(schema: z.ZodType<T>, json: string | undefined): T {
  const read = schema.safeParse(parseJson(json || '{}'));
  if (read.success) return read.data;
  throw new HeadroomError('question', 'This window is out of date: close it and open it again.');
}

const PLACE = z.object({ ...place, channel: text.optional(), responseUrl: text.optional() });

/** The place that a form was opened from, as the form carries it. */
export function readPlace(json: string | undefined): z.infer<typeof PLACE> {
  return PLACE.safeParse(parseJson(json || '{}')).data ?? {};
}

const OPTION: z.ZodType<Option> = z.object({ text: z.looseObject({ type: text }), value: text });
const ELEMENT = z.object({
  value: text.nullish(),
  selected_option: OPTION.nullish(),
  selected_options: z.array(OPTION).nullish(),
  selected_conversation: text.nullish(),
  selected_user: text.nullish(),
  selected_date: text.nullish(),
  selected_time: text.nullish(),
});
const STATE = z.record(text, z.record(text, ELEMENT));

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

/** Reads the state of a form (`view.state.values`) by its fields. Throws where it is none. */
export function readForm<F extends FormFields>(fields: F, values: unknown): Filled<F> {
  const read = STATE.safeParse(values ?? {});
  if (!read.success) throw new HeadroomError('question', 'This form cannot be read: close it and open it again.');
  const state = read.data;
  // Every field has one element, whatever its action id.
  const stateOf = (id: string) => Object.values(state[id] ?? {})[0] ?? {};
  const typed = Object.entries(fields).map(([id, field]) => [id, toTyped(field, stateOf(id))] as const);
  return {
    typed: Object.fromEntries(typed) as Typed<F>,
    has: (id) => Object.hasOwn(state, id),
    option: (id) => stateOf(id).selected_option ?? undefined,
  };
}

function toTyped(field: FormField, state: z.infer<typeof ELEMENT>): string | string[] {
  if (field.kind === 'choices' || field.kind === 'list' || (field.kind === 'search' && field.many)) {
    return (state.selected_options ?? []).map(({ value }) => value);
  }
  const { value, selected_option, selected_conversation, selected_user, selected_date, selected_time } = state;
  const chosen = selected_option?.value ?? selected_conversation ?? selected_user ?? selected_date ?? selected_time;
  const given = value ?? chosen ?? '';
  return field.kind === 'lines' ? given : given.trim();
}

/** Faults by the field that they stand under. */
export type Faults = Record<string, string>;

/** A fault under a field; longer ones would be cut anyway. */
const MAX_FAULT = 500;

export function toFault(words: string): string {
  return clip(words, MAX_FAULT);
}

/** Lists what is wrong with each field by itself, in the words of its description. */
export function listFaults<F extends FormFields>(fields: F, { typed, has }: Filled<F>): Faults {
  const faults = Object.entries<FormField>(fields).flatMap(([id, field]) => {
    const given = typed[id];
    if (!has(id) || typeof given !== 'string') return [];
    const fault = findFault(field, given);
    return fault === undefined ? [] : [[id, toFault(`${field.label} ${fault}`)]];
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

/** Places faults of a declaration under the fields that they are about; under another where the form lacks that one. */
export function placeFaults(
  faults: readonly FieldFault[],
  fields: FormFields,
  has: (id: string) => boolean,
  instead: (field: string) => string,
): Faults {
  const placed: Faults = {};
  for (const { field, text: fault } of faults) {
    const label = fields[field]?.label;
    placed[has(field) ? field : instead(field)] ??= toFault(label && field !== 'yaml' ? `${label} ${fault}` : fault);
  }
  return placed;
}
