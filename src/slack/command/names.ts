import type { Grouping } from '../../domain/dimension.ts';
import { type KnownName, listNearest } from '../../domain/names.ts';

/** Names that senders and definitions use, for words of a question that are no words of the language. */
export interface KnownNames {
  /** Those called exactly so; where there is none, those that differ in case alone. */
  find(text: string): readonly KnownName[];
  /** Those that were probably meant, nearest first. */
  near(text: string): readonly KnownName[];
}

/** Words of one unquoted name that is looked up, at most. */
export const MAX_KNOWN_WORDS = 8;
/** Names that are searched for near ones, at most: further ones are only found as they are written. */
const MAX_SEARCHED = 20_000;

export const NO_NAMES: KnownNames = { find: () => [], near: () => [] };

export function createKnownNames(known: readonly KnownName[]): KnownNames {
  const byText = new Map<string, KnownName[]>();
  for (const each of known) byText.getOrInsert(each.name.toLowerCase(), []).push(each);
  const find = (text: string): readonly KnownName[] => {
    const same = byText.get(text.toLowerCase()) ?? [];
    const exact = same.filter(({ name }) => name === text);
    return distinct(exact.length > 0 ? exact : same);
  };
  return {
    find,
    near(text) {
      const typed = text.toLowerCase();
      if (typed.length < 2) return [];
      const texts = [...byText.keys()].slice(0, MAX_SEARCHED);
      const containing = texts.filter((each) => typed.length >= 3 && each.includes(typed)).slice(0, 5);
      // `erp` is rather the client ERP Connector than a module whose name begins alike.
      const clients = texts.filter(
        (each) => typed.length >= 3 && each.startsWith(typed) && isClient(byText.get(each)!),
      );
      const nearest = [...new Set([...clients.slice(0, 3), ...listNearest(typed, texts), ...containing])].slice(0, 5);
      return distinct(nearest.flatMap((each) => byText.get(each)!));
    },
  };
}

function isClient(found: readonly KnownName[]): boolean {
  return found.some(({ key }) => key === 'client');
}

/** Names of one key alone. */
export function ofKey(found: readonly KnownName[], key: Grouping | undefined): readonly KnownName[] {
  return key === undefined ? found : found.filter((each) => each.key === key);
}

function distinct(found: readonly KnownName[]): KnownName[] {
  return [...new Map(found.map((each) => [JSON.stringify([each.key, each.value]), each])).values()];
}
