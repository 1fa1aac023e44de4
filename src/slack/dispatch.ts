import type { App, ReceiverEvent } from '@slack/bolt';
import { z } from 'zod';
import type { Logger } from '../log.ts';

/** Something from Slack, however it came, with the one answer that it gets. */
export type Incoming = Pick<ReceiverEvent, 'ack' | 'retryNum' | 'body'>;

/** Slack shows a failure to whoever waits after 3 s. */
const ACK_WITHIN_MS = 2500;

const Id = z.string().min(1);
const Interaction = z.looseObject({
  type: Id,
  user: z.looseObject({ id: Id }),
  channel: z.looseObject({ id: z.string() }).optional(),
  response_url: z.string().optional(),
});
const View = z.looseObject({ id: Id, callback_id: z.string(), state: z.looseObject({ values: z.looseObject({}) }) });

/** The least that each kind of body must have for a listener to read it, by the field that only this kind has. */
const KINDS = [
  ['event', z.looseObject({ event: z.looseObject({ type: Id, text: z.string().optional() }) })],
  ['command', z.looseObject({ command: Id, user_id: Id, channel_id: Id, text: z.string().default('') })],
  ['actions', Interaction.extend({ actions: z.array(z.looseObject({ action_id: z.string() })).min(1) })],
  ['action_id', Interaction.extend({ action_id: z.string(), value: z.string().default('') })],
  ['view', Interaction.extend({ view: View })],
  ['callback_id', Interaction.extend({ callback_id: z.string() })],
] as const;

export interface Dispatch {
  /** Hands over what came, and makes sure that it is answered in time whatever happens. Never rejects. */
  take(incoming: Incoming): Promise<void>;
  /** Resolves when everything that was handed over is done. */
  idle(): Promise<void>;
}

/**
 * Stands between the ways from Slack and the listeners. Everything is acknowledged: what no listener could read, at once;
 * what none claimed (`tellOld`: a window from before an upgrade), or took too long for, without content.
 */
export function createDispatch(
  process: App['processEvent'],
  { log, tellOld }: { log: Logger; tellOld(body: Record<string, unknown>): Promise<void> },
): Dispatch {
  const running = new Set<Promise<void>>();

  async function handle({ body: given, ack: answer, ...rest }: Incoming): Promise<void> {
    const body = withoutNulls(given);
    if (isObject(body.event)) body.event = withoutNulls(body.event);
    const blank = body.type === 'block_suggestion' ? { options: [] } : undefined;
    let answered = false;
    const ack: ReceiverEvent['ack'] = async (response) => {
      if (answered) return;
      answered = true;
      clearTimeout(timer);
      await answer(response);
    };
    const timer = setTimeout(() => {
      log.warn({ type: body.type }, 'acknowledged late, without content');
      void ack(blank).catch(() => {});
    }, ACK_WITHIN_MS);
    try {
      const fault = findFault(body);
      if (fault !== undefined) {
        log.warn({ type: body.type, fault }, 'something from Slack that cannot be read was left alone');
        return;
      }
      await process({ ...rest, body, ack });
      if (answered) return;
      await ack(blank);
      if (blank === undefined && Interaction.safeParse(body).success) await tellOld(body);
    } catch (error) {
      log.error({ type: body.type, error: String(error), stack: (error as Error)?.stack }, 'a listener failed');
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

/** Leaves out fields that are null: Bolt reads into them. */
function withoutNulls(body: unknown): Record<string, unknown> {
  return isObject(body) ? Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null)) : {};
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** Returns what is wrong with a body, or undefined. Kinds that the app does not know are no fault. */
function findFault(body: Record<string, unknown>): string | undefined {
  // A window that is sent or closed without its content would be taken for a shortcut.
  const isWindow = typeof body.type === 'string' && body.type.startsWith('view_');
  const schema = KINDS.find(([field]) => Object.hasOwn(body, field) || (isWindow && field === 'view'))?.[1];
  const error = schema?.safeParse(body).error;
  return error && z.prettifyError(error);
}
