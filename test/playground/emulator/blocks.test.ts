import { afterEach, expect, test } from 'vitest';
import type { Emulator } from '../../support/emulator.ts';
import { createClient, outcome, start, stopAll } from './support.ts';

afterEach(stopAll);

const plain = (text: string) => ({ type: 'plain_text', text });
const section = (text: string, more: object = {}) => ({ type: 'section', text: { type: 'mrkdwn', text }, ...more });
const actions = (...ids: string[]) => ({
  type: 'actions',
  elements: ids.map((action_id) => ({ type: 'button', action_id, text: plain('Go') })),
});
const chart = (labels: string[], categories = labels) => ({
  type: 'data_visualization',
  title: 'Requests',
  chart: {
    type: 'bar',
    series: [{ name: 'ok', data: labels.map((label) => ({ label, value: 1 })) }],
    axis_config: { categories },
  },
});
const table = (rows = 2) => ({
  type: 'table',
  rows: Array.from({ length: rows }, () => [{ type: 'raw_text', text: 'x' }]),
});
const cell = (text: string) => ({ type: 'raw_text', text });
const richText = (...elements: object[]) => ({
  type: 'rich_text',
  elements: [{ type: 'rich_text_section', elements }],
});
const menu = (count: number, more: object = {}) => ({
  type: 'actions',
  elements: [
    {
      type: 'static_select',
      action_id: 'range',
      options: Array.from({ length: count }, (_, index) => ({ text: plain(`${index} d`), value: `${index}d` })),
      ...more,
    },
  ],
});

async function post(emulator: Emulator, blocks: unknown) {
  const call = createClient(emulator).apiCall('chat.postMessage', { channel: 'C01USAGE', text: 'x', blocks });
  return call.then(
    () => ({ error: 'ok', messages: [] as string[] }),
    (thrown) => ({
      error: thrown.data?.error as string,
      messages: (thrown.data?.response_metadata?.messages ?? []) as string[],
    }),
  );
}

test('every kind of block that Headroom may use is accepted', async () => {
  const emulator = await start();
  const blocks = [
    { type: 'header', text: plain('h'.repeat(150)) },
    section('*Acme*', {
      accessory: { type: 'overflow', action_id: 'o', options: [{ text: plain('CSV'), value: 'csv' }] },
    }),
    { type: 'section', fields: [{ type: 'mrkdwn', text: 'a' }, plain('b')] },
    { type: 'context', elements: [{ type: 'mrkdwn', text: 'as of 09:00' }] },
    { type: 'divider' },
    { type: 'image', image_url: 'https://example.com/chart.png', alt_text: '5 clients' },
    actions('graph', 'table', 'doughnut'),
    menu(100, { initial_option: { text: plain('7 d'), value: '7d' } }),
    chart(['Mon', 'Tue']),
    { type: 'data_visualization', title: 'Status', chart: { type: 'pie', segments: [{ label: '200', value: 3 }] } },
    table(100),
    {
      type: 'rich_text',
      elements: [
        { type: 'rich_text_section', elements: [{ type: 'text', text: '<!channel> *x*', style: { bold: true } }] },
      ],
    },
  ];
  expect(await post(emulator, blocks)).toEqual({ error: 'ok', messages: [] });
  emulator.assertNoProblems();
  const stored = emulator.messages('C01USAGE')[0]!.blocks!;
  expect(new Set(stored.map((block) => block.block_id)).size).toBe(blocks.length);
});

