import type { WebClient } from '@slack/web-api';
import type { Config } from '../config.ts';
import { createLogger } from '../log.ts';
import { slackErrorOf } from '../slack/client/errors.ts';
import type { RefusedBlocks } from '../slack/client/post.ts';
import { createWebClient } from '../slack/client/web-client.ts';
import { bad, type Finding, good } from './finding.ts';

const ANSWER_WITHIN_MS = 5000;

/**
 * Checks that Slack's requests can arrive: opens a Socket Mode connection, or fetches the public address like Slack. `isRunning`:
 * a bot runs on this database; a second connection could take its events, so only the token is tried.
 */
export async function checkReach(config: Config, isRunning: boolean): Promise<Finding[]> {
  const { appToken, signingSecret } = config.slack;
  if (appToken) return [await checkSocketMode(config, isRunning)];
  if (!signingSecret) return [];
  if (config.publicUrl) return [await checkPublicUrl(config.publicUrl)];
  return [
    bad('HTTP mode without PUBLIC_URL: Slack cannot reach this machine; set it, or SLACK_APP_TOKEN for Socket Mode.'),
  ];
}

async function checkSocketMode({ slack }: Config, isRunning: boolean): Promise<Finding> {
  const client = createWebClient(slack.appToken!.reveal(), { apiUrl: slack.apiUrl, log: createLogger('silent') });
  try {
    const { url } = await client.apps.connections.open({});
    if (isRunning) return good('Socket Mode: Slack takes SLACK_APP_TOKEN, and the bot is running.');
    await connect(url ?? '');
    return good('Socket Mode: connected to Slack.');
  } catch (error) {
    const code = slackErrorOf(error);
    if (code !== undefined) {
      return bad(
        `Slack refuses SLACK_APP_TOKEN (${code}): make one with connections:write under Basic Information, and turn Socket Mode on.`,
      );
    }
    return bad(`Socket Mode: no connection (${(error as Error).message}): let this machine reach wss://*.slack.com.`);
  }
}

/** Connects, and resolves once Slack sends its first message. */
function connect(url: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url);
    const fail = (reason: string) => {
      clearTimeout(timer);
      socket.close();
      reject(new Error(reason));
    };
    const timer = setTimeout(() => fail(`no answer in ${ANSWER_WITHIN_MS / 1000} s`), ANSWER_WITHIN_MS);
    socket.onmessage = () => {
      clearTimeout(timer);
      socket.close();
      resolve();
    };
    socket.onerror = () => fail('the connection was refused');
  });
}

async function checkPublicUrl(publicUrl: string): Promise<Finding> {
  const cure = 'start Headroom, and check DNS, certificate and proxy';
  try {
    const response = await fetch(`${publicUrl}/healthz`, {
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
      redirect: 'manual',
    });
    const text = await response.text();
    return response.status === 200 && text.includes('"alive"')
      ? good(`HTTP mode: Headroom answers at ${publicUrl}; Slack sends to ${publicUrl}/slack/events.`)
      : bad(`PUBLIC_URL: ${publicUrl}/healthz is answered with ${response.status}, not by Headroom: ${cure}.`);
  } catch (error) {
    const { message, cause } = error as Error;
    const reason = cause instanceof Error ? cause.message || message : message;
    return bad(`PUBLIC_URL: ${publicUrl}/healthz cannot be fetched (${reason}): ${cure}.`);
  }
}

/** Checks that Slack knows the people in the settings and those whom alerts mention, and that their groups are not empty. */
export async function checkPeople(client: WebClient, config: Config, mention: string | undefined): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const [setting, ids] of [
    ['ADMINS', config.admins],
    ['VIEWERS', config.viewers],
    [mention === config.oncall ? 'ONCALL' : 'On-call', mention === undefined ? [] : [mention]],
  ] as const) {
    const faults: string[] = [];
    for (const id of ids) faults.push(...(await findFault(client, id)));
    if (faults.length > 0) findings.push(bad(`${setting}: ${faults.join('; ')}: correct it.`));
    else if (ids.length > 0) findings.push(good(`${setting}: Slack knows ${ids.join(', ')}.`));
  }
  return findings;
}

async function findFault(client: WebClient, id: string): Promise<string[]> {
  try {
    if (id.startsWith('S')) {
      const { users } = await client.usergroups.users.list({ usergroup: id });
      return users && users.length > 0 ? [] : [`the group ${id} is empty`];
    }
    const { user } = await client.users.info({ user: id });
    if (user?.deleted) return [`${id} (${user.name}) is deactivated`];
    return user?.is_restricted || user?.is_ultra_restricted
      ? [`${id} (${user.name}) is a guest, whom Headroom refuses`]
      : [];
  } catch (error) {
    const reason = slackErrorOf(error) ?? (error as Error).message;
    return [`${id} cannot be found (${reason})`];
  }
}

/** Reports blocks that Slack refused since this instance started; nothing in another process, which cannot know. */
export function checkRefused(refused: RefusedBlocks | undefined): Finding[] {
  if (!refused) return [];
  const kinds = refused.list();
  if (kinds.length === 0) return [good('Messages: Slack took every block since the start.')];
  return kinds.map(({ type, pointer, reason, count }) => {
    const times = count === 1 ? 'once' : `${count} times`;
    return bad(
      `Messages: Slack refused a ${type} ${times} (${reason} at ${pointer}), so its text was sent instead: run "headroom doctor --messages" and report what it says.`,
    );
  });
}
