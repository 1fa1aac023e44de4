import type { Bound, Filter } from '../../domain/filter.ts';
import { readRangeAt } from '../../domain/range-reading.ts';
import { canonicalRangeText, InvalidRangeError } from '../../domain/ranges.ts';
import { type Question, RefusedQuestion, type Report, type Reporter, toWholeRanking } from '../../domain/report.ts';
import { QuestionError } from '../../errors.ts';
import { Misunderstood } from './command.ts';
import { keyOfName } from './filter-words.ts';
import { DIMENSION_PLURALS, FOCUSES, isReserved } from './vocabulary.ts';
import { protectFromSlack, quote } from './words.ts';

/**
 * Writes a question as a command, the text after `/usage`: `top 10 clients 7d status:4xx private`. `parseCommand` reads the same
 * question from it, whatever its names are.
 */
export function formatQuestion(question: Question): string {
  const { report, limit, offset, range, versus, filters, measure, sort, view, suppose } = question;
  const subject = question.name ?? question.scope;
  const focus = FOCUSES[report]?.find((each) => each === question.focus);
  const rows = limit === undefined ? undefined : report === 'top' ? String(limit) : `limit ${limit}`;
  const words = [
    question.focus === 'odd' ? 'unusual' : question.focus === 'run-out' ? 'forecast' : report,
    // A number behind another word than `top` could be a status code.
    report === 'top' ? rows : undefined,
    subject === undefined ? focus : undefined,
    report === 'top' ? [question.only, DIMENSION_PLURALS[question.dimension ?? 'client']] : undefined,
    (report === 'daily' || report === 'day') && question.dimension ? DIMENSION_PLURALS[question.dimension] : undefined,
    report === 'latency'
      ? [question.overTime && 'daily', question.dimension && DIMENSION_PLURALS[question.dimension]]
      : undefined,
    // The focus comes after a name, because before it, it could be read as the name's first word.
    subject === undefined ? undefined : [formatName(subject, report === 'route' ? 'route' : undefined), focus],
    question.bound && formatBound(question.bound),
    question.step && `by ${question.step}`,
    range === undefined ? undefined : (canonicalRangeText(range) ?? range),
    versus === undefined ? undefined : `vs ${canonicalRangeText(versus) ?? versus}`,
    (filters ?? []).map(formatFilter),
    report === 'top' ? undefined : rows,
    measure && `by ${measure}`,
    sort && `sort ${sort.replace(/^-/, '')} ${sort.startsWith('-') ? 'desc' : 'asc'}`,
    view && `as ${view}`,
    offset === undefined ? undefined : `skip ${offset}`,
    Object.entries(suppose ?? {}).map(
      ([name, quantity]) => `if ${/^[a-z][\w-]*$/i.test(name) ? name : quote(name)}=${quantity}`,
    ),
    question.private === undefined ? undefined : question.private ? 'private' : 'share',
  ];
  return protectFromSlack(
    words
      .flat()
      .filter((word) => word !== undefined)
      .join(' '),
  );
}

/** Writes the command that opens a saved view. */
export function formatOpen(name: string): string {
  return `open ${protectFromSlack(/^[\w-]+$/.test(name) ? name : quote(name))}`;
}

function formatFilter({ key, patterns, not }: Filter): string {
  const sign = not ? 'not ' : '';
  return patterns.map((pattern) => `${sign}${key}:${isPlain(pattern) ? pattern : quote(pattern)}`).join(' ');
}

/** Writes a name for a command, quoted if needed. `form`: `route` if a name that looks like a path can be left unquoted. */
export function formatName(name: string, form?: 'route'): string {
  const plain =
    /^[A-Za-z/]/.test(name) &&
    isPlain(name) &&
    !isReserved(name) &&
    readRangeAt([name]) === undefined &&
    keyOfName(name) === (name.startsWith('/') ? form : undefined);
  return plain ? name : quote(name);
}

/** Tells whether a text stays one word without quotation marks. */
function isPlain(text: string): boolean {
  return /^[\w./{}()*@+-]+$/.test(text);
}

/**
 * Answers a question. A refusal offers the nearest possible questions as commands, protected from Slack's escapes. `whole`: all
 * rows of a ranking; that number of rows does not appear in the answer's question, offers or commands.
 */
