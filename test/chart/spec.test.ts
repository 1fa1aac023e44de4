import { describe, expect, it } from 'vitest';
import { measureText } from '../../src/chart/font.ts';
import { canDrawBundled } from '../../src/chart/glyphs.ts';
import { toSvg } from '../../src/chart/render.ts';
import { buildSpec, type ChartView } from '../../src/chart/spec/build.ts';
import type { ChartSpec } from '../../src/chart/spec/marks.ts';
import { COLOR } from '../../src/chart/theme.ts';
import { CHART_CASES } from './cases.ts';
import {
  AWKWARD_NAMES,
  dailyWithLimit,
  dayByHour,
  drillOf,
  historyByPool,
  rangeOf,
  rankingOf,
  seriesOf,
  statusOf,
  tableReport,
  topClients,
} from './fixtures.ts';

interface DrawnText {
  text: string;
  left: number;
  right: number;
  top: number;
  bottom: number;
}

type AnyLayer = {
  mark: { type: string; fontSize: number; fontWeight: 400 | 600; align: string; stroke?: string };
  data: { values: Record<string, unknown>[] };
};

function layersOf(spec: ChartSpec): AnyLayer[] {
  return (spec as unknown as { layer: AnyLayer[] }).layer;
}

function textsOf(spec: ChartSpec): DrawnText[] {
  return layersOf(spec)
    .filter(({ mark }) => mark.type === 'text' && !mark.stroke)
    .flatMap(({ mark, data }) =>
      data.values.map((item) => {
        const { x, y, text } = item as { x: number; y: number; text: string };
        const width = measureText(text, mark.fontSize, mark.fontWeight);
        const left = mark.align === 'right' ? x - width : mark.align === 'center' ? x - width / 2 : x;
        return { text, left, right: left + width, top: y - mark.fontSize * 0.73, bottom: y };
      }),
    );
}

function boxesOf(spec: ChartSpec): Record<string, unknown>[] {
  return layersOf(spec)
    .filter(({ mark }) => mark.type === 'rect')
    .flatMap(({ data }) => data.values);
}

function build(report: Parameters<typeof buildSpec>[0], view: ChartView = 'graph'): ChartSpec {
  return buildSpec(report, view, canDrawBundled)!;
}

describe.each(CHART_CASES)('$name', ({ report, view = 'graph' }) => {
  const spec = build(report, view);

  it('compiles without a warning, into numbers', async () => {
    const { svg, warnings } = await toSvg(spec);
    expect(warnings).toEqual([]);
    expect(svg).not.toMatch(/NaN|undefined|Infinity/);
    expect(svg).toContain('width="640"');
  });

  it('keeps every text inside the picture and legible', () => {
    const { height } = spec as { height: number };
    for (const text of textsOf(spec)) {
      expect(text.left, text.text).toBeGreaterThanOrEqual(0);
      expect(text.right, text.text).toBeLessThanOrEqual(640);
      expect(text.bottom, text.text).toBeLessThan(height);
    }
    for (const { mark } of layersOf(spec)) {
      if (mark.type === 'text') expect(mark.fontSize).toBeGreaterThanOrEqual(13);
    }
  });

  it('strikes no number out with what is usual', () => {
    const ticks = layersOf(spec)
      .filter(({ mark }) => mark.type === 'rule' && (mark as { strokeWidth?: number }).strokeWidth === 2)
      .flatMap(({ data }) => data.values as { x: number; x2: number; y: number }[]);
    const numbers = layersOf(spec).filter(
      ({ mark }) => mark.type === 'text' && mark.fontSize === 13 && mark.fontWeight === 600,
    );
    for (const text of textsOf({ layer: numbers } as unknown as ChartSpec)) {
      const struck = ticks.filter(
        ({ x, x2, y }) => x < text.right && x2 > text.left && y > text.top && y < text.bottom + 2,
      );
      expect(struck, text.text).toEqual([]);
    }
  });

  it('lets no text touch another', () => {
    const texts = textsOf(spec);
    for (const [index, a] of texts.entries()) {
      for (const b of texts.slice(index + 1)) {
        const apart = a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top;
        expect(apart, `"${a.text}" and "${b.text}"`).toBe(true);
      }
    }
  });
});