test.each([
  ['a header over 150 characters', [{ type: 'header', text: plain('h'.repeat(151)) }], '/blocks/0/text/text'],
  [
    'a button text over 75 characters',
    [{ type: 'actions', elements: [{ type: 'button', text: plain('b'.repeat(76)) }] }],
    '/blocks/0/elements/0/text/text',
  ],
  ['an unknown block', [{ type: 'marquee' }], 'unsupported type: marquee [json-pointer:/blocks/0/type]'],
  ['an empty section', [{ type: 'section' }], '/blocks/0'],
  ['a section over 3000 characters', [section('x'.repeat(3001))], '/blocks/0/text/text'],
  ['51 blocks', Array.from({ length: 51 }, () => ({ type: 'divider' })), 'no more than 50 items'],
  ['101 options', [menu(101)], '/blocks/0/elements/0/options'],
  [
    'an initial option that is none of the options',
    [menu(2, { initial_option: { text: plain('9 d'), value: '9d' } })],
    'initial option',
  ],
  ['two tables', [table(), table()], 'only_one_table_allowed'],
  ['a table over 100 rows', [table(101)], '/blocks/0/rows'],
  ['three charts', [chart(['a']), chart(['a']), chart(['a'])], 'no more than 2 data_visualization'],
  ['a chart with a point missing', [chart(['a'], ['a', 'b'])], 'one point per category'],
  [
    'a chart of 21 categories',
    [chart(Array.from({ length: 21 }, (_, index) => `d${index}`))],
    '/axis_config/categories',
  ],
  ['a block_id used twice', [section('a', { block_id: 'b' }), section('c', { block_id: 'b' })], 'block_id'],
  ['an action_id used twice in a block', [actions('a', 'a')], 'action_id'],
  ['an unknown field', [section('a', { colour: 'red' })], 'unexpected field: colour [json-pointer:/blocks/0]'],
  [
    'an image of a private address',
    [{ type: 'image', image_url: 'http://127.0.0.1:1/x.png', alt_text: 'x' }],
    'downloading image failed',
  ],
  ['an image without alt text', [{ type: 'image', image_url: 'https://example.com/x.png' }], 'alt_text'],
  [
    'a text input among buttons',
    [{ type: 'actions', elements: [{ type: 'plain_text_input', action_id: 'q' }] }],
    'unsupported type: plain_text_input [json-pointer:/blocks/0/elements/0/type]',
  ],
  ['a number in a static table', [{ type: 'table', rows: [[{ type: 'raw_number', value: 1 }]] }], '/blocks/0/rows/0/0'],
  [
    'a pie without a positive value',
    [{ type: 'data_visualization', title: 'x', chart: { type: 'pie', segments: [{ label: 'a', value: 0 }] } }],
    '/blocks/0/chart/segments/0/value',
  ],
  ['an empty cell', [{ type: 'table', rows: [[cell('x')], [cell('')]] }], '/blocks/0/rows/1/0/text'],
  ['a cell of 2,001 characters', [{ type: 'table', rows: [[cell('x'.repeat(2001))]] }], '/blocks/0/rows/0/0/text'],
  [
    'a table of more than 10,000 characters',
    [{ type: 'table', rows: Array.from({ length: 100 }, () => [cell('x'.repeat(101))]) }],
    'no more than 10000 characters in all [json-pointer:/blocks/0/rows]',
  ],
  ['rows of different lengths', [{ type: 'table', rows: [[cell('x')], [cell('x'), cell('y')]] }], 'same number'],
  ['blank text', [section('\u00a0')], '/blocks/0/text/text'],
  ['an empty leaf', [richText({ type: 'text', text: '' })], '/blocks/0/elements/0/elements/0/text'],
  [
    'a link without words',
    [richText({ type: 'link', url: 'https://example.com', text: '' })],
    '/blocks/0/elements/0/elements/0/text',
  ],
  ['a paragraph of nothing', [richText()], 'missing element [json-pointer:/blocks/0/elements/0/elements]'],
  [
    'a person in preformatted text',
    [
      {
        type: 'rich_text',
        elements: [{ type: 'rich_text_preformatted', elements: [{ type: 'user', user_id: 'U01ALICE' }] }],
      },
    ],
    'unsupported type: user',
  ],
  [
    'a date of no format',
    [richText({ type: 'date', timestamp: 1, format: '{day}', fallback: 'x' })],
    '/blocks/0/elements/0/elements/0/format',
  ],
  ['a date in markup without words', [section('as of <!date^1795165200^{time}>')], '/blocks/0/text/text'],
  ['a file that is no id', [{ type: 'image', slack_file: { id: 'F1' }, alt_text: 'x' }], '/blocks/0/slack_file/id'],
  ['a chart with a name twice', [chart(['a', 'a'])], 'names must be unique'],
  [
    'a value of 76 characters in a menu',
    [menu(1, { options: [{ text: plain('x'), value: 'v'.repeat(76) }] })],
    'less than 76 characters',
  ],
  [
    'a button that opens no address of the web',
    [{ type: 'actions', elements: [{ type: 'button', text: plain('x'), url: 'javascript:alert(1)' }] }],
    'must be a valid URL [json-pointer:/blocks/0/elements/0/url]',
  ],
  [
    'markup in a dialog that asks again',
    [
      {
        type: 'actions',
        elements: [
          {
            ...{ type: 'button', text: plain('x') },
            confirm: {
              ...{ title: plain('x'), text: { type: 'mrkdwn', text: '*x*' }, confirm: plain('x'), deny: plain('x') },
            },
          },
        ],
      },
    ],
    '/blocks/0/elements/0/confirm/text',
  ],
  [
    'a fraction in a field of whole numbers',
    [
      {
        ...{ type: 'input', label: plain('x') },
        element: { type: 'number_input', is_decimal_allowed: false, initial_value: '1.5' },
      },
    ],
    'must be whole numbers',
  ],
  [
    'a menu of several choices among buttons',
    [{ type: 'actions', elements: [{ type: 'multi_static_select', options: [{ text: plain('x'), value: 'x' }] }] }],
    'unsupported type: multi_static_select [json-pointer:/blocks/0/elements/0/type]',
  ],
  [
    'choices of two groups at first',
    [
      {
        ...{ type: 'input', label: plain('x') },
        element: {
          type: 'multi_static_select',
          option_groups: ['a', 'b'].map((one) => ({
            ...{ label: plain(one), options: [{ text: plain(one), value: one }] },
          })),
          initial_options: ['a', 'b'].map((one) => ({ text: plain(one), value: one })),
        },
      },
    ],
    'initial option',
  ],
  ['a block that is never sent', [{ type: 'markdown', text: 'x' }], 'unsupported type: markdown'],
])('%s is refused, with the place', async (_name, blocks, place) => {
  const emulator = await start();
  const { error, messages } = await post(emulator, blocks);
  expect(error).toBe('invalid_blocks');
  expect(messages.join('\n')).toContain(place);
  expect(messages.length).toBeLessThanOrEqual(5);
  expect(emulator.takeProblems()).toMatchObject([{ kind: 'invalid_blocks', where: 'chat.postMessage' }]);
  expect(emulator.messages('C01USAGE')).toEqual([]);
});

