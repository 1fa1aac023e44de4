import { z } from 'zod';
import {
  button,
  choosers,
  fields,
  hasOnePicture,
  image,
  manyChoosers,
  ONE_PICTURE,
  overflow,
  picture,
} from './element-schema.ts';
import { flag, id, list, mrkdwn, plain, richText, text, typed, words } from './text-schema.ts';
import type { JsonObject } from './types.ts';

/**
 * Schemas of the blocks that Headroom sends, and of views: docs.slack.dev/reference/block-kit. A rule that is stricter names
 * its source. Other types of block are refused, because Headroom sends none.
 */

/** vercel/chat#373, NousResearch/hermes-agent#72871; 2,000 characters: docs.copilotkit.ai/reference/bot/components/Table. */
const cell = z.discriminatedUnion('type', [
  typed('raw_text', { text: words(2000) }),
  typed('rich_text', { elements: richText }),
]);

const label = words(20);
const names = <T>(list: z.ZodArray<z.ZodType<T>>, nameOf: (one: T) => string) =>
  list.refine((all) => new Set(all.map(nameOf)).size === all.length, 'names must be unique');
const point = z.strictObject({ label, value: z.number() });
const series = z.strictObject({ name: label, data: names(list(point, 20), (one) => one.label) });
const axes = z.strictObject({
  categories: names(list(label, 20), (one) => one),
  x_label: words(50).optional(),
  y_label: words(50).optional(),
});
/** Slack refuses a chart that breaks a rule instead of cutting it: vercel/chat#696. */
const chart = z.discriminatedUnion('type', [
  z
    .strictObject({
      type: z.enum(['line', 'bar', 'area']),
      series: names(list(series, 6), (one) => one.name),
      axis_config: axes,
    })
    .superRefine(({ series: all, axis_config: { categories } }, context) => {
      const wanted = JSON.stringify([...categories].sort());
      for (const [index, { data }] of all.entries())
        if (JSON.stringify(data.map((one) => one.label).sort()) !== wanted)
          context.addIssue({
            code: 'custom',
            message: 'data must have one point per category',
            path: ['series', index, 'data'],
          });
    }),
  typed('pie', {
    segments: names(list(z.strictObject({ label, value: z.number().positive() }), 6), (one) => one.label),
  }),
]);

const block = z.discriminatedUnion('type', [
  typed('header', { block_id: id, text: plain(150), level: z.int().min(1).max(4).optional() }),
  typed('divider', { block_id: id }),
  typed('section', {
    block_id: id,
    text: text().optional(),
    fields: list(text(2000), 10).optional(),
    accessory: z.discriminatedUnion('type', [button, overflow, image, ...choosers, ...manyChoosers]).optional(),
    expand: flag,
  }).refine((one) => one.text !== undefined || one.fields !== undefined, 'must have text or fields'),
  typed('context', { block_id: id, elements: list(z.discriminatedUnion('type', [image, plain(), mrkdwn()]), 10) }),
  typed('actions', {
    block_id: id,
    elements: list(z.discriminatedUnion('type', [button, overflow, ...choosers]), 25),
  }),
  z.strictObject({ ...picture, block_id: id, title: plain(2000).optional() }).refine(hasOnePicture, ONE_PICTURE),
  typed('rich_text', { block_id: id, elements: richText }),
  typed('input', {
    block_id: id,
    label: plain(2000),
    element: z.discriminatedUnion('type', [...fields, ...choosers, ...manyChoosers]),
    dispatch_action: flag,
    hint: plain(2000).optional(),
    optional: flag,
  }),
  typed('table', {
    block_id: id,
    rows: list(list(cell, 20), 100).refine(
      (rows) => rows.every(({ length }) => length === rows[0]!.length),
      'rows must have the same number of cells',
    ),
    column_settings: z
      .array(z.strictObject({ align: z.enum(['left', 'center', 'right']).optional(), is_wrapped: flag }).nullable())
      .max(20)
      .optional(),
  }),
  typed('data_visualization', { block_id: id, title: words(50), chart }),
]);

/** Fields of every view: docs.slack.dev/reference/views. The blocks are checked one by one elsewhere. */
const shell = {
  blocks: list(z.looseObject({ type: z.string() }), 100),
  private_metadata: z.string().max(3000).optional(),
  callback_id: z.string().max(255).optional(),
  external_id: z.string().max(255).optional(),
};
const view = z.discriminatedUnion('type', [
  typed('home', { ...shell }),
  typed('modal', {
    ...shell,
    title: plain(24),
    close: plain(24).optional(),
    submit: plain(24).optional(),
    clear_on_close: flag,
    notify_on_close: flag,
  }).refine(({ blocks, submit }) => submit !== undefined || !blocks.some(({ type }) => type === 'input'), {
    error: 'missing required field: submit',
    path: ['submit'],
  }),
]);

/** Show only the first five messages, so that the important ones are seen. */
const MAX_MESSAGES = 5;

/** Returns the errors of a block, each ending in Slack's `[json-pointer:…]`. `pointer`: place of the block, such as `/blocks/3`. */
export function findSchemaErrors(given: unknown, pointer: string): string[] {
  return toMessages(block.safeParse(given, { reportInput: true }), pointer);
}

/** Returns the errors of a view's other fields, such as title, submit and private_metadata. */
export function findViewErrors(given: unknown): string[] {
  return toMessages(view.safeParse(given, { reportInput: true }), '');
}

function toMessages(read: z.ZodSafeParseResult<unknown>, pointer: string): string[] {
  const issues = read.error?.issues.slice(0, MAX_MESSAGES) ?? [];
  return issues.map((issue) => `${toMessage(issue)} [json-pointer:${[pointer, ...issue.path.map(String)].join('/')}]`);
}

/** Returns the message of an issue, in Slack's own words where they are known. */
function toMessage(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_union') {
    const { type } = issue.input as JsonObject;
    return `unsupported type: ${String(type)}`;
  }
  if (issue.code === 'unrecognized_keys') return `unexpected field: ${issue.keys.join(', ')}`;
  if (issue.code === 'invalid_type' && issue.input === undefined)
    return `missing required field: ${String(issue.path.at(-1))}`;
  if (issue.code === 'too_big' && issue.origin === 'string')
    return `must be less than ${Number(issue.maximum) + 1} characters`;
  if (issue.code === 'too_big' && issue.origin === 'array') return `no more than ${issue.maximum} items allowed`;
  if (issue.code === 'too_small' && issue.origin === 'string')
    return `must be more than ${Number(issue.minimum) - 1} characters`;
  return issue.message;
}
