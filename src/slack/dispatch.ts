import type { SlackContext } from './context.ts';
import type { Heard, Listener } from './listen.ts';
import { tellOld } from './listen.ts';
import { readAddress } from './payloads.ts';

/** Something from Slack, however it came, with the one answer that it gets. */
export interface Incoming {
  body: unknown;
  ack: Heard['ack'];
}

/** Slack shows a failure to whoever waits after 3 s. */
const ACK_WITHIN_MS = 2500;

interface Dispatch {
  /** Hands over what came, and makes sure that it is answered in time whatever happens. Never rejects. */
  take(incoming: Incoming): Promise<void>;
  /** Resolves when everything that was handed over is done. */
  idle(): Promise<void>;
}

/**
 * Finds the listener for whatever comes from Slack. Everything is acknowledged: what cannot be read, at once; what nobody
 * listens for (a window from before an upgrade, which is told), or what takes too long, without content.
 */
export function createDispatch(listeners: readonly Listener[], ctx: SlackContext): Dispatch {
  const byAddress = new Map(listeners.map((listener) => [listener.address, listener]));
  if (byAddress.size < listeners.length) throw new Error('two listeners have one address');
  const running = new Set<Promise<void>>();
  const { log } = ctx;

  async function handle({ body: given, ack: answer }: Incoming): Promise<void> {
    const body = withoutNulls(given);
    if (isObject(body.event)) body.event = withoutNulls(body.event);
    const { type } = body;
    const blank = type === 'block_suggestion' ? { options: [] } : undefined;
    let answered = false;
    const ack: Heard['ack'] = async (response) => {
      if (answered) return;
      answered = true;
      clearTimeout(timer);
      await answer(response);
    };
    const timer = setTimeout(() => {
      log.warn({ type }, 'acknowledged late, without content');
      void ack(blank).catch(() => {});
    }, ACK_WITHIN_MS);
    try {
      const read = readAddress(body);
      if ('fault' in read) {
        log.warn({ type, fault: read.fault }, 'something from Slack that cannot be read was left alone');
        return;
      }
      const listener = byAddress.get(read.address ?? '');
      if (listener) return await listener.hear({ ctx, body, ack });
      await ack(blank);
      if (blank === undefined && 'user' in body) await tellOld(ctx, body);
    } catch (error) {
      log.error({ type, error: String(error), stack: (error as Error)?.stack }, 'a listener failed');
    } finally {
      await ack(blank).catch((error: unknown) => log.warn({ error: String(error) }, 'could not be acknowledged'));
    }
  }

  return {
    take(incoming) {
      const work = handle(incoming).finally(() => running.delete(work));
      running.add(work);
      return work;
    },
    async idle() {
      while (running.size > 0) await Promise.allSettled(running);
    },
  };
}

/** Leaves out fields that are null: for Slack they are as good as absent. */
function withoutNulls(body: unknown): Record<string, unknown> {
  return isObject(body) ? Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null)) : {};
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
