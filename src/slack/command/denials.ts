import type { QuestionKey } from '../../domain/dimension.ts';
import { bareWord, type Token } from './words.ts';

const OPENERS =
  /^(?:(without|free of|lacking)|((?:with )?(?:no|zero)|never|nothing|none|nobody|no one)|((?:do|does|did|have|has|had)(?:n't| not))|(?:is|are|was|were|ca|could|would|should)(?:n't| not)|not|cannot)(?= |$)/;
/** Verbs that have calls, or what was called, as their object; and the small words before it. */
const VERBS =
  /^(us(e|es|ed|ing)|call(s|ed|ing)?|g[eo]t(ting|s)?|hav(e|ing)|has|had|mak(e|es|ing)|made|send(s|ing)?|sent|see(s|n|ing)?|hit(s|ting)?|receiv(e|es|ed|ing)|return(s|ed|ing)?|access(ed)?|produc(e|ed|ing)|caus(e|ed|ing)|been|being|be|any|an?|the|of|single|to|at all)$/;
/** Behind these, `isn't` and the like deny nothing: `why isn't it up`, or `isn't it up`. */
const RHETORICAL = /^(why|when|how|and|but|so|)$/;

export interface Denial {
  /**
   * `without`: of rows those without it, of calls the others. `no`: asks whether there is none. `do`: `don't use`. `be`: denies
   * what stands behind it.
   */
  kind: 'without' | 'no' | 'do' | 'be';
  /** A verb stands between: `don't use /v1`. */
  hasVerb: boolean;
  /** Where what is denied begins. */
  object: number;
}

/** Words that deny what stands behind them: `without`, `with no`, `never`, `don't use`; undefined where there are none. */
export function findDenial(tokens: readonly Token[], at: number): Denial | undefined {
  const words = tokens.slice(at).map(bareWord);
  const [said, without, no, auxiliary] = OPENERS.exec(words.slice(0, 3).join(' ')) ?? [];
  if (said === undefined) return undefined;
  const before = tokens[at - 1];
  if (!without && !no && said.endsWith("n't") && RHETORICAL.test(before ? bareWord(before) : '')) return undefined;
  let object = said.split(' ').length;
  const from = object;
  while (VERBS.test(words[object] ?? '')) object++;
  return object < words.length
    ? {
        kind: without ? 'without' : no ? 'no' : auxiliary ? 'do' : 'be',
        hasVerb: object > from,
        object: at + object,
      }
    : undefined;
}

/** Says who calls: `routes without Acme` leaves it out, where `clients without /v1` are those that never called it. */
export function saysWho(key: QuestionKey): boolean {
  return ['client', 'team', 'user', 'ip', 'initiator', 'source'].includes(key);
}
