import { MINUTE_MS } from '../domain/calendar.ts';
import type { Refusals, SourceHealth } from '../domain/source-health.ts';
import type { ErrorCode } from '../errors.ts';
import { countOf, formatCount } from '../report/format.ts';
import { cureOf, isOutage } from '../slack/client/errors.ts';
import { type Db, transact } from '../store/database.ts';
import { listStuckDeliveries, wasSentSince } from '../store/delivery-repository.ts';
import { deleteSetting, listSettings } from '../store/setting-repository.ts';
import { DELIVERY_TROUBLE, refer, TROUBLE, tellTrouble, toDeliveryTrouble } from './notices.ts';

export interface TroublePorts {
  db: Db;
  admins(): Promise<readonly string[]>;
  sources(): Promise<readonly SourceHealth[]>;
  /** Requests to a source that were refused as a whole since the process started; undefined: none. */
  refusals(source: string): Refusals | undefined;
  /** Free disk space for the database; undefined if it is not on a disk of this machine. */
  freeBytes(): Promise<number | undefined>;
  wakeSender(): void;
}

const MIN_FREE_BYTES = 1024 ** 3;
const STUCK_MS = 30 * MINUTE_MS;
/** Judge a source every ten minutes … */
const SOURCE_LOOK_MS = 10 * MINUTE_MS;
/** … if at least 20 of its events were rejected meanwhile, or as many of its requests refused. */
const MIN_REFUSED = 20;
/** Cause and cure of each refusal that admins are told about. */
const REFUSALS: Partial<Record<ErrorCode, string>> = {
  unauthorised: 'their credentials are not its own (401). "headroom sources rotate NAME" makes new ones',
  limited: 'it is over its limit (429). "headroom sources set NAME --limit" raises it',
  unreadable: 'their bodies cannot be read (400). "headroom sources try NAME FILE" tells why',
  too_large: 'their bodies are too large (413): send smaller ones, or raise MAX_BODY_BYTES',
  unsupported: 'their type or encoding is not known (415): see the README on its format',
};
/** A tick that comes longer than this after the one before is late … */
const TICK_LATE_MS = 2.5 * MINUTE_MS;
/** … unless it comes as late as this: then the machine slept, or its clock was set. */
const PAUSE_MS = 15 * MINUTE_MS;
/** Report late ticks from the third in a row on, as a short sleep causes one. */
const LATE_TICKS = 3;

/** Counts of a source at its last look. */
interface Look {
  atMs: number;
  accepted: number;
  rejected: number;
  requests: number;
  isRefused: boolean;
}

/**
 * Makes the tick job that tells admins what goes wrong with Headroom itself, once for as long as it lasts: a disk that fills up,
 * a channel or webhook that takes nothing, a source whose events are all refused, a scheduler that runs late.
 */
export function createTroubleWatch(ports: TroublePorts): (nowMs: number) => Promise<void> {
  const looks = new Map<string, Look>();
  let lastMs: number | undefined;
  let late = 0;

  function findLateTicks(nowMs: number): string | undefined {
    const gapMs = nowMs - (lastMs ?? nowMs);
    late = gapMs > TICK_LATE_MS && gapMs < PAUSE_MS ? late + 1 : 0;
    lastMs = nowMs;
    if (late < LATE_TICKS) return undefined;
    return 'The scheduler runs late: minutes pass between its runs, so digests and alerts come late. Give Headroom more CPU.';
  }

  /**
   * Returns a line if everything that a source sent since the last look was refused, or much of it because of its limit; an empty
   * line between looks while that holds, and undefined if all is well.
   */
  function findRefused({ name, accepted, rejected }: SourceHealth, nowMs: number): string | undefined {
    const { requests, code } = ports.refusals(name) ?? { requests: 0, code: undefined };
    const before = looks.get(name);
    if (before && nowMs - before.atMs < SOURCE_LOOK_MS) return before.isRefused ? '' : undefined;
    const look = { atMs: nowMs, accepted, rejected, requests, isRefused: false };
    looks.set(name, look);
    if (!before) return undefined;
    const events = rejected - before.rejected;
    const refused = requests - before.requests;
    const why = code && REFUSALS[code]?.replace('NAME', name);
    const takesNone = accepted === before.accepted;
    let line: string | undefined;
    if (takesNone && events >= MIN_REFUSED)
      line = `All ${formatCount(events)} events that source ${name} sent lately were rejected. See why: /usage sources.`;
    else if (why && refused >= MIN_REFUSED && (takesNone || code === 'limited'))
      line = `${countOf(refused, 'request')} to source ${name} were refused in ten minutes: ${why}.`;
    else if (takesNone && events + refused === 0 && before.isRefused) line = '';
    look.isRefused = line !== undefined;
    return line;
  }

  return async (nowMs) => {
    const { db, wakeSender } = ports;
    const free = await ports.freeBytes();
    const stuck = await findStuck(db, nowMs);
    const troubles: [string, string | undefined][] = [
      ['tick', findLateTicks(nowMs)],
      ['disk', free !== undefined && free < MIN_FREE_BYTES ? toDiskLine(free) : undefined],
      ...stuck,
      ...(await ports.sources()).map((source): [string, string | undefined] => [
        `source ${source.name}`,
        findRefused(source, nowMs),
      ]),
    ];
    for (const [name, line] of troubles) {
      if (line === undefined) await deleteSetting(db, `${TROUBLE}${name}`);
      else if (line !== '' && (await tell(ports, name, line, nowMs))) wakeSender();
    }
    await endDeliveryTroubles(db, new Set(stuck.map(([name]) => name)));
  };
}

/** Sends one notice to each admin, unless this trouble was reported since it began. */
async function tell({ db, admins }: TroublePorts, name: string, line: string, nowMs: number): Promise<boolean> {
  const people = (await admins()).filter((admin) => name !== toDeliveryTrouble(admin));
  return transact(db, (trx) => tellTrouble(trx, name, people, { lines: [line], nowMs }));
}

/** Finds places to which nothing could be sent for half an hour. An outage of all of Slack does not count: it passes. */
async function findStuck(db: Db, nowMs: number): Promise<[string, string][]> {
  const lines = new Map<string, string>();
  for (const { kind, channel, error } of await listStuckDeliveries(db, nowMs - STUCK_MS)) {
    const name = toDeliveryTrouble(kind === 'webhook' ? 'webhook' : channel);
    if (lines.has(name)) continue;
    if (kind === 'webhook')
      lines.set(
        name,
        `WEBHOOK_URL has taken no events for half an hour (${error ?? 'no answer'}). They are retried for 24 hours: check where it leads.`,
      );
    else if (error !== undefined && !isOutage(error))
      lines.set(
        name,
        `Messages to ${refer(channel)} have not gone out for half an hour. They are retried for 24 hours. ${cureOf(error)}`,
      );
  }
  return [...lines];
}

/** Ends the delivery trouble of a place once nothing is stuck for it and something was sent there since. */
async function endDeliveryTroubles(db: Db, stuck: ReadonlySet<string>): Promise<void> {
  for (const { name, value } of await listSettings(db, `${TROUBLE}${DELIVERY_TROUBLE}`)) {
    const trouble = name.slice(TROUBLE.length);
    const place = trouble.slice(DELIVERY_TROUBLE.length);
    if (!stuck.has(trouble) && (await wasSentSince(db, place, Number(value)))) await deleteSetting(db, name);
  }
}

function toDiskLine(free: number): string {
  return `Only ${(free / 1024 ** 3).toFixed(1)} GiB of disk are left for the database. Make room: without it events are refused.`;
}
