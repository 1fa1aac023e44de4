import { capitalise } from '../domain/calendar.ts';
import { RANGE_CHOICES } from '../domain/ranges.ts';
import type { Question, Report, SummaryReport } from '../domain/report.ts';
import { describeFilters, formatAge, formatClock, formatCount } from '../report/format.ts';
import { compareScopes, worstLevelOf } from '../report/scope-words.ts';
import { hasFilters } from '../slack/command/report-parts.ts';
import { hasGraph, hasRange, isDigestible, listWider, type Next, showAs } from '../slack/next-questions.ts';
import { ACTIONS, MORE } from './action-ids.ts';
import { MAX_BUTTON_VALUE, MAX_CONTEXT_TEXT, MAX_OPTION_TEXT, MAX_PLACEHOLDER, MAX_ROW_BUTTONS } from './limits.ts';
import {
  type Block,
  buildLinkButtons,
  button,
  clip,
  defuse,
  markdown,
  type Option,
  option,
  plainText,
  toOneLine,
} from './text.ts';

/** Facts that the controls under an answer need besides the report. */
export interface ControlState {
  /** Id under which the answer is kept; stands in the block ids, by which a press finds its question again. */
  answerId: string;
  /** Tells one version of the message from the next: Slack wants new block ids at each change. */
  revision: string;
  /** `private`: only the asker sees it; `never`: in a direct conversation there is nobody to share it with. */
  sharing: 'private' | 'open' | 'never';
  /** Questions that lead on from here, as the answer keeps them. */
  next: readonly Next[];
  /** Audience of a shared answer (`the 42 members of #api-usage`); undefined where it cannot be shared. */
  audience?: string | undefined;
  /** The picture can be sent by DM. */
  offerPng: boolean;
  /** Filters apply that the asker once chose for this channel: they can be reset. */
  filtered: boolean;
}

const BLOCK_ID = /^answer:([a-z0-9]+):/;
/** A menu of a thousand names helps nobody, and its texts count among those of the message. */
const MAX_MENU_CHARACTERS = 2500;

/** The answer whose controls a press came from. */
export function answerIdOf(blockId: string | undefined): string | undefined {
  return BLOCK_ID.exec(blockId ?? '')?.[1];
}

/** The form in which an answer shows its numbers; `words`: there is neither a chart nor a table to see. */
export type Shown = 'chart' | 'table' | 'words';

/**
 * One row of at most five: range, what to look at next, the other view, sharing, and what to do with the answer. Where more
 * can be bought and is needed, those buttons join, in a row of their own where five are there already.
 */
export function buildControls(report: Report, state: ControlState, shown: Shown): Block[] {
  const { question, range } = report;
  const share = buildShareButton(state);
  const wider = buildWider(report).slice(0, MOST_WIDER - share.length);
  const row = [
    ...(hasRange(question) && wider.length + share.length < MOST_WIDER
      ? [buildRangeMenu(question.range ?? range?.text, range?.label)]
      : []),
    ...buildNextMenu(question, state),
    ...(wider.length > 0 ? wider : buildViewButton(report, shown)),
    ...share,
    buildMore(report),
  ];
  const links = listLinks(report);
  const rows = row.length + links.length <= MAX_ROW_BUTTONS ? [[...row, ...links]] : [row, links];
  return rows.map((elements, index) => ({
    type: 'actions',
    block_id: `answer:${state.answerId}:${state.revision}:${index}`,
    elements,
  }));
}

/** Shows the range that is answered, also where none was asked for. */
/** `label`: of the range as people read it. */
function buildRangeMenu(range = 'Range', label = range): Block {
  const options = RANGE_CHOICES.map(({ text, label }) => option(label, text));
  const initial = options.find(({ value }) => value === range);
  return {
    type: 'static_select',
    action_id: ACTIONS.range,
    placeholder: plainText(/\d{4}-\d/.test(range) ? label : rangeWords(range), MAX_PLACEHOLDER),
    options,
    ...(initial ? { initial_option: initial } : {}),
  };
}

/** `Last week` for `last-week`. */
function rangeWords(range: string): string {
  return /^[a-z]+(-[a-z]+)*$/.test(range) ? capitalise(range.replaceAll('-', ' ')) : range;
}

