import { inspect } from 'node:util';

/** A value that must not be printed: texts, JSON and inspection show `<secret>`. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The value itself, for the one place that needs it. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return '<secret>';
  }

  toJSON(): string {
    return '<secret>';
  }

  [inspect.custom](): string {
    return '<secret>';
  }
}

/** Credentials inside free text: Slack tokens, bearer values, passwords in URLs, signing secrets, URLs that answer a command. */
const SECRET_TEXT =
  /xox[a-z]-[\w-]+|xapp-[\w-]+|hr_[\w-]{40,}|whsec_[\w+/=]+|(?<=hooks\.slack\.com\/)[\w/%-]+|(?<=[?&]ticket=)[\w-]+|(?<=bearer )[^\s"'\\<>,;]+|(?<=:\/\/[^\s/:@]*:)[^\s/@]+(?=@)/gi;

/** The text with `<secret>` in place of credentials. */
export function redact(text: string): string {
  return text.replace(SECRET_TEXT, '<secret>');
}
