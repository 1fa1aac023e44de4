import { WebAPIPlatformError } from '@slack/web-api';
import { describe, expect, it } from 'vitest';
import { checkRefused } from '../../src/admin/doctor-checks.ts';
import { toRefusedCounter } from '../../src/http/metrics.ts';
import { createLogger } from '../../src/log.ts';
import { listFaults, type Replaced } from '../../src/messages/repair.ts';
import {
  type Block,
  buildTable,
  button,
  header,
  type Message,
  plainContext,
  richText,
} from '../../src/messages/text.ts';
import { RefusedBlocks, sendRepaired } from '../../src/slack/client/post.ts';

const head = header('Top clients');
const paragraph = richText('acme-web made most requests.');
const picture: Block = { type: 'image', slack_file: { id: 'F0123456789' }, alt_text: 'Bar chart: acme-web 930' };
const { block: table } = buildTable(
  {
    columns: [
      { key: 'name', label: 'Client', type: 'text' },
      { key: 'requests', label: 'Requests', type: 'count' },
    ],
    rows: [
      ['acme-web', 930],
      ['billing', 12],
    ],
  },
  'UTC',
  8000,
)!;
const data = [{ label: 'acme-web', value: 930 }];
const chart: Block = {
  type: 'data_visualization',
  title: 'Top clients',
  chart: { type: 'bar', series: [{ name: 'ok', data }], axis_config: { categories: ['acme-web'] } },
};
const good = button({ action: 'a', text: 'Help', value: 'help' });
const bad = button({ action: 'b', text: 'Add-on', url: 'nowhere' });
const range = plainContext('14–20 Nov 2026 · UTC');

const whole: Message = {
  text: 'Top clients: acme-web 930',
  blocks: [head, paragraph, picture, chart, table, range, { type: 'actions', elements: [good, bad] }],
};

const TABLE_TEXT: Block = {
  type: 'rich_text',
  elements: [
    {
      type: 'rich_text_list',
      style: 'bullet',
      elements: ['acme-web · Requests 930', 'billing · Requests 12'].map((line) => ({
        type: 'rich_text_section',
        elements: [
          { type: 'text', text: line.split(' · ')[0], style: { bold: true } },
          { type: 'text', text: ` · ${line.split(' · ')[1]}` },
        ],
      })),
    },
  ],
};
const PICTURE_TEXT = plainContext('Bar chart: acme-web 930');

/** Sends to a Slack that refuses some blocks and reports them in a given way. Returns the accepted message and the noted refusals. */
async function send(
  message: Message,
  refuses: (blocks: readonly Block[]) => number,
  {
    say = 'pointer',
    code = 'invalid_blocks',
    rest = '/rows/0/1/text',
  }: { say?: 'pointer' | 'bare code' | 'only blocks.validate'; code?: string; rest?: string } = {},
): Promise<{ sent: Message; tries: number; noted: readonly Replaced[] }> {
  let tries = 0;
  const refused = new RefusedBlocks(createLogger('silent'));
  const refuse = (error: string, errors?: unknown[]) =>
    new WebAPIPlatformError({ ok: false, error, ...(errors ? { errors: errors as string[] } : {}) });
  const sent = await sendRepaired(
    message,
    async (one) => {
      tries += 1;
      const index = refuses(one.blocks);
      if (index < 0) return one;
      throw refuse(code, say === 'pointer' ? [`failed [json-pointer:/blocks/${index}${rest}]`] : undefined);
    },
    {
      client: {
        async apiCall(_method, args) {
          if (say !== 'only blocks.validate') throw refuse('unknown_method');
          const pointer = `/${refuses((args as unknown as Message).blocks)}${rest}`;
          throw refuse('invalid_blocks', [{ pointer, code: 'failed_constraint', message: 'failed' }]);
        },
      },
      refused,
      what: 'answer',
    },
  );
  return { sent, tries, noted: refused.list().map(({ count: _, ...one }) => one) };
}

const ofType = (type: string) => (blocks: readonly Block[]) => blocks.findIndex((block) => block.type === type);

