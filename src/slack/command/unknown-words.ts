import { distanceWithin, listNearest } from '../../domain/names.ts';
import { suggestRanges } from '../../domain/ranges.ts';
import { Misunderstood, quoteShort } from './command.ts';
import { isFilter } from './filter-words.ts';
import { EMPTY_WORDS, isLanguage, MEANT_WORDS, REPORT_WORDS } from './vocabulary.ts';
import { bareWord, quote, type Reading, type Token, tokenize, trimWord, type UnknownWords } from './words.ts';

/** Texts with more unknown words are not corrected. */
const MAX_CORRECTED = 6;
/** Number of corrections tried for a word. */
const CHOICES = 3;

/**
 * Explains words that were not used: they are unknown, or useless here. Offers whole commands: the text with these words
 * corrected to words of the language or to known names, then the text without them.
 */
export function explainUnknown(error: UnknownWords): Misunderstood {
  const { reading, tokens, unused, candidates } = error;
  const rest = withoutWords(reading, tokens);
  const begun = !unused || (tokens.length === 1 && REPORT_WORDS.has(bareWord(reading.tokens[0]!)));
  const hint = begun ? hintFor(reading, tokens[0]!) : undefined;
  if (hint) return hint;
  const without = candidates.length > 0 ? candidates : [rest];
  return new Misunderstood(nameUnknown(error), [
    ...(unused ? [] : corrections(reading, tokens)),
    ...without,
    'help',
    ...(unused ? [] : ['top clients']),
  ]);
}

/** Adds spaces after commas inside words (`clients acme,beta`, `status 429,500`), and writes `1,000` as 1000. */
export function spaceAtCommas(typed: string): string {
  let text = typed;
  for (const token of typed.includes(',') ? tokenize(typed).toReversed() : []) {
    const { start, end } = token;
    if (token.parts.some(({ kind }) => kind === 'quoted') || isFilter(token)) continue;
    const word = text.slice(start, end);
    const isNumber = /^\d{1,3}(,\d{3})+$/.test(word) && !/^[1-5]\d\d(,[1-5]\d\d)+$/.test(word);
    text =
      text.slice(0, start) +
      (isNumber ? word.replaceAll(',', '') : word.replace(/,+(?=[^\s,])/g, ', ')) +
      text.slice(end);
  }
  return text;
}

/** Returns a hint for a word that needs another after it, such as `sort` or `limit`. */
function hintFor(reading: Reading, token: Token): Misunderstood | undefined {
  const word = bareWord(token);
  const offer = (...replacements: string[]) =>
    replacements.map((text) => replaceWords(reading, new Map([[token, text]])));
  if (/^(sort|sorted|order)$/.test(word))
    return new Misunderstood(
      'After “sort” I need a column: requests, failed, ok or name.',
      offer('sort failed', 'sort name'),
    );
  if (/^(limit|skip|offset|first)$/.test(word))
    return new Misunderstood(`After “${word}” I need a number.`, offer(`${word} 10`));
  return undefined;
}

/** Lists the text with its unknown words corrected, the likeliest first. */
function corrections(reading: Reading, tokens: readonly Token[]): string[] {
  if (tokens.length > MAX_CORRECTED) return [];
  const byName = correctByNames(reading, tokens);
  // Numbers are not misspelt: `lst 10 errors`.
  const words = tokens.filter((token) => !/^\d+$/.test(bareWord(token)));
  const choices = words.map((token) => listCorrections(token));
  const best = new Map<Token, string>();
  for (const run of runsOf(reading, words)) {
    const first = run.map((token) => choices[words.indexOf(token)]![0]);
    const named = first.every((word) => word !== undefined) ? undefined : nameRun(reading, run)[0];
    for (const [index, token] of run.entries()) {
      const word = named === undefined ? first[index] : index === 0 ? named : '';
      if (word === undefined) return byName;
      best.set(token, word);
    }
  }
  const texts = [replaceWords(reading, best)];
  for (const [index, others] of choices.entries())
    texts.push(...others.slice(1).map((word) => replaceWords(reading, new Map(best).set(words[index]!, word))));
  return [...texts.slice(0, 1), ...byName, ...texts.slice(1)];
}

/**
 * Lists the words that a misspelt one may mean, nearest first. Swapped letters come before other slips, words with a meaning
 * before fillers.
 */
