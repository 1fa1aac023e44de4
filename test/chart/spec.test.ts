import { beforeAll, describe, expect, it } from 'vitest';
import { toSvg } from '../../src/chart/render.ts';
import { buildSpec, type ChartView } from '../../src/chart/spec/build.ts';
import { PLOT, placeNote } from '../../src/chart/spec/columns.ts';
import type { ChartSpec } from '../../src/chart/spec/frame.ts';
import { canDrawBundled } from '../../src/chart/text.ts';
import { COLOR, LEVEL_COLOR, WIDTH } from '../../src/chart/theme.ts';
import { CHART_CASES } from './cases.ts';
import {
  AWKWARD_NAMES,
  balanceOf,
  cardOf,
  comparedMonths,
  dailyWithLimit,
  dayByHour,
  drillOf,
  failingDay,
  historyByPool,
  oddDay,
  oddMonth,
  poolStack,
  rangeOf,
  rankingOf,
  seriesOf,
  statusOf,
  summaryOfScopes,
  tableReport,
  topClients,
  totalsOf,
} from './fixtures.ts';
import { type DrawnText, readTexts } from './read-svg.ts';

type Report = Parameters<typeof buildSpec>[0];

interface AnyLayer {
  mark: { type: string; shape?: string; interpolate?: string };
  data: { values: Record<string, unknown>[] };
  encoding: Record<string, { scale?: { domain: unknown[]; range: unknown[] } }>;
}

function build(report: Report, view: ChartView = 'graph'): ChartSpec {
  return buildSpec(report, view, canDrawBundled)!;
}

function panelsOf(report: Report, view?: ChartView): (Pick<AnyLayer, 'encoding'> & { layer: AnyLayer[] })[] {
  return (build(report, view) as unknown as { vconcat: ReturnType<typeof panelsOf> }).vconcat;
}

function layersOf(report: Report, view?: ChartView): AnyLayer[] {
  return panelsOf(report, view).flatMap(({ layer }) => layer);
}

/** Lists the parts of stacked bars. */
function partsOf(report: Report): Record<string, unknown>[] {
  return layersOf(report)
    .filter(({ mark, encoding }) => mark.type === 'bar' && 'order' in encoding)
    .flatMap(({ data }) => data.values);
}

async function textsOf(report: Report, view?: ChartView): Promise<string[]> {
  return readTexts((await toSvg(build(report, view))).svg).map(({ text }) => text);
}

it('breaks a long title at a word, and cuts it there after two lines', async () => {
  const title = 'Clients that made no requests with API version v1';
  const short = await textsOf({ ...topClients(), title });
  expect(short).toEqual(expect.arrayContaining(['Clients that made no requests with API', 'version v1']));
  const long = await textsOf({ ...topClients(), title: `${title} ${'or another '.repeat(9)}` });
  expect(long).toContain('Clients that made no requests with API');
  expect(long).toContainEqual(expect.stringMatching(/^version v1 or another or another.* (or|another) …$/));
});

describe.each(CHART_CASES)('$name', ({ report, view = 'graph' }) => {
  let svg: string;
  let texts: DrawnText[];
  let warnings: string[];
  beforeAll(async () => {
    ({ svg, warnings } = await toSvg(build(report, view)));
    texts = readTexts(svg);
  });

  it('compiles without a warning, into numbers, as wide as all others', () => {
    expect(warnings).toEqual([]);
    expect(/.{30}(NaN|undefined|Infinity).{30}/.exec(svg)?.[0]).toBeUndefined();
    expect(Number(/ width="(\d+)"/.exec(svg)![1])).toBe(WIDTH);
  });

  it('keeps every text inside the picture, and at least 12 pixels high on a phone that shows it 360 wide', () => {
    const height = Number(/ height="(\d+)"/.exec(svg)![1]);
    expect(texts.length).toBeGreaterThan(2);
    for (const { text, size, left, right, bottom } of texts) {
      expect(left, text).toBeGreaterThanOrEqual(0);
      expect(right, text).toBeLessThanOrEqual(WIDTH);
      expect(bottom, text).toBeLessThan(height);
      expect((size * 360) / WIDTH, text).toBeGreaterThanOrEqual(12);
    }
  });

  it('lets no text touch another', () => {
    for (const [index, a] of texts.entries()) {
      for (const b of texts.slice(index + 1)) {
        const apart = a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top;
        expect(apart, `"${a.text}" and "${b.text}"`).toBe(true);
      }
    }
  });
});

