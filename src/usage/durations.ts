import type { Latency } from '../domain/usage.ts';
import { findAtPlaces, toPlace } from './nearest-rank.ts';
import type { Column } from './segment.ts';

/** Microseconds that 32 bits hold: 71 minutes. Calls that took longer are rare, and kept apart. */
const MOST = 0xffffffff;
const LEAST_ROOM = 64;

/** Collects how long single calls took, group by group, in four bytes a call; percentiles are exact. */
export class Durations {
  readonly #lists: Uint32Array<ArrayBuffer>[] = [];
  readonly #longer: number[][] = [];
  #lengths: Uint32Array<ArrayBuffer> = new Uint32Array(0);

  /**
   * One row per event: its group (below `groupCount`), the calls that it stands for, and its duration as segments hold it
   * (microseconds + 1; 0: none was sent). An event of several calls does not say how long each took, and is passed over.
   */
  add(groups: Uint32Array, counts: Column, durations: Column, groupCount: number): void {
    this.#makeRoom(groupCount);
    const [lists, lengths] = [this.#lists, this.#lengths];
    for (let row = 0; row < groups.length; row += 1) {
      const duration = durations[row]! - 1;
      if (duration < 0 || counts[row] !== 1) continue;
      const group = groups[row]!;
      if (duration > MOST) {
        this.#longer[group]!.push(duration);
        continue;
      }
      const length = lengths[group]!;
      let list = lists[group]!;
      if (length === list.length) {
        list = new Uint32Array(Math.max(LEAST_ROOM, length * 2));
        list.set(lists[group]!);
        lists[group] = list;
      }
      list[length] = duration;
      lengths[group] = length + 1;
    }
  }

  /** Of one group, or of all; undefined where no call has a duration. */
  latencyOf(group?: number): Latency | undefined {
    const groups = group === undefined ? [...this.#lists.keys()] : [group];
    const lists = groups.map((each) => this.#lists[each]!.subarray(0, this.#lengths[each]));
    const longer = groups.flatMap((each) => this.#longer[each]!).sort((a, b) => a - b);
    const shorter = lists.reduce((sum, list) => sum + list.length, 0);
    const timed = shorter + longer.length;
    if (timed === 0) return undefined;
    const places = [...[50, 95, 99].map((percent) => toPlace(percent, timed)), timed - 1];
    const within = places.filter((place) => place < shorter);
    const found = [
      ...findAtPlaces(lists, within),
      ...places.slice(within.length).map((place) => longer[place - shorter]!),
    ];
    const [p50Ms, p95Ms, p99Ms, slowestMs] = found.map((us) => us / 1000) as [number, number, number, number];
    return { timed, p50Ms, p95Ms, p99Ms, slowestMs };
  }

  #makeRoom(groupCount: number): void {
    if (groupCount > this.#lengths.length) {
      const lengths = new Uint32Array(groupCount * 2);
      lengths.set(this.#lengths);
      this.#lengths = lengths;
    }
    while (this.#lists.length < groupCount) {
      this.#lists.push(new Uint32Array(0));
      this.#longer.push([]);
    }
  }
}
