import type { NameSource } from '../../domain/names.ts';
import { HeadroomError, QuestionError } from '../../errors.ts';
import { readAction, suggestActions } from './actions.ts';
import { readAsked } from './asked.ts';
import { type Command, Misunderstood } from './command.ts';
import { readStatus } from './filter-words.ts';
import { findTopic } from './help.ts';
import { createKnownNames, mentionsByCapital, mentionsPool, NO_NAMES } from './names.ts';
import { explainUnknown, nameUnknown, spaceAtCommas, withoutWords } from './unknown-words.ts';
import { ACTION_WORDS, isReserved, isSentenceFiller } from './vocabulary.ts';
import {
  bareWord,
  type KnownNames,
  protectFromSlack,
  type Reading,
  type Token,
  tokenize,
  UnknownWords,
  undoSlackEscapes,
  unquoted,
  wordAt,
  wordOf,
} from './words.ts';

/** Longer texts are refused: they are no commands and would take long to read. */
const MAX_CHARACTERS = 4000;
const MAX_WORDS = 100;
const MAX_SUGGESTIONS = 3;

/**
 * Parses the text after `/usage`, as Slack sends it (escapes are decoded) or as `formatQuestion` writes it. `names`: known names,
 * for words that are not part of the language. A name after its key or command is kept as typed; the answer tells whether it
 * exists.
 * Throws QuestionError. It tells what was not understood, and offers up to three readable commands, nearest first.
 */
export function parseCommand(raw: string, names: KnownNames = NO_NAMES): Command {
  if (raw.length > MAX_CHARACTERS || raw.trim().split(/\s+/, MAX_WORDS + 1).length > MAX_WORDS) {
    const most = `${MAX_CHARACTERS.toLocaleString('en-US')} characters and ${MAX_WORDS} words`;
    throw new QuestionError(`That is too long to be a question: I read up to ${most}.`, listOffers([], names));
  }
  const { text, ids } = undoSlackEscapes(raw);
  try {
    return interpret(text, ids, names);
  } catch (error) {
    if (!(error instanceof Misunderstood)) throw error;
    const spaced = error.isOpenQuotation ? text : spaceAtCommas(text);
    if (spaced !== text) return parseCommand(protectFromSlack(spaced), names);
    const told = error instanceof UnknownWords ? explainUnknown(error) : dropUnknown(error, names);
    throw new QuestionError(told.message, listOffers(told.candidates, names), { cause: error });
  }
}

/**
 * Parses a command like `parseCommand`, with the known names. They are fetched only if words are left over without them, or if
 * a word of the language may be a name.
 */
export async function understand(raw: string, source: NameSource, nowMs: number): Promise<Command> {
  try {
    const command = parseCommand(raw);
    if (!mentionsPool(raw) && !mentionsByCapital(raw)) return command;
  } catch (error) {
    if (!(error instanceof QuestionError && error.cause instanceof Misunderstood)) throw error;
  }
  return parseCommand(raw, createKnownNames(await source.names(nowMs)));
}

/** Commands offered if nothing is near to the text. */
const STARTING_POINTS = ['top clients', 'pool', 'help'];

function listOffers(candidates: readonly string[], names: KnownNames): { label: string; command: string }[] {
  const commands = new Set<string>();
  for (const candidate of candidates) {
    const command = candidate.trim().replace(/\s+/g, ' ');
    if (commands.size < MAX_SUGGESTIONS && isReadable(candidate, names)) commands.add(command);
  }
  if (commands.size === 0) for (const command of STARTING_POINTS) commands.add(command);
  return [...commands].map((command) => ({ label: toLabel(command), command: protectFromSlack(command) }));
}

function toLabel(command: string): string {
  return command.length > 60 ? `${command.slice(0, 59)}…` : command;
}