describe('what is drawn', () => {
  it('says title, range and zone, and leaves the finding to the message', async () => {
    const report = topClients();
    const texts = await textsOf(report);
    expect(texts).toContain(report.title);
    expect(texts).toContain(`${report.range!.label} · ${report.zone}`);
    expect(texts.join(' ')).not.toContain('97,118');
  });

  it('says how far the data go where they still grow', async () => {
    const today = { ...rangeOf('2026-11-21', '2026-11-21', 'hour'), partial: true };
    expect(await textsOf(seriesOf('day', today, () => 5))).toContain('2026-11-21 · as of 14:02 · Europe/Berlin');
    expect(await textsOf(summaryOfScopes())).toContain('as of Sat 21 Nov 14:02 · Europe/Berlin');
  });

  it('names the filters', async () => {
    const report = { ...topClients(), filters: [{ key: 'status' as const, patterns: ['429', '5xx'], not: true }] };
    expect(await textsOf(report)).toContainEqual(expect.stringContaining('Filters: not status:429 or 5xx'));
  });

  it('is nothing where there are no rows, and for reports that are tables', () => {
    const nothing = [
      rankingOf([]),
      statusOf(rangeOf('2026-11-20', '2026-11-20', 'hour'), () => ({})),
      { ...dailyWithLimit(), bars: [] },
      { ...historyByPool(), months: [] },
      { ...drillOf('x'), sections: [] },
      { ...summaryOfScopes(), cards: [] },
      tableReport(),
    ];
    for (const report of nothing) expect(buildSpec(report, 'graph', canDrawBundled)).toBeUndefined();
  });
});

describe('a ranking', () => {
  it('draws at most ten, and says the others in words, so that a thousand of them flatten nothing', async () => {
    const report = rankingOf(
      Array.from({ length: 12 }, (_, index) => [`c${index}`, 100 - index]),
      { ...totalsOf(50_000), count: 1_037 },
    );
    const texts = await textsOf(report);
    expect(texts).toContain('c9');
    expect(texts).not.toContain('c10');
    expect(texts).toContain('1,039 others');
    expect(Math.max(...partsOf(report).map(({ size }) => Number(size)))).toBe(100);
  });

  it('counts values beyond the cap among the others', async () => {
    const report = rankingOf([
      ['a', 700],
      ['(other)', 90_000],
    ]);
    expect(await textsOf(report)).toContain('All others');
    expect(partsOf(report)).toEqual([expect.objectContaining({ size: 700 })]);
  });

  it('shows what is there, however little, without a bar too long', () => {
    const report = rankingOf([
      ['huge', 1e9, 3],
      ['b', 3],
    ]);
    const sizes = partsOf(report).map(({ row, key, size }) => [row, key, Number(size) / 1e9]);
    expect(sizes).toEqual([
      [0, 'ok', expect.closeTo(0.993, 5)],
      [0, 'failed', 0.007],
      [1, 'ok', 0.007],
    ]);
  });

  it('tells failures apart, with their share from one percent on', async () => {
    const report = rankingOf([
      ['a', 1000, 10],
      ['b', 1000, 9],
    ]);
    expect(partsOf(report).filter(({ key }) => key === 'failed')).toMatchObject([{ size: 10 }, { size: 9 }]);
    const texts = await textsOf(report);
    expect(texts).toContain('1% failed');
    expect(texts).not.toContain('0.9% failed');
  });

  it('tells shortened names apart', async () => {
    const texts = await textsOf(rankingOf(AWKWARD_NAMES.map((name) => [name, 10] as const)));
    expect(texts).toContain('Служба выставления счетов');
    expect(texts).toContain('<script>alert("1 & 2")</script>');
    const both = texts.filter((text) => text.startsWith('a name of'));
    expect(new Set(both).size).toBe(2);
  });

  it('counts ranks from the first row of the page', async () => {
    const report = rankingOf([['\u{10fff0}', 5]]);
    expect(await textsOf({ ...report, question: { ...report.question, offset: 10 } })).toContain('#11');
  });
});

