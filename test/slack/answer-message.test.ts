import { expect, test } from 'vitest';
import { ACTIONS } from '../../src/messages/action-ids.ts';
import { type AnswerFrame, buildAnswer } from '../../src/messages/answer-message.ts';
import { ask, at } from '../report/setup.ts';

const EVENTS = Array.from({ length: 40 }, (_, n) => ({
  timeMs: at('2026-11-20T10:00:00Z') + n * 60_000,
  client: 'bot',
  status: n % 2 ? 429 : 200,
}));

const DRESS: AnswerFrame = {
  controls: { answerId: 'abc', revision: '1', sharing: 'open', next: [], offerPng: false, filtered: false },
  native: false,
};

test.each([{ report: 'advice' } as const, { report: 'why', name: 'bot' } as const])(
  'what $report has to say is said once',
  async (question) => {
    const report = await ask(EVENTS, question);
    const { blocks, text } = buildAnswer(report, DRESS);
    const evidence = report.sections.flatMap(({ lines }) => lines).find((line) => /refused|\(50%\)/.test(line))!;
    expect(JSON.stringify(blocks).split(JSON.stringify(evidence).slice(1, -1))).toHaveLength(2);
    expect(text).toContain(evidence.slice(0, 40));
  },
);

test('a scope without a pool has no level', async () => {
  const summary = await ask(EVENTS, { report: 'summary' });
  expect(summary.table.rows[0]![summary.table.columns.findIndex(({ key }) => key === 'level')]).toBeNull();
  const pools = JSON.stringify(buildAnswer(await ask(EVENTS, { report: 'pool' }), DRESS).blocks);
  expect(pools).toContain('has no pool');
  expect(pools).not.toContain('healthy');
});

test('the cards do not repeat the headline', async () => {
  const report = await ask(EVENTS, { report: 'summary' });
  const { blocks } = buildAnswer(report, DRESS);
  expect(JSON.stringify(blocks).split(report.finding)).toHaveLength(2);
});

test.each([
  [undefined, '7d', 'Previous 7 days'],
  ['yesterday', 'yesterday', 'Yesterday'],
  ['2026-11-05', undefined, 'Thu 5 Nov 2026'],
  ['14d', undefined, 'Previous 14 days'],
  ['2-months', undefined, 'Previous 2 months'],
  ['20m', undefined, 'Last 20 minutes'],
])('the range menu shows what is answered: %s', async (range, shown, label) => {
  const { blocks } = buildAnswer(await ask(EVENTS, { report: 'top', dimension: 'client', range }), DRESS);
  const menus = blocks.flatMap(({ elements }) => (elements ?? []) as Record<string, unknown>[]);
  const menu = menus.find(({ action_id }) => action_id === ACTIONS.range);
  expect(menu).toMatchObject({ placeholder: { text: label } });
  expect(menu!.initial_option).toEqual(shown && expect.objectContaining({ value: shown }));
});

test('the newest twenty single calls stand in lines that are not broken, or as many as are asked for', async () => {
  const calls = Array.from({ length: 30 }, (_, minute) => ({
    timeMs: at('2026-11-20T10:00:00Z') + minute * 60_000,
    client: `client-${minute % 3}`,
    status: 503,
  }));
  const build = async (limit?: number) => {
    const report = await ask(calls, { report: 'events', ...(limit === undefined ? {} : { limit }) });
    const { blocks } = buildAnswer(report, DRESS);
    const { rows, column_settings } = blocks.find(({ type }) => type === 'table') as unknown as {
      rows: unknown[];
      column_settings: unknown[];
    };
    return { finding: report.finding, rows: rows.length - 1, first: column_settings[0], text: JSON.stringify(blocks) };
  };
  const { text, ...shown } = await build();
  expect(shown).toEqual({ finding: 'The newest 20 of 30 calls; all failed.', rows: 20, first: { is_wrapped: false } });
  expect(text).not.toContain('in the CSV.');
  expect(await build(15)).toMatchObject({ rows: 15 });
});

test('owners of a client are people and groups of Slack', async () => {
  const owners = ['U01ALICE', 'S01SALES'];
  const clients = owners.map((owner) => ({ id: `${owner}-id`, name: 'Acme', owner }));
  const events = [{ timeMs: at('2026-11-20T12:00:00Z'), client: 'U01ALICE-id' }];
  const question = { report: 'client', name: 'Acme', focus: 'owner' } as const;
  const { text, blocks } = buildAnswer(await ask(events, question, { definitions: { clients } }), DRESS);
  expect(text).toMatch(/^Acme belongs to <@U01ALICE> and <!subteam\^S01SALES>\. Acme made 1 request/);
  expect(JSON.stringify(blocks[0])).toMatch(/"user_id":"U01ALICE".*"usergroup_id":"S01SALES"/);
});
