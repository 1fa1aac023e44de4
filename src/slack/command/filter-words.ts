import { isIP } from 'node:net';
import { NONE, type QuestionKey } from '../../domain/dimension.ts';
import type { Filter } from '../../domain/filter.ts';
import { listNearest } from '../../domain/names.ts';
import { Misunderstood, quoteShort } from './command.ts';
import { DIMENSION_WORDS, FILTER_KEYS, isFailure, isSentenceFiller } from './vocabulary.ts';
import { bareWord, type Token } from './words.ts';

const NEGATION =
  /^(?:(?:but|and) )?(?:not (?:counting|including)|not|without|except(?: for)?|excluding|ignoring|leaving out|minus|besides|other than|apart from|non|do(?:n't| not) (?:show|count|include)|(\w+n't))(?: (?:the|any|of))*(?= |$)/;
/** Words after which `isn't` and the like negate nothing: `why isn't it up`. Empty: at the beginning, as in `isn't it up`. */
export const RHETORICAL = /^(why|when|how|and|but|so|)$/;

/** Counts the words of a negation at this index: `not`, `other than`, `that aren't`. */
export function countNegation(tokens: readonly Token[], at: number): number {
  const [all = '', contraction] =
    NEGATION.exec(
      tokens
        .slice(at, at + 5)
        .map(bareWord)
        .join(' '),
    ) ?? [];
  const before = tokens[at - 1];
  return all === '' || (contraction && RHETORICAL.test(before ? bareWord(before) : '')) ? 0 : all.split(' ').length;
}

/** Returns the index after an unknown word. A negation is skipped with its object, which alone would mean the opposite. */
export function endOfUnknown(tokens: readonly Token[], at: number): number {
  const denied = at + countNegation(tokens, at);
  if (denied === at) return at + 1;
  const object = tokens.findIndex((token, index) => index >= denied && !isSentenceFiller(bareWord(token)));
  return object < 0 ? tokens.length : object + 1;
}

/**
 * Reads a filter that begins at `tokens[at]`: `client:"Acme CRM"`, `status:4xx,5xx`, `not kind:internal`, `-kind:internal`,
 * `client: Acme`, `except 404`, `non-200`. Undefined if there is none; throws Misunderstood for a wrong one.
 */
export function readFilter(
  tokens: readonly Token[],
  at: number,
  text: string,
): { filter: Filter; next: number } | undefined {
  const missing = readMissing(tokens, at);
  if (missing) return missing;
  const denied = at + countNegation(tokens, at);
  if (denied === at) return readPositive(tokens, at, text);
  const found = denied < tokens.length && (readPositive(tokens, denied, text) ?? readDeniedStatus(tokens, denied));
  return found ? { filter: { ...found.filter, not: true }, next: found.next } : undefined;
}

/** Reads a dimension that calls lack: `without a team`, `with no user`. */
export function readMissing(tokens: readonly Token[], at: number): { filter: Filter; next: number } | undefined {
  const words = tokens.slice(at, at + 4).map(bareWord);
  const [said, article, word = ''] =
    /^(?:without|lacking|with no|no)( an?| any)? (\w+)(?= |$)/.exec(words.join(' ')) ?? [];
  const key = DIMENSION_WORDS.get(word);
  if (said === undefined || key === undefined) return undefined;
  const isNo = /^(with )?no /.test(said);
  if (said.startsWith('no ') && !/^(with|has|have)$/.test(tokens[at - 1] ? bareWord(tokens[at - 1]!) : ''))
    return undefined;
  const next = at + said.split(' ').length;
  // `without team Sales` leaves a team out.
  if (!article && !isNo && next < tokens.length) return undefined;
  return { filter: { key, patterns: [NONE], not: false }, next };
}

/** Reads a status after a negation, as a negated filter: `404`, `429s`, `4xx,429`, `failed`. */
export function readDeniedStatus(tokens: readonly Token[], at: number): { filter: Filter; next: number } | undefined {
  const statuses = bareWord(tokens[at]!).split(',');
  if (!statuses.every((status) => /^([1-5](\d\d|xx)s?|fail(ed|ing|ures?)|errors?|ok|success(ful)?)$/.test(status)))
    return undefined;
  const patterns = statuses.flatMap((status) => readStatus(status) ?? []);
  return { filter: { key: 'status', patterns, not: true }, next: at + 1 };
}