describe('time', () => {
  it('stacks failures on each bar and keeps the limit and the usual apart from them', () => {
    const { bars } = oddMonth();
    const failed = partsOf(oddMonth()).filter(({ key }) => key === 'failed');
    expect(failed.map(({ size }) => size)).toEqual(bars.map((bar) => bar.failed));
    const band = layersOf(oddMonth()).find(({ mark }) => mark.type === 'area')!;
    expect(band.data.values).toHaveLength(30);
    expect(band.data.values[0]).toEqual({ step: 0, size: 5780, high: 7300 });
  });

  it('marks odd steps and says how far the oddest is from the usual', async () => {
    const odd = layersOf(oddDay()).filter(({ mark }) => mark.shape === 'triangle-down');
    expect(odd.map(({ data }) => data.values)).toEqual([[{ step: 18, size: 566 }]]);
    expect(await textsOf(oddDay())).toContain('566 · 4.5× usual');
    expect(await textsOf(oddMonth())).toContain('82% less');
    const day = oddDay();
    const bars = day.bars.map((bar, hour) => ({ ...bar, ...(hour > 14 ? totalsOf(hour === 18 ? 0 : 90, 0) : {}) }));
    expect(await textsOf({ ...day, bars })).toContain('none');
  });

  it.each([0, 1, 12, 22, 23])('has no number struck through by the line of a mark: step %i of a day', (step) => {
    const starts = Array.from({ length: 24 }, (_, hour) => hour * 3_600_000);
    const axis = { starts, grain: 'hour' as const, zone: 'UTC' };
    const line = ((step + 0.5) * PLOT) / 24;
    const marks = [{ atMs: starts[step]! + 60_000, label: 'Alert 90%' }];
    const { left, right } = placeNote(step, '566 · 4.5× usual', axis, marks);
    expect(right <= line + 0.001 || left >= line - 0.001).toBe(true);
    expect([left >= -0.001, right <= PLOT + 0.001]).toEqual([true, true]);
    expect(placeNote(step, '566 · 4.5× usual', axis, [{ atMs: -1, label: 'before' }])).toEqual(
      placeNote(step, '566 · 4.5× usual', axis),
    );
  });

  it('marks a step of which far more failed than usual, and says how much', async () => {
    const [marked] = layersOf(failingDay()).filter(({ mark }) => mark.shape === 'triangle-down');
    expect(marked!.data.values).toEqual([{ step: 8, size: 128, isFailing: true }]);
    expect(await textsOf(failingDay())).toContain('39.8% failed');
  });

  it('draws days of other weekdays as running totals, says so in its title, and shows each day below', async () => {
    const linesOf = (report: Report) => layersOf(report).find(({ mark }) => mark.type === 'line')!.data.values;
    const months = comparedMonths();
    const last = linesOf(months).findLast(({ key, size }) => key === 'now' && size !== null)!;
    expect(last).toMatchObject({ step: 29, size: months.steps!.reduce((sum, { now = 0 }) => sum + now, 0) });
    const texts = await textsOf(months);
    expect(texts).toContain('Requests so far, day by day');
    expect(texts).not.toContain(months.title);
    expect(texts.join(' ')).toContain(`${months.title}, ${months.range.label}, peak 6,400`);
    const odd = months.steps!.map((step, index) => (index === 17 ? { ...step, now: 20_000 } : step));
    const parts = partsOf({ ...months, steps: odd });
    expect(parts.find(({ step }) => step === 17)).toMatchObject({ size: 20_000 });
    expect(parts.filter(({ size }) => Number(size) > 6_400)).toHaveLength(1);
    const weeks = months.steps!.map((step) => ({ ...step, beforeMs: step.startMs - 28 * 86_400_000 }));
    const aligned = { ...months, steps: weeks };
    expect(linesOf(aligned)[0]).toMatchObject({ size: months.steps![0]!.before });
    expect(await textsOf(aligned)).toContain(months.title);
    expect(partsOf(aligned)).toEqual([]);
  });

  it('draws a line with its label where something happened', async () => {
    const rules = layersOf(oddMonth()).filter(({ mark }) => mark.type === 'rule');
    expect(rules[0]!.data.values.map(({ step }) => step)).toEqual([6, 21]);
    expect(await textsOf(oddMonth())).toEqual(expect.arrayContaining(['v2.4.1', 'v2.5.0']));
    const crowded = {
      ...oddMonth(),
      marks: oddMonth().bars.map(({ startMs }) => ({ atMs: startMs, label: 'deploy' })),
    };
    expect((await textsOf(crowded)).filter((text) => text === 'deploy').length).toBeLessThan(8);
    // A label with characters that cannot be drawn must not prevent the picture.
    const odd = { ...oddMonth(), marks: [{ atMs: oddMonth().bars[3]!.startMs, label: 'v\u00013 \u202e\ud800' }] };
    expect(await textsOf(odd)).toContain('v 3');
  });

  it('paints a partial step paler and says so', async () => {
    const report = dailyWithLimit();
    expect(partsOf(report).filter(({ partial }) => partial)).toMatchObject([{ step: 29, size: 21_044 }]);
    expect(await textsOf(report)).toContain('Paler: day not complete');
  });

  it('says a limit far above the bars in words, and one that no text could stand at', async () => {
    const week = rangeOf('2026-11-14', '2026-11-20', 'day');
    const far = seriesOf('daily', week, () => 10, { limit: { name: 'Fair use', value: 10_000 } });
    expect(await textsOf(far)).toContain('Fair use 10k per day: far above this scale');
    const below = seriesOf('daily', week, () => 90, { limit: { name: 'Fair use', value: 80 } });
    expect(await textsOf(below)).toContain('Dashed: Fair use 80');
    expect(layersOf(below).some(({ mark }) => mark.type === 'rule')).toBe(true);
  });

  it.each([
    ['2026-10-25', 25, 'Clocks go back: the hour 02:00 comes twice.'],
    ['2026-03-29', 23, 'Clocks go forward: 03:00 follows 01:00.'],
  ])('draws %s with %d hours and says why', async (date, hours, remark) => {
    expect(new Set(partsOf(dayByHour(date)).map(({ step }) => step)).size).toBe(hours);
    expect(await textsOf(dayByHour(date))).toContain(remark);
  });

  it('gives server errors a panel and a scale of their own, where they are too few to be seen', async () => {
    const day = rangeOf('2026-11-20', '2026-11-20', 'hour');
    const report = statusOf(day, (hour) => ({ '200': 1_000_000, '500': hour === 3 ? 1 : 0 }));
    const many = statusOf(day, () => ({ '200': 100, '500': 50 }));
    expect((await textsOf(many)).join()).not.toContain('peak');
    const tops = panelsOf(report).map(({ encoding }) => encoding.y?.scale?.domain[1]);
    expect(tops).toEqual([1_000_001 * 1.04, 1.1]);
    expect(await textsOf(report)).toContain('Server errors (5xx) per hour, peak 1');
  });

  it('draws the rates that are asked for as a line of their own', async () => {
    const report = statusOf(rangeOf('2026-11-20', '2026-11-20', 'hour'), () => ({ '200': 100, '500': 1 }));
    const rated = { ...report, steps: report.steps.map((step, hour) => ({ ...step, rate: hour % 3 })) };
    const line = layersOf(rated).find(({ mark }) => mark.type === 'line')!;
    expect(line.data.values.slice(0, 4).map(({ size }) => size)).toEqual([0, 1, 2, 0]);
    expect(await textsOf(rated)).toContain('% that failed per hour: 0% to 2%');
  });

  it('stacks overage on top of the pools, in the colour of what is used up', () => {
    const report = historyByPool();
    const [stack] = layersOf(report).filter(({ encoding }) => 'order' in encoding);
    const { domain, range } = stack!.encoding.color!.scale!;
    expect(range.at(-1)).toBe(LEVEL_COLOR.exhausted);
    const over = partsOf(report).filter(({ key }) => key === domain.at(-1));
    expect(over.map(({ size }) => size)).toEqual(
      report.months.flatMap(({ drawn }) => (drawn.overage! > 0 ? [Number(drawn.overage) / 1000] : [])),
    );
  });
});

