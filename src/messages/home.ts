import type { Report, SummaryReport } from '../domain/report.ts';
import type { PoolState, ScopeCard } from '../domain/scope-state.ts';
import { formatCredits, formatMoment, formatPercent } from '../report/format.ts';
import { compareScopes, LEVEL_SIGNS, nameLevel, worstLevelOf } from '../report/scope-words.ts';
import { describeTeams } from '../report/summary.ts';
import { formatOpen } from '../slack/command/format-question.ts';
import type { SlackConfig } from '../slack/context.ts';
import type { Person } from '../slack/permissions.ts';
import type { AlertSummary, DigestSummary } from '../slack/ports.ts';
import { ACTIONS } from './action-ids.ts';
import { describeMute } from './alert-message.ts';
import { describeContext } from './controls.ts';
import { buildDigestButtons, describeDigest } from './digest-message.ts';
import { modal } from './form.ts';
import { buildWelcome } from './help.ts';
import { buildChanges, type Change } from './installation.ts';
import { MAX_HOME_BLOCKS } from './limits.ts';
import {
  actions,
  type Block,
  button,
  clip,
  header,
  type Leaf,
  leaf,
  place,
  plainContext,
  richList,
  richText,
} from './text.ts';

export interface HomeContent {
  report: Report;
  /** Digests of this person, and of the person's channels. */
  digests: readonly DigestSummary[];
  /** Saved views of this person. */
  views: readonly { name: string }[];
  alerts: readonly AlertSummary[];
  /** Undefined if the person is not an admin. */
  admin: AdminContent | undefined;
  person: Person;
  config: SlackConfig;
  command: string;
}

/** State of the installation. */
export interface AdminContent {
  /** One sentence on the senders. */
  sources: string;
  /** Deliveries of the last days that were given up. */
  failed: readonly { kind: string; channel: string; dueMs: number; why: string }[];
  /** Digests whose owner has left. */
  orphans: readonly DigestSummary[];
  /** Latest changes by people, newest first. */
  audit: readonly Change[];
  version: string;
  lastTickMs: number | undefined;
}

const MAX_VIEWS = 5;
const MAX_DIGESTS = 8;
const MAX_LISTED = 5;

/** Builds the Home tab, most urgent first: the finding, pools, alerts, digests, views, examples, and the part for admins. */
export function buildHome(content: HomeContent): Block[] {
  const { report, config, admin } = content;
  if (report.kind !== 'summary') return [];
  const own = report.asOfMs === 0 ? [...buildWelcome(config).blocks] : buildOwn(content, report);
  return [...own, ...(admin ? buildAdmin(admin, content) : [])].slice(0, MAX_HOME_BLOCKS);
}

/** Builds the window that says where to find the answer to a press in the Home tab. */
export function buildSent(): Block {
  const line = richText('The answer is in the Messages tab, beside this Home tab.');
  return modal({ title: 'Sent to Messages', blocks: [line] });
}

/** Builds the Home tab of somebody who may not see usage, with the reason. */
export function buildClosedHome(why: string): Block[] {
  return [richText(why)];
}

function buildOwn(content: HomeContent, report: SummaryReport): Block[] {
  return [
    richText(leaf(report.finding, { bold: true })),
    plainContext(describeContext(report)),
    ...buildSummaryCards(report),
    ...buildAlerts(content),
    ...buildDigests(content),
    ...buildViews(content),
    header('Ask'),
    ...buildExamples(),
  ];
}

/** Lists alerts that hold now, and mutes with who set them and until when, which explain why it is quiet. */
function buildAlerts({ alerts, config: { zone } }: HomeContent): Block[] {
  const lines = [
    ...alerts
      .filter(({ sort }) => sort === 'raised')
      .slice(0, MAX_LISTED)
      .map(({ title, sign, acknowledgedBy }): (Leaf | string)[] => [
        `${sign ? `${sign} ` : ''}${clip(title, 200)}`,
        ...(acknowledgedBy ? [' · acknowledged by ', place(acknowledgedBy)] : []),
      ]),
    ...alerts
      .filter(({ sort }) => sort === 'mute')
      .slice(0, MAX_LISTED)
      .map(({ title, mutedUntilMs, mutedBy }): (Leaf | string)[] => [
        `${clip(title, 200)} · ${describeMute(mutedUntilMs!, zone)}`,
        ...(mutedBy ? [' by ', place(mutedBy)] : []),
      ]),
  ];
  return lines.length > 0 ? [header('Alerts'), richList(lines)] : [];
}

function buildViews({ views }: HomeContent): Block[] {
  const shown = views.slice(0, MAX_VIEWS);
  const elements = shown.map(({ name }, index) =>
    button({ action: `${ACTIONS.run}:view${index}`, text: name, value: formatOpen(name) }),
  );
  return elements.length > 0 ? [header('My views'), ...actions(...elements)] : [];
}

/** Lists the person's own digests with buttons, and those of others in the person's channels with one line each. */
function buildDigests({ digests, person }: HomeContent): Block[] {
  const own = digests.filter(({ owner }) => owner === person.id).slice(0, MAX_DIGESTS);
  const others = digests.filter(({ owner }) => owner !== person.id).slice(0, MAX_DIGESTS);
  return [
    header('Digests'),
    ...own.flatMap((digest) => [
      richText(place(digest.channel), `  ${describeDigest(digest).lines.join('\n')}`),
      ...buildDigestButtons(digest),
    ]),
    ...(others.length > 0
      ? [
          richList(
            others.map((digest) => [
              place(digest.channel),
              `  ${describeDigest(digest).lines[0]} · by `,
              place(digest.owner),
            ]),
          ),
        ]
      : []),
    ...(digests.length === 0 ? [richText('None yet in your channels.')] : []),
    ...actions(button({ action: ACTIONS.digestNew, text: 'Set up a digest' })),
  ];
}

