import type { QuestionKey } from '../../domain/dimension.ts';
import { DAY_MS } from '../../domain/time-units.ts';
import { ACTIONS } from '../../messages/action-ids.ts';
import { FILTER_FIELDS, toOption } from '../../messages/filter-modal.ts';
import { toScopeOptions } from '../../messages/pool-list.ts';
import type { Option } from '../../messages/text.ts';
import { listGroups } from '../alert-routing.ts';
import type { SlackContext } from '../context.ts';
import type { Person } from '../permissions.ts';
import type { Listen } from './listen.ts';

const LOOKBACK_DAYS = 30;

/** Search in menus: of the filter form, the most used values of the last 30 days that contain what was typed; of scopes. */
export function registerOptions(listen: Listen, ctx: SlackContext): void {
  listen.options((person, action, typed) => findOptions(ctx, person, action, typed));
}

async function findOptions(ctx: SlackContext, person: Person, action: string, contains: string): Promise<Option[]> {
  if (action === ACTIONS.poolFind) return person.admin ? toScopeOptions(await ctx.pools.list(), contains) : [];
  if (action === ACTIONS.alertGroup) return person.admin ? listGroups(ctx, contains) : [];
  const key = FILTER_FIELDS.find((field) => action === `${ACTIONS.search}:${field.key}`)?.key;
  return key ? listOptions(ctx, key, contains) : [];
}

async function listOptions(ctx: SlackContext, key: QuestionKey, contains: string) {
  if (key === 'client' || key === 'team') return listNamed(ctx, key, contains);
  const span = { fromMs: ctx.now() - LOOKBACK_DAYS * DAY_MS, toMs: ctx.now() };
  const values = await ctx.usage.values({ key, span, limit: 100, ...(contains ? { contains } : {}) });
  return values.slice(0, 100).map(({ value }) => toOption(value));
}

/** Clients by their shown names, and teams, found also by the ids of clients. */
async function listNamed(ctx: SlackContext, dimension: 'client' | 'team', contains: string) {
  const today = Temporal.Instant.fromEpochMilliseconds(ctx.now()).toZonedDateTimeISO(ctx.config.zone).toPlainDate();
  const range = `${today.subtract({ days: LOOKBACK_DAYS })}..${today}`;
  const report = await ctx.reporter.answer({ report: 'top', dimension, range, limit: 1000 }, ctx.now());
  const wanted = contains.toLowerCase();
  const rows = report.kind === 'top' ? report.rows : [];
  return rows
    .filter(({ name, ids = [] }) => [name, ...ids].some((text) => text.toLowerCase().includes(wanted)))
    .slice(0, 100)
    .map(({ name }) => toOption(name));
}