describe('pools', () => {
  const reportOf = (...percents: number[]) => ({
    ...poolStack(),
    scopes: [
      {
        ...poolStack().scopes[0]!,
        pools: percents.map((percent) => balanceOf(`p${percent}`, percent, 100)),
        limits: [],
        overage: 0,
      },
    ],
  });

  it('have a colour and a word for each level', async () => {
    const report = reportOf(74, 75, 90, 100);
    expect(partsOf(report).map(({ key }) => key)).toEqual(['healthy', 'approaching', 'critical', 'exhausted']);
    expect(await textsOf(report)).toEqual(
      expect.arrayContaining(['74%', '75% approaching', '90% critical', '100% exhausted', 'Marks at 75% and 90%']),
    );
  });

  it('are not squeezed by one far over its amount: its bar is broken, its track stays', () => {
    const report = reportOf(99, 104, 505);
    expect(partsOf(report).map(({ size }) => size)).toEqual([99, 104, 112]);
    const broken = layersOf(report).filter(({ mark }) => mark.shape?.startsWith('M'));
    expect(broken.map(({ data }) => data.values)).toEqual([[{ row: 2, size: 106 }]]);
    const track = layersOf(report)[0]!;
    expect(track.data.values).toEqual([0, 1, 2].map((row) => ({ row, size: 100 })));
  });

  it('that are many show the worst, scope by scope, and of a stack what still gives', async () => {
    const scopeOf = (title: string, used: readonly number[]) => {
      const pools = used.map((each, index) => balanceOf(`${title}${index}`, each, 100));
      const current = pools.find(({ left }) => left > 0) ?? pools.at(-1)!;
      return { ...poolStack().scopes[0]!, title, pools, current, level: current.level, limits: [], overage: 0 };
    };
    const stack = scopeOf('stack', [100, 100, 100, 40]);
    const scopes = [stack, ...[1, 2, 3, 4, 5].map((each) => scopeOf(`calm${each}-`, [each])), scopeOf('worst', [95])];
    const shown = partsOf({ ...poolStack(), scopes }).map(({ key, size }) => [key, size]);
    expect(shown).toEqual([
      ['critical', 95],
      ['exhausted', 100],
      ['healthy', 40],
      ...[5, 4, 3, 2, 1].map((size) => ['healthy', size]),
    ]);
    const texts = await textsOf({ ...poolStack(), scopes });
    expect(texts.filter((text) => scopes.some(({ title }) => title === text))).toEqual([
      ...['worst', 'stack', 'calm5-', 'calm4-', 'calm3-', 'calm2-', 'calm1-'],
    ]);
    expect(texts.join(' ')).toContain('2 more in the table');
  });

  it('stand worst first in the summary, with every limit that is not healthy', async () => {
    const cards = [
      cardOf('calm', balanceOf('Daily', 1, 100)),
      cardOf('worst', balanceOf('Daily', 95, 100), {
        limits: [balanceOf('Fair use', 80, 100), balanceOf('Night', 1, 100)],
      }),
      cardOf('none', undefined),
    ];
    const texts = await textsOf({ ...summaryOfScopes(), cards });
    const names = ['worst', 'worst: Fair use (limit)', 'calm', 'none'];
    expect(texts.filter((text) => names.includes(text))).toEqual(names);
    expect(texts.join()).not.toContain('Night');
  });
});

describe('a doughnut', () => {
  it('has at most five slices, whose rest is grey', () => {
    const report = rankingOf(Array.from({ length: 20 }, (_, index) => [`c${index}`, 100 - index]));
    const ring = layersOf(report, 'doughnut').find(({ mark }) => mark.type === 'arc')!;
    expect(ring.data.values).toHaveLength(5);
    expect(ring.data.values.at(-1)).toMatchObject({ name: '16 others', color: COLOR.other });
  });
});