function listCorrections(token: Token): string[] {
  const typed = bareWord(token);
  if (token.quoted || /^\W*\d+\W*$/.test(typed)) return [];
  const limit = typed.length <= 5 ? 1 : 2;
  // A letter may be left out: `hw`.
  const isShort = /^[a-z]+$/.test(typed) ? new RegExp(`^${[...typed].join('.?')}$`) : undefined;
  const sorted = sortLetters(typed);
  const scored = [...new Set([...MEANT_WORDS, ...EMPTY_WORDS])].flatMap((word, order) => {
    if (Math.abs(word.length - typed.length) > limit || word.length < 2) return [];
    const distance = distanceWithin(typed, word, limit);
    if (distance > limit) return [];
    // A short word must only miss or swap a letter: `foo` does not mean `for`.
    if (distance > 0 && word.length < 4 && sortLetters(word) !== sorted && !isShort?.test(word)) return [];
    if (distance > 1 && word[0] !== typed[0]) return [];
    const swapped = sortLetters(word) === sorted ? 0.5 : 0;
    // The first letter is seldom wrong, the last not often.
    const ends = (word[0] === typed[0] ? 0.3 : 0) + (word.at(-1) === typed.at(-1) ? 0.05 : 0);
    const length = isShort?.test(word) ? -0.05 : Math.abs(word.length - typed.length) * 0.05;
    return [
      { word, score: distance + length - swapped - ends + (order < MEANT_WORDS.length ? 0 : 0.2) + order / 100_000 },
    ];
  });
  const [best, ...others] = scored.toSorted((a, b) => a.score - b.score);
  // A second word is offered if it is about as near.
  const near = best ? [best, ...others.filter(({ score }) => score - best.score < 0.1)].map(({ word }) => word) : [];
  const ranges = suggestRanges(typed).filter((range) => distanceWithin(typed, range, 3) <= 3);
  const beginning =
    typed.length >= 3 ? listNearest(typed, MEANT_WORDS, CHOICES).filter((word) => word.startsWith(typed)) : [];
  return [...new Set([...near, ...ranges, ...beginning])].slice(0, CHOICES);
}

function sortLetters(word: string): string {
  return [...word].sort().join('');
}

/** Lists the text with its run of unknown words replaced by similar names. */
function correctByNames(reading: Reading, tokens: readonly Token[]): string[] {
  const [first, ...others] = runsOf(reading, tokens);
  if (!first || others.length > 0) return [];
  const texts = nameRun(reading, first).map((written) =>
    replaceWords(reading, new Map(first.map((token, index) => [token, index === 0 ? written : '']))),
  );
  // Several ids may share a name, so texts may repeat.
  return [...new Set(texts)].slice(0, CHOICES);
}

/** Lists the names similar to a run of words, as written in a command. If the run is the whole text, the command is added. */
function nameRun(reading: Reading, run: readonly Token[]): string[] {
  const text = reading.text.slice(run[0]!.start, run.at(-1)!.end);
  const alone = run.length === reading.tokens.length;
  return reading.names.near(trimWord({ ...run[0]!, text })).map(({ key, name, value }) => {
    if (alone && key === 'client') return `client ${quote(name)}`;
    if (alone && (key === 'scope' || key === 'pool')) return `pool ${quote(value)}`;
    return key === 'client' || key === 'pool' ? quote(name) : `${key}:${quote(value)}`;
  });
}

/** Groups unknown tokens that are next to each other. */
function runsOf({ tokens }: Reading, unknown: readonly Token[]): Token[][] {
  const runs: Token[][] = [];
  let last = -2;
  for (const token of unknown) {
    const at = tokens.indexOf(token);
    if (at === last + 1) runs.at(-1)!.push(token);
    else runs.push([token]);
    last = at;
  }
  return runs;
}

function joinRuns(reading: Reading, tokens: readonly Token[]): string[] {
  return runsOf(reading, tokens).map((run) => {
    const text = reading.text.slice(run[0]!.start, run.at(-1)!.end);
    return trimWord({ ...run[0]!, text, quoted: false });
  });
}

function replaceWords({ text, tokens }: Reading, replacements: ReadonlyMap<Token, string>): string {
  let written = '';
  let at = tokens[0]!.start;
  for (const token of tokens) {
    const replacement = replacements.get(token);
    if (replacement === undefined) continue;
    written += text.slice(at, token.start) + replacement;
    at = token.end;
  }
  const end = tokens.at(-1)!.end;
  return (written + text.slice(Math.min(at, end), end)).replace(/\s+/g, ' ').trim();
}

/** Returns the sentence about words that were not used: `I don't know “pink hats”.` */
export function nameUnknown({ reading, tokens, unused }: UnknownWords): string {
  const shown = joinRuns(reading, tokens).map((text) => quoteShort(text));
  const what = shown.length > 3 ? `${shown.slice(0, 3).join(', ')} and more` : joinWords(shown);
  return unused ? `I can't use ${what} here.` : `I don't know ${what}.`;
}

/** Returns the text without the given words; '' if only fillers are left. */
export function withoutWords(reading: Reading, tokens: readonly Token[]): string {
  const dropped = new Set(tokens);
  const left = reading.tokens.filter((token) => !dropped.has(token));
  // The word that led to them is dropped too: `and` in `who calls most and why`.
  while (
    left.length > 0 &&
    /^(and|or|for|of|in|on|at|by|per|from|with|to|than|the|a|an|not)$/.test(bareWord(left.at(-1)!))
  )
    left.pop();
  if (left.every((token) => !token.quoted && !isLanguage(bareWord(token)) && !/\d|:/.test(token.text))) return '';
  return left.map(({ start, end }) => reading.text.slice(start, end)).join(' ');
}

function joinWords(words: readonly string[]): string {
  return words.length < 2 ? (words[0] ?? '') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}
