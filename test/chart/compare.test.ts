import { describe, expect, it } from 'vitest';
import { toSvg } from '../../src/chart/render.ts';
import { buildLines } from '../../src/chart/spec/columns.ts';
import { buildComparedRows } from '../../src/chart/spec/compare.ts';
import { buildFrame, type Panel } from '../../src/chart/spec/frame.ts';
import { canDrawBundled } from '../../src/chart/text.ts';
import { COLOR, WIDTH } from '../../src/chart/theme.ts';
import { formatCompact } from '../../src/report/format.ts';
import { rangeOf, seriesOf, topClients } from './fixtures.ts';
import { readTexts } from './read-svg.ts';

async function draw(panel: Panel): Promise<{ svg: string; texts: string[] }> {
  const { svg, warnings } = await toSvg(buildFrame(topClients(), canDrawBundled, { panels: [panel] }));
  expect(warnings).toEqual([]);
  expect(Number(/ width="(\d+)"/.exec(svg)![1])).toBe(WIDTH);
  return { svg, texts: readTexts(svg).map(({ text }) => text) };
}

describe('two ranges', () => {
  const ranges = { now: '14–20 Nov', before: '7–13 Nov' };

  it('stand as two bars in each row, with the change in words', async () => {
    const items = [
      ['erp', 13_900, 12_410],
      ['portal', 9_000, 9_000],
      ['export', 5_120, 1_500],
      ['legacy', 0, 800],
      ['mobile', 640, 0],
      ['batch', 300, 301],
      ['per day', 2667.17, 2686.6],
    ] as const;
    const panel = buildComparedRows(
      items.map(([name, now, before]) => ({ name, now, before })),
      ranges,
      formatCompact,
      { canDraw: canDrawBundled },
    );
    const { svg, texts } = await draw(panel);
    expect(texts).toEqual(
      expect.arrayContaining([...Object.values(ranges), '13.9k · ↑ 12%', '9,000 · same', '5,120 · ↑ 3.4×']),
    );
    expect(texts).toEqual(expect.arrayContaining(['0 · gone', '640 · new', '300 · ↓ <1%', '2,667 · ↓ 1%']));
    expect(svg.split(`fill="${COLOR.before}"`).length).toBeGreaterThan(items.length);
  });

  it('stand as two lines over time, with gaps where nothing was measured', async () => {
    const { bars } = seriesOf('daily', rangeOf('2026-11-14', '2026-11-20', 'day'), (at) => 100 + at * 10);
    const axis = { starts: bars.map(({ startMs }) => startMs), grain: 'day' as const, zone: 'Europe/Berlin' };
    const values = bars.map(({ requests }) => requests);
    const panel = buildLines(
      [
        { key: 'now', color: COLOR.ok, words: ranges.now, values },
        {
          key: 'before',
          color: COLOR.before,
          words: ranges.before,
          values: values.map((value, at) => (at === 3 || at === 5 ? undefined : value * 0.8)),
        },
      ],
      axis,
    );
    const { svg, texts } = await draw(panel);
    expect(texts).toEqual(expect.arrayContaining([...Object.values(ranges), 'Sat', '14', 'Fri', '20']));
    const [before] = [...svg.matchAll(/<path d="(M[^"]+)" stroke="([^"]+)"/g)].filter(
      ([, , color]) => color === COLOR.before,
    );
    expect(before![1]!.match(/M/g)!.length).toBe(3);
  });
});
