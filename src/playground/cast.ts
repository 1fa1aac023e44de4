import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';
import type { ExampleNames } from '../domain/names.ts';
import { DEFAULT_CHANNELS, DEFAULT_USERS } from './emulator/state.ts';
import type { WorkspaceSeed } from './emulator/types.ts';

const call = z.strictObject({
  method: z.string(),
  url: z.string(),
  module: z.string(),
  function: z.string().optional(),
  kind: z.string().optional(),
  weight: z.number().default(1),
  failures: z.record(z.string(), z.number()).default({}),
});
const client = z.strictObject({
  id: z.string(),
  perDay: z.number(),
  habit: z.enum(['office', 'always', 'night', 'morning']),
  users: z.array(z.string()),
  ips: z.array(z.string()),
  version: z.string(),
  initiator: z.enum(['user', 'robot']),
  calls: z.array(call),
  newForDays: z.number().default(Number.POSITIVE_INFINITY),
});
export type CastCall = z.output<typeof call>;
export type CastClient = z.output<typeof client>;

const read = (name: string): string => readFileSync(new URL(name, import.meta.url), 'utf8');

/** Clients of the sample traffic. cast.yml explains their fields. */
export const CAST = z.array(client).parse(parse(read('cast.yml')));

/** Returns the pools file of the demo. `year`: the year in which the demo plays. */
export function readPoolsFile(year: number): string {
  return read('pools.yml').replaceAll('YEAR', String(year));
}

/** Pool that a traffic burst fills to its next threshold. */
export const BURST_POOL = { scope: 'crm', name: 'Daily credits' } as const;

/** Names from the sample traffic and its pools, for the example commands that people can try. */
export const EXAMPLES: ExampleNames = {
  client: 'Acme CRM',
  other: 'ERP Connector',
  route: '/v2/accounts/{id}',
  user: 'j.mendes@example.com',
  module: 'crm-sales',
  scope: 'crm',
  granted: 'integration-service',
  grant: 'Automation Developer',
};

export const ALERT_CHANNEL = 'C01ONCALL';
export const ONCALL_GROUP = 'S01ONCALL';

/** The emulator's default workspace without its deactivated account, and with the on-call group that alerts mention. */
export const DEMO_WORKSPACE: WorkspaceSeed = {
  users: DEFAULT_USERS.filter(({ deleted }) => !deleted),
  channels: DEFAULT_CHANNELS,
  userGroups: [{ id: ONCALL_GROUP, handle: 'on-call', name: 'On-call engineers', users: ['U01BORIS', 'U01CHLOE'] }],
};
