import { expect, it } from 'vitest';
import { createCalendar } from '../../src/domain/calendar.ts';
import { addSource } from '../../src/ingest/source-admin.ts';
import { createLogger } from '../../src/log.ts';
import { deleteMark, insertMark, listMarks, MOST_MARKS_A_DAY } from '../../src/store/mark-repository.ts';
import { removeExpired } from '../../src/usage/retention.ts';
import { describeEachDialect } from '../support/databases.ts';
import { NOW, openStage, type Stage, send } from './server-stage.ts';

const ALL = { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER };

describeEachDialect('marks over HTTP', (databases) => {
  async function withStage(use: (stage: Stage) => Promise<void>): Promise<void> {
    const stage: Stage = await openStage(await databases.createUrl(), {
      marks: {
        keep: (mark, source) => insertMark(stage.db, mark, source),
        remove: (mark, source) => deleteMark(stage.db, mark, source),
      },
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
        ['no JSON', 'The body is not JSON: send {"label": "v2.5.0"}'],
        [{ name: 'v2' }, 'The mark cannot be read: "label" is missing; send {"label": "v2.5.0"}, with a "time"'],
        [{ label: 7 }, '"label" is 7 (a number); send'],
        ['[]', 'it is an array of 0; send'],
        [{ label: 'v2', at: 1 }, 'it has no field "at"; send'],
        [{ label: ' ' }, 'label is empty; give a text.'],
        [{ label: 'v'.repeat(41) }, 'label has 41 characters; use at most 40.'],
        [{ label: 'v2\u0001' }, 'label holds characters that cannot be shown'],
        [{ label: 'v2\ud800' }, 'label holds characters that cannot be shown'],
        [
          { label: 'v2', time: '2026-11-20T12:10:01Z' },
          'is more than 5 minutes ahead of this server (2026-11-20T12:05:00.000Z)',
        ],
        [{ label: 'v2', time: 1795600000000000 }, 'is no time'],
        [{ label: 'v2', time: 'noon' }, 'time: "noon" is no time; write it like 2026-11-20T12:05:00.000Z.'],
        [{ label: 'v2', time: '1970-01-01T00:00:00Z' }, 'is no time'],
      ] as const) {
        const reply = await send(stage, '/v1/marks', body);
        expect([reply.status, reply.json.error]).toEqual([400, expect.stringContaining(error)]);
      }
      expect((await send(stage, '/v1/marks', { label: 'v2' }, { anonymous: true })).status).toBe(401);
      const large = await send(stage, '/v1/marks', `"${'v'.repeat(20_000)}"`);
      expect([large.status, large.json.error]).toEqual([413, expect.stringMatching(/: a mark has a label and a time/)]);
      expect((await send(stage, '/v1/marks', undefined, { method: 'GET' })).status).toBe(405);
      expect(await listMarks(stage.db, ALL, 5)).toEqual([]);
    }));

  it('are told in the log, with when each was set and when it was for, and so are refused ones', async () => {
    const lines: string[] = [];
    const log = createLogger('info', { write: (line) => void lines.push(line) });
    const marks = { keep: async () => true, remove: async () => true };
    const stage = await openStage(await databases.createUrl(), { marks, log });
    await send(stage, '/v1/marks', { label: 'v2.5.0', time: '2026-11-20T10:00:00Z' });
    await send(stage, '/v1/marks', { label: 'v2.5.0' }, { anonymous: true });
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { msg: 'a mark was set', source: 'default', label: 'v2.5.0', at: '2026-11-20T10:00:00.000Z' },
      { msg: 'senders are refused', path: '/v1/marks', status: 401 },
    ]);
    // Of two members with the same name, JSON takes the last. So the line's own `time` must be the only one.
    expect(lines[0]!.match(/"time":/g)).toHaveLength(1);
    await stage.close();
  });

  it('are taken back by the source that set them', () =>
    withStage(async (stage) => {
      const key = { secretKey: stage.secretKey, secretKeyPath: '' };
      const other = await addSource(stage.db, key, { name: 'other', adapter: 'native', options: {} }, NOW);
      stage.clock.nowMs += 2000;
      const set = (await send(stage, '/v1/marks', { label: 'v2.5.0' })).json;
      const takeBack = (token: string, body: object) =>
        send({ ...stage, token }, '/v1/marks', body, { method: 'DELETE' });
      const refused = await takeBack(other.token.reveal(), set);
      expect([refused.status, refused.json.error]).toEqual([
        404,
        expect.stringContaining(`Source other has set no mark "v2.5.0" at ${set.time}: give the label and time`),
      ]);
      expect(await listMarks(stage.db, ALL, 5)).toHaveLength(1);
      expect(await takeBack(stage.token, set)).toMatchObject({ status: 200, json: set });
      expect(await listMarks(stage.db, ALL, 5)).toEqual([]);
      expect((await takeBack(stage.token, set)).status).toBe(404);
    }));

  it('are kept as long as totals are', () =>
    withStage(async (stage) => {
      const day = (text: string) => ({ atMs: Date.parse(text), label: 'v1' });
      for (const text of ['2024-09-30T23:59:59Z', '2024-10-01T00:00:00Z'])
        await insertMark(stage.db, day(text), 'default');
      const calendar = createCalendar('UTC');
      await removeExpired(stage.db, NOW, calendar, { rawDays: 30 });
      expect(await listMarks(stage.db, ALL, 5)).toHaveLength(2);
      await removeExpired(stage.db, NOW, calendar, { rawDays: 30, totalsMonths: 25 });
      expect(await listMarks(stage.db, ALL, 5)).toEqual([day('2024-10-01T00:00:00Z')]);
    }));

  it('are so many a day for each source, so that none fills the database or takes the day of another', () =>
    withStage(async (stage) => {
      for (let second = 0; second < MOST_MARKS_A_DAY; second += 1)
        expect(await insertMark(stage.db, { atMs: NOW - second * 1000, label: 'loop' }, 'default')).toBe(true);
      const more = await send(stage, '/v1/marks', { label: 'v2' });
      expect([more.status, more.json.error]).toEqual([
        429,
        expect.stringMatching(
          /^Source default has set 100 marks on 2026-11-20 \(UTC\), and may set no more: set one per deploy/,
        ),
      ]);
      // Setting the same mark again adds none.
      expect((await send(stage, '/v1/marks', { label: 'loop' })).status).toBe(200);
      expect((await send(stage, '/v1/marks', { label: 'v2', time: '2026-11-19T12:00:00Z' })).status).toBe(200);
      expect(await insertMark(stage.db, { atMs: NOW, label: 'v2' }, 'other')).toBe(true);
    }));

  it('are so many a day also where they come all at once', () =>
    withStage(async (stage) => {
      const set = (second: number) => insertMark(stage.db, { atMs: NOW - second * 1000, label: 'loop' }, 'default');
      const kept = await Promise.all(Array.from({ length: MOST_MARKS_A_DAY + 30 }, (_, second) => set(second)));
      expect(kept.filter(Boolean)).toHaveLength(MOST_MARKS_A_DAY);
      expect(await listMarks(stage.db, ALL, 1000)).toHaveLength(MOST_MARKS_A_DAY);
    }));
});
