import { backoffMs } from '../domain/calendar.ts';
import type { NewDelivery } from '../domain/delivery.ts';

/** Slack takes about one message a second per channel. Source: docs.slack.dev/apis/web-api/rate-limits. */
const SPACING_MS = 1000;
/** Slack tolerates short bursts: two alerts may follow another at once. */
const ALERT_BURST_MS = 2 * SPACING_MS;
/** Three channels refused at once mean that the whole workspace is limited. */
const WORKSPACE_CHANNELS = 3;
const LONGEST_PAUSE_MS = 15_000;

/**
 * Decides when this instance may call Slack: per channel by Slack's rate and its Retry-After, in all by whether Slack answers.
 * While it does not, one call at a time finds out whether it is back, at most 15 s after the last: one that fails by
 * chance still leaves time for another within the minute.
 */
export class Pacing {
  #holds = new Map<string, number>();
  #spaced = new Map<string, number>();
  #heldUntilMs = 0;
  #failures = 0;

  /** Failed calls since the last that Slack answered. */
  get failures(): number {
    return this.#failures;
  }

  /** Returns how many calls may be under way: none while held, one to find out whether Slack is back. */
  slots(nowMs: number, most: number): number {
    if (nowMs < this.#heldUntilMs) return 0;
    return this.#failures > 0 ? 1 : most;
  }

  /** The instant from which on `slots` is above 0. */
  get heldUntilMs(): number {
    return this.#heldUntilMs;
  }

  heldChannels(nowMs: number): string[] {
    for (const [channel, untilMs] of this.#holds) if (untilMs <= nowMs) this.#holds.delete(channel);
    return [...this.#holds.keys()];
  }

  /** The first instant at which some channel's Retry-After ends; undefined: none is held. */
  nextReleaseMs(): number | undefined {
    return this.#holds.size ? Math.min(...this.#holds.values()) : undefined;
  }

  /** Takes the channel's next place: 0, or the instant from which on there is one. A webhook has no such rate. */
  takePlace(channel: string, kind: NewDelivery['kind'], nowMs: number): number {
    if (kind === 'webhook') return 0;
    const spaced = Math.max(this.#spaced.get(channel) ?? 0, nowMs);
    const readyMs = spaced - (kind === 'alert' ? ALERT_BURST_MS : 0);
    if (readyMs > nowMs) return readyMs;
    if (this.#spaced.size > 10_000) this.#spaced.clear();
    this.#spaced.set(channel, spaced + SPACING_MS);
    return 0;
  }

  /** Notes that Slack answered 429 for this channel. */
  limit(channel: string, untilMs: number, workspace: boolean): void {
    this.#holds.set(channel, untilMs);
    if (workspace || this.#holds.size >= WORKSPACE_CHANNELS) this.#heldUntilMs = Math.max(this.#heldUntilMs, untilMs);
  }

  /** Notes that Slack did not answer: waits 1 s, then twice as long each time. */
  fail(nowMs: number): void {
    this.#failures += 1;
    this.#heldUntilMs = nowMs + pauseMs(this.#failures);
  }

  /** Notes that Slack answered. Returns whether that ends an outage (three failures or more). */
  succeed(): boolean {
    const recovered = this.#failures >= 3;
    this.#failures = 0;
    return recovered;
  }
}

/** 1, 2, 4, 8 s and so on up to `longestMs`. */
export function pauseMs(failures: number, longestMs = LONGEST_PAUSE_MS): number {
  return backoffMs(failures, { firstMs: 1000, longestMs });
}
