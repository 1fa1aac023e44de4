import type { Level, PoolBalance, PoolReport, ScopeCard, SummaryReport } from '../domain/report.ts';
import {
  capitalise,
  countOf,
  formatClock,
  formatCount,
  formatCredits,
  formatPercent,
  formatShare,
} from '../report/format.ts';
import { describeRunOut, isOver } from '../report/scope-words.ts';
import { ACTIONS } from './action-ids.ts';
import { drawGauge } from './bar.ts';
import { MAX_FIELD_TEXT, MAX_SECTION_FIELDS } from './limits.ts';
import { type Block, button, leaf, plainText, richText } from './text.ts';

/** Cards that one message shows; the table below them holds every scope. */
const MAX_CARDS = 8;

/** The level as a sign and a word: never the sign, or its colour, alone. */
export const LEVEL_WORDS: Record<Level, string> = {
  healthy: '🔵 healthy',
  approaching: '🟠 approaching',
  critical: '🔴 critical',
  exhausted: '⛔ exhausted',
};

/** A card per scope, the highest level first where not all fit. */
export function buildSummaryCards({ cards, zone }: SummaryReport): Block[] {
  const shown = cards.length <= MAX_CARDS ? cards : [...cards].sort(byLevel).slice(0, MAX_CARDS);
  return shown.flatMap((card) => buildCard(card, zone));
}

/** Where no headline says it: `Today so far: 1,256 requests by 8 clients · 92.7% successful · 92 failed`. */
export function describeToday(report: SummaryReport): string {
  const { requests, ok, failed, none } = report.today;
  const today = [
    `Today so far: ${countOf(requests, 'request')} by ${countOf(report.clients, 'client')}`,
    ok + failed > 0 ? `${formatShare(ok, ok + failed)} successful` : undefined,
    failed > 0 ? `${formatCount(failed)} failed` : undefined,
    none > 0 ? `${formatCount(none)} without status` : undefined,
  ];
  return today.filter((part) => part !== undefined).join(' · ');
}

const ORDER: readonly Level[] = ['exhausted', 'critical', 'approaching', 'healthy'];

function byLevel(a: { level: Level }, b: { level: Level }): number {
  return ORDER.indexOf(a.level) - ORDER.indexOf(b.level);
}

/** One scope: what is used of the pool now drawn from, what the rest holds, and the peak minute beside the rate limit. */
function buildCard(card: ScopeCard, zone: string): Block[] {
  const { pool } = card;
  const lines = [...(pool ? [describeGauge(pool)] : []), ...card.limits.map((limit) => describeBalance(limit))];
  const fields = [
    ...(pool
      ? [
          `Used\n${formatCredits(pool.used)} of ${formatCredits(pool.amount)}`,
          `Left\n${formatCredits(pool.left)}${card.restCount > 0 ? ` + ${formatCredits(card.restLeft)} in ${countOf(card.restCount, 'more pool')}` : ''}`,
          `Pool\n${pool.name}, ${pool.period.label}`,
        ]
      : [`Requests today\n${formatCount(card.requestsToday)}`]),
    ...describeRate(card, zone),
    ...(pool && card.overage > 0 ? [`Overage\n${formatCredits(card.overage)}`] : []),
  ];
  return [
    richText(
      leaf(card.title, { bold: true }),
      pool ? `   ${LEVEL_WORDS[card.level]}` : '   no pool declared',
      ...lines.map((line) => `\n${line}`),
    ),
    { type: 'section', fields: fields.slice(0, MAX_SECTION_FIELDS).map((field) => plainText(field, MAX_FIELD_TEXT)) },
    ...buildLinks(card.level, card.links),
  ];
}

function describeRate(card: ScopeCard, zone: string): string[] {
  const { peakMinute, rateLimitPerMinute } = card;
  if (!peakMinute && rateLimitPerMinute === undefined) return [];
  const limit = rateLimitPerMinute === undefined ? '' : ` of ${formatCount(rateLimitPerMinute)} allowed`;
  const peak = peakMinute?.requests
    ? `${formatCount(peakMinute.requests)}${limit}, at ${formatClock(peakMinute.startMs, zone)}`
    : `none today${limit}`;
  const bulk = peakMinute?.bulkLeftOut ? ` (${countOf(peakMinute.bulkLeftOut, 'bulk call')} left out)` : '';
  return [`Peak minute\n${peak}${bulk}`];
}

/** `Fair use: 2,150 of 5,000, 🔵 healthy`, and its gauge on a line of its own: a phone has room for no more. */
function describeBalance(balance: PoolBalance): string {
  return (
    `${balance.name}: ${formatCredits(balance.used)} of ${formatCredits(balance.amount)}, ${LEVEL_WORDS[balance.level]}` +
    `\n${describeGauge(balance)}`
  );
}

function describeGauge({ percent, thresholds }: PoolBalance): string {
  return `${drawGauge(percent, thresholds)} ${formatPercent(percent, thresholds)}`;
}

/** Where more can be bought, on amber and red alone. */
function buildLinks(level: Level, links: { addon?: string; upgrade?: string }): Block[] {
  const elements = level === 'healthy' ? [] : buildLinkButtons(links);
  return elements.length > 0 ? [{ type: 'actions', elements }] : [];
}

/** One button per address. A placeholder, `https://…`, has none: Slack would refuse the message. */
export function buildLinkButtons(links: { addon?: string; upgrade?: string }): Block[] {
  const { addon, upgrade } = links;
  return [
    ...(addon && URL.canParse(addon) ? [button({ action: `${ACTIONS.link}:addon`, text: 'Add-on', url: addon })] : []),
    ...(upgrade && URL.canParse(upgrade)
      ? [button({ action: `${ACTIONS.link}:upgrade`, text: 'Upgrade', url: upgrade })]
      : []),
  ];
}

/** Per scope its pools in the order of drawing, each with gauge, arithmetic, burn rate and when it runs out. */
export function buildPools(report: PoolReport): Block[] {
  return report.scopes
    .slice(0, MAX_CARDS)
    .flatMap((scope) => [
      richText(
        leaf(scope.title, { bold: true }),
        scope.pools.length + scope.limits.length > 0 ? `   ${LEVEL_WORDS[scope.level]}` : '   no pool declared',
        scope.drawOrder.length > 1 ? `\nDrawn in this order: ${scope.drawOrder.join(' → ')}` : '',
        isOver(scope) ? `\nOverage: ${formatCredits(scope.overage)} credits that no pool covered` : '',
      ),
      ...[...scope.pools, ...scope.limits].slice(0, 6).map((balance) => buildBalance(balance, report.zone)),
      ...buildLinks(scope.level, scope.links),
    ]);
}

function buildBalance(balance: PoolBalance, zone: string): Block {
  return richText(
    leaf(balance.name, { bold: true }),
    `   ${LEVEL_WORDS[balance.level]} · ${balance.period.label}${balance.drawnNow ? ' · in use' : ''}`,
    `\n${describeGauge(balance)}`,
    `\n${formatCredits(balance.used)} used of ${formatCredits(balance.amount)}, ${formatCredits(balance.left)} left`,
    // An amount that is not made of anything is said already.
    ['', formatCredits(balance.amount)].includes(balance.arithmetic) ? '' : `\n${balance.arithmetic}`,
    balance.burnRate === undefined
      ? ''
      : `\nBurn rate ${balance.burnRate.toFixed(2)} (1 = used up exactly at the reset)`,
    balance.runOut ? `\n${capitalise(describeRunOut(balance.runOut, zone))}: ${balance.runOut.arithmetic}` : '',
  );
}