describe('a message that Slack refuses', () => {
  it.each(['pointer', 'only blocks.validate'] as const)(
    'loses the named block alone to its text, by %s',
    async (say) => {
      const { sent, tries, noted } = await send(whole, ofType('table'), { say });
      expect(sent).toEqual({ text: whole.text, blocks: whole.blocks.with(4, TABLE_TEXT) });
      expect(tries).toBe(2);
      expect(noted).toEqual([{ type: 'table', pointer: '/blocks/4/rows/0/1/text', reason: 'failed' }]);
    },
  );

  it('shows a picture by its alt text, and a chart by its points', async () => {
    expect((await send(whole, ofType('image'))).sent.blocks[2]).toEqual(PICTURE_TEXT);
    const { sent } = await send(whole, ofType('data_visualization'));
    expect(JSON.stringify(sent.blocks[3])).toContain('ok: acme-web 930');
  });

  it('keeps the other buttons of a row', async () => {
    const bare = (blocks: readonly Block[]) => blocks.findIndex((block) => JSON.stringify(block).includes('nowhere'));
    const named = { ...whole, blocks: [head, { type: 'actions', elements: [good, bad] }] };
    const { sent } = await send(named, bare, { rest: '/elements/1/url' });
    expect(sent.blocks).toEqual([head, { type: 'actions', elements: [good] }]);
  });

  it('loses its newest kinds of block first where Slack names none', async () => {
    const { sent, tries, noted } = await send(whole, ofType('table'), { say: 'bare code' });
    expect(sent.blocks.map(({ type }) => type)).toEqual([
      'header',
      'rich_text',
      'context',
      'rich_text',
      'rich_text',
      'context',
      'actions',
    ]);
    expect(tries).toBe(4);
    expect(noted.map(({ type }) => type)).toEqual(['data_visualization', 'image', 'table']);
  });

  it('loses the picture alone where its file may not be shared', async () => {
    const { sent, tries } = await send(whole, ofType('image'), { say: 'bare code', code: 'file_not_found' });
    expect(sent.blocks).toEqual(whole.blocks.with(2, PICTURE_TEXT));
    expect(tries).toBe(2);
  });

  it('comes as text where its blocks are refused whatever they are', async () => {
    const { sent } = await send(whole, (blocks) => (blocks.length > 0 ? 0 : -1));
    expect(sent).toEqual({ text: whole.text, blocks: [] });
  });

  it('is cut where Slack finds it too long', async () => {
    const long = { text: 'long', blocks: Array.from({ length: 20 }, () => richText('x'.repeat(400))) };
    const size = (blocks: readonly Block[]) => JSON.stringify(blocks).length;
    const { sent } = await send(long, (blocks) => (size(blocks) > 6000 ? 0 : -1), {
      say: 'bare code',
      code: 'msg_blocks_too_long',
    });
    expect(sent.blocks.length).toBe(20);
    expect(size(sent.blocks)).toBeLessThanOrEqual(6000);
  });

  it('fails as it was refused where even the text is', async () => {
    await expect(send(whole, () => 0)).rejects.toThrow('invalid_blocks');
  });
});

it.each([
  [{ errors: ['too long [json-pointer:/blocks/4/rows/0/5/text]'] }, '/blocks/4/rows/0/5/text', 'too long'],
  [
    { errors: [], response_metadata: { messages: ['[ERROR] no more than 50 items [json-pointer:/blocks]'] } },
    '/blocks',
    'no more than 50 items',
  ],
  [
    { errors: [{ pointer: '/0/text/type', code: 'failed_constraint', message: 'bad type' }] },
    '/blocks/0/text/type',
    'bad type',
  ],
  [
    { response_metadata: { messages: ['[ERROR] not offered [json-pointer:view/blocks/0/element/initial_options]'] } },
    '/blocks/0/element/initial_options',
    'not offered',
  ],
  [
    { response_metadata: { messages: ['[ERROR] too long [json-pointer:/view/blocks/2/label/text]'] } },
    '/blocks/2/label/text',
    'too long',
  ],
  [{ errors: [{ pointer: '/blocks/0/text', code: 'failed_constraint' }] }, '/blocks/0/text', 'failed_constraint'],
])('a place is read from %j', (data, pointer, reason) => {
  expect(listFaults({ data })).toEqual([{ pointer, reason }]);
});

it.each([undefined, null, 'x', new Error('cut'), { data: null }, { data: { errors: [1, null, 'no place'] } }])(
  'no place is read from %j',
  (error) => {
    expect(listFaults(error)).toEqual([]);
  },
);

it('each kind of refusal is logged once, counted, and told to admins', () => {
  const lines: string[] = [];
  const refused = new RefusedBlocks(createLogger('info', { write: (line) => void lines.push(line) }));
  const replaced = [{ type: 'table', pointer: '/blocks/4/rows/0/5/text', reason: 'too short' }];
  refused.note('answer', replaced);
  refused.note('digest', replaced);
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0]!)).toMatchObject({
    block: 'table',
    pointer: '/blocks/4/rows/0/5/text',
    message: 'answer',
  });
  expect(refused.list()).toEqual([{ ...replaced[0], count: 2 }]);
  expect(toRefusedCounter(refused.list()).samples).toEqual([{ labels: { block: 'table' }, value: 2 }]);
  expect(checkRefused(refused)).toMatchObject([{ ok: false }]);
  expect(checkRefused(refused)[0]!.line).toContain('refused a table 2 times (too short at /blocks/4/rows/0/5/text)');
});
