import fc from 'fast-check';
import { expect, it } from 'vitest';
import { buildNotice } from '../../src/messages/answer-message.ts';
import { MAX_FALLBACK_TEXT, MAX_MESSAGE_CHARACTERS } from '../../src/messages/limits.ts';
import {
  type Block,
  buildTable,
  button,
  clipMarkup,
  countCharacters,
  fitMessage,
  header,
  leaf,
  markdown,
  option,
  plainContext,
  plainText,
  richList,
  richText,
} from '../../src/messages/text.ts';
import {
  countTexts,
  findBlockErrors,
  MAX_MESSAGE_CHARACTERS as REFUSED_ABOVE,
} from '../../src/playground/emulator/blocks.ts';
import { size } from '../support/size.ts';

function faultsOf(blocks: readonly Block[]): string[] {
  const size = countTexts(blocks) > REFUSED_ABOVE ? ['msg_blocks_too_long'] : [];
  return [...findBlockErrors(blocks, 'message'), ...size];
}

const nothings = ['', ' ', '\n', '\t \u00a0', '\u200b', '\u202e', '\u2060\u2066'];
const texts = fc.oneof(fc.constantFrom(...nothings), fc.string({ unit: 'grapheme', maxLength: 5000 }));

it('builders make no text that Slack takes for empty, whatever they are given', () => {
  fc.assert(
    fc.property(fc.array(texts, { maxLength: 12 }), texts, (many, text) => {
      const columns = [text, '', text].map((label, key) => ({ key: String(key), label, type: 'text' }) as const);
      const rows = many.map((name) => [name, text, null]);
      const table = buildTable({ columns, rows }, 'UTC', 20_000);
      const blocks: Block[] = [
        header(text),
        richText(text),
        richText(...many),
        richText({ type: 'link', url: 'https://example.com', text }),
        richList(many.map((item) => [item, leaf(text)])),
        plainContext(...many),
        { type: 'section', text: markdown(text) },
        { type: 'section', fields: [plainText(text, 2000)] },
        { type: 'actions', elements: [button({ action: 'a', text, value: 'x', spoken: text })] },
        { type: 'actions', elements: [{ type: 'overflow', action_id: 'b', options: [option(text, 'x')] }] },
        ...(table ? [table.block] : []),
      ];
      expect(faultsOf(fitMessage({ text, blocks }).blocks)).toEqual([]);
      expect(fitMessage({ text, blocks }).text.trim()).not.toBe('');
    }),
    { numRuns: size(15, 600) },
  );
});

const buttons: Block = { type: 'actions', elements: [button({ action: 'a', text: 'Help', value: 'help' })] };

it('any message comes within the limits, and its buttons stay', () => {
  const block = fc.oneof(
    texts.map((text) => richText(text)),
    fc.array(texts, { maxLength: 30 }).map((items) => richList(items.map((item) => [item]))),
    fc.array(texts, { maxLength: 10 }).map((lines) => plainContext(...lines)),
  );
  fc.assert(
    fc.property(fc.array(block, { maxLength: 70 }), texts, (body, text) => {
      const { blocks, text: told } = fitMessage({ text: text.repeat(4), blocks: [...body, buttons] });
      expect(faultsOf(blocks)).toEqual([]);
      expect(countCharacters(blocks)).toBeLessThanOrEqual(MAX_MESSAGE_CHARACTERS);
      expect(told.length).toBeLessThanOrEqual(MAX_FALLBACK_TEXT);
      expect(blocks.at(-1)).toEqual(buttons);
    }),
    { numRuns: size(15, 600) },
  );
});

it('a table that is too much loses rows, not the message its other blocks', () => {
  const columns = [{ key: 'name', label: 'Name', type: 'text' }] as const;
  const rows = Array.from({ length: 99 }, (_, index) => [`${index} ${'x'.repeat(70)}`]);
  const { block } = buildTable({ columns, rows }, 'UTC', 20_000)!;
  const message = { text: 'Top clients', blocks: [richText('y'.repeat(2500)), block, buttons] };
  const fitted = fitMessage(message).blocks;
  expect(fitted.map(({ type }) => type)).toEqual(['rich_text', 'table', 'actions']);
  expect(fitted[0]).toEqual(message.blocks[0]);
  expect((fitted[1]!.rows as unknown[]).length).toBeGreaterThan(80);
});

it('a notice of very many lines is one that Slack takes, with its buttons', () => {
  const lines = Array.from({ length: 200 }, (_, index) => `crm/Pool ${index}: base 50,000 → 60,000 from today`);
  const { text, blocks } = fitMessage(buildNotice(['Saved:', ...lines], [{ label: 'Alerts', command: 'alerts' }]));
  expect(faultsOf(blocks)).toEqual([]);
  expect(countTexts(blocks)).toBeLessThanOrEqual(MAX_MESSAGE_CHARACTERS);
  expect(text.length).toBeLessThanOrEqual(MAX_FALLBACK_TEXT);
  expect([blocks.length, blocks[0]!.type, blocks.at(-1)!.type]).toEqual([50, 'rich_text', 'actions']);
});

it('what fits is not touched', () => {
  const message = { text: 'Used 3 of 4.', blocks: [richText('Used 3 of 4.'), buttons] };
  expect(fitMessage(message)).toBe(message);
});

it.each([
  ['inside an escaped character', `${'x'.repeat(97)}&lt;&lt;`, 'x'.repeat(97)],
  ['inside a mention', `${'x'.repeat(95)}<@U01ALICE> and more`, 'x'.repeat(95)],
])('markup is never cut %s', (_, text, rest) => {
  expect(clipMarkup(text, 100)).toBe(`${rest}…`);
});
