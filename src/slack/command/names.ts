import { GROUPINGS, type Grouping } from '../../domain/dimension.ts';
import { toMatcher } from '../../domain/filter.ts';
import { type KnownName, listNearest } from '../../domain/names.ts';
import { Misunderstood } from './command.ts';
import { keyOfName } from './filter-words.ts';
import { DIMENSION_PLURALS, DIMENSION_WORDS, isLanguage } from './vocabulary.ts';
import { bareWord, changed, type KnownNames, nameAt, quote, type Reading, type Token } from './words.ts';

/** Look up unquoted names of up to eight words. */
const MAX_KNOWN_WORDS = 8;
/** Search only this many names for similar ones. Others are found only if spelt exactly. */
const MAX_SEARCHED = 20_000;

export const NO_NAMES: KnownNames = { find: () => [], beginning: () => [], poolsWith: () => [], near: () => [] };

export function createKnownNames(known: readonly KnownName[]): KnownNames {
  const byText = new Map<string, KnownName[]>();
  for (const each of known) byText.getOrInsert(each.name.toLowerCase(), []).push(each);
  // People may write `j.mendes` for j.mendes@example.com.
  for (const { key, name, value } of known) {
    const [local, domain] = name.toLowerCase().split('@');
    if (key === 'user' && domain && local) byText.getOrInsert(local, []).push({ key, name: local, value });
  }
  for (const { key, name, value } of known)
    if (/add-on/i.test(name))
      for (const text of ['addon', 'add on'])
        byText.getOrInsert(name.toLowerCase().replace('add-on', text), []).push({ key, name, value });
  const find = (text: string): readonly KnownName[] => {
    if (text.includes('*')) return findMatching(text);
    const same = byText.get(text.toLowerCase()) ?? [];
    const exact = same.filter(({ name }) => name === text);
    return distinct(exact.length > 0 ? exact : same);
  };
  const clients = known.filter(({ key }) => key === 'client');
  /** Finds a pattern as a name: of clients if it matches any, else of the kind of the first name that it matches. */
  function findMatching(pattern: string): readonly KnownName[] {
    const fits = toMatcher(pattern.toLowerCase());
    const isMatch = ({ key, name }: KnownName) => key !== 'pool' && fits(name.toLowerCase());
    const first = clients.find(isMatch) ?? known.find(isMatch);
    return first ? [{ key: first.key, name: pattern, value: pattern }] : [];
  }
  return {
    find,
    beginning: (text, wanted) =>
      known.filter(({ key, name }) => key === wanted && name.toLowerCase().startsWith(`${text.toLowerCase()} `)),
    poolsWith: (word) =>
      known.filter(({ key, name }) => key === 'pool' && beginsWordOf(name.replace(/(?<=add)[- ](?=on)/i, ''), word)),
    near(text) {
      const typed = text.toLowerCase();
      if (typed.length < 2) return [];
      const texts = [...byText.keys()].slice(0, MAX_SEARCHED);
      const containing = texts
        .filter((each) => typed.length >= 3 && beginsWordOf(byText.get(each)![0]!.name, typed))
        .slice(0, 5);
      // `erp` more likely means the client ERP Connector than a module that begins with the same letters.
      // A client's shown name comes before its ids.
      const meant = clients
        .filter(({ name }) => typed.length >= 3 && name.toLowerCase().startsWith(typed))
        .sort((a, b) => Number(b.name === b.value) - Number(a.name === a.value))
        .map(({ name }) => name.toLowerCase());
      const nearest = [...new Set([...meant.slice(0, 3), ...listNearest(typed, texts), ...containing])].slice(0, 5);
      return distinct(nearest.flatMap((each) => byText.get(each)!));
    },
  };
}

/** Tells whether a word in a name begins with the text: `orders` in `/v1/orders`, but not `stop` in `listOpportunities`. */
function beginsWordOf(name: string, typed: string): boolean {
  const lower = name.toLowerCase();
  for (let at = lower.indexOf(typed); at >= 0; at = lower.indexOf(typed, at + 1)) {
    if (at === 0 || /[^a-z]/.test(lower[at - 1]!) || /[A-Z]/.test(name[at]!)) return true;
  }
  return false;
}

/** Keeps the names of one key. */
function ofKey(found: readonly KnownName[], key: Grouping | undefined): readonly KnownName[] {
  return key === undefined ? found : found.filter((each) => each.key === key);
}

/** Removes repeated values, and keeps the first name of each. */
function distinct(found: readonly KnownName[]): KnownName[] {
  return [
    ...new Map(found.toReversed().map((each) => [JSON.stringify([each.key, each.value]), each])).values(),
  ].reverse();
}

/** A name with its key. `next`: index of the token after it. */
export interface FoundName {
  key: KnownName['key'];
  name: string;
  next: number;
}

/** Reads a name that needs no list of names: a quoted one, or one with the form of a path, an address or a method. */
export function readPlainName(reading: Reading, at: number, key: Grouping | undefined): FoundName | undefined {
  const token = reading.tokens[at]!;
  const written = nameAt(reading, at, at + 1);
  // The plural of a method: `how many GETs`.
  const name = token.quoted ? written : written.replace(/(?<=^[A-Z]{3,7})s$/, '');
  const form = keyOfName(name);
  if (!token.quoted) return form && (key ?? form) === form ? { key: form, name, next: at + 1 } : undefined;
  const known = pick(reading, at, at + 1, ofKey(reading.names.find(name), key));
  return { key: known?.key ?? key ?? form ?? 'client', name: known?.value ?? name, next: at + 1 };
}

