import type { Words } from '../domain/alert.ts';
import type { Calendar } from '../domain/calendar.ts';
import type { Definitions } from '../domain/definition.ts';
import type { Filter } from '../domain/filter.ts';
import type { PoolState } from '../domain/report.ts';
import type { Span, UsageReader } from '../domain/usage.ts';
import { getClientNames } from '../report/client-names.ts';
import { formatCredits, formatShare } from '../report/format.ts';
import { findMost, isNamed } from '../report/totals.ts';

const HOUR_MS = 3_600_000;
/** From this share of an amount on, what was used since the last full hour is a burst… */
const BURST = 0.1;
/** … and a client with this share of it made it. */
const MOSTLY = 0.5;
const NOTABLE = 0.25;

/** Who uses a pool: in a sentence, and the hours of the burst if there is one. */
export interface PoolCause {
  sentence?: Words;
  burst?: Span;
}

/**
 * Finds who is using a pool up: of a burst in the present and the last hour the client that made most of it, else the client
 * with most of the period. No sentence where many share it.
 */
export async function findPoolCause(
  { usage, calendar, definitions }: { usage: UsageReader; calendar: Calendar; definitions: Definitions },
  { filters, nowMs }: { filters: readonly Filter[]; nowMs: number },
  { amount, period }: PoolState,
): Promise<PoolCause> {
  const toMs = calendar.startOfHour(nowMs) + HOUR_MS;
  const names = getClientNames(definitions.clients);
  const find = async (span: Span) => {
    const { rows } = await usage.sum({ span, grain: 'all', groupBy: ['client'], filters });
    const sums = new Map<string, number>();
    let all = 0;
    for (const { keys, credits } of rows) {
      const name = names.nameOf(keys[0]!);
      sums.set(name, (sums.get(name) ?? 0) + credits);
      all += credits;
    }
    const [name, credits] = findMost(sums) ?? ['', 0];
    return { name, credits, all, share: all > 0 && isNamed(name) ? credits / all : 0 };
  };
  const recent = { fromMs: calendar.startOfHour(nowMs - HOUR_MS / 2), toMs };
  const burst = await find(recent);
  if (burst.all >= BURST * amount && burst.share >= MOSTLY) {
    const since = { atMs: recent.fromMs };
    return {
      sentence: [`Mostly ${burst.name} (+${formatCredits(burst.credits)} since `, since, ').'],
      burst: recent,
    };
  }
  const whole = await find({ fromMs: calendar.startOfHour(period.fromMs), toMs });
  const isBurst = burst.all >= BURST * amount ? { burst: recent } : {};
  if (whole.share < NOTABLE) return isBurst;
  const share = formatShare(whole.credits, whole.all);
  return { sentence: `${whole.share >= MOSTLY ? 'Mostly' : 'Most by'} ${whole.name} (${share}).`, ...isBurst };
}
