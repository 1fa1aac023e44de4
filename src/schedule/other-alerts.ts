import { formatDay } from '../domain/calendar.ts';
import type { PoolState, ScopeState } from '../domain/report.ts';
import type { SourceHealth } from '../domain/source-health.ts';
import type { Span, UsageReader } from '../domain/usage.ts';
import { countOf, formatClock, formatCount, formatInstant, formatPercent } from '../report/format.ts';
import { describeRunOut } from '../report/scope-words.ts';
import { type AlertRule, findAlert, findOpenEpisode } from '../store/alert-repository.ts';
import { type Claim, claimAlert, isMuted } from './alert-claims.ts';
import { formatHours, formatPools, formatWho } from './alert-commands.ts';
import type { AlertContent } from './alert-content.ts';
import { type AlertSetting, subjectOf, toEpisodeKey, toPeriodKey } from './level-alerts.ts';
import { isSilent } from './silent-sources.ts';
import { findUnusual, type UnusualHour } from './unusual-hours.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const KNOWN_FOR_MS = 90 * 24 * HOUR_MS;
/** Minutes are looked at again for so long: calls arrive late. */
const LATE_MINUTES = 5;

/** Raises a claim unless its kind is off, it is muted, or it was raised before; whether it was. */
async function raise(setting: AlertSetting, claim: Claim, scope?: string): Promise<boolean> {
  const { db, mutes, targets, nowMs } = setting;
  if (!setting.isOn(claim.content.kind)) return false;
  if (isMuted(mutes, { kind: claim.kind, subject: claim.subject, ...(scope ? { scope } : {}) })) return false;
  if (await findAlert(db, claim.key)) return false;
  return db.transaction().execute((trx) => claimAlert(trx, claim, targets, nowMs));
}

/** The local hour that ended last. */
function lastFullHour({ calendar, nowMs }: AlertSetting): Span {
  const toMs = calendar.startOfHour(nowMs);
  return { fromMs: calendar.startOfHour(toMs - 1), toMs };
}

/** A date, since `today` is another day when the button is clicked tomorrow. */
function dateOf({ calendar }: AlertSetting, ms: number): string {
  return formatDay(calendar.dayOf(ms));
}

/** A scope's calls in one minute reached its rate limit: once an hour, in the thread of the pool that is drawn from. */
export async function evaluateRates(
  setting: AlertSetting,
  states: readonly ScopeState[],
  usage: UsageReader,
): Promise<void> {
  if (!setting.isOn('rate')) return;
  const { zone } = setting.calendar;
  const toMs = Math.floor(setting.nowMs / MINUTE_MS) * MINUTE_MS + MINUTE_MS;
  for (const state of states) {
    const { scope, title, rateLimitPerMinute: limit } = state;
    if (limit === undefined) continue;
    const span = { fromMs: toMs - LATE_MINUTES * MINUTE_MS, toMs };
    const steps = await usage.meter({ meter: scope, span, grain: 'minute' });
    const peak = steps.filter(({ singles }) => singles >= limit).sort((a, b) => b.singles - a.singles)[0];
    if (!peak) continue;
    const hour = new Date(Math.floor(peak.startMs / HOUR_MS) * HOUR_MS).toISOString();
    const date = dateOf(setting, peak.startMs);
    await raise(
      setting,
      {
        key: `rate:${scope}:${hour}`,
        kind: 'rate',
        subject: `rate of ${scope}`,
        period: hour,
        ...(await findThread(setting, state)),
        content: {
          kind: 'rate',
          title: `${title} reached its rate limit`,
          lines: [
            `${formatCount(peak.singles)} calls in the minute of ${formatClock(peak.startMs, zone)} (${zone}), ${formatCount(limit)} are allowed`,
            'Spread calls evenly, cache what repeats, and back off on 429. This is the rate; how much is left of the pools is another matter.',
          ],
          mention: false,
          scope,
          who: formatWho(date, scope),
          chart: formatHours('day', date, scope),
        },
      },
      scope,
    );
  }
}

/** The conversation about the pool that a scope now draws from. */
async function findThread({ db }: AlertSetting, state: ScopeState): Promise<Pick<Claim, 'note'>> {
  if (!state.current) return {};
  const subject = subjectOf(state, state.current);
  if (state.current.periodKind !== 'rolling-24h')
    return { note: { subject, period: toPeriodKey(state.current.period) } };
  const episode = await findOpenEpisode(db, subject);
  return episode === undefined ? {} : { note: { subject, period: toEpisodeKey(episode) } };
}

