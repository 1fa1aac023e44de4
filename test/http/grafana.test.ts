import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { listTraffic, POOLS, startWholeApp, type WholeApp } from '../slack/whole-app.ts';
import { typePools } from '../support/pool-text.ts';

const NOW = Date.parse('2026-11-21T10:30:00Z');
const RANGE = /\$\{range\}/;
const READ_TOKEN = 'read-0123456789abcdef';

const target = z.looseObject({
  refId: z.string(),
  datasource: z.strictObject({ type: z.string(), uid: z.string().regex(/^\$\{datasource\}$/) }),
  expr: z.string().optional(),
  legendFormat: z.string().optional(),
  /** Fields in which the Infinity data source keeps a query. */
  url: z.literal('/v1/ask').optional(),
  url_options: z
    .looseObject({ method: z.literal('GET'), params: z.array(z.strictObject({ key: z.string(), value: z.string() })) })
    .optional(),
  root_selector: z.string().optional(),
  columns: z
    .array(z.strictObject({ selector: z.string(), text: z.string(), type: z.enum(['string', 'number', 'timestamp']) }))
    .optional(),
});

/** Fields of a dashboard that Grafana needs. */
const dashboard = z.looseObject({
  id: z.null(),
  uid: z.string().max(40),
  title: z.string(),
  schemaVersion: z.int(),
  time: z.strictObject({ from: z.string(), to: z.string() }),
  templating: z.strictObject({
    list: z.array(z.looseObject({ name: z.string(), type: z.enum(['datasource', 'custom']), query: z.string() })),
  }),
  panels: z.array(
    z.looseObject({
      id: z.int(),
      type: z.enum(['bargauge', 'barchart', 'piechart', 'stat', 'table', 'timeseries']),
      title: z.string(),
      datasource: target.shape.datasource,
      gridPos: z.strictObject({ x: z.int(), y: z.int(), w: z.int(), h: z.int() }),
      fieldConfig: z.strictObject({ defaults: z.looseObject({}), overrides: z.array(z.looseObject({})) }),
      targets: z.array(target).min(1),
    }),
  ),
});

function read(name: string): z.infer<typeof dashboard> {
  return dashboard.parse(JSON.parse(readFileSync(new URL(`../../.deploy/${name}`, import.meta.url), 'utf8')));
}

const METRICS = read('grafana-metrics.json');
const ASK = read('grafana-ask.json');

let bot: WholeApp;
beforeAll(async () => {
  bot = await startWholeApp({ nowMs: NOW, env: { READ_TOKEN } });
  const { slack } = bot;
  await typePools(slack, { user: 'ada', channel: 'api-usage', yaml: POOLS });
  await bot.send(listTraffic(NOW));
  await bot.send(
    listTraffic(NOW).map((event, index) => ({ ...event, id: `timed-${index}`, count: 1, duration_ms: index })),
  );
  // After a tick, the metrics have the time of the last one.
  await bot.app.tick();
});
afterAll(() => bot?.stop());

describe.each([METRICS, ASK])('$title', ({ panels, templating }) => {
  it('has panels side by side, each with a number of its own and a data source that is chosen', () => {
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) => {
      expect(x + w).toBeLessThanOrEqual(24);
      return Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)} ${y + Math.floor(cell / w)}`);
    });
    expect(new Set(cells).size).toBe(cells.length);
    const source = templating.list.find(({ name }) => name === 'datasource')!;
    for (const { datasource, targets } of panels)
      for (const each of [datasource, ...targets.map((one) => one.datasource)]) expect(each.type).toBe(source.query);
    const variables = new Set(templating.list.map(({ name }) => name));
    for (const [, name] of JSON.stringify(panels).matchAll(/\$\{(\w+)\}/g)) expect(variables).toContain(name);
  });
});

it('asks Prometheus for what a running bot tells at /metrics', async () => {
  const text = await (await fetch(`${bot.app.url}/metrics`)).text();
  // promtool's rule: the label `quantile` belongs to summaries, and the bot has none.
  expect(text).not.toContain('quantile=');
  const names = new Set([...text.matchAll(/^# TYPE (\w+) /gm)].map(([, name]) => name!));
  for (const { expr = '', legendFormat = '' } of METRICS.panels.flatMap(({ targets }) => targets)) {
    const used = [...expr.matchAll(/\b(?:headroom|nodejs)_\w+/g)].map(([name]) => name);
    expect(used.length).toBeGreaterThan(0);
    for (const name of used) expect(names).toContain(name.replace(/_bucket$/, ''));
    const labels = [
      ...[...expr.matchAll(/by \(([^)]+)\)/g)].flatMap(([, list]) => list!.split(', ')),
      ...[...legendFormat.matchAll(/{{(\w+)}}/g)].map(([, label]) => label!),
      ...[...expr.matchAll(/[{,](\w+)(?:!?=~?)"/g)].map(([, label]) => label!),
      // Prometheus itself adds the label `instance`.
    ].filter((label) => label !== 'instance');
    // A counter that has never been raised has no sample.
    const sample = new RegExp(`^${used[0]}(?:{(.*)})? `, 'm').exec(text);
    if (used[0] !== 'headroom_slack_blocks_refused_total') expect(sample, used[0]).not.toBeNull();
    if (sample) for (const label of labels) expect(sample[1]).toMatch(new RegExp(`(^|,)${label}="`));
  }
});

const QUESTIONS = ASK.panels.flatMap(({ title, targets }) =>
  targets.flatMap((one) => {
    const range = ASK.templating.list.find(({ name }) => name === 'range')!;
    const [{ value } = { value: '' }] = one.url_options!.params;
    const options = RANGE.test(value) ? range.query.split(',') : ['7d'];
    return options.map((option) => ({ title, option, one }));
  }),
);

it.each(QUESTIONS)('$title for $option gets rows with the columns that it selects', async ({ option, one }) => {
  const url = new URL(one.url!, bot.app.url);
  for (const { key, value } of one.url_options!.params) url.searchParams.append(key, value.replace(RANGE, option));
  // The headers that Infinity sends with a query for JSON.
  const headers = { authorization: `Bearer ${READ_TOKEN}`, accept: 'application/json;q=0.9,text/plain' };
  const response = await fetch(url, { headers });
  expect(response.status).toBe(200);
  const rows = ((await response.json()) as Record<string, Record<string, unknown>[]>)[one.root_selector!]!;
  expect(rows.length).toBeGreaterThan(0);
  const TYPES = { string: z.string().nullable(), number: z.number().nullable(), timestamp: z.iso.datetime() };
  for (const row of rows)
    for (const { selector, type } of one.columns!)
      expect(TYPES[type].safeParse(row[selector]).error, selector).toBeUndefined();
});
