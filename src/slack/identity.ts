import type { WebClient } from '@slack/web-api';
import { backoffMs } from '../domain/calendar.ts';
import { HeadroomError } from '../errors.ts';
import { type Logger, OutageLog } from '../log.ts';
import { classifyFailure, slackErrorOf } from './client/errors.ts';

const LONGEST_PAUSE_MS = 30_000;
/** Ask again once a minute, since a token that worked may be revoked. */
const ASK_AGAIN_MS = 60_000;

/** The bot's own ids and name in the workspace. */
export interface Bot {
  userId: string;
  name: string;
  teamId: string;
}

/** Asks Slack for the bot's ids until it answers, then once a minute whether the token is still valid. */
export class Identity {
  /** Ids are empty until Slack has answered. */
  readonly bot: Bot = { userId: '', name: 'Headroom', teamId: '' };
  readonly #client: WebClient;
  readonly #wait: (ms: number) => Promise<void>;
  readonly #outage: OutageLog;
  #problem: string | undefined = 'not asked yet';
  #stopped = false;
  #again: NodeJS.Timeout | undefined;

  constructor(client: WebClient, { log, wait }: { log: Logger; wait(ms: number): Promise<void> }) {
    this.#client = client;
    this.#wait = wait;
    this.#outage = new OutageLog(log, {
      failing: 'SLACK_BOT_TOKEN could not be checked; trying until it can',
      working: 'Slack is there again, and takes SLACK_BOT_TOKEN',
    });
  }

  /** Slack's error code if the token is refused now; undefined: it is accepted. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Asks once, and keeps asking in the background if Slack is away. Throws if Slack refuses the token. */
  async start(): Promise<void> {
    const error = await this.#ask();
    if (error !== undefined && classifyFailure(error).reason === 'token') {
      throw new HeadroomError(
        'slack',
        `Slack refuses SLACK_BOT_TOKEN (${this.#problem}): copy it again from OAuth & Permissions of the Slack app.`,
      );
    }
    void this.#goOn();
    this.#again = setInterval(() => void this.#askAgain(), ASK_AGAIN_MS).unref();
  }

  stop(): void {
    this.#stopped = true;
    clearInterval(this.#again);
  }

  async #askAgain(): Promise<void> {
    // Without a known problem, another call is still asking.
    if (this.#problem !== undefined) return;
    await this.#ask();
    await this.#goOn();
  }

  async #goOn(): Promise<void> {
    for (let attempt = 1; !this.#stopped && this.#problem !== undefined; attempt += 1) {
      this.#outage.fail(this.#problem);
      await this.#wait(backoffMs(attempt, { firstMs: 1000, longestMs: LONGEST_PAUSE_MS }));
      if (!this.#stopped) await this.#ask();
    }
    if (this.#problem === undefined) this.#outage.recover();
  }

  /** Returns the error of a failed call. A rate limit says nothing about the token. */
  async #ask(): Promise<unknown> {
    try {
      const { user_id: userId = '', team_id: teamId = '' } = await this.#client.auth.test();
      Object.assign(this.bot, { userId, teamId });
      this.#problem = undefined;
      return undefined;
    } catch (error) {
      const isLater = classifyFailure(error).reason === 'rate_limited' && this.bot.userId !== '';
      if (!isLater) this.#problem = slackErrorOf(error) ?? 'Slack cannot be reached';
      return error;
    }
  }
}

/** Throws if Slack refuses the app-level token. Does not throw if Slack is away. */
export async function assertAppToken(client: WebClient): Promise<void> {
  try {
    await client.apps.connections.open({});
  } catch (error) {
    if (classifyFailure(error).reason !== 'token') return;
    throw new HeadroomError(
      'slack',
      `Slack refuses SLACK_APP_TOKEN (${slackErrorOf(error)}): make one with connections:write under Basic Information of the Slack app.`,
    );
  }
}