/** A source that sends nothing though it used to at this time: once per silence. */
export async function evaluateSilence(
  setting: AlertSetting,
  sources: readonly SourceHealth[],
  usage: UsageReader,
): Promise<void> {
  if (!setting.isOn('silent')) return;
  const { calendar, nowMs } = setting;
  for (const health of sources) {
    const { name, lastReceivedMs } = health;
    const key = `silent:${name}:${lastReceivedMs}`;
    if (lastReceivedMs === undefined || (await findAlert(setting.db, key))) continue;
    if (!(await isSilent(health, usage, calendar, nowMs))) continue;
    await raise(setting, {
      key,
      kind: 'silent',
      subject: `source ${name}`,
      period: String(lastReceivedMs),
      content: {
        kind: 'silent',
        title: `Source ${name} is silent`,
        lines: [
          `Nothing was received since ${formatInstant(lastReceivedMs, calendar.zone)} (${calendar.zone}). Usage since then is unknown, not zero; levels stay as they were.`,
          'Look whether the sender runs, reaches this address and has the right token: /usage sources.',
        ],
        mention: false,
        chart: 'sources',
      },
    });
  }
}

const IP = /^(\d{1,3}(\.\d{1,3}){3}|[0-9a-f:]*:[0-9a-f:]*:[0-9a-f:.]*)$/i;

/** Clients of the last full hour that were unknown for 90 days: one message an hour that lists them. */
export async function evaluateClients(setting: AlertSetting, usage: UsageReader): Promise<void> {
  if (!setting.isOn('unknown-client')) return;
  const { zone } = setting.calendar;
  const { fromMs, toMs } = lastFullHour(setting);
  const hour = new Date(fromMs).toISOString();
  const key = `unknown-client:${hour}`;
  if (await findAlert(setting.db, key)) return;
  const all = { key: 'client' as const, limit: Number.MAX_SAFE_INTEGER };
  const called = await usage.values({ ...all, span: { fromMs, toMs } });
  if (called.length === 0) return;
  const known = await usage.values({ ...all, span: { fromMs: toMs - KNOWN_FOR_MS, toMs: fromMs } });
  const names = new Set(known.map(({ value }) => value));
  const unknown = called.filter(({ value }) => !names.has(value) && !IP.test(value) && !value.startsWith('('));
  if (unknown.length === 0 || names.size === 0) return;
  await raise(setting, {
    key,
    kind: 'unknown-client',
    subject: 'unknown clients',
    period: hour,
    content: {
      kind: 'unknown-client',
      title: `${countOf(unknown.length, 'client')} unknown until now`,
      lines: [
        ...unknown.slice(0, 10).map(({ value, requests }) => `${value}: ${countOf(requests, 'request')}`),
        ...(unknown.length > 10 ? [`and ${unknown.length - 10} more`] : []),
        `Between ${formatInstant(fromMs, zone)} and ${formatClock(toMs, zone)} (${zone}). If you do not know them, ask who registered them.`,
      ],
      mention: false,
      who: formatWho(dateOf(setting, fromMs)),
    },
  });
}

/** The last full hour against the same hour of the weeks before. */
export async function evaluateUnusual(setting: AlertSetting, usage: UsageReader): Promise<void> {
  if (!setting.isOn('unusual')) return;
  const span = lastFullHour(setting);
  const hour = new Date(span.fromMs).toISOString();
  const date = dateOf(setting, span.fromMs);
  for (const found of await findUnusual(usage, span, setting.calendar)) {
    await raise(setting, {
      key: `unusual:${found.what}:${hour}`,
      kind: 'unusual',
      subject: `unusual ${found.what}`,
      period: hour,
      content: {
        kind: 'unusual',
        title: found.what === 'volume' ? 'Unusual volume' : 'Unusual share of failures',
        lines: describeUnusual(found, setting.calendar.zone),
        mention: false,
        who: formatWho(date),
        chart: formatHours(found.what === 'volume' ? 'day' : 'status', date),
      },
    });
  }
}

