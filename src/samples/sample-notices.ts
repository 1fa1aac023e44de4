import type { Composed } from '../delivery/slack-transport.ts';
import { ALERT_KINDS, type AlertContent } from '../domain/alert.ts';
import { DIGEST_SECTIONS, EVERYTHING } from '../domain/digest.ts';
import { createLogger } from '../log.ts';
import {
  buildAlert,
  buildAlertHistory,
  buildAlertLine,
  buildAlertList,
  describeRouting,
} from '../messages/alert-message.ts';
import { buildNotice } from '../messages/answer-message.ts';
import { buildDigestList, buildDigestPreview, buildSendPrompt } from '../messages/digest-message.ts';
import { buildHelp, buildIntroduction, buildWelcome } from '../messages/help.ts';
import { buildAudit, buildDebug, buildSettings } from '../messages/installation.ts';
import { MAX_ALT_TEXT } from '../messages/limits.ts';
import type { Message } from '../messages/text.ts';
import { createDigestComposer, type DigestOrder } from '../schedule/digest-composer.ts';
import { createDigestPosts } from '../schedule/digest-posts.ts';
import { composeNotice } from '../schedule/notices.ts';
import { findHelpDays } from '../slack/command/help.ts';
import { HELP_TOPICS } from '../slack/command/help-topics.ts';
import type { AlertSummary, DigestSummary } from '../slack/ports.ts';
import {
  SAMPLE_NOW,
  SAMPLE_ZONE,
  type Sample,
  type SampleNames,
  type SampleWorld,
  sampleMessage,
} from './sample-world.ts';

const COMMAND = '/usage';
const PERSON = 'U0123456789';
const CHANNEL = 'C0123456789';
const GROUP = 'S0123456789';

export const SAMPLE_CONFIG = {
  botToken: '',
  admins: [PERSON, GROUP],
  viewers: [GROUP],
  answers: 'private',
  zone: SAMPLE_ZONE,
  publicUrl: 'https://usage.example.com',
} as const;

/** Lists samples of messages other than answers: digests, alerts, lists, help, notices. */
export async function listNoticeSamples(
  world: SampleWorld,
  names: SampleNames,
  fileId: string | undefined,
): Promise<Sample[]> {
  const { command, audit } = { command: COMMAND, audit: listAudit(names) };
  const checks = [...names.pools, ...names.clients].map((line, index) => ({ ok: index % 2 === 0, line }));
  const routing = {
    channel: CHANNEL,
    mention: GROUP,
    kinds: ALERT_KINDS.map(({ kind, title, on }) => ({ kind, title, on })),
  };
  const alerts = listAlerts(names);
  const days = findHelpDays(SAMPLE_NOW, SAMPLE_ZONE);
  const [client, other] = names.clients;
  const [user] = names.users;
  const [route] = names.routes;
  const [scope, granted = scope] = names.scopes;
  const [view, grant] = names.pools;
  const examples = { client, other, user, module: user, route, scope, granted, grant, view, digest: 7 };
  const known = Object.entries(examples).filter(([, name]) => name !== undefined);
  const help = { names: { ...Object.fromEntries(known), ...days } };
  const list = { route: CHANNEL, zone: SAMPLE_ZONE };
  const told = { title: `${other} has used 90% of its credits`, sign: '🔴' as const, atMs: SAMPLE_NOW };
  const history = { label: 'the last 30 days', alerts: Array.from({ length: 30 }, () => told) };
  return [
    ...(await listDigestSamples(world, fileId)),
    ...listAlertSamples(names, fileId),
    ...HELP_TOPICS.map(({ name }) =>
      sampleMessage(`Help: ${name}`, buildHelp(name, { command, ...help, admin: true })),
    ),
    ...HELP_TOPICS.map(({ name }) =>
      sampleMessage(`Help without names: ${name}`, buildHelp(name, { command, names: days, admin: false })),
    ),
    sampleMessage('Introduction', buildIntroduction(command, 'Headroom')),
    sampleMessage('Welcome', buildWelcome(SAMPLE_CONFIG)),
    sampleMessage('Alerts, as a member sees them', buildAlertList(alerts, { ...list, admin: false })),
    sampleMessage('Alerts, as an admin sees them', buildAlertList(alerts, { ...list, admin: true })),
    sampleMessage('Alerts, where there are none', buildAlertList([], { ...list, route: undefined, admin: true })),
    sampleMessage('Alerts of a range', buildAlertHistory(history, SAMPLE_ZONE)),
    sampleMessage('Digests', buildDigestList(listSampleDigests(), { command })),
    sampleMessage('A digest that is to be sent', buildSendPrompt(listSampleDigests()[0]!)),
    sampleMessage('Digests, where there are none', buildDigestList([], { command })),
    sampleMessage('Changes', buildAudit(audit, SAMPLE_ZONE)),
    sampleMessage('Changes, where there are none', buildAudit([], SAMPLE_ZONE)),
    sampleMessage('What is wrong', buildDebug(checks)),
    sampleMessage('Settings', buildSettings(SAMPLE_CONFIG)),
    sampleMessage('Alert routing', describeRouting(routing)),
    sampleMessage('A notice with buttons', buildNotice(names.clients, names.clients.map(toButton))),
    sampleMessage('A notice without words', buildNotice([''])),
    sampleMessage('A notice by direct message', await composeSample(names, undefined)),
    sampleMessage('A digest without its owner', await composeSample(names, 7)),
  ];
}

