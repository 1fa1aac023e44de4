import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createCalendar } from '../../src/domain/calendar.ts';
import type { UsageEvent } from '../../src/domain/event.ts';
import { openDatabase } from '../../src/store/database.ts';
import type { Assign } from '../../src/usage/event-batch.ts';
import { UsageWriter } from '../../src/usage/usage-writer.ts';
import { describeEachDialect } from '../support/databases.ts';
import { size } from '../support/size.ts';

const calendar = createCalendar('Europe/Berlin');
const DAY_MS = 86_400_000;
const RAW_DAYS = 5;
const FIRST_MS = Date.parse('2026-11-20T12:00:00Z');
const SOURCE = { id: 1, name: 'test' };
const CALL = { client: 'a', kind: 'call', count: 1 };
const assign: Assign = (event) => ({ scope: 'default', meters: [], exclusion: undefined, credits: event.count });

/** Remembers ids in a plain map, to compare with the index of ids. */
class PlainIds {
  readonly #known = new Map<string, { content: string; untilMs: number; importId: number | undefined }>();
  #fromMs = Number.NEGATIVE_INFINITY;

  take(events: readonly UsageEvent[], receivedMs: number, importId: number | undefined) {
    const result = { accepted: 0, duplicates: 0, conflicts: 0 };
    for (const { id, ...event } of events) {
      const content = JSON.stringify(event);
      const known = id === undefined ? undefined : this.#known.get(id);
      if (!known || known.untilMs < this.#fromMs) {
        result.accepted += 1;
        const untilMs = importId === undefined ? event.timeMs! : Math.max(event.timeMs!, receivedMs);
        if (id !== undefined) this.#known.set(id, { content, untilMs, importId });
      } else {
        result.duplicates += 1;
        if (known.content !== content) result.conflicts += 1;
      }
    }
    return result;
  }

  retain(nowMs: number): void {
    this.#fromMs = Math.max(this.#fromMs, calendar.startOfDay(calendar.dayOf(nowMs) - RAW_DAYS));
  }

  undo(importId: number): void {
    for (const [id, known] of this.#known) if (known.importId === importId) this.#known.delete(id);
  }
}

const arbitraryEvents = fc
  .record({
    length: fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 300 })),
    seed: fc.nat(),
    /** Number of different ids. A small number repeats many. */
    ids: fc.constantFrom(20, 400, 1e9),
  })
  .map(({ length, seed, ids }) => ({
    rows: fc.sample(fc.tuple(fc.nat(), fc.nat(), fc.nat()), { numRuns: length, seed }),
    ids,
  }));

describeEachDialect('ids of events', ({ dialect, createUrl }) => {
  it('are recognised as a plain map does, in random batches, over runs, processes, restarts, retention and undone imports', async () => {
    const step = fc.oneof(
      {
        weight: 8,
        arbitrary: fc.record({
          events: arbitraryEvents,
          writer: fc.nat(1),
          importId: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined, freq: 5 }),
        }),
      },
      { weight: 3, arbitrary: fc.constant('fold' as const) },
      { weight: 1, arbitrary: fc.constant('restart' as const) },
      { weight: 1, arbitrary: fc.record({ days: fc.integer({ min: 1, max: 3 }) }) },
      { weight: 1, arbitrary: fc.record({ undo: fc.integer({ min: 1, max: 3 }) }) },
      { weight: 1, arbitrary: fc.constant('fail' as const) },
    );
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 30, maxLength: 50 }), async (steps) => {
        const url = await createUrl();
        const connections = [1, 2].map(() => openDatabase(url, { connections: 2 }));
        const start = (): UsageWriter[] =>
          connections.map(
            (db) =>
              new UsageWriter(db, {
                dialect,
                calendar,
                rawRetentionDays: RAW_DAYS,
                rules: async () => assign,
                batchedIds: 200,
              }),
          );
        let writers = start();
        const plain = new PlainIds();
        let nowMs = FIRST_MS;
        const undone = new Map<number, number>();
        for (const done of steps) {
          if (done === 'fold') await writers[0]!.fold();
          else if (done === 'restart') writers = start();
          else if (done === 'fail') {
            const events = Array.from({ length: 20 }, (_, id) => ({ ...CALL, id: `id ${id}`, timeMs: nowMs }));
            const also = async (): Promise<void> => Promise.reject(new Error('no room'));
            const failing = writers[0]!.append([{ source: SOURCE, events, receivedMs: nowMs }], { also });
            await expect(failing).rejects.toThrow('no room');
          } else if ('days' in done) {
            nowMs += done.days * DAY_MS;
            await writers[1]!.retain(nowMs);
            plain.retain(nowMs);
          } else if ('undo' in done) {
            // An import that is undone and repeated counts as another import.
            const times = undone.get(done.undo) ?? 0;
            await writers[0]!.undoImport(done.undo + times * 10);
            plain.undo(done.undo + times * 10);
            undone.set(done.undo, times + 1);
          } else {
            const { rows, ids } = done.events;
            const events = rows.map(
              ([id, time, count]): UsageEvent => ({
                ...(id % 50 === 0 ? {} : { id: `id ${id % ids}` }),
                client: 'a',
                kind: 'call',
                count: 1 + (count % 2),
                timeMs: nowMs - (time % ((RAW_DAYS - 1) * DAY_MS)),
              }),
            );
            const importId = done.importId && done.importId + (undone.get(done.importId) ?? 0) * 10;
            const options = importId === undefined ? {} : { importId, allowOld: true };
            const [result] = await writers[done.writer]!.append(
              [{ source: SOURCE, events, receivedMs: nowMs }],
              options,
            );
            expect(result).toMatchObject(plain.take(events, nowMs, importId));
          }
          // Counted now, because retention may delete them all later.
          runs ||= (await connections[0]!.selectFrom('id_run').select('id').limit(1).execute()).length;
        }
        for (const db of connections) await db.destroy();
      }),
      { numRuns: dialect === 'sqlite' ? size(4, 60) : size(1, 10) },
    );
    expect(runs).toBeGreaterThan(0);
  }, 300_000);
});