function buildExamples(): Block[] {
  const examples = [
    ['Top clients', 'top clients 7d'],
    ['Status codes', 'status 7d'],
    ['Pools', 'pool'],
    ['Help', 'help'],
  ] as const;
  return actions(
    ...examples.map(([text, value], index) => button({ action: `${ACTIONS.run}:home${index}`, text, value })),
  );
}

function buildAdmin(
  { sources, failed, orphans, audit, version, lastTickMs }: AdminContent,
  content: HomeContent,
): Block[] {
  const { alerts, config } = content;
  const kinds = alerts.filter(({ sort }) => sort === 'kind');
  const tick = lastTickMs === undefined ? 'not yet' : formatMoment(lastTickMs, config.zone);
  const titled = (title: string, items: readonly (readonly (Leaf | string)[])[]): Block[] =>
    items.length > 0 ? [richText(leaf(title, { bold: true })), richList(items.slice(0, MAX_LISTED))] : [];
  return [
    header('For admins'),
    richText(
      `Headroom ${version}. Its schedule last ran ${tick} (${config.zone}).`,
      `\nSources: ${clip(sources, 500)}`,
      `\nAlerts: ${kinds.filter(({ enabled }) => enabled).length} of ${kinds.length} kinds are on.`,
    ),
    ...titled(
      'Could not be delivered',
      failed.map(({ kind, channel, dueMs, why }) => [
        `${formatMoment(dueMs, config.zone)} · `,
        ...(kind === 'webhook' ? ['event to WEBHOOK_URL'] : [`${kind} to `, place(channel)]),
        ` · ${clip(why, 200)}`,
      ]),
    ),
    ...titled(
      'Digests whose owner has left',
      orphans.map(({ id, channel, schedule }) => [`${id}: ${schedule} in `, place(channel)]),
    ),
    ...buildTakeOvers(orphans),
    ...actions(
      button({ action: ACTIONS.poolEdit, text: 'Change pools' }),
      button({ action: `${ACTIONS.run}:alerts`, text: 'Alerts', value: 'alerts' }),
      button({ action: ACTIONS.alertRoute, text: 'Alert routing' }),
      button({ action: `${ACTIONS.run}:sources`, text: 'Sources', value: 'sources' }),
      button({ action: `${ACTIONS.run}:settings`, text: 'Settings', value: 'settings' }),
      button({ action: `${ACTIONS.run}:debug`, text: 'Health check', value: 'debug' }),
      button({ action: `${ACTIONS.run}:audit`, text: 'All changes', value: 'audit' }),
    ),
    ...(audit.length > 0 ? [richText(leaf('Latest changes', { bold: true })), buildChanges(audit, config.zone)] : []),
  ];
}

function buildTakeOvers(orphans: readonly DigestSummary[]): Block[] {
  const shown = orphans.slice(0, MAX_LISTED);
  return actions(
    ...shown.map(({ id }) =>
      button({ action: `${ACTIONS.digestTakeOver}:${id}`, text: `Take over ${id}`, value: String(id) }),
    ),
  );
}

/** Show 12 cards at most. */
const MAX_CARDS = 12;

/** Writes the level as a sign and a word: never the sign, or its colour, alone. */
function describeLevel(card: ScopeCard): string {
  const level = worstLevelOf(card);
  return `${LEVEL_SIGNS[level]} ${nameLevel(level, card)}`;
}

/** Builds a card per scope, the worst first, with a gauge in text in place of a picture. */
function buildSummaryCards({ cards }: SummaryReport): Block[] {
  return cards.toSorted(compareScopes).slice(0, MAX_CARDS).map(buildCard);
}

function buildCard(card: ScopeCard): Block {
  const { current: pool, limits, restLeft, overage } = card;
  const rest = restLeft > 0 ? ` · ${formatCredits(restLeft)} more in other pools` : '';
  const over = pool && overage > 0 ? ` · ${formatCredits(overage)} over this month` : '';
  return richText(
    leaf(card.title, { bold: true }),
    pool ? `   ${describeLevel(card)}` : '   no pool yet',
    ...(pool ? [`\n${describeGauge(pool)}`, `\n${describeBalance(pool)}${rest}${over}`] : []),
    ...(card.teams ? [`\nBy team: ${describeTeams(card)}`] : []),
    ...limits.map((limit) => `\n${describeGauge(limit)}\n${describeBalance(limit)}`),
  );
}

/** `680 of 651 used in Daily credits, last 24 hours`. */
function describeBalance({ name, used, amount, period }: PoolState): string {
  return `${formatCredits(used)} of ${formatCredits(amount)} used in ${name}, ${period.label}`;
}

function describeGauge({ percent, thresholds }: PoolState): string {
  return `${drawGauge(percent, thresholds)} ${formatPercent(percent, thresholds)}`;
}

/**
 * Draws a gauge of 20 steps with thresholds as upright strokes: `███████████████│███│░░`. A step is filled only once it is
 * reached in full (the first with any use), so that the fill never touches a threshold that is not reached.
 */
export function drawGauge(percent: number, marks: readonly number[]): string {
  const steps = 20;
  const filled = percent > 0 ? Math.max(1, Math.min(steps, Math.floor((percent * steps) / 100))) : 0;
  let gauge = '';
  for (let step = 0; step < steps; step += 1) {
    const from = (step * 100) / steps;
    if (marks.some((mark) => mark > 0 && mark < 100 && mark > from - 100 / steps && mark <= from)) gauge += '│';
    gauge += step < filled ? '█' : '░';
  }
  return gauge;
}