function toButton(label: string) {
  return { label, command: `client "${label}"` };
}

async function composeSample(names: SampleNames, orphan: number | undefined): Promise<Message> {
  const lines = [`Your digest could not be posted in <#${CHANNEL}>.`, ...names.clients];
  const context = { key: 'sample', nowMs: SAMPLE_NOW, updating: false };
  const composed = await composeNotice({ lines, ...(orphan === undefined ? {} : { orphan }) }, context);
  return { text: composed!.text, blocks: composed!.blocks ?? [] };
}

function listAlertSamples({ clients, scopes, pools }: SampleNames, fileId: string | undefined): Sample[] {
  const dress = { zone: SAMPLE_ZONE, mention: GROUP };
  const history = [
    { what: '75%', atMs: SAMPLE_NOW - 90_000_000 },
    { what: 'acknowledged', atMs: SAMPLE_NOW, by: PERSON },
  ];
  const content: AlertContent = {
    ...{ kind: 'level', sign: '🔴', mention: true, level: 90, scope: scopes[0]!, pool: pools[0]! },
    title: `${scopes[0]} has used 90% of ${pools[0]} (54 of 60)`,
    lines: [['Runs out about ', { atMs: SAMPLE_NOW }, '.'], `${clients[0]} made most calls.`],
    ...{ who: `top clients today scope:"${scopes[0]}"`, chart: `pool "${scopes[0]}"` },
    links: { addon: 'https://example.com/add-on', upgrade: 'https://example.com/plans' },
  };
  const buttons = { id: '17', isOpen: true, history };
  const test = { ...content, lines: [], test: true };
  const alert = buildAlert(content, { ...dress, ...buttons });
  return [
    sampleMessage('Alert', alert),
    ...withPicture('Alert', alert, fileId),
    sampleMessage('Alert, acknowledged or over', buildAlert(content, { ...dress, ...buttons, isOpen: false })),
    sampleMessage('Alert, a line of its thread', buildAlertLine(content, dress)),
    sampleMessage('Alert, a test', buildAlert(test, { ...dress, ...buttons, id: undefined, history: [] })),
  ];
}

/** Makes the sample of a message once its picture is there; none without a file. */
function withPicture(name: string, message: Composed, fileId: string | undefined): Sample[] {
  const { text, blocks = [], chartAt = blocks.length } = message;
  const image = { type: 'image', slack_file: { id: fileId }, alt_text: text.slice(0, MAX_ALT_TEXT) };
  return fileId
    ? [sampleMessage(`${name}, with its picture`, { text, blocks: blocks.toSpliced(chartAt, 0, image) })]
    : [];
}

