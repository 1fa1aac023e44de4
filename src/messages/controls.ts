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
  /** Id of the stored answer. It is part of the block ids, so that a press finds its question. */
  answerId: string;
  /** Differs between versions of the message: Slack wants new block ids at each change. */
  revision: string;
  /** `private`: only the asker sees it; `never`: in a direct conversation there is nobody to share it with. */
  sharing: 'private' | 'open' | 'never';
  /** Follow-up questions, as stored with the answer. */
  next: readonly Next[];
  /** Audience of a shared answer (`the 42 members of #api-usage`); undefined if it cannot be shared. */
  audience?: string | undefined;
  /** The picture can be sent by DM. */
  offerPng: boolean;
  /** True if filters apply that the asker chose for this channel, which can be reset. */
  filtered: boolean;
}

const BLOCK_ID = /^answer:([a-z0-9]+):/;
/** Cut the menu after 2500 characters of names: long menus help nobody, and their texts count towards the message's limit. */
const MAX_MENU_CHARACTERS = 2500;

/** Finds the id of the answer whose controls were pressed. */
export function answerIdOf(blockId: string | undefined): string | undefined {
  return BLOCK_ID.exec(blockId ?? '')?.[1];
}

/** The form in which an answer shows its numbers; `words`: neither chart nor table. */
export type Shown = 'chart' | 'table' | 'words';

/**
 * Builds one row of at most five controls: range, follow-up questions, the other view, sharing, and actions on the answer. Links
 * to buy more are added if a scope needs them, in a row of their own if the first is full.
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

/** Builds the menu of ranges. It shows the range that is answered, even if none was asked for; `label`: that range for people. */
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

/** Returns a range for people: `Last week` for `last-week`, `Previous 14 days` for `14d`. */
function rangeWords(range: string): string {
  const [, count, unit] = /^(\d+)-?([mhd]|months)$/.exec(range) ?? [];
  if (unit === 'm' || unit === 'h') return `Last ${count} ${unit === 'm' ? 'minutes' : 'hours'}`;
  if (unit) return `Previous ${count} ${unit === 'd' ? 'days' : unit}`;
  return /^[a-z]+(-[a-z]+)*$/.test(range) ? capitalise(range.replaceAll('-', ' ')) : range;
}

/** Builds the menu of all that turns this answer into another. An entry's value is its index in `next`, or a word of MORE. */
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

/** Builds the button that switches between chart and table. */
function buildViewButton(report: Report, shown: Shown): Block[] {
  if (report.table.rows.length === 0) return [];
  const next = showAs(report, shown);
  if (!next) return [];
  const text = next.view === 'table' ? 'Table' : hasGraph(report.kind) ? 'Chart' : 'Text';
  return [button({ action: `${ACTIONS.view}:${text.toLowerCase()}`, text, value: toValue(next) })];
}

/** Three buttons fit between the two menus of a row of five. */
const MOST_WIDER = 3;

/** Offers wider questions if nothing was found, the nearest names first. */
function buildWider(report: Report): Block[] {
  return listWider(report).flatMap(({ label, question }, index) => {
    const value = toValue(question);
    return value ? [button({ action: `${ACTIONS.view}:wider${index}`, text: label, value })] : [];
  });
}

/** Puts the question itself into a button, so that it outlives the answer's row; undefined if it is too long. */
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

/** Lists links to buy more, only for scopes that are not healthy, the worst first; with their titles if there are several. */
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
  /** IANA zone of the only reader, if it is known; undefined if there are several readers. */
  readerZone?: string | undefined;
  /** User who asked, for answers that others see. */
  askedBy?: string | undefined;
}

const MAX_FILTERS = 300;
const MAX_NOTE = 600;
const SEPARATOR = ' · ';

/** Builds the small print under an answer: one line of context, and below it the notes. */
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

/** `14–20 Nov 2026 · Europe/Berlin · 8 clients · Filters: status:429`, not escaped for markup. */
export function describeContext(report: Report): string {
  const age = formatAge(report);
  return [...listContext(report), ...(age ? [`as of ${age.text}`] : [])].join(SEPARATOR);
}

function listContext(report: Report): string[] {
  const filters = describeFilters(report.filters);
  return [
    // The range of all data has no first day while there is no data.
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

/** Tells whether more calls will be added to the range. Reports of balances show the present whatever the range. */
function isRunning({ range, kind }: Report): boolean {
  return range?.partial === true && !['summary', 'pool', 'history', 'explain', 'advice'].includes(kind);
}

/** Writes `as of`. Slack shows the time in each reader's zone; an only reader gets both times if they differ. */
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

/** From half of the limit on, the peak minute is shown with its scope and time. */
const HIGH_PEAK = 0.5;

/** Describes the minute of today that came closest to its scope's rate limit: `peak minute 280 of 300 allowed (Public API, 07:38)`. */
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
