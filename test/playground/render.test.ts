import { describe, expect, test } from 'vitest';
import { toWorkspace } from '../../src/playground/emulator/state.ts';
import type { Block, JsonObject } from '../../src/playground/emulator/types.ts';
import { renderBlocks } from '../../src/playground/render/blocks.ts';
import { renderMessage } from '../../src/playground/render/message.ts';
import type { Scene } from '../../src/playground/render/scene.ts';
import { formatDay } from '../../src/playground/render/text.ts';

const { users, channels, groups } = toWorkspace({}, 'Headroom', 0);
const scene: Scene = {
  users: new Map(users.map((user) => [user.id, user])),
  channels: new Map(channels.map((channel) => [channel.id, channel])),
  groups: new Map(groups.map((group) => [group.id, group])),
  reader: users.find(({ id }) => id === 'U01ALICE')!,
  theme: 'light',
  values: {},
  channel: 'C01USAGE',
  heading: 'h3',
};

function draw(...blocks: JsonObject[]): string {
  return renderBlocks(
    blocks.map((block) => ({ block_id: 'b', ...block }) as Block),
    scene,
  );
}

const section = (text: string) => ({ type: 'section', text: { type: 'mrkdwn', text } });
const paragraph = (...elements: JsonObject[]) => ({
  type: 'rich_text',
  elements: [{ type: 'rich_text_section', elements }],
});

const HOSTILE = '<script>alert(1)</script>"\'><img src=x onerror=alert(1)>';

describe('text', () => {
  test.each([
    ['header', { type: 'header', text: { type: 'plain_text', text: HOSTILE } }],
    ['mrkdwn', section(HOSTILE)],
    ['rich text', paragraph({ type: 'text', text: HOSTILE })],
    ['a table', { type: 'table', rows: [[{ type: 'raw_text', text: HOSTILE }]] }],
    ['alt text', { type: 'image', slack_file: { id: 'F1' }, alt_text: HOSTILE }],
    ['a button', { type: 'actions', elements: [{ type: 'button', action_id: HOSTILE, text: { text: HOSTILE } }] }],
    ['an option', select({ type: 'static_select', options: [{ text: { text: HOSTILE }, value: HOSTILE }] })],
    ['a search', select({ type: 'external_select', placeholder: { text: HOSTILE } })],
    ['a chart', { type: 'data_visualization', title: HOSTILE, chart: pie(HOSTILE) }],
    ['an unknown block', { type: HOSTILE }],
  ])('in %s never becomes markup', (_place, block) => {
    const html = draw(block);
    expect(html).not.toMatch(/<script|<img src=x/i);
  });

  test('escaped mentions stay text, real ones become names', () => {
    const html = draw(section('&lt;!channel&gt; <@U01ALICE> <#C01USAGE> <!subteam^S0123> *bold* a_b_c `&amp;`'));
    expect(html).toContain('&lt;!channel&gt;');
    expect(html).not.toContain('@channel');
    expect(html).toContain('<span class="mention me">@Alice Alvarez</span>');
    expect(html).toContain('#api-usage');
    expect(html).toContain('@on-call');
    expect(html).toContain('<strong>bold</strong>');
    expect(html).toContain('a_b_c');
    expect(html).toContain('<code>&amp;</code>');
  });

  test('only web and mail addresses become links', () => {
    const html = draw(section('<https://example.com|yes> <javascript:alert(1)|no>'));
    expect(html).toContain('href="https://example.com"');
    expect(html).not.toContain('javascript:');
    expect(draw(paragraph({ type: 'link', url: 'javascript:alert(1)', text: 'no' }))).not.toContain('href');
  });

  test('dates are in the reader’s zone; what is unknown in them gives the fallback', () => {
    const date = { type: 'date', timestamp: 1_795_000_000, fallback: 'then' };
    expect(draw(paragraph({ ...date, format: 'on {date_num} at {time}' }))).toMatch(/on \d\d\/11\/2026 at \d\d:\d\d/);
    expect(draw(paragraph({ ...date, format: '{moon}' }))).toContain('then');
  });
});