export function listSampleDigests(): DigestSummary[] {
  return Array.from({ length: 20 }, (_, index) => ({
    id: index + 1,
    channel: CHANNEL,
    owner: PERSON,
    schedule: `daily 09:00 ${SAMPLE_ZONE}`,
    sections: EVERYTHING.sections,
    paused: index % 2 === 1,
    ...(index === 1 ? { pausedReason: 'Headroom is not in the channel: type /invite @Headroom there.' } : {}),
    limits: index % 3 === 1 ? ['only calls with scope crm'] : [],
    nextRuns: [SAMPLE_NOW, SAMPLE_NOW + 86_400_000, SAMPLE_NOW + 2 * 86_400_000],
  }));
}

/** Lists sample alerts, one of each sort for each name. */
export function listAlerts({ pools, clients }: SampleNames): AlertSummary[] {
  const sorts = ['raised', 'past', 'mute', 'rule', 'kind'] as const;
  return sorts.flatMap((sort) =>
    [...pools, ...clients].map(
      (title, index): AlertSummary => ({
        ...{ sort, id: `${sort}:${index}`, title, detail: index % 2 === 0 ? '' : title, enabled: index % 3 > 0 },
        ...(sort === 'mute' ? { mutedUntilMs: SAMPLE_NOW, mutedBy: PERSON } : {}),
        ...(sort === 'past' ? { toldMs: SAMPLE_NOW, ...(index % 2 ? { overSinceMs: SAMPLE_NOW } : {}) } : {}),
        ...(sort === 'raised' ? { sign: '🔴' as const } : {}),
        ...(sort === 'raised' && index % 2 ? { acknowledgedBy: PERSON } : {}),
      }),
    ),
  );
}

export function listAudit({ pools }: SampleNames) {
  const change = (index: number) => ({ action: 'pool.change', detail: `${pools[index % pools.length]} in ${CHANNEL}` });
  const written = JSON.stringify({ pausedUntilMs: SAMPLE_NOW, schedule: {} });
  const kinds = [...['digest.pause', 'digest.change'].map((action) => ({ action, detail: `1: ${written}` }))];
  return Array.from({ length: 30 }, (_, index) => ({
    atMs: SAMPLE_NOW - index * 60_000,
    actor: index % 2 === 0 ? PERSON : 'root',
    ...(kinds[index] ?? change(index)),
  }));
}

/** Lists a digest of a day, a week and a month, with the messages of their threads, and a preview. */
async function listDigestSamples(world: SampleWorld, fileId: string | undefined): Promise<Sample[]> {
  const { calendar, nowMs } = world;
  const compose = createDigestComposer(world);
  const dueMs = calendar.startOfDay(calendar.dayOf(nowMs)) + 9 * 3_600_000;
  const samples: Sample[] = [];
  for (const every of ['day', 'week', 'month'] as const) {
    for (const part of ['message', ...DIGEST_SECTIONS.map(({ key }) => key)] as const) {
      const by = every === 'week' ? { sentBy: 'U0123456789' } : {};
      const order: DigestOrder = { subscriptionId: 1, what: EVERYTHING, dueMs, every, part, ...by };
      const composed = await compose(order, { key: `sample ${every}`, nowMs, updating: true });
      const name = `Digest of a ${every}${part === 'message' ? '' : `, its thread: ${part}`}`;
      if (!composed) continue;
      samples.push(sampleMessage(name, { text: composed.text, blocks: composed.blocks ?? [] }));
      if (composed.drawn) samples.push(...withPicture(name, composed, fileId));
    }
  }
  const log = createLogger('silent');
  const idle = { log, now: () => nowMs, wakeSender: () => {}, isGone: async () => false, webhook: false };
  const preview = await createDigestPosts({ ...world, ...idle }).compose({ channel: 'C0123456789' });
  return [...samples, sampleMessage('Digest, its preview', buildDigestPreview(preview))];
}
