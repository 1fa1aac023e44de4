import type { FieldFault } from '../domain/declared-fields.ts';
import { type ChoiceField, readText } from '../domain/field.ts';
import type { FormField, FormFields } from '../messages/form.ts';
import { clip, type Option } from '../messages/text.ts';
import type { FormState } from './payloads.ts';

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

/** Reads the state of a form by its fields. */
export function readForm<F extends FormFields>(fields: F, state: FormState = {}): Filled<F> {
  // Every field has one element, whatever its action id.
  const stateOf = (id: string) => Object.values(state[id] ?? {})[0] ?? {};
  const typed = Object.entries(fields).map(([id, field]) => [id, toTyped(field, stateOf(id))] as const);
  return {
    typed: Object.fromEntries(typed) as Typed<F>,
    has: (id) => Object.hasOwn(state, id),
    option: (id) => stateOf(id).selected_option ?? undefined,
  };
}

function toTyped(field: FormField, state: FormState[string][string]): string | string[] {
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
