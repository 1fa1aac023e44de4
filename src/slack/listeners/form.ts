import type { App } from '@slack/bolt';
import { HeadroomError } from '../../errors.ts';
import { clip } from '../../messages/text.ts';
import type { Asked, SlackContext } from '../context.ts';
import { serve } from '../failure.ts';
import type { Person } from '../permissions.ts';
import { readPlace } from './asked.ts';
import { type Fields, type FormFields, readFields } from './fields.ts';

/** A fault under a field; longer ones would be cut anyway. */
const MAX_FAULT = 500;

/** Faults by the field that they stand under. */
export type Faults = Record<string, string>;

/** A submitted form: what it was about, and its fields by name. */
export interface Submitted<T> extends FormFields {
  asked: Asked;
  person: Person;
  metadata: T;
  /** The modal that is seen again once this one has closed. */
  below?: string | undefined;
}

/**
 * Takes a submitted form. One whose input is checked first (`check`) is acknowledged with the faults at their fields; the rest
 * is done after the acknowledgement, for the person who submitted, with their own rights. Submitted twice, it is done once.
 */
export function onForm<T>(
  app: App,
  ctx: SlackContext,
  callback: string,
  task: (given: Submitted<T>) => Promise<void>,
  check?: (given: Omit<Submitted<T>, 'person'>) => Promise<Faults>,
): void {
  app.view(callback, async ({ ack, body, view }) => {
    const metadata = JSON.parse(view.private_metadata || '{}') as T & { responseUrl?: string };
    const { responseUrl } = metadata;
    const place = readPlace(view.private_metadata);
    const asked: Asked = { user: body.user.id, channel: '', ...place, responseUrl, atMs: ctx.now() };
    const below = view.previous_view_id ?? undefined;
    const given = { asked, metadata, below, ...readFields(view.state.values as Fields) };
    const errors = (await check?.(given)) ?? {};
    if (Object.keys(errors).length > 0) return ack({ response_action: 'errors', errors });
    await ack();
    if (!(await ctx.seen.insert(`form:${view.id}:${view.hash}`))) return;
    await serve(ctx, asked, (person) => task({ ...given, person }));
  });
}

/** What `look` finds wrong, to be shown at a field; nothing where it finds nothing. */
export async function faultAt(field: string, look: () => Promise<unknown>): Promise<Faults> {
  try {
    await look();
    return {};
  } catch (error) {
    if (error instanceof HeadroomError) return { [field]: clip(error.message, MAX_FAULT) };
    throw error;
  }
}