export async function answerOrRefuse(
  reporter: Reporter,
  question: Question,
  nowMs: number,
  { whole = false } = {},
): Promise<Report> {
  const asked = whole ? toWholeRanking(question) : question;
  const asPut = ({ limit, ...rest }: Question): Question =>
    limit === undefined || (asked !== question && limit === asked.limit) ? rest : { ...rest, limit };
  try {
    const report = await reporter.answer(asked, nowMs);
    const offers = report.offers?.map((offer) => ({ ...offer, question: asPut(offer.question) }));
    return { ...report, question: asPut(report.question), ...(offers && { offers }) };
  } catch (error) {
    if (error instanceof InvalidRangeError) throw refuseRange(error, question);
    if (error instanceof RefusedQuestion) {
      const offers = error.offers.map(({ label, question: meant }) => ({
        label,
        command: formatQuestion(asPut(meant)),
      }));
      throw new QuestionError(error.message, offers, { cause: error });
    }
    if (!(error instanceof QuestionError)) throw error;
    const suggestions = error.suggestions.map(({ label, command }) => ({ label, command: protectFromSlack(command) }));
    throw new QuestionError(error.message, suggestions, { cause: error });
  }
}

/**
 * Creates the error for an impossible range. It offers the same question with the nearest ranges, as commands. No range is
 * compared with itself: `this friday vs last friday` becomes last Friday vs the one before.
 */
export function refuseRange(error: InvalidRangeError, question: Question): QuestionError {
  const { part } = error;
  const other = question[part === 'range' ? 'versus' : 'range'];
  const suggestions = error.suggestions.slice(0, 5).map((range) =>
    range === other
      ? {
          label: `${range} vs the week before`,
          command: formatQuestion({ ...question, range, versus: 'week-before' }),
        }
      : { label: range, command: formatQuestion({ ...question, [part]: range }) },
  );
  return new QuestionError(error.message, suggestions, { cause: error });
}

/** Describes the requests that a question counts: `client:"Acme CRM" status:4xx`, or `all requests`. */
export function describeCounted(question: Question): string {
  const { report, name, scope, filters = [] } = toCounted(question);
  const subject = name !== undefined ? { key: report as 'client' | 'route', value: name } : undefined;
  const named = subject ?? (scope === undefined ? undefined : { key: 'scope' as const, value: scope });
  const all = [...(named ? [{ key: named.key, patterns: [named.value], not: false }] : []), ...filters];
  return all.length > 0 ? all.map(formatFilter).join(' ') : 'all requests';
}

/** Tells whether data fits into the metadata of a form: Slack allows 3,000 characters, of which 1,000 stay free for other data. */
export function fitsForm(metadata: object): boolean {
  return JSON.stringify(metadata).length <= 2000;
}

/** Reduces a question to the parts that define which requests it counts. */
export function toCounted({ report, dimension, name, scope, filters = [] }: Question): Question {
  const named = report === 'client' || report === 'route' || report === 'why';
  if (named && name !== undefined) return { report: report === 'route' ? 'route' : 'client', name, filters };
  if (scope !== undefined) return { report: 'pool', scope, filters };
  return { report: 'top', ...(dimension ? { dimension } : {}), filters };
}

const BALANCES = new Set<Question['report']>(['pool', 'history', 'licences']);

/** Throws Misunderstood for filters on a balance, which always covers all calls of a scope. Offers the number of calls instead. */
export function refuseFiltersOfBalances({
  question,
  filters,
}: {
  question: Question;
  filters: readonly Filter[];
}): void {
  if (!BALANCES.has(question.report) || !filters.some(({ key }) => key !== 'scope')) return;
  const range = question.report === 'history' ? '12-months' : question.range;
  const same = { ...(range === undefined ? {} : { range }), filters };
  throw new Misunderstood("Pools are of all calls of a scope: I can't filter them.", [
    formatQuestion({ report: 'daily', ...same }),
    formatQuestion({ report: 'top', dimension: 'client', measure: 'credits', ...same }),
    question.report,
  ]);
}

/** Writes a bound for a command: `over 100`, `at least 5% failed`, `under 500ms`. */
function formatBound({ sign, value, column }: Bound): string {
  const unit = {
    requests: '',
    credits: ' credits',
    share_percent: '%',
    failed_percent: '% failed',
    ok_percent: '% ok',
    p95: 'ms',
  };
  return `${sign.replace('-', ' ')} ${value}${unit[column]}`;
}
