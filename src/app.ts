import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { createCorrectionAdmin } from './admin/corrections.ts';
import { createDoctor } from './admin/doctor.ts';
import { describeOpen } from './admin/doctor-checks.ts';
import { createPoolAdmin } from './admin/pool-admin.ts';
import { createChartRenderer } from './chart/renderer.ts';
import { type Config, listSecrets } from './config.ts';
import { type Clock, systemClock } from './delivery/clock.ts';
import { Sender } from './delivery/sender.ts';
import { SlackTransport } from './delivery/slack-transport.ts';
import { createWebhookTransport } from './delivery/webhook-transport.ts';
import { createCalendar, HOUR_MS } from './domain/calendar.ts';
import type { Span } from './domain/usage.ts';
import {
  createCounter,
  createInstanceMetrics,
  toLimitedCounter,
  toPoolGauges,
  toRefusedCounter,
} from './http/metrics.ts';
import { createHttpServer } from './http/server.ts';
import { toIntakeSettings } from './ingest/intake.ts';
import { IntakeThread } from './ingest/intake-thread.ts';
import { ensureDefaultSource, openSecretKey } from './ingest/source-admin.ts';
import { SourceDirectory } from './ingest/source-directory.ts';
import { SourceLimits, SourceTally } from './ingest/source-tally.ts';
import { createLogger, type Logger, OutageLog } from './log.ts';
import { createReporter, tellSlow } from './report/reporter.ts';
import { getScopeStates } from './report/scope-states.ts';
import { toCsv } from './report/table.ts';
import { createAlertComposer } from './schedule/alert-claims.ts';
import { AlertEvaluator, followCommits } from './schedule/alert-evaluator.ts';
import { createAlertRoutes } from './schedule/alert-routing.ts';
import { createAlerts } from './schedule/alerts.ts';
import { createDigestComposer } from './schedule/digest-composer.ts';
import { createDigestPosts } from './schedule/digest-posts.ts';
import { createDigests } from './schedule/digests.ts';
import { composeNotice, createTroubleWatch, followFailure } from './schedule/notices.ts';
import { assertUtc, createChangeLog, everySoOften, Tick } from './schedule/tick.ts';
import { composeWebhook } from './schedule/webhook-events.ts';
import { createSlackApp, type SlackApp } from './slack/app.ts';
import { RefusedBlocks } from './slack/client/post.ts';
import { createWebClient } from './slack/client/web-client.ts';
import { listAlertsTold, removeOldAlerts } from './store/alert-repository.ts';
import { createDefinitionCache, getReportZone, listOlderZones } from './store/configuration-repository.ts';
import { listCorrections } from './store/correction-repository.ts';
import { getDatabaseBytes, getFreeBytes, openDatabase } from './store/database.ts';
import { countWaitingDeliveries, deleteSettledDeliveries } from './store/delivery-repository.ts';
import { deleteInstance, findChangeMark, keepInstance } from './store/instance-repository.ts';
import { deleteMark, insertMark, listMarks } from './store/mark-repository.ts';
import { migrate } from './store/migrate.ts';
import { closeFiles } from './store/private-files.ts';
import { listSourceHealth } from './store/source-repository.ts';
import { claimSqlite } from './store/sqlite-claim.ts';
import { createThreadedUsage } from './usage/reader-thread.ts';
import { VERSION } from './version.ts';

/** Parts that the demo and tests replace. */
export interface AppOverrides {
  clock?: Clock;
  log?: Logger;
}

export interface App {
  /** Migrates the database, listens, connects. If it cannot, rejects with an error of one line. */
  start(): Promise<void>;
  /** Accepts nothing more, finishes the work under way, releases everything. May be called twice. */
  stop(): Promise<void>;
  /** Runs the jobs of a full minute now, such as due digests and alerts; for tests and the demo, which move the clock. */
  tick(): Promise<void>;
  /** Address of the HTTP server, once started. */
  readonly url: string;
}

/** Three heartbeats in the 15 s after which commands take an instance to be gone. */
const HEARTBEAT_MS = 5000;
const RETAIN_EVERY_MS = HOUR_MS;
/** Write daily rows every 5 minutes: with the time until events are folded and all rows written, they lag less than 10 minutes. */
const ROWS_EVERY_MS = 300_000;