/** Tells whether a later word is a word of the language but capitalised like a name: `routes of Billing`. */
export function mentionsByCapital(text: string): boolean {
  const isWord = (word: string) => isLanguage(word.toLowerCase().replace(/(?:['’]s?)?\W*$/, ''));
  return text.split(/\s+/).some((word, at) => at > 0 && isCapitalised(word) && isWord(word));
}

function isCapitalised(word: string): boolean {
  return /^\p{Lu}\p{Ll}/u.test(word);
}

/** Reads the longest run of words that is a known name. Throws Misunderstood if it may be one of several. */
export function readKnown(reading: Reading, at: number, key?: Grouping): FoundName | undefined {
  const { tokens, names } = reading;
  let end = at;
  while (end < tokens.length && end < at + MAX_KNOWN_WORDS && !tokens[end]!.quoted) end++;
  for (; end > at; end--) {
    const typed = reading.text.slice(tokens[at]!.start, tokens[end - 1]!.end);
    const trimmed = nameAt(reading, at, end);
    for (const name of [typed, trimmed, trimmed.replace(/['’]s?$/, ''), trimmed.replace(/(?<=\w{4})s$/, '')]) {
      const found = ofKey(names.find(name), key);
      // A client whose name only begins so: the answer finds its whole name.
      if (key === 'client' && found.length === 0 && names.beginning(name, 'client').length > 0)
        return { key, name, next: end };
      // A single word that is also a word of the language is a name only after its key, or capitalised as in the name.
      const isWord = end === at + 1 && key === undefined && isLanguage(bareWord(tokens[at]!));
      if (
        found.length === 0 ||
        (isWord && !(at > 0 && isCapitalised(name) && found.some((each) => each.name === name)))
      )
        continue;
      // `acme` may be a user, but also the beginning of the client Acme CRM: then `pick` asks which is meant.
      const isMinor = key === undefined && found.every((each) => each.key !== 'client' && each.key !== 'scope');
      const others = isMinor ? names.beginning(name, 'client') : [];
      const known = pick(reading, at, end, [...others, ...found]);
      if (known) return { key: known.key, name: known.value, next: end };
    }
  }
  return undefined;
}

/** Reads a scope whose title begins with a word for a dimension, if only one scope fits: `the integration pool`. */
export function readScopeTitle({ tokens, names }: Reading, at: number): FoundName | undefined {
  const words = tokens.map(bareWord);
  const [scope, ...others] = mayBeginTitle(words, at) ? names.beginning(words[at]!, 'scope') : [];
  return scope && others.length === 0 ? { key: 'scope', name: scope.value, next: at + 1 } : undefined;
}

/** Tells whether the word at this index may begin a scope's title: a singular dimension, marked as a name by its neighbours. */
function mayBeginTitle(words: readonly string[], at: number): boolean {
  const isMarked =
    /^(of|for|in|from|on)$/.test(words[at - 1] ?? '') ||
    /^(pool|scope|api|quota|limit|allowance|credits|balance)s?$/.test(words[at + 1] ?? '');
  return isMarked && isSingular(words[at]!);
}

/** Words for a pool that are usually only a part of its name. */
const POOL_WORD = /\b(bundle|plan|add[- ]?on)s?\b/i;

/** Tells whether words of the language in a text may be a part of the name of a pool or scope. */
export function mentionsPool(text: string): boolean {
  const words = text.toLowerCase().match(/[\w-]+/g) ?? [];
  return POOL_WORD.test(text) || words.some((_, at) => mayBeginTitle(words, at));
}

/** Reads a pool named by a part of its name, if only one pool fits: `the bundle` for Bundled licences. */
export function readPoolCalled({ tokens, names }: Reading, at: number): FoundName | undefined {
  const words = tokens.slice(at, at + 2).map(bareWord);
  const found = POOL_WORD.exec(words.join(' '));
  if (found?.index !== 0) return undefined;
  const [said, word] = found;
  const [pool, ...others] = names.poolsWith(word!.replace(/[- ]/, ''));
  return pool && others.length === 0 ? { key: 'pool', name: pool.value, next: at + said.split(' ').length } : undefined;
}

/** Returns the only name found. If there are several, throws Misunderstood, which offers the question with each. */
function pick(reading: Reading, from: number, to: number, found: readonly KnownName[]): KnownName | undefined {
  if (found.length < 2) return found[0];
  const { tokens, text } = reading;
  const run: Token = { ...tokens[from]!, end: tokens[to - 1]!.end };
  const order = [...GROUPINGS, 'pool'];
  const keys = [...new Set(found.map(({ key }) => key))].sort((a, b) => order.indexOf(a) - order.indexOf(b));
  const typed = `“${text.slice(run.start, run.end)}”`;
  const isSame = found.every(({ name }) => name.toLowerCase() === found[0]!.name.toLowerCase());
  const message =
    keys.length > 1 && isSame
      ? `${typed} is the name of a ${keys.join(' and a ')}: which do you mean?`
      : `${typed} may be ${found.map(({ key, name }) => `${keys.length > 1 ? `the ${key} ` : ''}${name}`).join(' or ')}: which do you mean?`;
  throw new Misunderstood(
    message,
    found.slice(0, 3).map(({ key, name, value }) => {
      const isOnly = found.filter((each) => each.name === name).length === 1;
      return changed(reading, run, `${key}:${quote(key === 'client' && isOnly ? name : value)}`);
    }),
  );
}

/** Tells whether a word is the singular of a dimension: a name may follow it, as in `user ana` but not in `users ana`. */
export function isSingular(word: string): boolean {
  const dimension = DIMENSION_WORDS.get(word);
  return (
    dimension !== undefined && (word === dimension || !word.endsWith('s')) && word !== DIMENSION_PLURALS[dimension]
  );
}