test('the same action_id may stand in two blocks', async () => {
  const emulator = await start();
  expect(await post(emulator, [actions('a'), actions('a')])).toMatchObject({ error: 'ok' });
});

test('more than 11,300 characters over all blocks are too many', async () => {
  const emulator = await start();
  const blocks = Array.from({ length: 5 }, () => section('x'.repeat(2700)));
  expect(await post(emulator, blocks)).toMatchObject({ error: 'msg_blocks_too_long' });
  expect(emulator.takeProblems()).toMatchObject([{ kind: 'oversize' }]);
  expect(await post(emulator, blocks.slice(0, 4))).toMatchObject({ error: 'ok' });
});

test('blocks that are no list are a format error; blocks without text a problem', async () => {
  const emulator = await start();
  expect(await post(emulator, '{"type":"divider"}')).toMatchObject({ error: 'invalid_blocks_format' });
  expect(emulator.takeProblems()).toHaveLength(1);
  const client = createClient(emulator);
  const silent = client.apiCall('chat.postMessage', { channel: 'C01USAGE', blocks: [{ type: 'divider' }] });
  expect(await outcome(silent)).toBe('ok');
  expect(emulator.takeProblems()).toMatchObject([{ kind: 'missing_text' }]);
});

test('updates and private messages are checked too', async () => {
  const emulator = await start();
  const client = createClient(emulator);
  const { ts } = await client.chat.postMessage({ channel: 'C01USAGE', text: 'x' });
  const bad = { text: 'x', blocks: [{ type: 'marquee' }] };
  expect(await outcome(client.apiCall('chat.update', { channel: 'C01USAGE', ts, ...bad }))).toBe('invalid_blocks');
  const ephemeral = client.apiCall('chat.postEphemeral', { channel: 'C01USAGE', user: 'U01ALICE', ...bad });
  expect(await outcome(ephemeral)).toBe('invalid_blocks');
  expect(emulator.takeProblems()).toHaveLength(2);
});
