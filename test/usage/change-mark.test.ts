import { expect, it } from 'vitest';
import { createCalendar } from '../../src/domain/calendar.ts';
import { deleteMute, upsertMute } from '../../src/store/alert-repository.ts';
import { changeDefinitions } from '../../src/store/configuration-repository.ts';
import { insertCorrection } from '../../src/store/correction-repository.ts';
import { findChangeMark } from '../../src/store/instance-repository.ts';
import { UsageWriter } from '../../src/usage/usage-writer.ts';
import { describeEachDialect } from '../support/databases.ts';

const NOW = Date.parse('2026-11-20T12:00:00Z');

describeEachDialect('the mark of what was committed', ({ dialect, open }) => {
  it('changes with every commit, correction, rewrite and declaration, and with nothing else', async () => {
    const db = await open();
    const rules = async () => (event: { count: number }) => ({
      ...{ scope: 'crm', meters: ['crm'], exclusion: undefined, credits: event.count * 1000 },
    });
    const calendar = createCalendar('UTC');
    const writer = new UsageWriter(db, { dialect, calendar, rawRetentionDays: 30, rules });
    const append = (importId?: number) =>
      writer.append(
        [
          {
            source: { id: 1, name: 'test' },
            events: [{ client: 'a', kind: 'call', count: 1, timeMs: NOW }],
            receivedMs: NOW,
          },
        ],
        importId === undefined ? {} : { importId },
      );
    const by = { reason: 'late', actor: 'ana', enteredMs: NOW };
    const acts: Record<string, () => Promise<unknown>> = {
      commit: () => append(),
      import: () => append(7),
      folding: () => writer.foldAll(),
      undoing: () => writer.undoImport(7),
      correction: () => insertCorrection(db, { meter: 'crm', timeMs: NOW, credits: 1000, ...by }),
      mute: () => upsertMute(db, { what: '*', untilMs: undefined, by: 'ana' }),
      unmute: () => deleteMute(db, '*'),
      declaration: () =>
        changeDefinitions(db, { actor: 'ana', nowMs: NOW }, (current) => ({
          definitions: current,
          changes: [{ place: 'scopes', text: 'same' }],
        })),
    };
    for (const [name, act] of Object.entries(acts)) {
      const before = await findChangeMark(db);
      expect(await findChangeMark(db), name).toBe(before);
      await act();
      expect(await findChangeMark(db), name).not.toBe(before);
    }
  });
});
