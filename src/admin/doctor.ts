import { readFileSync } from 'node:fs';
import type { WebClient } from '@slack/web-api';
import { parse } from 'yaml';
import { type Config, describeMisspelt, listMissingSlackSettings } from '../config.ts';
import { slackErrorOf } from '../slack/client/errors.ts';
import type { RefusedBlocks } from '../slack/client/post.ts';
import type { DoctorPort } from '../slack/ports.ts';
import { findAlertChannel, findAlertMention, findSetting } from '../store/configuration-repository.ts';
import type { Db } from '../store/database.ts';
import { listInstances, SEEN_WITHIN_MS } from '../store/instance-repository.ts';
import { listPendingMigrations } from '../store/migrate.ts';
import {
  bad,
  checkFiles,
  checkMachine,
  checkPeople,
  checkReach,
  checkRefused,
  type Finding,
  good,
} from './doctor-checks.ts';

/** Warn if the clock is off by a minute; at five minutes, signed requests are refused. */
const MAX_SKEW_MS = 60_000;

export interface DoctorDependencies {
  config: Config;
  db: Db;
  /** Why the database could not be opened or brought up to date, if that was tried. */
  databaseFault?: string | undefined;
  /** Undefined if no token is set. */
  client: WebClient | undefined;
  /** Variables of the settings, and the folder of `.env`; absent in the bot, which has checked them at its start. */
  env?: Readonly<Record<string, string | undefined>>;
  folder?: string;
  now(): number;
  /** Blocks that Slack refused; absent outside the bot. */
  refused?: RefusedBlocks;
}

/** Creates the checks of an installation. Each returns a line: right, or wrong with its cure. */
export function createDoctor(deps: DoctorDependencies): DoctorPort {
  const { config, db, client, env = {}, folder, now } = deps;
  return {
    async check() {
      const database = await checkDatabase(deps);
      const isSound = database.every(({ ok }) => ok);
      const findings = [
        ...database,
        ...(isSound ? await checkMachine(deps) : []),
        // Without this check, a misspelt setting is silently ignored.
        ...describeMisspelt(env).map(bad),
        ...(folder === undefined ? [] : checkFiles(config, folder)),
        checkZone(),
        ...listMissingSlackSettings(config.slack).map(bad),
      ];
      if (!client) return findings;
      const targets = isSound
        ? { channel: await findAlertChannel(db, config), mention: await findAlertMention(db, config) }
        : { channel: config.alertChannel, mention: config.oncall };
      const isRunning = isSound && (await listInstances(db, now() - SEEN_WITHIN_MS)).length > 0;
      return [
        ...findings,
        ...(await checkSlack(deps, client, targets)),
        ...checkRefused(deps.refused),
        ...(await checkReach(config, isRunning)),
        ...describeTargets(config, targets),
      ];
    },
  };
}

async function checkDatabase({ db, databaseFault, config }: DoctorDependencies): Promise<Finding[]> {
  if (databaseFault !== undefined) return [bad(`Database: ${databaseFault}`)];
  try {
    const pending = await listPendingMigrations(db);
    const zone = await findSetting(db, 'report_zone');
    const wanted = config.reportTimezone;
    return [
      pending.length === 0
        ? good('Database: open, schema up to date.')
        : bad(`Database: ${pending.length} migrations are missing; start Headroom once.`),
      wanted !== undefined && zone !== undefined && wanted !== zone
        ? bad(
            `Report zone: REPORT_TIMEZONE is ${wanted}, but days are counted in ${zone}: set ${zone}, or run "headroom rezone ${wanted}".`,
          )
        : good(`Report zone: ${zone ?? wanted ?? 'UTC'}.`),
    ];
  } catch (error) {
    return [bad(`Database: cannot be read (${(error as Error).message}); check DATABASE_URL.`)];
  }
}

function checkZone(): Finding {
  const zone = new Intl.DateTimeFormat().resolvedOptions().timeZone;
  return zone === 'UTC'
    ? good('Process zone: UTC.')
    : bad(`Process zone: ${zone}; start with TZ=UTC (npm start does).`);
}