function readPositive(
  tokens: readonly Token[],
  at: number,
  text: string,
): { filter: Filter; next: number } | undefined {
  const token = tokens[at]!;
  const [head, separator, ...rest] = token.parts;
  if (head?.kind !== 'bare' || separator?.kind !== 'separator' || separator.text === ',') return undefined;
  const not = /^[-!]/.test(head.text);
  const word = head.text.replace(/^[-!]/, '').toLowerCase();
  const key = FILTER_KEYS.get(word);
  if (!key) {
    refuseNearKey(token, word, separator.text, text);
    return undefined;
  }
  let values = toValues(rest);
  let next = at + 1;
  const following = tokens[next];
  if (values.length === 0 && rest.length === 0 && following && !isFilter(following)) {
    values = toValues(following.parts);
    next++;
  }
  if (values.length === 0) {
    throw new Misunderstood(
      `The filter ${quoteShort(token.text)} has no value; write ${word}:NAME, in quotation marks if it has spaces.`,
      [text.slice(0, token.start) + text.slice(token.end)],
    );
  }
  const patterns = key === 'status' ? values.flatMap((value) => toStatusPatterns(value, token, text)) : values;
  return { filter: { key, patterns: [...new Set(patterns)], not }, next };
}

/** Throws Misunderstood for a misspelt key, such as `clent:x`. Other keys, such as `colour:red`, may be part of a name. */
function refuseNearKey(token: Token, word: string, separator: string, text: string): void {
  if (separator !== ':' || !/^[a-z_-]{2,}$/.test(word)) return;
  const near = listNearest(word, FILTER_KEYS.keys(), 3).map((known) => FILTER_KEYS.get(known)!);
  if (near.length === 0) return;
  const rest = text.slice(token.start + token.parts[0]!.text.length, token.end);
  throw new Misunderstood(
    `I don't know the filter ${quoteShort(word)}.`,
    [...new Set(near)].map((key) => text.slice(0, token.start) + key + rest + text.slice(token.end)),
  );
}

/** Tells whether a word is a filter: `client:Acme`. */
export function isFilter({ parts: [key, separator] }: Token): boolean {
  const isKey = key?.kind === 'bare' && FILTER_KEYS.has(key.text.toLowerCase());
  return isKey && separator?.kind === 'separator' && separator.text !== ',';
}

/** Splits values at commas. Further `:` and `=` belong to the values. */
function toValues(parts: Token['parts']): string[] {
  const values: string[] = [''];
  for (const part of parts) {
    if (part.kind === 'separator' && part.text === ',') values.push('');
    else values[values.length - 1] += part.text;
  }
  return values.filter((value) => value !== '');
}

function toStatusPatterns(value: string, token: Token, text: string): string[] {
  const patterns = readStatus(value);
  if (patterns) return patterns;
  const replace = (status: string) => `${text.slice(0, token.start)}status:${status}${text.slice(token.end)}`;
  throw new Misunderstood(
    `${quoteShort(value)} is not a status; statuses are 100 to 599, groups as 4xx, or (none).`,
    (/^[1-5]/.test(value) ? [`${value[0]}xx`] : ['4xx', '5xx', '429']).map(replace),
  );
}

/** Returns the patterns of a status word: `429`, `4xx`, `4**`, `429s`, `failed`, `ok`, `(none)`; undefined for others. */
export function readStatus(word: string): string[] | undefined {
  const lower = word.toLowerCase().replace(/(?<=^...)s$/, '');
  if (/^[1-5]\d\d$/.test(lower)) return [lower];
  const group = /^([1-5])(xx|\*\*?|00-[1-5]99)$/.exec(lower);
  if (group) return [`${group[1]}xx`];
  if (lower === '(none)' || lower === 'none') return ['(none)'];
  if (isFailure(word.toLowerCase())) return ['4xx', '5xx'];
  if (lower === 'ok' || lower === 'success' || lower === 'successful') return ['1xx', '2xx', '3xx'];
  return undefined;
}

/** Merges filters with the same key and negation: a repeated key means "or". */
export function mergeFilters(filters: readonly Filter[]): Filter[] {
  const merged = new Map<string, { key: QuestionKey; patterns: string[]; not: boolean }>();
  // In `failing with 404`, the code replaces the filter of `failing`.
  const isFailing = ({ key, patterns, not }: Filter) => key === 'status' && !not && patterns.join() === '4xx,5xx';
  const hasCode = filters.some((each) => each.key === 'status' && !each.not && !isFailing(each));
  for (const { key, patterns, not } of filters.filter((each) => !hasCode || !isFailing(each))) {
    const id = `${not}${key}`;
    const known = merged.get(id);
    if (known) known.patterns.push(...patterns.filter((pattern) => !known.patterns.includes(pattern)));
    else merged.set(id, { key, patterns: [...patterns], not });
  }
  return [...merged.values()];
}

/** Returns the dimension of a name by its form: a path, an address or a method; undefined for others. */
export function keyOfName(name: string): 'route' | 'ip' | 'method' | undefined {
  if (name.startsWith('/')) return 'route';
  if (isIP(name) !== 0) return 'ip';
  return /^(GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS)$/.test(name) ? 'method' : undefined;
}
