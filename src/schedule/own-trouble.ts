import { MINUTE_MS } from '../domain/calendar.ts';
import type { SourceHealth } from '../domain/source-health.ts';
import { formatCount } from '../report/format.ts';
import { type Db, transact } from '../store/database.ts';
import { listDeliveries } from '../store/delivery-repository.ts';
import { deleteSetting, insertSetting } from '../store/setting-repository.ts';
import { putNotices } from './notices.ts';

export interface TroublePorts {
  db: Db;
  admins(): Promise<readonly string[]>;
  sources(): Promise<readonly SourceHealth[]>;
  /** Room for the database; undefined: it is not on a disk of this machine. */
  freeBytes(): Promise<number | undefined>;
  wakeSender(): void;
}

const MIN_FREE_BYTES = 1024 ** 3;
const WEBHOOK_STUCK_MS = 30 * MINUTE_MS;
/** Judge a source every ten minutes … */
const SOURCE_LOOK_MS = 10 * MINUTE_MS;
/** … if at least 20 of its events were rejected meanwhile. */
const MIN_REJECTED = 20;
/** A tick that comes later than this was held up, … */
const TICK_LATE_MS = 2.5 * MINUTE_MS;
/** … which is told from the third in a row on: a machine that slept causes one. */
const LATE_TICKS = 3;

/**
 * Tells admins what goes wrong with Headroom itself, once for as long as it lasts: a disk that fills up, a webhook that takes
 * nothing, a source of which everything is rejected, a scheduler that runs late. A job of the tick.
 */
export function createTroubleWatch(ports: TroublePorts): (nowMs: number) => Promise<void> {
  const looks = new Map<string, { atMs: number; accepted: number; rejected: number; isRefused: boolean }>();
  let lastMs: number | undefined;
  let late = 0;

  function findLateTicks(nowMs: number): string | undefined {
    late = lastMs !== undefined && nowMs - lastMs > TICK_LATE_MS ? late + 1 : 0;
    lastMs = nowMs;
    if (late < LATE_TICKS) return undefined;
    return 'The scheduler runs late: minutes pass between its runs, so digests and alerts come late. Give Headroom more of the processor.';
  }

  /**
   * Returns a line if everything that a source sent since the last look was rejected; empty between looks while that holds;
   * undefined if all is well.
   */
  function findRefused({ name, accepted, rejected }: SourceHealth, nowMs: number): string | undefined {
    const before = looks.get(name);
    if (before && nowMs - before.atMs < SOURCE_LOOK_MS) return before.isRefused ? '' : undefined;
    const count = rejected - (before?.rejected ?? rejected);
    const isSilent = before !== undefined && count === 0 && accepted === before.accepted;
    const isRefused =
      before !== undefined && (isSilent ? before.isRefused : count >= MIN_REJECTED && accepted === before.accepted);
    looks.set(name, { atMs: nowMs, accepted, rejected, isRefused });
    if (!isRefused) return undefined;
    return `All ${formatCount(count)} events that source ${name} sent lately were rejected. See why: /usage sources.`;
  }

  return async (nowMs) => {
    const { db, wakeSender } = ports;
    const free = await ports.freeBytes();
    const stuck = await findStuckEvent(db, nowMs);
    const troubles: [string, string | undefined][] = [
      ['tick', findLateTicks(nowMs)],
      ['disk', free !== undefined && free < MIN_FREE_BYTES ? toDiskLine(free) : undefined],
      ['webhook', stuck],
      ...(await ports.sources()).map((source): [string, string | undefined] => [
        `source ${source.name}`,
        findRefused(source, nowMs),
      ]),
    ];
    for (const [name, line] of troubles) {
      if (line === undefined) await deleteSetting(db, `trouble_${name}`);
      else if (line !== '' && (await tell(ports, name, line, nowMs))) wakeSender();
    }
  };
}

/** Sends one notice to each admin, unless this trouble was reported since it began. */
async function tell({ db, admins }: TroublePorts, name: string, line: string, nowMs: number): Promise<boolean> {
  const people = await admins();
  return transact(db, async (trx) => {
    if (!(await insertSetting(trx, `trouble_${name}`, String(nowMs)))) return false;
    await putNotices(trx, `trouble:${name}:${nowMs}`, people, { lines: [line], nowMs });
    return true;
  });
}

async function findStuckEvent(db: Db, nowMs: number): Promise<string | undefined> {
  const waiting = await listDeliveries(db, { kind: 'webhook', state: 'pending', limit: 1000 });
  const oldest = waiting.at(-1);
  if (!oldest || oldest.attempts === 0 || nowMs - oldest.dueMs < WEBHOOK_STUCK_MS) return undefined;
  return `WEBHOOK_URL has taken no events for half an hour (${oldest.error ?? 'no answer'}). They wait for 24 hours; check where it goes.`;
}

function toDiskLine(free: number): string {
  return `Only ${(free / 1024 ** 3).toFixed(1)} GiB of disk are left for the database. Make room: without it events are refused.`;
}
