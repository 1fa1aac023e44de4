import { createCalendar } from '../../src/domain/calendar.ts';
import type { Limit, Pool, Scope } from '../../src/domain/definition.ts';
import type { Report } from '../../src/domain/report.ts';
import type { SourceHealth } from '../../src/domain/source-health.ts';
import { createLogger } from '../../src/log.ts';
import { createAlertComposer } from '../../src/schedule/alert-claims.ts';
import { AlertEvaluator } from '../../src/schedule/alert-evaluator.ts';
import { createAlertRoutes } from '../../src/schedule/alert-routing.ts';
import { createAlerts } from '../../src/schedule/alerts.ts';
import { composeNotice, followFailure } from '../../src/schedule/notices.ts';
import { changeDefinitions, getDefinitions } from '../../src/store/configuration-repository.ts';
import type { Db } from '../../src/store/database.ts';
import { CHANNEL, ECHO, openStage, PICTURE } from '../delivery/slack-stage.ts';
import { createMemoryUsage, type EventOfTest } from '../report/memory-usage.ts';
import type { TestDatabases } from '../support/databases.ts';

export const ONCALL = 'S0123';

/** Makes a pool of `base` credits a month from 2026 on; `change` overrides its fields. */
export function pool(name: string, base: number, change: Partial<Pool> = {}): Pool {
  const fromDay = 20_454;
  return {
    name,
    period: { kind: 'month', anchor: 1 },
    priority: 1,
    fromDay,
    amounts: [{ fromDay, base: base * 1000, grants: [] }],
    thresholds: [75, 90],
    order: 0,
    ...change,
  };
}

export function scope(pools: readonly Pool[], change: Partial<Scope> = {}): Scope {
  return { name: 'crm', title: 'CRM', links: {}, pools, limits: [] as Limit[], ...change };
}

/** Returns the command of the button with this text. */
export function commandOf(blocks: unknown, text: string): string | undefined {
  const elements = (blocks as { elements?: { text?: { text?: string }; value?: string }[] }[]).flatMap(
    (block) => block.elements ?? [],
  );
  return elements.find((element) => element.text?.text === text)?.value;
}

export interface World {
  events: EventOfTest[];
  sources: SourceHealth[];
}

/** Opens alerts on usage, definitions (by `declare`) and sources that the test can change. */
export async function openAlerts(
  databases: TestDatabases,
  scopes: readonly Scope[],
  options: {
    channel?: string | undefined;
    admins?: readonly string[];
    picture?: boolean;
    webhook?: boolean;
  } = { channel: CHANNEL },
) {
  const stage = await openStage();
  const db = await databases.open();
  const { slack, clock } = stage;
  const calendar = createCalendar('UTC');
  const world: World = { events: [], sources: [] };
  const deps = () => ({
    usage: createMemoryUsage(world.events, calendar),
    definitions: () => getDefinitions(db),
    calendar,
  });
  /** Replaces the declared scopes from now on. */
  async function declare(declared: readonly Scope[]): Promise<void> {
    await changeDefinitions(db, { actor: 'test', nowMs: clock.now() }, (current) => ({
      definitions: { ...current, scopes: declared },
      changes: [{ place: 'scopes', text: 'declared' }],
    }));
  }
  await declare(scopes);
  let instances = 0;
  const drawn: Report[] = [];
  const connect = (handle: Db) => {
    instances += 1;
    const common = {
      db: handle,
      oncall: ONCALL,
      alertChannel: options.channel,
      webhook: options.webhook ?? false,
      now: () => clock.now(),
      wakeSender() {},
      ...{ calendar, definitions: () => getDefinitions(db), sources: async () => world.sources },
      usage: new Proxy({} as ReturnType<typeof createMemoryUsage>, {
        get: (_target, name) => deps().usage[name as 'sum'],
      }),
    };
    const routes = createAlertRoutes({
      ...common,
      admins: async () => ({ ids: options.admins ?? [], complete: true }),
    });
    const alerts = createAlerts(common);
    const evaluator = new AlertEvaluator({
      ...{ ...common, targets: () => routes.targets(), log: createLogger('silent') },
      instance: `instance ${instances}`,
    });
    const sender = stage.openSender(handle, {
      composers: {
        ...ECHO,
        notice: composeNotice,
        alert: createAlertComposer({
          db: handle,
          zone: 'UTC',
          oncall: () => routes.mention(),
        }),
      },
      render: async (report) => {
        drawn.push(report);
        return options.picture ? PICTURE : undefined;
      },
      admins: async () => options.admins ?? [],
      onFailed: followFailure,
    });
    return { alerts, routes, evaluator, sender };
  };
  const first = connect(db);
  /** Evaluates the alerts and sends their messages. */
  async function run(): Promise<void> {
    await first.evaluator.evaluateAll(clock.now());
    for (let second = 0; second < 4; second += 1) {
      await first.sender.settle();
      clock.advance(1000);
    }
  }
  /** Uses credits now, then evaluates and sends. */
  async function use(count: number, change: Partial<EventOfTest> = {}): Promise<void> {
    world.events.push({ timeMs: clock.now(), scope: 'crm', count, ...change });
    clock.advance(1);
    await run();
  }
  /** Lists the first lines of the channel's messages: parents, and replies that were also sent to the channel. */
  const told = () =>
    slack
      .messages(CHANNEL)
      .filter(({ ts, thread_ts, subtype }) => (thread_ts ?? ts) === ts || subtype === 'thread_broadcast')
      .map(({ text }) => text.split('\n')[0]!);
  /** Lists the first lines as posted, before any edit. Only these notify people. */
  const posted = () =>
    slack.calls
      .filter(({ method }) => method === 'chat.postMessage')
      .map(({ args }) => String(args.text).split('\n')[0]!);
  return { posted, drawn, slack, clock, db, world, declare, use, run, told, ...first, reopen: () => connect(db) };
}
