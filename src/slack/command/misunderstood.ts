/**
 * Thrown while a command is read; `parseCommand` turns it into a QuestionError. `candidates` are commands that may have
 * been meant: those that cannot be read themselves are dropped there.
 */
export class Misunderstood extends Error {
  override readonly name = 'Misunderstood';
  readonly candidates: readonly string[];

  constructor(message: string, candidates: readonly string[] = []) {
    super(message);
    this.candidates = candidates;
  }
}

/** A word as it stands in a message: quoted, and short. */
export function quoteShort(text: string): string {
  return `“${text.length > 40 ? `${text.slice(0, 40)}…` : text}”`;
}
