import { readAction } from './actions.ts';
import type { Command } from './command.ts';
import { findTopic } from './help.ts';
import { type Reading, unquoted, wordAt, wordOf } from './reading.ts';
import { readQuestion } from './report-words.ts';
import { type Token, tokenize } from './tokens.ts';
import { ACTION_WORDS } from './vocabulary.ts';

/** The command of a plain text. `ids`: what Slack said about channels and people in it. Throws Misunderstood. */
export function interpret(text: string, ids: ReadonlyMap<string, string>): Command {
  const reading: Reading = { text, tokens: dropPoliteness(text, tokenize(text)) };
  const head = reading.tokens[0];
  if (!head) return { kind: 'question', question: { report: 'summary' } };
  const action = head.quoted ? undefined : ACTION_WORDS.get(wordOf(head).replace(/(?<=\w)[!?.,]+$/, ''));
  if (action) return readAction(action, reading, ids);
  if (/^pools?$/.test(wordOf(head)) && wordAt(reading, 1) === 'edit') {
    return { kind: 'pools', action: 'edit', ...(reading.tokens.length > 2 && { scope: unquoted(reading, 2) }) };
  }
  return readAbout(reading) ?? { kind: 'question', question: readQuestion(reading) };
}

/** A sentence about Headroom itself, its alerts or its digests; undefined for others. */
function readAbout({ text, tokens }: Reading): Command | undefined {
  const sentence = text.slice(tokens[0]!.start).toLowerCase();
  const words = tokens.map(wordOf);
  if (/^(how (do|can|could|should) (i|we|you)|how to) (?!save (credits|calls)|reduce|avoid|see|find)/.test(sentence)) {
    const topic = words.slice(2).map(findTopic).find(Boolean);
    return { kind: 'help', ...(topic && { topic: topic.name }) };
  }
  if (/^(what (can|do) (you|i|we) (do|ask|say|type)|(who|what) (are you|is (this|headroom)))\W*$/.test(sentence)) {
    return { kind: 'help' };
  }
  if (/^who (has access|can (see|use|ask)|is allowed|may)\b/.test(sentence)) return { kind: 'settings' };
  if (!/^(what|which|are|is|do|does|any|who)\b/.test(sentence)) return undefined;
  if (/\b(alerts?|muted)\b/.test(sentence)) return { kind: 'alerts', action: 'list' };
  return /\b(digests?|subscriptions?)\b/.test(sentence) ? { kind: 'digest', action: 'list' } : undefined;
}

/** Words before a command that say nothing. */
const POLITENESS =
  /^(?:(?:please|show|give|list|tell|display|plot|draw|me|us|the|\/usage|hey|hi|hello|ok|okay|good (?:morning|afternoon|evening)|(?:can|could|would|will) (?:you|u)|(?:can|could|may|how (?:can|do)) (?:i|we) (?:see|get|have|find(?: out)?)|(?:i|we) (?:want|need|would like) to (?:know|see)|i'd like to (?:know|see)|let (?:me|us) (?:know|see)|do you know)[,!:.]*(?: +|$))+/i;

function dropPoliteness(text: string, tokens: Token[]): Token[] {
  const from = tokens[0]?.start ?? 0;
  const length =
    from + (POLITENESS.exec(text.slice(from).replace(/[\s’]/g, (c) => (c === '’' ? "'" : ' ')))?.[0].length ?? 0);
  return tokens.filter(({ start }) => start >= length);
}