describe('blocks that the library does not draw, or not so', () => {
  test('numbers in tables, and data tables', () => {
    const rows = [
      [
        { type: 'raw_text', text: 'Client' },
        { type: 'raw_text', text: 'Requests' },
      ],
      [
        { type: 'raw_text', text: 'acme' },
        { type: 'raw_number', value: 5, text: '5' },
      ],
    ];
    for (const type of ['table', 'data_table']) {
      const html = draw({ type, rows });
      expect(html).toContain('<th scope="col">Client</th>');
      expect(html).toContain('<td class="number">5</td>');
    }
  });

  test('a table is named by the heading above it, its rows by their first cell; bars are not read', () => {
    const rows = [['User', ''].map(raw), ['ann@example.com', '███▌'].map(raw)];
    const html = draw(
      { type: 'header', text: { text: 'First' } },
      { type: 'header', text: { text: 'Top users' } },
      { type: 'table', rows },
      section('███│░░ 50 %'),
    );
    expect(html).toContain('<caption><span class="hidden">Top users</span></caption>');
    expect(html).toContain('<th scope="row">ann@example.com</th>');
    expect(html).toContain('<td></td>');
    expect(html).toContain('<span class="bar" aria-hidden="true">███▌</span>');
    expect(html).toContain('<span class="bar" aria-hidden="true">███│░░</span> 50 %');
  });

  test('a picture comes from the workspace, never from elsewhere', () => {
    expect(draw({ type: 'image', slack_file: { id: 'F1' }, alt_text: 'a' })).toContain('src="/_control/file/F1"');
    const outside = draw({ type: 'image', image_url: 'https://example.com/x.png', alt_text: 'a' });
    expect(outside).not.toContain('<img');
    expect(outside).toContain('[image: a]');
  });

  test('charts are drawn; a block that cannot be leaves the others standing', () => {
    const html = draw(
      section('before'),
      { type: 'data_visualization', title: 'Top', chart: pie('acme') },
      { type: 'table', rows: [null] },
      section('after'),
    );
    expect(html).toContain('<svg');
    expect(html).toContain('before');
    expect(html).toContain('cannot be drawn');
    expect(html).toContain('after');
  });
});

describe('elements', () => {
  test('carry what is sent when they are used', () => {
    const html = draw({
      type: 'actions',
      elements: [{ type: 'button', action_id: 'go', text: { text: 'Go' }, confirm: { title: { text: 'Sure?' } } }],
    });
    expect(html).toContain('data-element="button" data-action="go" data-block="b"');
    expect(html).toContain('Sure?');
  });

  test('a form shows what was typed before, else what it begins with', () => {
    const field = (element: JsonObject) => ({
      type: 'input',
      label: { text: 'Zone' },
      element: { action_id: 'a', ...element },
    });
    const text = field({ type: 'plain_text_input', initial_value: 'UTC' });
    expect(draw(text)).toContain('value="UTC"');
    const typed = { ...scene, values: { b: { a: { type: 'plain_text_input', value: 'Asia/Tokyo' } } } };
    expect(renderBlocks([{ ...text, block_id: 'b' }], typed)).toContain('value="Asia/Tokyo"');
    expect(draw(field({ type: 'conversations_select', default_to_current_conversation: true }))).toMatch(
      /value="C01USAGE" selected/,
    );
    const boxes = draw(field({ type: 'checkboxes', options: [option('x')], initial_options: [option('x')] }));
    expect(boxes).toMatch(/checked=""[^>]*value="x"|value="x"[^>]*checked=""/);
  });
});

test('a field is tied to its label and hint, a group of boxes to its label', () => {
  const input = { type: 'input', block_id: 'when at', label: { text: 'Zone' }, hint: { text: 'IANA' } };
  const text = draw({ ...input, element: { type: 'plain_text_input', action_id: 'a' } });
  expect(text).toContain('for="field-when%20at"');
  expect(text).toMatch(
    /<input[^>]*id="field-when%20at"[^>]*aria-describedby="hint-when%20at"[^>]*aria-required="true"/,
  );
  const search = draw({ ...input, optional: true, element: { type: 'multi_external_select', action_id: 'a' } });
  expect(search).toMatch(/<input id="field-when%20at"[^>]*role="combobox"/);
  expect(search).not.toContain('aria-required');
  const boxes = draw({ ...input, element: { type: 'radio_buttons', action_id: 'a', options: [option('x')] } });
  expect(boxes).toMatch(/role="radiogroup" aria-labelledby="label-when%20at"/);
});

test('days are named as people name them, in the reader’s zone', () => {
  const now = Date.UTC(2026, 10, 20, 1);
  const daysAgo = (days: number) => formatDay(now - days * 86_400_000 + 0.1, now, 'Europe/Berlin');
  expect([0, 1, 2, 400].map((days) => daysAgo(days).replace(',', ''))).toEqual([
    'Today',
    'Yesterday',
    'Wednesday 18 November',
    'Thursday 16 October 2025',
  ]);
  expect(formatDay(now - 3_600_000, now, 'America/New_York')).toBe('Today');
  expect(formatDay(now - 3 * 3_600_000, now, 'Europe/Berlin')).toBe('Yesterday');
});

test('a private message says that it is one', () => {
  const base = {
    type: 'message' as const,
    channel: 'C01USAGE',
    ts: '1795000000.000100',
    user: 'U01HEADROOM',
    team: 'T',
    text: 'hi',
  };
  const draft = (message: object) =>
    renderMessage({ message: { ...base, ...message }, replies: 2, inThread: false, shortcuts: [] }, scene);
  expect(draft({ to: 'U01ALICE' })).toContain('Only visible to you');
  expect(draft({})).not.toContain('Only visible to you');
  expect(draft({})).toContain('2 replies');
});

function select(element: JsonObject): JsonObject {
  return { type: 'actions', elements: [{ action_id: 'a', ...element }] };
}

function option(value: string): JsonObject {
  return { text: { type: 'plain_text', text: value }, value };
}

function pie(label: string): JsonObject {
  return { type: 'pie', segments: [{ label, value: 3 }] };
}

function raw(text: string): JsonObject {
  return { type: 'raw_text', text };
}
