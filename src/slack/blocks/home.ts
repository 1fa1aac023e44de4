import type { Report } from '../../domain/report.ts';
import { formatInstant, formatPercent } from '../../report/format.ts';
import { ACTIONS } from '../action-ids.ts';
import type { SlackConfig } from '../deps.ts';
import { MAX_HOME_BLOCKS } from '../limits.ts';
import type { Person } from '../permissions.ts';
import type { AlertSummary, DigestSummary } from '../ports.ts';
import { buildSummaryCards, LEVEL_WORDS } from './cards.ts';
import { buildDigestButtons, describeDigest } from './digest-list.ts';
import { describeScope } from './fallback.ts';
import { type Block, button, clip, header, leaf, plainContext, richList, richText } from './text.ts';
import { buildWelcome } from './welcome.ts';

export interface HomeContent {
  report: Report;
  digests: readonly DigestSummary[];
  alerts: readonly AlertSummary[];
  /** Latest changes by people, newest first. */
  audit: readonly { atMs: number; actor: string; action: string; detail: string }[];
  person: Person;
  config: SlackConfig;
  command: string;
}

/** The Home tab, most urgent first: what is over 75 %, the cards, one's digests, examples, and the admins' part. */
export function buildHome(content: HomeContent): Block[] {
  const { report, config } = content;
  if (report.kind !== 'summary') return [];
  if (report.asOfMs === 0) return [...buildWelcome(config).blocks];
  return [
    ...buildUrgent(report.cards),
    header('Pools and usage'),
    ...buildSummaryCards(report),
    plainContext(describeScope(report)),
    ...buildDigests(content),
    header('Ask'),
    buildExamples(),
    ...(content.person.admin ? buildAdmin(content) : []),
  ].slice(0, MAX_HOME_BLOCKS);
}

function buildUrgent(cards: Extract<Report, { kind: 'summary' }>['cards']): Block[] {
  const urgent = cards.filter(({ level }) => level !== 'healthy');
  if (urgent.length === 0) return [richText(leaf('Every pool is below its first threshold.', { bold: true }))];
  const lines = urgent.map(({ title, pool, level }) => [
    leaf(title, { bold: true }),
    `: ${pool ? `${formatPercent(pool.percent, pool.thresholds)} of ${pool.name}, ` : ''}${LEVEL_WORDS[level]}`,
  ]);
  return [header('Needs attention'), richList(lines)];
}

function buildDigests({ digests, config }: HomeContent): Block[] {
  return [
    header('My digests'),
    ...digests
      .slice(0, 8)
      .flatMap((digest) => [
        richText(
          { type: 'channel', channel_id: digest.channel },
          `  ${describeDigest(digest, config.zone).lines.join('\n')}`,
        ),
        buildDigestButtons(digest),
      ]),
    ...(digests.length === 0 ? [richText('You have none yet.')] : []),
    { type: 'actions', elements: [button({ action: ACTIONS.digestNew, text: 'Set up a digest' })] },
  ];
}

function buildExamples(): Block {
  const examples = [
    ['Top clients', 'top clients 7d'],
    ['Status codes', 'status 7d'],
    ['Pools', 'pool'],
    ['Help', 'help'],
  ] as const;
  return {
    type: 'actions',
    elements: examples.map(([text, value], index) => button({ action: `${ACTIONS.run}:home${index}`, text, value })),
  };
}

function buildAdmin({ alerts, audit, config }: HomeContent): Block[] {
  const open = alerts.filter(({ enabled }) => enabled);
  const muted = open.filter(({ mutedUntilMs }) => mutedUntilMs !== undefined);
  return [
    header('For admins'),
    richText(`${open.length} alerts are on, ${muted.length} of them muted.`),
    {
      type: 'actions',
      elements: [
        button({ action: ACTIONS.poolEdit, text: 'Change pools' }),
        button({ action: `${ACTIONS.run}:alerts`, text: 'Alerts', value: 'alerts' }),
        button({ action: `${ACTIONS.run}:sources`, text: 'Sources', value: 'sources' }),
        button({ action: `${ACTIONS.run}:settings`, text: 'Settings', value: 'settings' }),
        button({ action: `${ACTIONS.run}:debug`, text: 'What is wrong here?', value: 'debug' }),
      ],
    },
    ...(audit.length > 0
      ? [
          richText(leaf('Latest changes', { bold: true })),
          richList(
            audit.map(({ atMs, actor, action, detail }) => [
              `${formatInstant(atMs, config.zone)} ${action} `,
              ...(/^[UW][A-Z0-9]+$/.test(actor) ? [{ type: 'user' as const, user_id: actor }] : [actor]),
              ` ${clip(detail, 200)}`,
            ]),
          ),
        ]
      : []),
  ];
}

export function buildRefusedHome(): Block[] {
  return [richText('API usage is for full members of this workspace who are allowed to see it. An admin can add you.')];
}
