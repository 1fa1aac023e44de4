import { HeadroomError } from '../../errors.ts';
import { readAction } from './actions.ts';
import type { Command } from './command.ts';
import { isReserved, isSentenceFiller } from './concepts.ts';
import { findTopic } from './help.ts';
import { Misunderstood } from './misunderstood.ts';
import type { KnownNames } from './names.ts';
import { bareWord, type Reading, UnknownWords, unquoted, wordAt, wordOf } from './reading.ts';
import { readAsked } from './report-words.ts';
import { suggestActions } from './suggest-actions.ts';
import { type Token, tokenize } from './tokens.ts';
import { ACTION_WORDS } from './vocabulary.ts';

/** The command of a plain text. `ids`: what Slack said about channels and people in it. Throws Misunderstood, or UnknownWords. */
export function interpret(text: string, ids: ReadonlyMap<string, string>, names: KnownNames): Command {
  const reading: Reading = { text, tokens: dropPoliteness(text, tokenize(text)), names };
  const head = reading.tokens[0];
  if (!head) return { kind: 'question', question: { report: 'summary' } };
  const action = head.quoted ? undefined : ACTION_WORDS.get(wordOf(head).replace(/(?<=\w)[!?.,]+$/, ''));
  if (action) return readAction(action, reading, ids);
  if (/^pools?$/.test(wordOf(head)) && wordAt(reading, 1) === 'edit') {
    return { kind: 'pools', action: 'edit', ...(reading.tokens.length > 2 && { scope: unquoted(reading, 2) }) };
  }
  try {
    return readAbout(reading) ?? readAsked(reading);
  } catch (error) {
    const meant = error instanceof Misunderstood ? suggestActions(text.slice(head.start).trim()) : [];
    if (meant.length === 0 || !isReadable(meant[0]!, names)) throw error;
    const word = meant[0]!.split(' ', 1)[0]!;
    throw new Misunderstood(
      `That looks like a command for ${word.replace(/s?$/, 's')}: it begins with “${word}”.`,
      meant,
    );
  }
}

/** Tells whether a text can be read as it stands. */
export function isReadable(text: string, names: KnownNames): boolean {
  if (text.trim() === '') return false;
  try {
    interpret(text, new Map(), names);
    return true;
  } catch (error) {
    if (error instanceof HeadroomError || error instanceof Misunderstood) return false;
    throw error;
  }
}

/** Things that people do with Headroom, in questions about how. */
const DOING =
  /^(set|up|add|create|make|mute|unmute|change|edit|stop|start|remove|delete|pause|resume|turn|on|off|use|ask|get|export|download|save|open|filter|sort|read|show|share|send|begin|work|works|configure|schedule|subscribe|unsubscribe|acknowledge|route|new|daily|weekly)$/;

/** A sentence about Headroom itself; undefined for others. Throws UnknownWords. */
function readAbout(reading: Reading): Command | undefined {
  const { text, tokens } = reading;
  const sentence = text.slice(tokens[0]!.start).toLowerCase();
  const how =
    /^(?:how (?:do|can|could|should) (?:i|we|you)|how to) (?!save (?:credits|calls)|reduce|avoid|see|find)/.exec(
      sentence,
    );
  if (how) {
    const about = tokens.slice(how[0].trim().split(/\s+/).length);
    const topic = about.map((token) => findTopic(bareWord(token))).find(Boolean);
    const unknown = about.filter((token) => {
      const word = bareWord(token);
      return !DOING.test(word) && !isSentenceFiller(word) && !isReserved(word) && !findTopic(word);
    });
    if (unknown.length > 0) throw new UnknownWords(reading, unknown, 'unknown', topic ? [`help ${topic.name}`] : []);
    return { kind: 'help', ...(topic && { topic: topic.name }) };
  }
  if (/^(what (can|do) (you|i|we) (do|ask|say|type)|(who|what) (are you|is (this|headroom)))\W*$/.test(sentence)) {
    return { kind: 'help' };
  }
  if (
    /^who (has access|(can|may) (see|use|ask)|is allowed)( (this|it|answers|usage|headroom|here|to see|in))*\W*$/.test(
      sentence,
    )
  ) {
    return { kind: 'settings' };
  }
  return undefined;
}

/** Words before a command that say nothing. */
const POLITENESS =
  /^(?:(?:please|show|give|list|tell|display|plot|draw|me|us|the|\/usage|hey|hi|hello|ok|okay|good (?:morning|afternoon|evening)|(?:can|could|would|will) (?:you|u)|(?:can|could|may|how (?:can|do)) (?:i|we) (?:see|get|have|find(?: out)?)|(?:i|we) (?:want|need|would like) to (?:know|see)|i'd like to (?:know|see)|let (?:me|us) (?:know|see)|do you know)[,!:.]*(?: +|$))+/i;

/** Words behind a command that say nothing. */
const THANKS = /^(please|pls|plz|thanks|thank|you|thx|ty)$/;

function dropPoliteness(text: string, all: Token[]): Token[] {
  const tokens = [...all];
  while (tokens.length > 1 && THANKS.test(bareWord(tokens.at(-1)!))) tokens.pop();
  const from = tokens[0]?.start ?? 0;
  const length =
    from + (POLITENESS.exec(text.slice(from).replace(/[\s’]/g, (c) => (c === '’' ? "'" : ' ')))?.[0].length ?? 0);
  return tokens.filter(({ start }) => start >= length);
}
