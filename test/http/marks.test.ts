import { expect, it } from 'vitest';
import { insertMark, listMarks } from '../../src/store/mark-repository.ts';
import { describeEachDialect } from '../support/databases.ts';
import { NOW, openStage, type Stage, send } from './server-stage.ts';

const ALL = { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER };

describeEachDialect('marks over HTTP', (databases) => {
  async function withStage(use: (stage: Stage) => Promise<void>): Promise<void> {
    const stage: Stage = await openStage(await databases.createUrl(), {
      keepMark: (mark) => insertMark(stage.db, mark),
    });
    await use(stage).finally(() => stage.close());
  }

  it('are kept once each, at their time or now', () =>
    withStage(async (stage) => {
      const { status, json } = await send(stage, '/v1/marks', {
        label: ' v2.5.0\n',
        time: '2026-11-20T12:00:00+02:00',
      });
      expect([status, json]).toEqual([200, { label: 'v2.5.0', time: '2026-11-20T10:00:00.000Z' }]);
      await send(stage, '/v1/marks', { label: 'v2.5.0', time: '2026-11-20T10:00:00Z' });
      expect((await send(stage, '/v1/marks', { label: 'v2.5.1' })).json.time).toBe(new Date(NOW).toISOString());
      expect(await listMarks(stage.db, ALL, 5)).toEqual([
        { atMs: Date.parse('2026-11-20T10:00:00Z'), label: 'v2.5.0' },
        { atMs: NOW, label: 'v2.5.1' },
      ]);
      expect((await listMarks(stage.db, ALL, 1)).map(({ label }) => label)).toEqual(['v2.5.1']);
      expect(await listMarks(stage.db, { fromMs: 0, toMs: NOW }, 5)).toHaveLength(1);
    }));

  it('are refused with the place and the cure, and nothing is kept', () =>
    withStage(async (stage) => {
      for (const [body, error] of [
        ['no JSON', 'The body is no JSON: send {"label": "v2.5.0"}'],
        [{ name: 'v2' }, 'at label'],
        [{ label: 'v2', at: 1 }, 'Unrecognized key: "at"'],
        [{ label: ' ' }, 'label: has 0 characters; give 1 to 40.'],
        [{ label: 'v'.repeat(41) }, 'label: has 41 characters'],
        [{ label: 'v2', time: 'noon' }, 'time: "noon" is no time; write it like 2026-11-20T12:05:00.000Z.'],
        [{ label: 'v2', time: '1970-01-01T00:00:00Z' }, 'is no time'],
      ] as const) {
        const reply = await send(stage, '/v1/marks', body);
        expect([reply.status, reply.json.error]).toEqual([400, expect.stringContaining(error)]);
      }
      expect((await send(stage, '/v1/marks', { label: 'v2' }, { anonymous: true })).status).toBe(401);
      expect((await send(stage, '/v1/marks', `"${'v'.repeat(20_000)}"`)).status).toBe(413);
      expect((await send(stage, '/v1/marks', undefined, { method: 'GET' })).status).toBe(405);
      expect(await listMarks(stage.db, ALL, 5)).toEqual([]);
    }));
});
