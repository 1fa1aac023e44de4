import { DEFAULT_CHANNELS, DEFAULT_USERS } from './emulator/seed.ts';
import type { WorkspaceSeed } from './emulator/types.ts';

export const ALERT_CHANNEL = 'C01ONCALL';
export const ONCALL_GROUP = 'S01ONCALL';

/** The emulator's workspace, with the on-call group that alerts mention. */
export const DEMO_WORKSPACE: WorkspaceSeed = {
  users: DEFAULT_USERS.filter(({ deleted }) => !deleted),
  channels: DEFAULT_CHANNELS,
  userGroups: [{ id: ONCALL_GROUP, handle: 'on-call', name: 'On-call engineers', users: ['U01BORIS', 'U01CHLOE'] }],
};
