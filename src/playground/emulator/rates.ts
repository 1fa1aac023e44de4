/**
 * Calls a minute that Slack promises to take, per method and workspace: the rate labels of docs.slack.dev/reference/methods,
 * which are floors. Tier 2 is 20, tier 3 is 50, tier 4 is 100; methods without a label of their own are not limited here.
 */
const PER_MINUTE: Readonly<Record<string, number>> = {
  'conversations.list': 20,
  'usergroups.list': 20,
  'usergroups.users.list': 20,
  'users.list': 20,
  'apps.connections.open': 50,
  'bots.info': 50,
  'chat.delete': 50,
  'chat.update': 50,
  'conversations.history': 50,
  'conversations.info': 50,
  'conversations.join': 50,
  'conversations.open': 50,
  'conversations.replies': 50,
  'reactions.add': 50,
  'team.info': 50,
  'chat.postEphemeral': 100,
  'conversations.members': 100,
  'files.completeUploadExternal': 100,
  'files.getUploadURLExternal': 100,
  'files.info': 100,
  'users.conversations': 50,
  'users.info': 100,
  'views.open': 100,
  'views.publish': 100,
  'views.push': 100,
  'views.update': 100,
};

/** About one message a second to a channel, with short bursts: docs.slack.dev/apis/web-api/rate-limits. */
const POSTS_PER_MINUTE = 60;

/** Buckets that fill evenly: `burst` calls at once, then as many a minute as Slack promises. */
export class Rates {
  /** Messages that a channel takes at once. */
  burst = 5;
  readonly #buckets = new Map<string, { tokens: number; at: number }>();

  /** Seconds that a call must wait; 0 when it may be made now, which uses up one place. */
  take(method: string, channel: string, now: number): number {
    if (method === 'chat.postMessage') return this.#draw(`${method} ${channel}`, this.burst, POSTS_PER_MINUTE, now);
    const most = Object.hasOwn(PER_MINUTE, method) ? PER_MINUTE[method]! : undefined;
    return most === undefined ? 0 : this.#draw(method, most, most, now);
  }

  #draw(key: string, size: number, perMinute: number, now: number): number {
    const bucket = this.#buckets.get(key) ?? { tokens: size, at: now };
    const filled = (Math.max(0, now - bucket.at) * perMinute) / 60_000;
    bucket.tokens = Math.min(size, bucket.tokens + filled);
    bucket.at = now;
    this.#buckets.set(key, bucket);
    if (bucket.tokens < 1) return Math.ceil(((1 - bucket.tokens) * 60) / perMinute);
    bucket.tokens -= 1;
    return 0;
  }
}
