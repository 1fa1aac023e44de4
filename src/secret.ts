import { inspect } from 'node:util';

/** A value that must not be printed: conversion to text, JSON and inspection show `<secret>`. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** Returns the value, for the place that needs it. */
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

/** Matches credentials in a text: Slack tokens, bearer values, passwords in URLs, signing secrets, response URLs of Slack. */
const SECRET_TEXT =
  /xox[a-z]-[\w-]+|xapp-[\w-]+|hr_[\w-]{40,}|whsec_[\w+/=]+|(?<=hooks\.slack\.com\/)[\w/%-]+|(?<=[?&]ticket=)[\w-]+|(?<=bearer )[^\s"'\\<>,;]+|(?<=:\/\/[^\s/:@]*:)[^\s/@]+(?=@)/gi;

/** Replaces credentials in a text by `<secret>`. */
export function redact(text: string): string {
  return text.replace(SECRET_TEXT, '<secret>');
}
