import type { Grouping } from './dimension.ts';

/** A name that people may ask for. */
export interface KnownName {
  key: Grouping;
  /** As it is shown, or written by senders. */
  name: string;
  /** As a filter compares it. */
  value: string;
}

/** Names that examples can be about, as far as there are any. */
export interface ExampleNames {
  client?: string;
  /** Another client. */
  other?: string;
  route?: string;
  user?: string;
  module?: string;
  scope?: string;
  /** A scope with grants, and one of these. */
  granted?: string;
  grant?: string;
}

/** Tells what names there are. */
export interface NameSource {
  /** Declared names, and those seen lately, without routes and addresses: these are known by their form. */
  names(nowMs: number): Promise<readonly KnownName[]>;
  /** Names for examples: the busiest ones, and a scope with what is granted to it. */
  examples(nowMs: number): Promise<ExampleNames>;
}
