/** Bounds that a statement's WHERE certainly sets on the column `time` of a table, as texts to compare times with. */
export interface TimeBounds {
  table: string;
  from?: string;
  until?: string;
}

/** Tables with a column `time`. */
const TIMED = ['events', 'hourly', 'minutes'];
const TIME_FUNCTIONS = ['date', 'time', 'datetime', 'strftime'];
const TOKEN =
  /--[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|\[[^\]]*\]|[\p{L}_][\p{L}\p{N}_$]*|\d[\w.]*|[<>=!|]+|\S/gu;
/** Words that end a WHERE clause. */
const CLAUSES = ['group', 'order', 'limit', 'having', 'window', 'union', 'intersect', 'except', ';'];

/**
 * Finds bounds on `time`, from which follow the days to read. Only in the plain case: one SELECT over one table with a time,
 * whose WHERE joins its terms by AND alone. Otherwise undefined: the query reads all days, with the same answer. `evaluate`
 * computes an expression of literals and date functions.
 */
export function findTimeBounds(sql: string, evaluate: (expression: string) => unknown): TimeBounds | undefined {
  const tokens = (sql.match(TOKEN) ?? []).filter((token) => !/^(?:--|\/\*)/.test(token));
  const words = tokens.map((token) => token.toLowerCase());
  const timed = words.filter((word) => TIMED.includes(bare(word)));
  if (timed.length !== 1 || words.filter((word) => word === 'select').length !== 1) return undefined;
  const terms = listTerms(tokens, words);
  const bounds: TimeBounds = { table: bare(timed[0]!) };
  for (const term of terms) {
    const found = readTerm(term);
    if (!found) continue;
    for (const { side, expression } of found) {
      const value = isConstant(expression) ? attempt(() => evaluate(expression.join(' '))) : undefined;
      if (typeof value !== 'string' || !/^\d{4}-\d{2}-\d{2}/.test(value)) continue;
      const known = bounds[side];
      if (known === undefined || (side === 'from' ? value > known : value < known)) bounds[side] = value;
    }
  }
  return bounds.from === undefined && bounds.until === undefined ? undefined : bounds;
}

function bare(word: string): string {
  return word.replace(/^["`[]|["`\]]$/g, '');
}

/** Lists the terms that WHERE joins by AND; empty if there is an OR, or a CASE, whose END and AND would confuse the search. */
function listTerms(tokens: readonly string[], words: readonly string[]): string[][] {
  const terms: string[][] = [];
  let depth = 0;
  let within = false;
  let isBetween = false;
  for (const [index, word] of words.entries()) {
    if (word === '(') depth += 1;
    if (word === ')') depth -= 1;
    if (depth === 0 && within && CLAUSES.includes(word)) break;
    if (depth === 0 && within && (word === 'or' || word === 'case')) return [];
    if (depth === 0 && word === 'where') {
      within = true;
      terms.push([]);
      continue;
    }
    if (!within) continue;
    if (depth === 0 && word === 'and' && !isBetween) {
      terms.push([]);
      continue;
    }
    if (depth === 0 && word === 'between') isBetween = true;
    else if (depth === 0 && word === 'and') isBetween = false;
    terms.at(-1)!.push(tokens[index]!);
  }
  return terms;
}

type Bound = { side: 'from' | 'until'; expression: string[] };

function readTerm(term: readonly string[]): Bound[] | undefined {
  const at = term[1] === '.' ? 2 : 0;
  if (bare(term[at]?.toLowerCase() ?? '') !== 'time') return undefined;
  const operator = term[at + 1]?.toLowerCase();
  const rest = term.slice(at + 2);
  if (operator === '>' || operator === '>=') return [{ side: 'from', expression: rest }];
  if (operator === '<' || operator === '<=') return [{ side: 'until', expression: rest }];
  if (operator === '=' || operator === '==')
    return [
      { side: 'from', expression: rest },
      { side: 'until', expression: rest },
    ];
  const and = rest.findIndex((token) => token.toLowerCase() === 'and');
  if (operator !== 'between' || and < 0) return undefined;
  return [
    { side: 'from', expression: rest.slice(0, and) },
    { side: 'until', expression: rest.slice(and + 1) },
  ];
}

/** Allows only literals and date functions of them: no column, no subquery, no operator that could join terms. */
function isConstant(expression: readonly string[]): boolean {
  return (
    expression.length > 0 &&
    expression.every((token, index) => {
      if (/^(?:'|\d)/.test(token) || ['(', ')', ',', '||', '+', '-'].includes(token)) return true;
      return TIME_FUNCTIONS.includes(token.toLowerCase()) && expression[index + 1] === '(';
    })
  );
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
