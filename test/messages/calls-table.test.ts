import { expect, it } from 'vitest';
import { buildBody } from '../../src/messages/answer-message.ts';
import { ask, at } from '../report/setup.ts';

const events = Array.from({ length: 30 }, (_, minute) => ({
  timeMs: at('2026-11-20T10:00:00Z') + minute * 60_000,
  client: `client-${minute % 3}`,
  status: 503,
}));

it('single calls have a phone’s room, in lines that are not broken, unless a number is asked for', async () => {
  const build = async (limit?: number) => {
    const report = await ask(events, { report: 'events', ...(limit === undefined ? {} : { limit }) });
    const { blocks, hiddenRows } = buildBody(report, { native: false }, 8000);
    const table = blocks.find(({ type }) => type === 'table') as unknown as {
      rows: unknown[];
      column_settings: { is_wrapped?: boolean }[];
    };
    return { finding: report.finding, rows: table.rows.length - 1, hiddenRows, wrapped: table.column_settings[0] };
  };
  expect(await build()).toEqual({
    finding: 'The newest 20 of 30 calls; all failed.',
    rows: 12,
    hiddenRows: 8,
    wrapped: { is_wrapped: false },
  });
  expect(await build(15)).toMatchObject({ rows: 15, hiddenRows: 0 });
});
