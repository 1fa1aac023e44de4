import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { answerSchema, toAnswerJson } from '../../src/ask/answer-json.ts';
import { toText } from '../../src/ask/answer-text.ts';
import { widthOf } from '../../src/ask/text-width.ts';
import { buildAltText } from '../../src/chart/alt-text.ts';
import type { Scope } from '../../src/domain/definition.ts';
import { REPORT_KINDS, type ReportKind } from '../../src/domain/report.ts';
import { toCsv } from '../../src/report/table.ts';
import { ask, at } from '../report/setup.ts';

const CLIENTS = ['acme', '名前を持つクライアント', 'evil \u001b[31m\u202e\nname', 'x'.repeat(200)];
const EVENTS = Array.from({ length: 300 }, (_, hour) => ({
  timeMs: at('2026-11-09T00:30:00Z') + hour * 3_600_000,
  client: CLIENTS[hour % CLIENTS.length]!,
  route: '/v1/orders/{id}',
  method: 'GET',
  status: hour % 7 === 0 ? 429 : 200,
  scope: 'crm',
  credits: 1500,
}));
const SCOPE: Scope = {
  name: 'crm',
  title: 'CRM',
  links: {},
  limits: [],
  pools: [
    {
      name: 'Monthly',
      period: { kind: 'month', anchor: 1 },
      priority: 1,
      fromDay: 20_000,
      amounts: [{ fromDay: 20_000, base: 500_000, grants: [{ name: 'Users', quantity: 10, each: 1000 }] }],
      thresholds: [75, 90],
      order: 0,
    },
  ],
};
const DEFINITIONS = { definitions: { scopes: [SCOPE] } };

describe.each(REPORT_KINDS)('a %s report outside Slack', (report) => {
  it.each([
    ['usage', EVENTS],
    ['nothing', []],
  ])('with %s is JSON by its schema, with the columns and rows of its CSV', async (_, events) => {
    const answer = await ask(events, { report, name: report === 'route' ? '/v1/orders/{id}' : 'acme' }, DEFINITIONS);
    const json = answerSchema.parse(JSON.parse(JSON.stringify(toAnswerJson(answer))));
    const [header, ...lines] = toCsv(answer).trimEnd().split('\r\n');
    expect(json.columns.map(({ key }) => key).join(',')).toBe(header);
    expect(json.report).toBe(answer.kind);
    expect(json.rows).toHaveLength(answer.table.rows.length);
    for (const row of json.rows) expect(Object.keys(row)).toEqual(json.columns.map(({ key }) => key));
    if (events.length > 0 && answer.table.rows.every((row) => !row.some((cell) => /[\n]/.test(String(cell)))))
      expect(lines).toHaveLength(json.rows.length);
  });

  it.each([40, 80, 132])('is text of at most %d columns that cannot steer a terminal', async (width) => {
    const question = { report, name: report === 'route' ? '/v1/orders/{id}' : 'acme' };
    const text = toText(await ask(EVENTS, question, DEFINITIONS), width);
    for (const line of text.split('\n')) {
      // Only a single word may be longer than the line.
      if (line.trim().includes(' ')) expect(widthOf(line)).toBeLessThanOrEqual(width);
      expect(line).not.toMatch(/[\p{Cc}\u202a-\u202e]/u);
    }
  });
});

/** Columns that programs rely on. New ones may be added, but these must stay. */
const KEPT: Readonly<Partial<Record<ReportKind, string>>> = {
  summary: 'scope pool used amount left used_percent level rest_left overage requests_today peak_minute rate_limit',
  top: 'name requests share_percent ok failed none credits ids',
  status: 'status meaning requests share_percent',
  pool: 'scope pool sort used amount left used_percent level period arithmetic burn_rate runs_out_earliest runs_out_latest',
  daily: 'day requests ok failed none credits partial start',
  day: 'hour requests ok failed none credits partial start',
  history: 'month Monthly total partial start',
  client: 'dimension name requests share_percent ok failed none credits',
  route: 'dimension name requests share_percent ok failed none credits',
  licences: 'scope pool period licence quantity each granted',
  sources: 'source adapter requests last_received accepted duplicates conflicts rejected without_id late',
  explain: 'scope pool period amount drawn left arithmetic',
  why: 'claim evidence remedy',
  latency: 'name p95_ms p50_ms p99_ms slowest_ms requests timed',
  events:
    'time client client_name method route status user ip duration_ms module function api_version kind initiator source scope count credits',
  advice: 'advice evidence',
};

