import type { App } from '@slack/bolt';
import type { GroupKey } from '../../domain/dimension.ts';
import { ACTIONS } from '../action-ids.ts';
import { FILTER_FIELDS, toOption } from '../blocks/filter-modal.ts';
import type { SlackContext } from '../context.ts';

const DAY_MS = 86_400_000;
const LOOKBACK_DAYS = 30;

/** Search in the menus of the filter form: the most used values of the last 30 days that contain what was typed. */
export function registerOptions(app: App, ctx: SlackContext): void {
  app.options(/.*/, async ({ ack, body, payload }) => {
    const key = FILTER_FIELDS.find((field) => payload.action_id === `${ACTIONS.search}:${field.key}`)?.key;
    const person = await ctx.people.find(body.user.id).catch(() => undefined);
    const options = key && person?.mayView ? await listOptions(ctx, key, payload.value) : [];
    await ack({ options: options as never });
  });
}

async function listOptions(ctx: SlackContext, key: GroupKey, contains: string) {
  if (key === 'client') return listClients(ctx, contains);
  const span = { fromMs: ctx.now() - LOOKBACK_DAYS * DAY_MS, toMs: ctx.now() };
  try {
    const values = await ctx.usage.values({ key, span, limit: 100, ...(contains ? { contains } : {}) });
    return values.slice(0, 100).map(({ value }) => toOption(value));
  } catch (error) {
    ctx.log.warn({ error: String(error) }, 'values for a menu could not be read');
    return [];
  }
}

/** Clients by their shown names, found also by their ids. */
async function listClients(ctx: SlackContext, contains: string) {
  const today = Temporal.Instant.fromEpochMilliseconds(ctx.now()).toZonedDateTimeISO(ctx.config.zone).toPlainDate();
  const range = `${today.subtract({ days: LOOKBACK_DAYS })}..${today}`;
  try {
    const report = await ctx.reporter.answer({ report: 'top', dimension: 'client', range, limit: 1000 }, ctx.now());
    const wanted = contains.toLowerCase();
    const rows = report.kind === 'top' ? report.rows : [];
    return rows
      .filter(({ name, ids = [] }) => [name, ...ids].some((text) => text.toLowerCase().includes(wanted)))
      .slice(0, 100)
      .map(({ name }) => toOption(name));
  } catch (error) {
    ctx.log.warn({ error: String(error) }, 'clients for a menu could not be read');
    return [];
  }
}
