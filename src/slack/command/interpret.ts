import { readAction } from './actions.ts';
import type { Command } from './command.ts';
import { type Reading, unquoted, wordAt, wordOf } from './reading.ts';
import { readQuestion } from './report-words.ts';
import { type Token, tokenize } from './tokens.ts';
import { ACTION_WORDS } from './vocabulary.ts';

/** The command of a plain text. `ids`: what Slack said about channels and people in it. Throws Misunderstood. */
export function interpret(text: string, ids: ReadonlyMap<string, string>): Command {
  const reading: Reading = { text, tokens: dropPoliteness(tokenize(text)) };
  const head = reading.tokens[0];
  if (!head) return { kind: 'question', question: { report: 'summary' } };
  const action = head.quoted ? undefined : ACTION_WORDS.get(wordOf(head));
  if (action) return readAction(action, reading, ids);
  if (/^pools?$/.test(wordOf(head)) && wordAt(reading, 1) === 'edit') {
    return { kind: 'pools', action: 'edit', ...(reading.tokens.length > 2 && { scope: unquoted(reading, 2) }) };
  }
  return { kind: 'question', question: readQuestion(reading) };
}

/** `show me`, `please` and a leading `/usage` say nothing. */
function dropPoliteness(tokens: Token[]): Token[] {
  const courtesies = new Set(['please', 'show', 'give', 'list', 'me', 'us', '/usage', 'hey', 'hi', 'hello', 'display']);
  let from = 0;
  while (from < tokens.length && !tokens[from]!.quoted && courtesies.has(wordOf(tokens[from]!))) from++;
  return tokens.slice(from);
}