/** Everything that turns this answer into another. An entry's value is its place in `next`, or a word of MORE. */
function buildNextMenu(question: Question, { next, sharing, offerPng, filtered }: ControlState): Block[] {
  const groups = new Map<string, Option[]>();
  const add = (group: string, label: string, value: string) =>
    void groups.getOrInsertComputed(group, () => []).push(option(label, value));
  let left = MAX_MENU_CHARACTERS;
  for (const [index, { group, label }] of next.entries()) {
    left -= Math.min(label.length, MAX_OPTION_TEXT);
    if (left >= 0 || (group !== 'Drill down' && group !== 'Look at an hour')) add(group, label, String(index));
  }
  if (hasFilters(question)) add('Filter', 'Choose filters…', MORE.filters);
  if (filtered) add('Filter', 'Reset filters', MORE.resetFilters);
  if (sharing === 'open') add('This answer', 'Make private', MORE.unshare);
  if (offerPng) add('This answer', 'Send image by DM', MORE.png);
  if (groups.size === 0) return [];
  return [
    {
      type: 'static_select',
      action_id: ACTIONS.drill,
      placeholder: plainText('Explore…', MAX_PLACEHOLDER),
      option_groups: [...groups].map(([label, options]) => ({
        label: plainText(clip(label, MAX_OPTION_TEXT)),
        options,
      })),
    },
  ];
}

/** Turns the chart into the table, or the other way round. */
function buildViewButton(report: Report, shown: Shown): Block[] {
  if (report.table.rows.length === 0) return [];
  const next = showAs(report, shown);
  if (!next) return [];
  const text = next.view === 'table' ? 'Table' : hasGraph(report.kind) ? 'Chart' : 'Text';
  return [button({ action: `${ACTIONS.view}:${text.toLowerCase()}`, text, value: toValue(next) })];
}

/** Buttons of their own that fit between the menus of a row. */
const MOST_WIDER = 3;

/** Offers ways to find something where nothing was found: the nearest names first. */
function buildWider(report: Report): Block[] {
  return listWider(report).flatMap(({ label, question }, index) => {
    const value = toValue(question);
    return value ? [button({ action: `${ACTIONS.view}:wider${index}`, text: label, value })] : [];
  });
}

/** The question itself, so that a button outlives its row in the database; left out where it is too long. */
function toValue(question: Question): string | undefined {
  const json = JSON.stringify(question);
  return json.length <= MAX_BUTTON_VALUE ? json : undefined;
}

function buildShareButton({ sharing, audience }: ControlState): Block[] {
  if (sharing !== 'private' || !audience) return [];
  const confirm = { title: 'Share this answer?', text: `It will be seen by ${audience}.`, yes: 'Share' };
  return [button({ action: ACTIONS.share, text: 'Share', confirm })];
}

/** Lists actions on the answer. Slack takes five entries at most. */
function buildMore({ kind, question }: Report): Block {
  return {
    type: 'overflow',
    action_id: ACTIONS.more,
    options: [
      option('CSV', MORE.csv),
      option('Save as view', MORE.save),
      option(isDigestible(question) ? 'Make this a digest' : 'Set up a digest', MORE.digest),
      option('Set an alert', MORE.alert),
      ...(kind === 'explain' ? [] : [option('Explain', MORE.explain)]),
    ],
  };
}

/** Links to where more can be bought, for scopes on amber and red alone, the worst first; named where there are several. */
function listLinks(report: Report): Block[] {
  const scopes = report.kind === 'summary' ? report.cards : report.kind === 'pool' ? report.scopes : [];
  const short = scopes
    .filter((scope) => worstLevelOf(scope) !== 'healthy' && buildLinkButtons(scope.links).length > 0)
    .toSorted(compareScopes);
  return short
    .flatMap(({ title, links }, index) => buildLinkButtons(links, short.length > 1 ? { title, index } : undefined))
    .slice(0, MAX_ROW_BUTTONS);
}