describe('the JSON of an answer', () => {
  it.each(Object.entries(KEPT))('of %s keeps its columns', async (kind, keys) => {
    const report = kind as ReportKind;
    const answer = await ask(EVENTS, { report, name: report === 'route' ? '/v1/orders/{id}' : 'acme' }, DEFINITIONS);
    expect(toAnswerJson(answer).columns.map(({ key }) => key)).toEqual(expect.arrayContaining(keys.split(' ')));
  });

  it('is described by the schema in the repository (renew it: npx vitest -u, in a change that adds only)', async () => {
    const schema = JSON.stringify(z.toJSONSchema(answerSchema), undefined, 2);
    await expect(`${schema}\n`).toMatchFileSnapshot('../../src/ask/answer.schema.json');
  });

  it('has exact numbers, times in UTC, and nothing for what there is not', async () => {
    const ranking = toAnswerJson(await ask(EVENTS, { report: 'top', range: '7d', limit: 1 }, DEFINITIONS));
    expect(ranking).toMatchObject({
      question: 'top 1 clients 7d',
      report: 'top',
      zone: 'UTC',
      range: { from: '2026-11-14T00:00:00Z', to: '2026-11-21T00:00:00Z', first_day: '2026-11-14', running: false },
      totals: { requests: 168, ok: 144, failed: 24, none: 0, credits: 252 },
    });
    expect(ranking.rows).toEqual([
      { name: 'acme', requests: 42, share_percent: 25, ok: 36, failed: 6, none: 0, credits: 63, ids: null },
    ]);
    const balance = toAnswerJson(await ask(EVENTS, { report: 'pool' }, DEFINITIONS));
    expect(balance.totals).toBeNull();
    expect(balance.rows[0]).toMatchObject({ pool: 'Monthly', used: 450, amount: 510, level: 'approaching' });
  });
});

describe('the text of an answer', () => {
  it.each(['daily', 'status'] as const)('to %s tells what its chart marks', async (report) => {
    const deps = { marks: async () => [{ atMs: at('2026-11-20T10:00:00Z'), label: 'v2.5.0' }] };
    const answer = await ask(EVENTS, { report, range: '7d' }, { deps });
    expect(toText(answer, 60)).toContain('• Marked – Fri 20 Nov 10:00 · v2.5.0.');
    expect(toAnswerJson(answer).sections).toContainEqual({ title: 'Marked', lines: ['Fri 20 Nov 10:00 · v2.5.0'] });
    expect(buildAltText(answer)).toContain('Marked: v2.5.0.');
  });

  it('is the sentence, the table, the context; numbers stand below each other', async () => {
    const text = toText(await ask(EVENTS, { report: 'top', range: '7d' }, DEFINITIONS), 60);
    const [sentence, , header, rule, first] = text.split('\n');
    expect(sentence).toMatch(/^acme and 3 others|^acme made/);
    expect(header).toMatch(/^Client +Requests +%/);
    expect(rule).toMatch(/^─+( {2}─+)+$/);
    expect(widthOf(first!)).toBeLessThanOrEqual(60);
    expect(text).toMatch(/\n\n14–20 Nov 2026 · UTC · 4 clients(\n|$)/);
  });

  it('names the columns that have no room', async () => {
    const text = toText(await ask(EVENTS, { report: 'pool' }, DEFINITIONS), 60);
    expect(text).toMatch(/\nNot shown here: Period, Pace, Formula,/);
  });
});
