/** Where an element stands, and how a person hears of it. */
export interface ElementPlace {
  block: string;
  label?: string;
  /** Inside an input block: ids of the element and of the words about it. */
  field?: { id: string; labelId: string; hintId: string | undefined; required: boolean };
  /** Inside an input block: its value waits for the form, nothing is sent when it changes. */
  waits?: boolean;
}

/** How an element is named and described: by the words around it in a form, else by a label of its own. */
export function toAria({ field, label }: ElementPlace) {
  if (!field) return { 'aria-label': label };
  return { id: field.id, 'aria-describedby': field.hintId, 'aria-required': field.required ? 'true' : undefined };
}

/** Attributes by which the page's script finds what to send. */
export type Wiring = Record<`data-${string}`, string | boolean | undefined>;