/** Reads the command of a plain text. `ids`: ids of the channels and people in it. Throws Misunderstood, or UnknownWords. */
function interpret(text: string, ids: ReadonlyMap<string, string>, names: KnownNames): Command {
  const reading: Reading = { text, tokens: dropPoliteness(text, tokenize(text)), names };
  const head = reading.tokens[0];
  if (!head)
    return ABOUT_ITSELF.test(text.trim().toLowerCase())
      ? { kind: 'help' }
      : { kind: 'question', question: { report: 'summary' } };
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

/** Tells whether a text can be read as a command. */
function isReadable(text: string, names: KnownNames): boolean {
  return text.trim() !== '' && findFault(text, names) === undefined;
}

function findFault(text: string, names: KnownNames): HeadroomError | Misunderstood | undefined {
  try {
    interpret(text, new Map(), names);
    return undefined;
  } catch (error) {
    if (error instanceof HeadroomError || error instanceof Misunderstood) return error;
    throw error;
  }
}

/** If no candidate of an error can be read because of unknown words, names these words too, and offers the candidates without them. */
function dropUnknown(error: Misunderstood, names: KnownNames): Misunderstood {
  const faults = error.candidates.map((text) => findFault(text, names));
  const [first] = faults;
  if (!(first instanceof UnknownWords) || faults.some((fault) => fault === undefined)) return error;
  const texts = faults.flatMap((fault) => {
    if (!(fault instanceof UnknownWords)) return [];
    const corrected = explainUnknown(fault).candidates.find((text) => isReadable(text, names));
    return [corrected ?? withoutWords(fault.reading, fault.tokens)];
  });
  return new Misunderstood(`${error.message} ${nameUnknown(first)}`, texts);
}

/** Words for things that people do with Headroom, in questions that begin with `how do I`. */
const DOING =
  /^(set|up|add|create|make|mute|unmute|change|edit|stop|start|remove|delete|pause|resume|turn|on|off|use|ask|get|export|download|save|open|filter|sort|read|show|share|send|begin|work|works|configure|schedule|subscribe|unsubscribe|acknowledge|route|new|daily|weekly)$/;

/** Reads a sentence about Headroom itself; undefined for others. Throws UnknownWords. */
function readAbout(reading: Reading): Command | undefined {
  const { text, tokens } = reading;
  const sentence = text.slice(tokens[0]!.start).toLowerCase();
  const how =
    /^(?:how (?:do|can|could|should) (?:i|we|you)|how to|how(?= (?:add|set|create|make|mute|change|export|save|delete|remove)\b)) (?!save (?:credits|calls)|reduce|avoid|see|find|compare)/.exec(
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
  const meaning = readMeaning(sentence);
  if (meaning) return meaning;
  if (ABOUT_ITSELF.test(sentence)) return { kind: 'help' };
  if (
    /^who (has access|(can|may) (see|use|ask)|is allowed)( (this|it|answers|usage|headroom|here|to see|in))*\W*$/.test(
      sentence,
    )
  ) {
    return { kind: 'settings' };
  }
  return undefined;
}

const ABOUT_ITSELF =
  /^(hi|hello|hey|hallo|good (morning|afternoon|evening)|what (can|do) (you|i|we) (do|ask|say|type)|what (you|i|we) can (do|ask|say|type)|(who|what) (are you|is (this|headroom)))\W*$/;

/** Reads a question about a meaning. `what does 429 mean` asks for that status, `what is a pool` for its help page. */
function readMeaning(sentence: string): Command | undefined {
  const [, mean, asked, means] =
    /^what(?:'s| do| does| is| are)?( mean| means| the meaning of)? (?:a |an |the word )?(\S+?)( mean| means)?\W*$/.exec(
      sentence,
    ) ?? [];
  if (asked === undefined) return undefined;
  const isMeaning = (mean ?? means) !== undefined;
  const status = isMeaning && /^[1-5](\d\d|xx)s?$/.test(asked) ? readStatus(asked) : undefined;
  if (status)
    return {
      kind: 'question',
      question: { report: 'status', filters: [{ key: 'status', patterns: status, not: false }] },
    };
  const topic = findTopic(asked);
  if (topic && (isMeaning || /^what (is an? |(is|are) (pools?|scopes?|credits?|digests?|overage)\b)/.test(sentence)))
    return { kind: 'help', topic: topic.name };
  return isMeaning ? { kind: 'help', topic: 'overview' } : undefined;
}

/** Polite words before a command, which are ignored. */
const POLITENESS = new RegExp(
  `^(?:(?:${[
    'please|pls|plz|kindly|show|check|give|list|tell|say|display|plot|draw|me|us|the|/usage|(?:hey|hi|hello)(?: (?:team|all|there|headroom))?|ok|okay',
    '(?:good )?(?:morning|afternoon|evening)(?=[!,.])|good (?:morning|afternoon|evening)|(?:can|could|would|will) (?:you|u|(?:some|any)(?:one|body)(?= (?:please |pls )?(?:tell|show|give|check)))',
    '(?:can|could|may|how (?:can|do)|where(?: can| do)?) (?:i|we) (?:please )?(?:see|get|have|know|find(?: out)?)',
    "(?:i|we)(?: want| need| would like|'d like| wish)(?: to)? (?:know|see)|let (?:me|us) (?:know|see)|do you (?:happen to )?know",
    '(?:i|we) (?:was|were|am|are)(?: just)? wondering|i wonder|(?:is|would) it (?:be )?possible (?:for you )?to (?:see|show|know|get)',
    '(?:would|do) you mind (?:showing|telling)|(?:if|whether) you (?:can|could|would)(?: please)?|if possible|if|whether',
  ].join('|')})[,!:.]*(?: +|$))+`,
  'i',
);

/** Polite words after a command, which are ignored. */
const THANKS = /^(please|pls|plz|thanks|thank|you|thx|ty)$/;

function dropPoliteness(text: string, all: Token[]): Token[] {
  const tokens = [...all];
  while (tokens.length > 1 && THANKS.test(bareWord(tokens.at(-1)!))) tokens.pop();
  const from = tokens[0]?.start ?? 0;
  const length =
    from + (POLITENESS.exec(text.slice(from).replace(/[\s’]/g, (c) => (c === '’' ? "'" : ' ')))?.[0].length ?? 0);
  return tokens.filter(({ start }) => start >= length);
}