/** Readers of an answer, and the person who asked for it. */
export interface Readers {
  /** IANA zone of the only reader, where it is known; undefined where there are several. */
  readerZone?: string | undefined;
  /** User who asked: on answers that others see. */
  askedBy?: string | undefined;
}

const MAX_FILTERS = 300;
const MAX_NOTE = 600;
const SEPARATOR = ' · ';

/** The small print under an answer: one line of context, and below it what a reader must know to trust the numbers. */
export function buildContext(report: Report, readers: Readers, notes: readonly string[]): Block {
  const line = [
    ...listContext(report).map((part) => defuse(toOneLine(part))),
    ...describeAge(report, readers.readerZone),
    ...(readers.askedBy ? [`asked by <@${readers.askedBy}>`] : []),
  ].join(SEPARATOR);
  let left = MAX_CONTEXT_TEXT - line.length;
  const kept = notes
    .map((note) => defuse(toOneLine(clip(note, MAX_NOTE))))
    .filter((note) => {
      left -= note.length + 1;
      return left >= 0;
    });
  const text = kept.length > 0 ? `${line}\n${kept.join(' ')}` : line;
  return { type: 'context', elements: [markdown(text, MAX_CONTEXT_TEXT)] };
}

/** `14–20 Nov 2026 · Europe/Berlin · 8 clients · Filters: status:429` for places that Slack does not read as markup. */
export function describeContext(report: Report): string {
  const age = formatAge(report);
  return [...listContext(report), ...(age ? [`as of ${age.text}`] : [])].join(SEPARATOR);
}

function listContext(report: Report): string[] {
  const filters = describeFilters(report.filters);
  return [
    // Of everything, while there is nothing, the beginning is not known.
    ...(report.range && report.range.firstDay > 0
      ? [
          `${report.range.label}${isRunning(report) ? ', still running' : ''}${report.versus ? ` vs ${report.versus.label}` : ''}${report.kind === 'compare' && report.sameWeekdays ? ' (same weekdays)' : ''}`,
        ]
      : []),
    report.zone,
    ...(report.population ? [report.population] : []),
    ...(report.kind === 'summary' && report.question.focus !== 'per-minute' ? describePeak(report) : []),
    ...(filters ? [clip(filters, MAX_FILTERS)] : []),
    ...(report.asOfMs === 0 ? ['no data yet'] : []),
  ];
}

/** More calls will be added to it. Balances are of now whatever the range. */
function isRunning({ range, kind }: Report): boolean {
  return range?.partial === true && !['summary', 'pool', 'history', 'explain', 'advice'].includes(kind);
}

/** Slack writes the time in each reader's zone; the only reader is told the difference where there is one. */
function describeAge(report: Report, readerZone: string | undefined): string[] {
  const age = formatAge(report);
  if (!age) return [];
  if (readerZone === undefined) {
    const shape = age.isClock ? '{time}' : '{date_short_pretty} {time}';
    return [`as of <!date^${Math.floor(report.asOfMs / 1000)}^${shape}|${age.text}>`];
  }
  const theirs = formatAge(report, readerZone)!.text;
  return [age.text === theirs ? `as of ${theirs}` : `as of ${age.text} (${theirs} your time)`];
}

/** From this part of the limit on, where and when the peak minute was is told too. */
const HIGH_PEAK = 0.5;

/** The minute of today that came closest to its scope's rate limit: `peak minute 280 of 300 allowed (Public API, 07:38)`. */
function describePeak({ cards, zone }: SummaryReport): string[] {
  const peaks = cards.flatMap(({ title, peakMinute, rateLimitPerMinute }) =>
    peakMinute?.requests && rateLimitPerMinute ? [{ title, ...peakMinute, limit: rateLimitPerMinute }] : [],
  );
  if (peaks.length === 0) return [];
  const most = peaks.reduce((best, peak) => (peak.requests / peak.limit > best.requests / best.limit ? peak : best));
  const told = `peak minute ${formatCount(most.requests)} of ${formatCount(most.limit)}`;
  if (most.requests < most.limit * HIGH_PEAK) return [told];
  const where = cards.length > 1 ? `${most.title}, ` : '';
  return [`${told} allowed (${where}${formatClock(most.startMs, zone)})`];
}
