/** The state of a form, by block and element. */
export type Fields = Record<string, Record<string, FieldState>>;

export interface FormFields {
  field(name: string): string;
  choices(name: string): string[];
  /** Tells whether the form has such a field. */
  has(name: string): boolean;
}

interface FieldState {
  value?: string | null;
  selected_option?: { value: string } | null;
  selected_options?: { value: string }[] | null;
  selected_conversation?: string | null;
  selected_user?: string | null;
  selected_date?: string | null;
  selected_time?: string | null;
}

/** Every field has one element, whatever its action id. */
export function readFields(values: Fields): FormFields {
  const stateOf = (name: string) => Object.values(values[name] ?? {})[0];
  return {
    field(name) {
      const state = stateOf(name);
      const { value, selected_option, selected_conversation, selected_user, selected_date, selected_time } =
        state ?? {};
      const chosen = selected_option?.value ?? selected_conversation ?? selected_user ?? selected_date ?? selected_time;
      return value ?? chosen ?? '';
    },
    has: (name) => Object.hasOwn(values, name),
    choices: (name) => (stateOf(name)?.selected_options ?? []).map(({ value }) => value),
  };
}

/** The schedule that a digest's form says, as it would be typed. */
export function toSchedule(field: (name: string) => string): string {
  return `${field('rhythm')} ${field('time')} ${field('zone').trim()}`;
}
