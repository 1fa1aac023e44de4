import type { Latency } from '../domain/usage.ts';
import { findAtPlaces, toPlace } from './nearest-rank.ts';
import type { Column } from './segment.ts';

/** Microseconds that 32 bits hold: 71 minutes. Calls that took longer are rare, and kept apart. */
const MOST = 0xffffffff;

/** Collects how long single calls took, group by group, in four bytes a call; percentiles are exact. */
export class Durations {
  readonly #lists: Uint32Array<ArrayBuffer>[] = [];
  readonly #lengths: number[] = [];
  readonly #longer: number[][] = [];

  /**
   * One row per event: its group, the calls that it stands for, and its duration as segments hold it (microseconds + 1; 0: none
   * was sent). An event of several calls does not say how long each took, and is passed over.
   */
  add(groups: Uint32Array, counts: Column, durations: Column): void {
    for (let row = 0; row < groups.length; row += 1) {
      if (durations[row] === 0 || counts[row] !== 1) continue;
      const group = groups[row]!;
      const duration = durations[row]! - 1;
      if (duration > MOST) {
        this.#longer[group] ??= [];
        this.#longer[group].push(duration);
        continue;
      }
      const length = this.#lengths[group] ?? 0;
      const list = length < (this.#lists[group]?.length ?? 0) ? this.#lists[group]! : this.#enlarge(group, length);
      list[length] = duration;
      this.#lengths[group] = length + 1;
    }
  }

  /** Of one group, or of all; undefined where no call has a duration. */
  latencyOf(group?: number): Latency | undefined {
    const groups = group === undefined ? [...this.#lengths.keys()] : [group];
    const lists = groups.flatMap((each) => this.#lists[each]?.subarray(0, this.#lengths[each]) ?? []);
    const longer = (group === undefined ? this.#longer : [this.#longer[group] ?? []]).flat().sort((a, b) => a - b);
    const shorter = lists.reduce((sum, list) => sum + list.length, 0);
    const timed = shorter + longer.length;
    if (timed === 0) return undefined;
    const places = [...[50, 95, 99].map((percent) => toPlace(percent, timed)), timed - 1];
    const within = places.filter((place) => place < shorter);
    const found = [
      ...findAtPlaces(lists, within),
      ...places.slice(within.length).map((place) => longer[place - shorter]!),
    ];
    const [p50Ms, p95Ms, p99Ms, slowestMs] = found.map((microseconds) => microseconds / 1000) as [
      number,
      number,
      number,
      number,
    ];
    return { timed, p50Ms, p95Ms, p99Ms, slowestMs };
  }

  #enlarge(group: number, length: number): Uint32Array<ArrayBuffer> {
    const larger = new Uint32Array(Math.max(16, length * 2));
    if (length > 0) larger.set(this.#lists[group]!);
    this.#lists[group] = larger;
    return larger;
  }
}