/** Where alerts go and whom they mention: a choice in Slack overrides the settings. */
interface Targets {
  channel: string | undefined;
  mention: string | undefined;
}

/** Says what happens with alerts if they have no channel, or nobody to mention. */
function describeTargets({ alertChannel, oncall }: Config, { channel, mention }: Targets): Finding[] {
  const why = (setting: string, value: string | undefined) =>
    value ? 'As was chosen in Slack' : `${setting} is not set`;
  const byDirectMessage = `${why('ALERT_CHANNEL', alertChannel)}: alerts go to the admins by direct message.`;
  const ofNobody = `${why('ONCALL', oncall)}: no one is mentioned at 90% and 100%.`;
  return [...(channel ? [] : [good(byDirectMessage)]), ...(mention ? [] : [good(ofNobody)])];
}

async function checkSlack(
  { config, now }: DoctorDependencies,
  client: WebClient,
  { channel, mention }: Targets,
): Promise<Finding[]> {
  try {
    const identity = await client.auth.test();
    const findings = [good(`Slack: signed in as ${identity.user} in ${identity.team}.`)];
    if (!identity.bot_id) findings.push(bad('SLACK_BOT_TOKEN belongs to a person: take the bot token, xoxb-….'));
    const manifest = parse(readFileSync(new URL('../../app-manifest.yml', import.meta.url), 'utf8'));
    const wanted: string[] = manifest.oauth_config.scopes.bot;
    const missing = wanted.filter((scope) => !identity.response_metadata?.scopes?.includes(scope));
    findings.push(
      missing.length === 0
        ? good('Slack: all scopes of app-manifest.yml are granted.')
        : bad(
            `Slack: the scopes ${missing.join(', ')} are missing; paste app-manifest.yml into the app's settings and install it again.`,
          ),
    );
    findings.push(await checkClock(config, now));
    const setting = channel === config.alertChannel ? 'ALERT_CHANNEL' : 'Channel of alerts';
    if (channel) findings.push(await checkChannel(client, channel, setting));
    findings.push(...(await checkPeople(client, config, mention)));
    return findings;
  } catch (error) {
    const code = slackErrorOf(error);
    if (code !== undefined) {
      return [bad(`Slack refuses SLACK_BOT_TOKEN (${code}): copy it again from OAuth & Permissions.`)];
    }
    return [
      bad(
        `Slack cannot be reached at ${config.slack.apiUrl} (${(error as Error).message}): check the network and any proxy.`,
      ),
    ];
  }
}

async function checkClock(config: Config, now: () => number): Promise<Finding> {
  const response = await fetch(new URL('api.test', config.slack.apiUrl), {
    method: 'POST',
    headers: { authorization: `Bearer ${config.slack.botToken?.reveal()}` },
    signal: AbortSignal.timeout(5000),
  });
  const date = Date.parse(response.headers.get('date') ?? '');
  const skewMs = Number.isNaN(date) ? 0 : Math.abs(now() - date);
  return skewMs <= MAX_SKEW_MS
    ? good('Clock: agrees with Slack.')
    : bad(
        `Clock: ${Math.round(skewMs / 1000)} s away from Slack's; set it by NTP, or Slack's requests will be refused.`,
      );
}

async function checkChannel(client: WebClient, channel: string, setting: string): Promise<Finding> {
  try {
    const { channel: info } = await client.conversations.info({ channel });
    if (info?.is_archived) return bad(`${setting} ${channel} is archived: choose another.`);
    if (!info?.is_member) return bad(`${setting} ${channel}: the bot is not in it; write "/invite @Headroom" there.`);
    return good(`${setting}: #${info.name}, and the bot is in it.`);
  } catch (error) {
    const reason = slackErrorOf(error) ?? (error as Error).message;
    return bad(
      `${setting} ${channel} cannot be seen (${reason}): invite the bot with "/invite @Headroom", or correct the id.`,
    );
  }
}