function describeUnusual(
  { what, observed, expected, fromMs, comparedWeeks, because }: UnusualHour,
  zone: string,
): string[] {
  const shown = (value: number) => (what === 'volume' ? formatCount(Math.round(value)) : formatPercent(value * 100));
  const unit = what === 'volume' ? 'requests' : 'of calls failed';
  return [
    `Observed ${shown(observed)} ${unit}, expected ${shown(expected)}: the hour from ${formatInstant(fromMs, zone)} (${zone}) ` +
      `against the same hour of the last ${comparedWeeks} same weekdays`,
    ...(because
      ? [
          `Explains most: ${because.key} ${because.name}, ${because.change > 0 ? '+' : '−'}${formatCount(Math.abs(because.change))}`,
        ]
      : []),
    what === 'failures'
      ? 'Check credentials, the endpoint’s configuration, and whether an integration is down.'
      : 'Check for a new job, a loop of retries, or a sender that stopped.',
  ];
}

/** Pools that will be empty before their reset at the usual rate: once per period, in the pool's thread. */
export async function evaluateRunOut(setting: AlertSetting, states: readonly ScopeState[]): Promise<void> {
  if (!setting.isOn('run-out')) return;
  const { zone } = setting.calendar;
  for (const state of states) {
    for (const pool of state.pools) {
      if (!pool.runOut || pool.level === 'exhausted' || pool.periodKind === 'rolling-24h') continue;
      const subject = subjectOf(state, pool);
      const period = toPeriodKey(pool.period);
      await raise(
        setting,
        {
          key: `run-out:${subject}:${period}`,
          kind: 'run-out',
          subject: `run-out of ${subject}`,
          period,
          note: { subject, period },
          content: {
            kind: 'run-out',
            ...toRunOutWords(state, pool, pool.runOut, zone),
            mention: false,
            scope: state.scope,
            pool: pool.name,
            chart: formatPools(state.scope),
          },
        },
        state.scope,
      );
    }
  }
}

/** What is said of a pool that will run out, by its present forecast. */
export function toRunOutWords(
  scope: ScopeState,
  pool: PoolState,
  runOut: NonNullable<PoolState['runOut']>,
  zone: string,
): Pick<AlertContent, 'title' | 'lines'> {
  return {
    title: `${pool.name} of ${scope.title} will run out before its reset`,
    lines: [`It ${describeRunOut(runOut, zone)} (${zone}): ${runOut.arithmetic}`],
  };
}

/**
 * Bounds that people set on a question: once per hour or day of the report zone. One that has just ended is looked at
 * again, for calls of its last minute.
 */
export async function evaluateRules(
  setting: AlertSetting,
  rules: readonly AlertRule[],
  count: (rule: AlertRule, span: Span) => Promise<number>,
): Promise<void> {
  const { nowMs, calendar } = setting;
  for (const rule of rules) {
    const spanAt = (ms: number): Span => {
      const day = calendar.dayOf(ms);
      if (rule.per === 'day') return { fromMs: calendar.startOfDay(day), toMs: calendar.startOfDay(day + 1) };
      return { fromMs: calendar.startOfHour(ms), toMs: calendar.startOfHour(ms) + HOUR_MS };
    };
    const running = spanAt(nowMs);
    const before = spanAt(nowMs - LATE_MINUTES * MINUTE_MS);
    const spans = before.fromMs === running.fromMs ? [running] : [before, running];
    for (const span of spans) await evaluateRule(setting, rule, span, count);
  }
}

async function evaluateRule(
  setting: AlertSetting,
  rule: AlertRule,
  span: Span,
  count: (rule: AlertRule, span: Span) => Promise<number>,
): Promise<void> {
  const { zone } = setting.calendar;
  const period = new Date(span.fromMs).toISOString();
  const key = `view:${rule.name}:${period}`;
  if (await findAlert(setting.db, key)) return;
  const requests = await count(rule, span);
  if (requests <= rule.over) return;
  await raise(setting, {
    key,
    kind: 'view',
    subject: rule.name,
    period,
    content: {
      kind: 'view',
      title: `${rule.name} is over ${formatCount(rule.over)}`,
      lines: [
        `${countOf(requests, 'request')} in the ${rule.per} from ${formatInstant(span.fromMs, zone)} (${zone}), bound ${formatCount(rule.over)}`,
      ],
      mention: false,
    },
  });
}
