import type { Config } from '../config.ts';
import { createLogger } from '../log.ts';
import { slackErrorOf } from '../slack/client/errors.ts';
import { createWebClient } from '../slack/client/web-client.ts';
import { bad, type Finding, good } from './finding.ts';

const ANSWER_WITHIN_MS = 5000;

/**
 * Proves that Slack's requests can arrive: opens a Socket Mode connection, or fetches the public address as Slack would.
 * `isRunning`: this database has a running bot, whose events a second connection could take away; the token alone is then tried.
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

/** Settles when Slack says hello. */
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
