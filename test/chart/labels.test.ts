import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  canDrawBundled,
  cleanText,
  createGlyphProbe,
  drawableText,
  isBundled,
  measureText,
  shortenText,
  toLabels,
  wrapText,
} from '../../src/chart/text.ts';

const anyText = fc.string({ unit: 'binary', maxLength: 80 });
const latinText = fc.string({ unit: 'binary-ascii', maxLength: 120 });

describe('a line that is broken', () => {
  it('does not end with the separator before what comes next', () => {
    expect(wrapText('one range vs another · Europe/Berlin', 200, 15)).toEqual([
      'one range vs another',
      'Europe/Berlin',
    ]);
  });
});

describe('labels', () => {
  it('fit their width and are told apart, whatever the names', () => {
    const names = fc.uniqueArray(fc.oneof(anyText, latinText, fc.constantFrom('a', ' a', 'a\u200b')), {
      maxLength: 12,
    });
    fc.assert(
      fc.property(names, (texts) => {
        const labels = toLabels(texts, 200, 14, canDrawBundled);
        expect(new Set(labels).size).toBe(texts.length);
        for (const label of labels) {
          expect(measureText(label, 14)).toBeLessThanOrEqual(200);
          expect(isBundled(label)).toBe(true);
        }
      }),
    );
  });

  it('keep both ends of a name', () => {
    const [label] = toLabels([`/v1/${'segment/'.repeat(20)}items`], 200, 14, canDrawBundled);
    expect(label).toMatch(/^\/v1\/segm.*….*items$/);
  });

  it('are the names themselves in every script that a bundled font draws', () => {
    const names = [
      'acme',
      'Ωmega',
      'Ж',
      '請求サービス',
      '한국어',
      'خدمة الفواتير',
      'עברית',
      'บริการ',
      '🚀 rocket',
      '🚀 請求',
    ];
    expect(toLabels(names, 300, 14, canDrawBundled)).toEqual(names);
  });

  it('are the rank where no font has a character, or letters of several joining scripts meet', () => {
    expect(toLabels(['a', '\u{10fff0}', 'हिन्दी', 'خدمة 請求'], 200, 14, canDrawBundled)).toEqual([
      'a',
      '#2',
      '#3',
      '#4',
    ]);
    expect(createGlyphProbe()('हिन्दी सेवा')).toBe(false);
    expect(createGlyphProbe()('خدمة 請求')).toBe(false);
  });

  it('take the first part of a joined emoji, and the letters of a flag', () => {
    expect(toLabels(['👩‍👩‍👧‍👦 home', '👍🏿', '🇩🇪 billing', '❤️', '1️⃣'], 200, 14, canDrawBundled)).toEqual([
      '👩 home',
      '👍',
      'DE billing',
      '❤',
      '1',
    ]);
    expect(toLabels(['👩‍🚀', '👩‍🌾'], 200, 14, canDrawBundled)).toEqual(['👩 #1', '👩 #2']);
  });

  it('carry no invisible characters', () => {
    expect(cleanText('\u202eab\u0000c\u200d\n d\ufe0f')).toBe('ab c d');
    expect(cleanText('a\u200db\u200c')).toBe('ab');
    expect(cleanText('👩\u200d👩\u200d👧\u200d👦')).toBe('👩\u200d👩\u200d👧\u200d👦');
    expect(cleanText('می\u200cخواهم')).toBe('می\u200cخواهم');
  });
});

describe('free text', () => {
  it('leaves out what cannot be drawn', () => {
    expect(drawableText('acme made 3, தமிழ் 1.', canDrawBundled)).toBe('acme made 3, … 1.');
  });

  it('wraps into lines that fit, and loses nothing while there is room', () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[a-z0-9,.]{1,12}$/), { maxLength: 60 }), (words) => {
        const text = words.join(' ');
        const lines = wrapText(text, 300, 15, { maxLines: 100 });
        expect(lines.join(' ')).toBe(text);
        const few = wrapText(text, 300, 15, { maxLines: 2 });
        expect(few.length).toBeLessThanOrEqual(2);
        for (const line of [...lines, ...few]) expect(measureText(line, 15)).toBeLessThanOrEqual(300);
        if (lines.length > 2) expect(few[1]).toMatch(/ ?…$/);
      }),
    );
  });

  it('is not shortened where it fits', () => {
    expect(shortenText('acme', measureText('acme', 14), 14)).toBe('acme');
    expect(shortenText('acme', measureText('acme', 14) - 0.1, 14)).toContain('…');
  });
});