/** Puts the whole bot together from its settings: ingest → store → report → chart → slack, and the scheduled jobs. */
export function createApp(config: Config, overrides: AppOverrides = {}): App {
  const clock = overrides.clock ?? systemClock;
  const log = overrides.log ?? createLogger(config.logLevel, undefined, listSecrets(config));
  const now = (): number => clock.now();
  const stops: (() => Promise<unknown>)[] = [];
  let url = '';
  let running = false;
  let runTick: (() => Promise<void>) | undefined;
  let stopping: Promise<void> | undefined;

  async function start(): Promise<void> {
    assertUtc();
    const databaseUrl = config.databaseUrl.reveal();
    const db = openDatabase(databaseUrl, { thread: true });
    stops.push(() => db.destroy());
    const release = await claimSqlite(databaseUrl);
    stops.push(async () => release());
    await migrate(db);
    const zone = await getReportZone(db, config.reportTimezone);
    const calendar = createCalendar(zone);
    const instance = `${hostname()}:${process.pid}:${randomUUID().slice(0, 8)}`;

    const usage = createThreadedUsage({ databaseUrl, zone });
    stops.push(() => usage.stop());
    const definitions = createDefinitionCache(db);
    const sources = () => listSourceHealth(db);
    const corrections = (span: Span) => listCorrections(db, { span });
    const olderZones = () => listOlderZones(db);
    const told = (span: Span) => listAlertsTold(db, span);
    const marks = (span: Span, limit: number) => listMarks(db, span, limit);
    const pools = { usage, definitions, calendar };
    const reporter = tellSlow(createReporter({ ...pools, sources, corrections, olderZones, alerts: told, marks }), log);
    const charts = createChartRenderer({ log });
    stops.push(() => charts.stop());

    const client = createWebClient(config.slack.botToken?.reveal() ?? '', { apiUrl: config.slack.apiUrl, log });
    let slack: SlackApp | undefined;
    const admins = async (): Promise<{ ids: readonly string[]; complete: boolean }> => {
      // An empty list would mean that there are no admins.
      if (!slack) throw new Error('Slack has not been asked yet who the admins are.');
      return slack.listAdmins();
    };
    const refused = new RefusedBlocks(log);
    const senders: Sender[] = [];
    const wakeSender = (): void => {
      for (const sender of senders) sender.wake();
    };
    const webhook = config.webhook !== undefined;
    const digestPorts = { ...pools, db, reporter, sources };
    // If Slack cannot be asked, assume that the user is still there.
    const isGone = async (user: string) => (await slack?.hasLeft(user).catch(() => false)) ?? false;
    const digestPosts = createDigestPosts({ ...digestPorts, log, now, wakeSender, isGone, webhook });
    const { alertChannel, oncall } = config;
    const routes = createAlertRoutes({ db, alertChannel, oncall, admins, now, wakeSender });
    const alerts = createAlerts({ ...pools, db, sources, webhook, now, wakeSender });
    const evaluator = new AlertEvaluator({
      ...{ ...pools, db, log, sources, webhook, instance, now, wakeSender },
      targets: () => routes.targets(),
    });
    const deliveries = createCounter(
      'headroom_deliveries_total',
      'Messages that this instance is done with.',
      'result',
    );
    for (const result of ['sent', 'failed']) deliveries.add(0, result);
    const followed = {
      ...{ db, clock, log, admins: async () => (await admins()).ids, onFailed: followFailure },
      count: (result: string) => deliveries.add(1, result),
    };
    const composers = {
      alert: createAlertComposer({ db, zone, oncall: () => routes.mention() }),
      digest: createDigestComposer(digestPorts),
      notice: composeNotice,
    };
    senders.push(
      new Sender({
        ...followed,
        transport: new SlackTransport({ db, client, clock, composers, log, refused, render: charts.render }),
      }),
    );
    if (config.webhook) {
      const compose = (content: unknown, nowMs: number) => composeWebhook(digestPorts, content, nowMs);
      senders.push(
        new Sender({ ...followed, transport: createWebhookTransport({ ...config.webhook, clock, compose }) }),
      );
    }

    const trigger = followCommits({
      ...{ clock, log, findMark: () => findChangeMark(db), evaluate: (nowMs) => evaluator.evaluate(nowMs) },
    });
    const intake = new IntakeThread(toIntakeSettings(config, zone), log, () => trigger.wake());
    stops.push(() => intake.stop());
    await intake.start();

    const secretKey = await openSecretKey(db, config);
    const open = closeFiles(config);
    if (open.length > 0) log.warn(describeOpen(open));
    await ensureDefaultSource(db, config.ingestToken, now());
    const tally = new SourceTally(db, (error) => log.error({ err: error }, 'counts of sources could not be written'));
    stops.push(() => tally.flush());

    const tick = new Tick({
      now,
      log,
      jobs: [
        { name: 'digests', run: (nowMs) => digestPosts.runDue(nowMs) },
        {
          name: 'alerts',
          // Write the counts first, so that a source that has just sent is not taken to be silent.
          run: async (nowMs) => {
            await tally.flush();
            return evaluator.evaluateAll(nowMs);
          },
        },
        { name: 'daily rows', run: everySoOften(ROWS_EVERY_MS, () => intake.writeDailyRows()) },
        { name: 'changes', run: createChangeLog(db, log) },
        {
          name: 'own trouble',
          run: createTroubleWatch({
            ...{ db, sources, wakeSender, refusals: (name) => tally.refusals(name) },
            admins: async () => (await admins()).ids,
            freeBytes: () => getFreeBytes(databaseUrl),
          }),
        },
        {
          name: 'retention',
          run: everySoOften(RETAIN_EVERY_MS, (nowMs) =>
            Promise.all([
              intake.retain(nowMs),
              deleteSettledDeliveries(db, nowMs),
              definitions().then((declared) => removeOldAlerts(db, declared, nowMs)),
            ]),
          ),
        },
      ],
    });
    slack = createSlackApp({
      config: {
        botToken: config.slack.botToken?.reveal() ?? '',
        ...(config.slack.signingSecret ? { signingSecret: config.slack.signingSecret.reveal() } : {}),
        ...(config.slack.appToken ? { appToken: config.slack.appToken.reveal() } : {}),
        apiUrl: config.slack.apiUrl,
        admins: config.admins,
        viewers: config.viewers,
        answers: config.answers,
        zone,
        publicUrl: config.publicUrl ?? `http://${config.host}:${config.port}`,
      },
      reporter,
      charts,
      toCsv,
      usage,
      db,
      digests: createDigests({ db, isGone, now }),
      digestPosts,
      alerts,
      alertRules: alerts,
      alertRouting: routes,
      pools: createPoolAdmin({ db, calendar, now }),
      corrections: createCorrectionAdmin({ db, calendar, usage, now }),
      instance: { version: VERSION, lastTickMs: () => tick.lastMs },
      doctor: createDoctor({ config, db, client, now, refused }),
      refused,
      log,
      now,
    });
    const slackApp = slack;
    const server = createHttpServer({
      host: config.host,
      port: config.port,
      maxBodyBytes: config.maxBodyBytes,
      truncateAddresses: config.privacy === 'truncate-ip',
      sources: new SourceDirectory(db, secretKey),
      tally,
      limits: new SourceLimits(),
      intake,
      marks: {
        keep: (mark, source) => insertMark(db, mark, source),
        remove: (mark, source) => deleteMark(db, mark, source),
      },
      now,
      readiness: async () => ({
        writerFault: await intake.check().then(
          () => undefined,
          (error: Error) => error.message,
        ),
        slack: describeSlack(slackApp),
        tickMs: tick.lastMs,
      }),
      metrics: [
        { private: true, collect: async () => toPoolGauges(await getScopeStates(pools, { atMs: now(), plain: true })) },
        { collect: () => [toRefusedCounter(refused.list())] },
        deliveries,
        { private: true, collect: async () => [toLimitedCounter(await sources())] },
        ...createInstanceMetrics({
          version: VERSION,
          waiting: () => intake.waiting(),
          slackUp: () => isUp(slackApp),
          lastTickMs: () => tick.lastMs,
          countWaitingDeliveries: () => countWaitingDeliveries(db),
          databaseBytes: () => getDatabaseBytes(db, databaseUrl),
        }),
      ],
      metricsToken: config.metricsToken,
      ask: config.readToken && { token: config.readToken, reporter, render: charts.render, now },
      slack: slackApp.handleRequest,
      log,
    });
    await server.start();
    url = server.url;
    stops.push(() => server.stop());

    await slackApp.start();
    stops.push(() => slackApp.stop());
    for (const sender of senders) {
      sender.start();
      stops.push(() => sender.stop());
    }
    tick.start();
    stops.push(() => tick.stop());
    runTick = () => tick.runNow();
    trigger.start();
    stops.push(() => trigger.stop());

    const startedMs = now();
    const beat = () => keepInstance(db, { id: instance, version: VERSION, startedMs, seenMs: now() });
    await beat();
    const unseen = new OutageLog(log, {
      failing: 'this instance cannot tell the others that it lives; trying until it can',
      working: 'this instance can be seen by the others again',
    });
    const beating = setInterval(
      () =>
        void beat().then(
          () => unseen.recover(),
          (error) => unseen.fail(String(error)),
        ),
      HEARTBEAT_MS,
    );
    stops.push(async () => {
      clearInterval(beating);
      await deleteInstance(db, instance);
    });
    log.info({ url, zone, version: VERSION, slack: slackApp.state() }, 'Headroom is running');
    running = true;
    routes.noticeMissing().then(
      (line) => line && log.warn(line),
      (error) => log.warn({ err: error }, 'could not find out who gets the alerts'),
    );
  }

  return {
    async start() {
      try {
        await start();
      } catch (error) {
        await this.stop();
        throw error;
      }
    },
    stop() {
      if (!stopping && running) log.info('Headroom is stopping');
      stopping ??= stopAll(stops, log).finally(() => running && log.info('Headroom has stopped'));
      return stopping;
    },
    async tick() {
      await runTick?.();
    },
    get url() {
      return url;
    },
  };
}

/** Stops all parts in reverse order; if one fails, the others are still stopped. */
async function stopAll(stops: readonly (() => Promise<unknown>)[], log: Logger): Promise<void> {
  for (const stop of stops.toReversed())
    await stop().catch((error) => log.error({ err: error }, 'could not be stopped cleanly'));
}

function isUp(slack: SlackApp): boolean {
  const { connected, authenticated } = slack.state();
  return connected && authenticated;
}

function describeSlack(slack: SlackApp): string {
  const { mode, connected, authenticated, problem } = slack.state();
  if (!authenticated) return `not signed in: ${problem}`;
  return mode === 'http' ? 'http' : connected ? 'connected' : 'disconnected';
}
