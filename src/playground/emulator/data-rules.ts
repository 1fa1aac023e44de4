import { countTexts, isObject } from './elements.ts';
import type { Block, JsonObject } from './types.ts';

/**
 * Over the cells of all tables of a message: docs.slack.dev/reference/block-kit/blocks/table-block (seen live:
 * openclaw/openclaw#116447, getnao/nao#1178, vellum-ai/vellum-assistant#36219) and data-table-block.
 */
const MAX_CHARACTERS = 10_000;
/** A cell: docs.copilotkit.ai/reference/bot/components/Table. */
const MAX_CELL = 2000;

/** Checks what the schema cannot say of tables; answers Slack's error messages. */
export function checkTables(blocks: Block[]): string[] {
  const tables = blocks.flatMap((block, index) =>
    /^(data_)?table$/.test(block.type) && Array.isArray(block.rows)
      ? [{ rows: block.rows as JsonObject[][], data: block.type === 'data_table', pointer: `/blocks/${index}/rows` }]
      : [],
  );
  const characters = tables.reduce((sum, { rows }) => sum + countTexts(rows), 0);
  return [
    ...(characters > MAX_CHARACTERS
      ? [`cells must be no more than ${MAX_CHARACTERS} characters in all [json-pointer:${tables[0]!.pointer}]`]
      : []),
    ...tables.flatMap(({ rows, data, pointer }) => [
      ...checkCells(rows, pointer),
      ...(data && rows[0]?.some((cell) => cell.type === 'rich_text')
        ? [`header cells cannot be rich_text [json-pointer:${pointer}/0]`]
        : []),
    ]),
  ];
}

function checkCells(rows: JsonObject[][], pointer: string): string[] {
  const long = rows.flatMap((row, y) =>
    row.flatMap((cell, x) => (countTexts(cell) > MAX_CELL ? [`${pointer}/${y}/${x}`] : [])),
  );
  return [
    ...long.map((cell) => `must be less than ${MAX_CELL + 1} characters [json-pointer:${cell}/text]`),
    ...(rows.some((row) => row.length !== rows[0]?.length)
      ? [`rows must have the same number of cells [json-pointer:${pointer}]`]
      : []),
  ];
}

/**
 * Each series has one point per category, under the category's name, and names differ:
 * docs.slack.dev/reference/block-kit/blocks/data-visualization-block. Slack refuses a chart that breaks this instead of
 * cutting it (vercel/chat#696).
 */
export function checkCharts(blocks: Block[]): string[] {
  return blocks.flatMap((block, index) =>
    block.type === 'data_visualization' ? checkChart(block, `/blocks/${index}`) : [],
  );
}

function checkChart(block: Block, pointer: string): string[] {
  const chart = block.chart;
  const errors = isBlank(block.title) ? [`must be more than 0 characters [json-pointer:${pointer}/title]`] : [];
  if (!isObject(chart)) return errors;
  if (Array.isArray(chart.segments)) {
    const labels = (chart.segments as JsonObject[]).map(({ label }) => label);
    return [...errors, ...checkNames(labels, `${pointer}/chart/segments`)];
  }
  if (!Array.isArray(chart.series) || !isObject(chart.axis_config)) return errors;
  const categories = (chart.axis_config.categories as unknown[]) ?? [];
  const series = chart.series as { name?: string; data?: { label?: string }[] }[];
  errors.push(
    ...checkNames(
      series.map(({ name }) => name),
      `${pointer}/chart/series`,
    ),
  );
  errors.push(...checkNames(categories, `${pointer}/chart/axis_config/categories`));
  const wanted = JSON.stringify([...categories].sort());
  for (const [index, { data = [] }] of series.entries()) {
    const labels = JSON.stringify(data.map(({ label }) => label).sort());
    if (labels !== wanted)
      errors.push(`data must have one point per category [json-pointer:${pointer}/chart/series/${index}/data]`);
  }
  return errors;
}

function checkNames(names: readonly unknown[], pointer: string): string[] {
  return [
    ...(new Set(names).size === names.length ? [] : [`names must be unique [json-pointer:${pointer}]`]),
    ...(names.some(isBlank) ? [`must be more than 0 characters [json-pointer:${pointer}]`] : []),
  ];
}

function isBlank(text: unknown): boolean {
  return typeof text === 'string' && text.trim() === '';
}
