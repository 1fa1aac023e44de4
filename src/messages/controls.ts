import { title } from '../domain/range-label.ts';
import { RANGE_CHOICES } from '../domain/ranges.ts';
import type { Offer, Question, Report } from '../domain/report.ts';
import { hasRange, PAGE_ROWS, SORTS, viewAll } from '../slack/next-questions.ts';
import { ACTIONS, MORE } from './action-ids.ts';
import { MAX_BUTTON_VALUE, MAX_OPTIONS, MAX_PLACEHOLDER } from './limits.ts';
import { type Block, button, option, plainText } from './text.ts';

/** What the controls under an answer need besides the report. */
export interface ControlState {
  /** Id under which the answer is kept; stands in the block ids, by which a press finds its question again. */
  answerId: string;
  /** Tells one version of the message from the next: Slack wants new block ids at each change. */
  revision: number;
  /** `private`: only the asker sees it; `never`: in a direct conversation there is nobody to share it with. */
  sharing: 'private' | 'open' | 'never';
  drills: readonly Offer[];
  /** Who would see a shared answer (`the 42 members of #api-usage`); undefined where it cannot be shared. */
  audience?: string | undefined;
  /** The picture can be sent by DM. */
  offerPng: boolean;
  /** Filters apply that the asker once chose for this channel: they can be reset. */
  filtered: boolean;
}

const BLOCK_ID = /^answer:([a-z0-9]+):/;

/** The answer whose controls a press came from. */
export function answerIdOf(blockId: string | undefined): string | undefined {
  return BLOCK_ID.exec(blockId ?? '')?.[1];
}

/** Two rows at most: what to ask next, and how to look at it. */
export function buildControls(report: Report, state: ControlState): Block[] {
  const rows = [buildFirstRow(report, state), buildSecondRow(report, state)];
  return rows
    .map((elements, row) => ({
      type: 'actions',
      block_id: `answer:${state.answerId}:${state.revision}:${row}`,
      elements,
    }))
    .filter(({ elements }) => elements.length > 0);
}

function buildFirstRow({ question, range }: Report, state: ControlState): Block[] {
  return [
    ...(hasRange(question) ? [buildRangeMenu(question.range ?? range?.text)] : []),
    ...(state.drills.length > 0 ? [buildDrillMenu(state.drills)] : []),
    ...buildShareButton(state),
    button({ action: ACTIONS.csv, text: 'CSV', value: toValue(question) }),
    {
      type: 'overflow',
      action_id: ACTIONS.more,
      options: [
        option('Filters…', MORE.filters),
        option('Make this a digest', MORE.digest),
        option('Save as view', MORE.save),
        option('Set an alert', MORE.alert),
        option('Explain', MORE.explain),
      ],
    },
  ];
}

/** The question itself, so that a button outlives its row in the database; left out where it is too long. */
function toValue(question: Question): string | undefined {
  const json = JSON.stringify(question);
  return json.length <= MAX_BUTTON_VALUE ? json : undefined;
}

/** Shows the range that is answered, also where none was asked for. */
function buildRangeMenu(range: string | undefined): Block {
  const options = RANGE_CHOICES.map(({ text, label }) => option(label, text));
  const initial = options.find(({ value }) => value === range);
  return {
    type: 'static_select',
    action_id: ACTIONS.range,
    placeholder: plainText(rangeWords(range), MAX_PLACEHOLDER),
    options,
    ...(initial ? { initial_option: initial } : {}),
  };
}

/** `Last week` for `last-week`; dates stay as they are. */
function rangeWords(range = 'Range'): string {
  return /^[a-z]+(-[a-z]+)*$/.test(range) ? title(range.replaceAll('-', ' ')) : range;
}

function buildDrillMenu(drills: readonly Offer[]): Block {
  return {
    type: 'static_select',
    action_id: ACTIONS.drill,
    placeholder: plainText('Look closer at…', MAX_PLACEHOLDER),
    options: drills.slice(0, MAX_OPTIONS).map(({ label }, index) => option(label, String(index))),
  };
}

function buildShareButton({ sharing, audience }: ControlState): Block[] {
  if (sharing === 'never') return [];
  if (sharing === 'open') return [button({ action: ACTIONS.unshare, text: 'Make private' })];
  if (!audience) return [];
  const confirm = { title: 'Share this answer?', text: `It will be seen by ${audience}.`, yes: 'Share' };
  return [button({ action: ACTIONS.share, text: 'Share', confirm })];
}

function buildSecondRow(report: Report, state: ControlState): Block[] {
  const { question } = report;
  const view = question.view ?? 'graph';
  const views: Block[] = [];
  const add = (text: string, next: Question) =>
    views.push(button({ action: `${ACTIONS.view}:${views.length}`, text, value: toValue(next) }));
  if (hasGraph(report)) {
    if (view !== 'graph') add('Graph', { ...question, view: 'graph' });
    if (view !== 'table') add('Table', { ...question, view: 'table' });
    const sliced = report.kind === 'top' && (report.dimension === 'client' || report.dimension === 'function');
    if (sliced && view !== 'doughnut') add('Doughnut', { ...question, view: 'doughnut' });
  }
  return [...views, ...buildPaging(report), ...buildSortMenu(report), ...buildPngButton(state), ...buildReset(state)];
}

function buildPngButton({ offerPng }: ControlState): Block[] {
  return offerPng ? [button({ action: ACTIONS.png, text: 'Send PNG by DM' })] : [];
}

function buildReset({ filtered }: ControlState): Block[] {
  return filtered ? [button({ action: ACTIONS.resetFilters, text: 'Reset filters' })] : [];
}

function buildPaging(report: Report): Block[] {
  if (report.kind !== 'top') return [];
  const { question } = report;
  const offset = question.offset ?? 0;
  const more = report.others.count > 0 && offset + report.rows.length < report.distinct;
  if (question.view !== 'table' || question.limit !== PAGE_ROWS) {
    return more ? [button({ action: `${ACTIONS.page}:all`, text: 'View all', value: toValue(viewAll(question)) })] : [];
  }
  const page = (text: string, action: string, to: number) =>
    button({ action: `${ACTIONS.page}:${action}`, text, value: toValue({ ...question, offset: Math.max(0, to) }) });
  return [
    ...(offset > 0 ? [page(`Previous ${PAGE_ROWS}`, 'previous', offset - PAGE_ROWS)] : []),
    ...(more ? [page(`Next ${PAGE_ROWS}`, 'next', offset + PAGE_ROWS)] : []),
  ];
}

function buildSortMenu(report: Report): Block[] {
  if (report.kind !== 'top' || report.rows.length < 2) return [];
  const options = SORTS.map(({ key, label }) => option(label, key));
  const initial = options.find(({ value }) => value === report.question.sort);
  return [
    {
      type: 'static_select',
      action_id: ACTIONS.sort,
      placeholder: plainText('Sort by…', MAX_PLACEHOLDER),
      options,
      ...(initial ? { initial_option: initial } : {}),
    },
  ];
}

/** Whether a picture can be drawn of it at all. */
export function hasGraph(report: Report): boolean {
  return ['summary', 'top', 'status', 'pool', 'daily', 'day', 'history', 'client', 'route'].includes(report.kind);
}
