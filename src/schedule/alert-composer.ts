import type { Clock } from '../delivery/clock.ts';
import type { Block, Composer, Message, Picture } from '../delivery/composer.ts';
import type { PoolBalance, PoolReport, Report, Reporter } from '../domain/report.ts';
import { ACTIONS } from '../messages/action-ids.ts';
import { buildLinkButtons } from '../messages/cards.ts';
import { button, defuse, header, leaf, markdown, option, plainText, richText } from '../messages/text.ts';
import { formatInstant } from '../report/format.ts';
import { MUTE_CHOICES } from '../slack/mute-until.ts';
import { type Alert, findAlert, listAlertsOf } from '../store/alert-repository.ts';
import type { Db } from '../store/database.ts';
import type { AlertContent, AlertOrder } from './alert-content.ts';
import { describeForecast, describePool } from './digest-text.ts';

export interface AlertComposerPorts {
  db: Db;
  clock: Clock;
  reporter: Reporter;
  zone: string;
  /** A user or a user group; undefined: nobody is mentioned. */
  oncall(): Promise<string | undefined>;
  render(report: Report, options: { view?: 'graph' | undefined }): Promise<Picture | undefined>;
}

/** The text of an alert waits no longer for its forecast. */
const FORECAST_WAIT_MS = 500;

/** An alert's message, as it stands when it is sent or updated: acknowledged or not, with the forecast of then. */
export function createAlertComposer(ports: AlertComposerPorts): Composer {
  return async (delivered, { nowMs, updating }) => {
    const order = delivered as AlertOrder;
    if (order.part === 'chart') return composeChart(ports, order.content, nowMs);
    const told = order.alertKey ? await findAlert(ports.db, order.alertKey) : undefined;
    const alert = updating && told && order.part === 'parent' ? await findLatest(ports.db, told) : told;
    const content = alert === told ? order.content : (alert!.content as AlertContent);
    const forecast = await Promise.race([
      findForecast(ports, content, nowMs).catch(() => undefined),
      ports.clock.sleep(FORECAST_WAIT_MS).then(() => undefined),
    ]);
    return buildAlert(content, {
      forecast,
      alert,
      zone: ports.zone,
      // An edit notifies nobody: whoever is mentioned was, by the message that told the level.
      mention: content.mention && !updating ? toMention(await ports.oncall()) : undefined,
    });
  };
}

/** A parent shows where its pool stands: the highest level so far, and whether that was acknowledged. */
async function findLatest(db: Db, alert: Alert): Promise<Alert> {
  const all = await listAlertsOf(db, alert.subject, alert.period);
  return all.findLast(({ covered }) => !covered) ?? alert;
}

/** `<!subteam^S…>` or `<@U…>`. */
function toMention(oncall: string | undefined): string | undefined {
  if (!oncall) return undefined;
  return oncall.startsWith('S') ? `<!subteam^${oncall}>` : `<@${oncall}>`;
}

async function findForecast(
  ports: AlertComposerPorts,
  content: AlertContent,
  nowMs: number,
): Promise<string | undefined> {
  if (content.kind !== 'level' || content.level === 100 || content.scope === undefined) return undefined;
  const report = (await ports.reporter.answer({ report: 'pool', scope: content.scope }, nowMs)) as PoolReport;
  const pool = findPool(report, content);
  const forecast = pool && describeForecast(pool, report.zone);
  return forecast ? `Forecast: ${forecast} (${report.zone}).` : undefined;
}

function findPool({ scopes }: PoolReport, content: AlertContent): PoolBalance | undefined {
  return scopes.flatMap(({ pools, limits }) => [...pools, ...limits]).find(({ name }) => name === content.pool);
}

interface Dress {
  forecast: string | undefined;
  alert: Alert | undefined;
  zone: string;
  mention: string | undefined;
}

function buildAlert(content: AlertContent, { forecast, alert, zone, mention }: Dress): Message {
  const lines = [...content.lines, ...(forecast ? [forecast] : [])];
  const title = `${content.test ? 'TEST: ' : ''}${signOf(content)} ${content.title}`;
  const acked = alert?.acked;
  const text = [
    mention ? `${mention} ${defuse(title)}` : defuse(title),
    ...lines.map(defuse),
    ...(acked ? [`Acknowledged by <@${acked.by}>.`] : []),
  ].join('\n');
  const blocks: Block[] = [
    header(title),
    ...(mention ? [{ type: 'section', text: markdown(mention) }] : []),
    ...(lines.length > 0 ? [richText(lines.join('\n'))] : []),
    ...(acked
      ? [
          richText(
            'Acknowledged by ',
            { type: 'user', user_id: acked.by },
            `, ${formatInstant(acked.ms, zone)} (${zone})`,
          ),
        ]
      : []),
    ...buildButtons(content, alert),
  ];
  return { text, blocks };
}

/** Level as a sign beside the words. */
function signOf({ kind, level }: AlertContent): string {
  if (kind !== 'level') return '🔔';
  return level === 100 ? '⛔' : level !== undefined && level >= 90 ? '🔴' : '🟠';
}

function buildButtons(content: AlertContent, alert: Alert | undefined): Block[] {
  const id = alert ? String(alert.id) : undefined;
  const elements: Block[] = [
    ...(id && !alert?.acked
      ? [button({ action: ACTIONS.alertAcknowledge, text: 'Acknowledge', value: id, style: 'primary' })]
      : []),
    ...(content.who ? [button({ action: `${ACTIONS.run}:who`, text: 'Who did it', value: content.who })] : []),
    ...(content.chart ? [button({ action: `${ACTIONS.run}:chart`, text: 'Chart', value: content.chart })] : []),
    ...buildLinkButtons(content.links ?? {}),
    ...(id
      ? [
          {
            type: 'static_select',
            action_id: ACTIONS.alertMuteUntil,
            placeholder: plainText('Mute until…', 150),
            options: MUTE_CHOICES.map(({ key, label }) => option(label, `${key}:${id}`)),
          },
        ]
      : []),
    ...(content.test || id
      ? [
          {
            type: 'overflow',
            action_id: ACTIONS.alertMore,
            options: [
              option('Where alerts go…', 'route'),
              ...(id && content.scope !== undefined ? [option('Change the pools of this scope…', `pools:${id}`)] : []),
            ],
          },
        ]
      : []),
  ];
  return elements.length ? [{ type: 'actions', elements }] : [];
}

/** In the thread, so that the text never waits for it. */
async function composeChart(
  ports: AlertComposerPorts,
  content: AlertContent,
  nowMs: number,
): Promise<Message | undefined> {
  if (content.scope === undefined) return undefined;
  const report = (await ports.reporter.answer({ report: 'pool', scope: content.scope }, nowMs)) as PoolReport;
  // The scope's finding may be about another of its pools.
  const pool = findPool(report, content);
  const finding = pool ? describePool(pool, report.zone) : report.finding;
  return {
    text: defuse(finding),
    blocks: [richText(leaf(report.title, { bold: true }), `\n${finding}`)],
    image: { title: report.title, picture: ports.render(report, {}) },
  };
}
