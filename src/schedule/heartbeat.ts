import { DAY_MS } from '../domain/time-units.ts';
import type { Db } from '../store/database.ts';
import { deleteInstance, type Instance, upsertInstance } from '../store/instance-repository.ts';
import type { TickJob } from './tick.ts';

const FORGOTTEN_AFTER_MS = DAY_MS;

/** The tick's job that says this instance is alive, and forgets those long gone. */
export function createHeartbeat(db: Db, self: Omit<Instance, 'seenMs'>): TickJob {
  return {
    name: 'heartbeat',
    async run(nowMs) {
      await upsertInstance(db, { ...self, seenMs: nowMs });
      await deleteInstance(db, '', nowMs - FORGOTTEN_AFTER_MS);
    },
  };
}
