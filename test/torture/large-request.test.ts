import { Kysely } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createCalendar } from '../../src/domain/calendar.ts';
import { compileRules } from '../../src/domain/rules.ts';
import type { Db } from '../../src/store/database.ts';
import { createPostgresDialect } from '../../src/store/postgres-dialect.ts';
import { openPool } from '../../src/store/postgres-pool.ts';
import type { Database } from '../../src/store/schema.ts';
import { EVENTS_PER_SIGN } from '../../src/usage/commit.ts';
import { UsageWriter } from '../../src/usage/usage-writer.ts';
import { setUpDatabases } from '../support/databases.ts';

const EVENTS = EVENTS_PER_SIGN + 10_000;

describe('a request of very many events on PostgreSQL', () => {
  const { createUrl } = setUpDatabases('postgres');
  let db: Db;
  let writer: UsageWriter;
  let silentEvents = 0;
  let longestSilence = 0;

  beforeEach(async () => {
    db = new Kysely<Database>({
      dialect: createPostgresDialect(async () => openPool(await createUrl(), 2)),
      log() {
        silentEvents = 0;
      },
    });
    const rules = compileRules({ ruleSets: [] });
    writer = new UsageWriter(db, {
      dialect: 'postgres',
      calendar: createCalendar('UTC'),
      rawRetentionDays: 30,
      rules: async () => (event, source, day) => {
        silentEvents += 1;
        longestSilence = Math.max(longestSilence, silentEvents);
        return rules.assign(event, source, day);
      },
    });
  });
  afterEach(() => db.destroy());

  // The server cuts a connection that is silent inside a transaction for 4 s; 700,000 events once took longer.
  it('is prepared in pieces, between which the connection speaks, and its ids are known again', async () => {
    const events = Array.from({ length: EVENTS }, (_, index) => ({
      id: `e${index}`,
      client: 'acme',
      kind: 'call',
      count: 1,
    }));
    // Repeats ids in a later piece of the request: three equal events, one with other content, and some events without id.
    events.push(...events.slice(0, 3), { ...events[3]!, count: 2 });
    const request = { source: { id: 1, name: 'default' }, receivedMs: Date.now() };
    const withoutId = Array(5).fill({ client: 'acme', kind: 'call', count: 1 });
    const [first] = await writer.append([{ ...request, events: [...events, ...withoutId] }]);
    expect(first).toMatchObject({ accepted: EVENTS + 5, duplicates: 4, conflicts: 1, withoutId: 5 });
    expect(longestSilence).toBeLessThanOrEqual(EVENTS_PER_SIGN);
    const [again] = await writer.append([{ ...request, events: events }]);
    expect(again).toMatchObject({ accepted: 0, duplicates: EVENTS + 4, conflicts: 1 });
    expect(await writer.fold()).toBe(EVENTS + 5);
  });
});
