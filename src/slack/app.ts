import { App } from '@slack/bolt';
import { DAY_MS } from '../domain/calendar.ts';
import { deleteAnswersBefore } from '../store/conversation-repository.ts';
import { GROUP_SEARCH, ROUTING_FORM } from './alerts.ts';
import { ANSWER_ACTIONS } from './answer-actions.ts';
import { ALERT_FORM, FILTER_FORM, FILTER_SEARCHES, SAVE_FORM } from './answer-forms.ts';
import { type Found, Memory } from './client/memory.ts';
import { clientOptions, createWebClient, toSlackLogger } from './client/web-client.ts';
import { ASK_FORM, COMMANDS } from './commands.ts';
import type { SlackContext, SlackDeps } from './context.ts';
import { POOL_FORM, TEXT_FORM } from './declaration-form.ts';
import { CLIENT_FORM, DECLARATION_WINDOWS, SCOPE_FORM } from './declaration-windows.ts';
import { DIGEST_FORM } from './digests.ts';
import { createDispatch, createRequestHandler, createSeenSet, type RequestHandler } from './dispatch.ts';
import { EVENTS } from './events.ts';
import type { Sendable } from './form.ts';
import { assertAppToken, Identity } from './identity.ts';
import { closed, type Listener, tellOld } from './listen.ts';
import { createPeople } from './permissions.ts';
import { createSocketTransport } from './socket-transport.ts';

export interface SlackApp {
  /** Asks Slack for the bot's ids, and connects in Socket Mode. While Slack is away it keeps trying and does not reject. */
  start(): Promise<void>;
  /** Stops taking requests, and waits at most 8 s for those being answered. May be called twice. */
  stop(): Promise<void>;
  /** HTTP mode: answers `POST /slack/events`. */
  handleRequest?: RequestHandler;
  /** Lists the admins who get direct messages. */
  listAdmins(): Promise<Found>;
  /** Tells whether a person's account is gone or deactivated. Rejects where Slack cannot be asked. */
  hasLeft(user: string): Promise<boolean>;
  state(): SlackState;
}

interface SlackState {
  mode: 'http' | 'socket';
  connected: boolean;
  /** True once Slack has accepted the token. */
  authenticated: boolean;
  /** Slack's error code if it refused the token, such as `invalid_auth`. */
  problem?: string;
}

const STOP_TIMEOUT_MS = 8000;
/** Answers are kept 180 days so that their buttons work; later presses are told to ask again. */
const KEEP_ANSWERS_MS = 180 * DAY_MS;
/** All forms, for their listeners and for `doctor --messages`. */
export const FORMS: readonly Sendable[] = [
  ...[ASK_FORM, FILTER_FORM, SAVE_FORM, ALERT_FORM, DIGEST_FORM, ROUTING_FORM],
  ...[POOL_FORM, TEXT_FORM, SCOPE_FORM, CLIENT_FORM],
];
/** All listeners of the app. */
const LISTENERS: readonly Listener[] = [
  ...[...COMMANDS, ...ANSWER_ACTIONS, ...DECLARATION_WINDOWS, ...EVENTS, ...FILTER_SEARCHES, GROUP_SEARCH, closed],
  ...FORMS.map(({ listen }) => listen),
];

/**
 * The Slack app over Bolt: receives signed requests (HTTP) or envelopes (Socket Mode), acknowledges at once, and answers
 * through one client that never repeats a post by itself.
 */
export function createSlackApp(deps: SlackDeps): SlackApp {
  const { config, log, now } = deps;
  const wait = deps.wait ?? ((ms: number) => new Promise<void>((resolve) => void setTimeout(resolve, ms).unref()));
  const connection = { apiUrl: config.apiUrl, log };
  const client = createWebClient(config.botToken, connection);
  const identity = new Identity(client, { log, wait });
  const { bot } = identity;
  const memory = new Memory(now);
  const people = createPeople(client, config, { memory, log, now, wait, teamId: () => bot.teamId || undefined });
  const ctx: SlackContext = {
    ...deps,
    wait,
    client,
    people,
    memory,
    bot,
    command: config.command ?? '/usage',
    seen: createSeenSet(deps.db, log, now),
  };
  const dispatch = createDispatch((event) => app.processEvent(event), { log, tellOld: (body) => tellOld(ctx, body) });
  const socket = config.appToken
    ? createSocketTransport(dispatch.take, { appToken: config.appToken, ...connection, wait })
    : undefined;
  const app: App = new App({
    // Requests come in through the dispatch, so Bolt gets a receiver that receives nothing.
    receiver: { init: () => {}, start: async () => socket?.start(), stop: async () => socket?.stop() },
    // Without `authorize`, Bolt calls Slack while it is constructed. `start` makes that call, and survives Slack being away.
    authorize: async () => ({ botToken: config.botToken, botId: '', botUserId: bot.userId }),
    clientOptions: clientOptions(connection),
    logger: toSlackLogger(log),
    ignoreSelf: false,
  });
  app.error(async (error) => log.error({ error: String(error), stack: error.stack }, 'listener failed'));
  for (const listen of LISTENERS) listen(app, ctx);

  let stopped = false;
  let forgetting: NodeJS.Timeout | undefined;
  function forget(): void {
    deleteAnswersBefore(deps.db, now() - KEEP_ANSWERS_MS).catch((error: unknown) =>
      log.warn({ error: String(error) }, 'old answers could not be forgotten'),
    );
  }

  const handleRequest = socket
    ? undefined
    : createRequestHandler(dispatch.take, { signingSecret: config.signingSecret ?? '', seen: ctx.seen, log, now });
  return {
    async start() {
      await identity.start();
      if (config.appToken) await assertAppToken(createWebClient(config.appToken, connection));
      await app.start();
      forget();
      forgetting = setInterval(forget, DAY_MS).unref();
    },
    async stop() {
      if (stopped) return;
      stopped = true;
      identity.stop();
      clearInterval(forgetting);
      await app.stop();
      await Promise.race([dispatch.idle(), new Promise((resolve) => setTimeout(resolve, STOP_TIMEOUT_MS).unref())]);
    },
    ...(handleRequest ? { handleRequest } : {}),
    listAdmins: () => people.listAdmins(),
    hasLeft: (user) => people.hasLeft(user),
    state: () => ({
      mode: config.appToken ? 'socket' : 'http',
      connected: socket?.connected() ?? true,
      authenticated: identity.problem === undefined,
      ...(identity.problem ? { problem: identity.problem } : {}),
    }),
  };
}
