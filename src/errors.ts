/**
 * Codes of errors that are shown to people. The message names the place, the value and the cure; HTTP, the command line and Slack
 * each turn the error into their form. Any other error is a defect.
 */
export type ErrorCode =
  | 'config'
  | 'database'
  | 'definition'
  | 'question'
  | 'range'
  | 'schedule'
  | 'source'
  | 'slack'
  | 'unauthorised'
  | 'unreadable'
  | 'too_large'
  | 'unsupported'
  | 'limited'
  | 'overloaded'
  | 'version';

export class HeadroomError extends Error {
  override readonly name: string = 'HeadroomError';
  readonly code: ErrorCode;
  /** Seconds after which to retry, if known. */
  readonly retryAfterS: number | undefined;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions & { retryAfterS?: number }) {
    super(message, options);
    this.code = code;
    this.retryAfterS = options?.retryAfterS;
  }
}

/** A command (`top clients 30d`) with the words for its button. */
export interface Suggestion {
  label: string;
  command: string;
}

/** A question that cannot be answered, with the nearest ones that can. */
export class QuestionError extends HeadroomError {
  override readonly name = 'QuestionError';
  readonly suggestions: readonly Suggestion[];

  constructor(message: string, suggestions: readonly Suggestion[] = [], options?: ErrorOptions) {
    super('question', message, options);
    this.suggestions = suggestions;
  }
}
