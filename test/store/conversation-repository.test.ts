import { expect, it } from 'vitest';
import { insertAudit, listAudit } from '../../src/store/audit-repository.ts';
import {
  deleteAnswersBefore,
  deleteRequestsBefore,
  deleteView,
  findAnswer,
  findLastAnswer,
  findView,
  insertGreeting,
  insertRequest,
  type KeptAnswer,
  listChosenFilters,
  listViews,
  upsertAnswer,
  upsertChosenFilters,
  upsertView,
} from '../../src/store/conversation-repository.ts';
import { describeEachDialect } from '../support/databases.ts';

const ANSWER: KeptAnswer = {
  id: 'a1',
  asker: 'U1',
  channel: 'C1',
  private: false,
  question: { report: 'top', dimension: 'client', range: '7d' },
  drill: [{ report: 'client', name: '名前 <!channel>' }],
  createdMs: 1_795_000_000_000,
};

describeEachDialect('the conversation', (databases) => {
  it('takes a request once, also when two instances try at the same time', async () => {
    const db = await databases.open();
    const took = await Promise.all([insertRequest(db, 'v0=abc', 1000), insertRequest(db, 'v0=abc', 1001)]);
    expect(took.filter(Boolean)).toHaveLength(1);
    await deleteRequestsBefore(db, 2000);
    expect(await insertRequest(db, 'v0=abc', 3000)).toBe(true);
  });

  it('keeps answers, replaces them under their id, and forgets old ones', async () => {
    const db = await databases.open();
    await upsertAnswer(db, ANSWER);
    expect(await findAnswer(db, 'a1')).toEqual(ANSWER);
    const later: KeptAnswer = { ...ANSWER, ts: '1.5', threadTs: '1.0', private: true, createdMs: ANSWER.createdMs + 1 };
    await upsertAnswer(db, later);
    expect(await findAnswer(db, 'a1')).toEqual(later);
    expect(await findLastAnswer(db, 'U1', 'C1')).toEqual(later);
    expect(await findLastAnswer(db, 'U2', 'C1')).toBeUndefined();
    await deleteAnswersBefore(db, later.createdMs);
    expect(await findAnswer(db, 'a1')).toEqual(later);
    await deleteAnswersBefore(db, later.createdMs + 1);
    expect(await findAnswer(db, 'a1')).toBeUndefined();
  });

  it('keeps chosen filters per person and channel until they are reset', async () => {
    const db = await databases.open();
    const filters = [{ key: 'status' as const, patterns: ['4xx'], not: false }];
    await upsertChosenFilters(db, 'U1', 'C1', []);
    await upsertChosenFilters(db, 'U1', 'C1', filters);
    expect(await listChosenFilters(db, 'U1', 'C1')).toEqual(filters);
    expect(await listChosenFilters(db, 'U1', 'C2')).toEqual([]);
    await upsertChosenFilters(db, 'U1', 'C1', []);
    expect(await listChosenFilters(db, 'U1', 'C1')).toEqual([]);
  });

  it('greets a channel once', async () => {
    const db = await databases.open();
    expect(await insertGreeting(db, 'C1', 1)).toBe(true);
    expect(await insertGreeting(db, 'C1', 2)).toBe(false);
  });

  it('finds a person’s own view before the channel’s', async () => {
    const db = await databases.open();
    const view = { name: 'big', savedBy: 'U1', savedMs: 1, question: ANSWER.question };
    await upsertView(db, { ...view, owner: 'C1' });
    await upsertView(db, { ...view, owner: 'U1', question: { report: 'status' } });
    await upsertView(db, { ...view, owner: 'U1', question: { report: 'daily' } });
    expect((await findView(db, ['U1', 'C1'], 'big'))?.question).toEqual({ report: 'daily' });
    expect((await listViews(db, ['U1', 'C1'])).map(({ owner }) => owner)).toEqual(['U1', 'C1']);
    expect(await listViews(db, [])).toEqual([]);
    expect(await deleteView(db, 'U1', 'big')).toBe(true);
    expect(await deleteView(db, 'U1', 'big')).toBe(false);
    expect((await findView(db, ['U1', 'C1'], 'big'))?.owner).toBe('C1');
  });

  it('lists the audit newest first', async () => {
    const db = await databases.open();
    for (const detail of ['first', 'second']) await insertAudit(db, { atMs: 5, actor: 'U1', action: 'x', detail });
    expect((await listAudit(db, 5)).map(({ detail }) => detail)).toEqual(['second', 'first']);
    expect(await listAudit(db, 1)).toHaveLength(1);
  });
});
