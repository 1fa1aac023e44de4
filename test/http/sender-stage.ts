import { createCalendar } from '../../src/domain/calendar.ts';
import type { RawEvent } from '../../src/domain/usage.ts';
import { addSource } from '../../src/ingest/source-admin.ts';
import { StoredUsage } from '../../src/usage/reader.ts';
import { createDatabase } from '../support/databases.ts';
import { openStage, type Stage } from './server-stage.ts';

/** An instant shortly after the recorded requests were made. */
export const RECORDED_MS = Date.UTC(2026, 10, 21, 1, 40);

export interface SenderStage extends Stage {
  /** Adds a source with this adapter and returns its token. */
  addSource(adapter: string, options?: Readonly<Record<string, unknown>>): Promise<string>;
  /** URL of the database. */
  url: string;
  /** Lists all stored events, ordered by time. */
  listEvents(): Promise<RawEvent[]>;
}

/** Opens the real server on SQLite, at the time of the recordings. Sources have the names of their adapters. */
export async function openSenderStage(options: Parameters<typeof openStage>[1] = {}): Promise<SenderStage> {
  const database = await createDatabase('sqlite');
  const stage = await openStage(database.url, options);
  stage.clock.nowMs = RECORDED_MS;
  const usage = new StoredUsage(stage.db, 'sqlite', createCalendar('UTC'));
  return {
    ...stage,
    url: database.url,
    async addSource(adapter, sourceOptions = {}) {
      const source = { name: adapter, adapter, options: sourceOptions };
      const config = { secretKey: stage.secretKey, secretKeyPath: '' };
      const { token } = await addSource(stage.db, config, source, stage.clock.nowMs);
      return token.reveal();
    },
    listEvents: () => usage.events({ span: { fromMs: 0, toMs: RECORDED_MS * 2 }, filters: [], limit: 1000, ids: true }),
    async close() {
      await stage.close();
      await database.remove();
    },
  };
}