describe('what is drawn', () => {
  it('says title, finding, range and zone', () => {
    const report = topClients();
    const texts = textsOf(build(report))
      .map(({ text }) => text)
      .join(' ');
    expect(texts).toContain(report.title);
    expect(texts).toContain(report.finding);
    expect(texts).toContain(report.range!.label);
    expect(texts).toContain(report.zone);
  });

  it('names the filters', () => {
    const report = { ...topClients(), filters: [{ key: 'status' as const, patterns: ['429', '5xx'], not: true }] };
    expect(textsOf(build(report)).map(({ text }) => text)).toContainEqual(
      expect.stringContaining('Filters: not status:429 or 5xx'),
    );
  });

  it('is nothing where there are no rows, and for reports that are tables', () => {
    const nothing = [
      rankingOf([]),
      statusOf(rangeOf('2026-11-20', '2026-11-20', 'hour'), () => ({})),
      { ...dailyWithLimit(), bars: [] },
      { ...historyByPool(), months: [] },
      { ...drillOf('x'), sections: [] },
      tableReport(),
    ];
    for (const report of nothing) expect(buildSpec(report, 'graph', canDrawBundled)).toBeUndefined();
  });

  it('ranks at most eight and puts all others, theirs included, in grey', () => {
    const spec = build(rankingOf(Array.from({ length: 20 }, (_, index) => [`c${index}`, 100 - index])));
    const labels = textsOf(spec).map(({ text }) => text);
    expect(labels).toContain('c7');
    expect(labels).not.toContain('c8');
    expect(labels).toContain('12 others');
    const rest = boxesOf(spec).filter(({ color }) => color === COLOR.other);
    expect(rest.map(({ x2 }) => x2)).toEqual([
      Array.from({ length: 12 }, (_, index) => 92 - index).reduce((a, b) => a + b),
    ]);
  });

  it('stands a name by its rank where no font draws it, and tells shortened names apart', () => {
    const labels = textsOf(build(rankingOf(AWKWARD_NAMES.map((name) => [name, 10] as const)))).map(({ text }) => text);
    expect(labels).toContain('#4');
    expect(labels).toContain('#5');
    expect(labels).toContain('Служба выставления счетов');
    expect(labels).toContain('<script>alert("1 & 2")</script>');
    const both = labels.filter((label) => label.startsWith('a name of'));
    expect(new Set(both).size).toBe(both.length);
  });

  it('paints days above the limit in another colour and the partial one paler', () => {
    const report = dailyWithLimit();
    const bars = boxesOf(build(report)).filter(({ y, color }) => y === 0 && color !== '#FFFFFF');
    const over = report.bars.filter(({ requests }) => requests > report.limit!.value);
    expect(bars.filter(({ color }) => color === COLOR.limit)).toHaveLength(over.length);
    expect(bars.filter(({ opacity }) => Number(opacity) < 1).map(({ y2 }) => y2)).toEqual([21_044]);
  });

  it('stands a single server error on a scale of its own', () => {
    const report = statusOf(rangeOf('2026-11-20', '2026-11-20', 'hour'), (hour) => ({
      '200': 1_000_000,
      '500': hour === 3 ? 1 : 0,
    }));
    const layers = layersOf(build(report)) as unknown as { encoding: { y?: { scale?: { domain: number[] } } } }[];
    const tops = layers.map(({ encoding }) => encoding.y?.scale?.domain[1]).filter((top) => top !== undefined);
    expect(Math.min(...tops)).toBeLessThan(1.5);
    expect(Math.max(...tops)).toBeGreaterThan(1_000_000);
  });

  it('says the most server errors of a step', () => {
    const report = statusOf(rangeOf('2026-11-20', '2026-11-20', 'hour'), (hour) => ({ '200': 900, '500': hour % 7 }));
    expect(textsOf(build(report)).map(({ text }) => text)).toContain('5xx alone, per hour: at most 6');
  });

  it('draws one day as a bar, not as a wall', () => {
    const report = seriesOf('daily', rangeOf('2026-11-20', '2026-11-20', 'day'), () => 5);
    const [bar] = boxesOf(build(report)).filter(({ y }) => y === 0);
    expect(Number(bar!.x2) - Number(bar!.x)).toBe(96);
  });

  it.each([
    ['2026-10-25', 25, 'Clocks go back: the hour 02:00 comes twice.'],
    ['2026-03-29', 23, 'Clocks go forward: 03:00 follows 01:00.'],
  ])('draws %s with %d hours and says why', (date, hours, footnote) => {
    const spec = build(dayByHour(date));
    expect(boxesOf(spec).filter(({ y }) => y === 0)).toHaveLength(hours);
    expect(textsOf(spec).map(({ text }) => text)).toContain(footnote);
  });

  it('draws a past day without hourly totals as one bar of a day', () => {
    const report = dayByHour('2026-06-01');
    const spec = build({ ...report, bars: report.bars.slice(0, 1), usual: undefined });
    const texts = textsOf(spec).map(({ text }) => text);
    expect(texts).toContain('requests per day');
    expect(texts).toContain('Mon 1');
  });

  it('counts ranks from the first row of the page', () => {
    const report = rankingOf([['請求', 5]]);
    const spec = build({ ...report, question: { ...report.question, offset: 10 } });
    expect(textsOf(spec).map(({ text }) => text)).toContain('#11');
  });

  it('stacks overage on top of the pools, up to the total', () => {
    const report = historyByPool();
    const parts = boxesOf(build(report)).filter(({ opacity, color }) => opacity === 1 && color === COLOR.overage);
    const tops = report.months.filter(({ drawn }) => drawn.overage! > 0).map(({ total }) => total / 1000);
    expect(parts.map(({ y2 }) => y2).filter((y) => Number(y) > 1000)).toEqual(tops);
  });

  it('draws a limit far above the bars in words, not as a line that flattens them', () => {
    const report = seriesOf('daily', rangeOf('2026-11-14', '2026-11-20', 'day'), () => 10, {
      limit: { name: 'Fair use', value: 10_000 },
    });
    expect(textsOf(build(report)).map(({ text }) => text)).toContain('Fair use: 10 k per day is above this scale.');
  });
});
