import { once } from 'node:events';
import type { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import { buildAltText } from '../../src/chart/alt-text.ts';
import { type ChartRendererOptions, createChartRenderer } from '../../src/chart/renderer.ts';
import { createLogger } from '../../src/log.ts';
import { rankingOf, tableReport, topClients } from './fixtures.ts';

const running: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  for (const renderer of running.splice(0)) await renderer.stop();
});

function start(options: Partial<ChartRendererOptions> = {}) {
  const lines: string[] = [];
  const log = createLogger('warn', { write: (line) => void lines.push(line) });
  const renderer = createChartRenderer({ log, worker: new URL('./faulty-worker.ts', import.meta.url), ...options });
  running.push(renderer);
  return { renderer, lines };
}

const titled = (title: string) => ({ ...topClients(), title });

describe('the chart renderer', () => {
  it('draws in its thread, with size and alternative text', async () => {
    const { renderer, lines } = start({ worker: new URL('../../src/chart/render.ts', import.meta.url) });
    const picture = await renderer.render(topClients(), { view: 'doughnut' });
    expect(Buffer.from(picture!.png).toString('latin1', 1, 4)).toBe('PNG');
    expect(picture!.width).toBe(880);
    expect(picture!.altText).toBe(buildAltText(topClients(), 'doughnut'));
    expect(picture).not.toHaveProperty('warnings');
    expect(lines).toEqual([]);
  });

  it('ends its thread once nothing is drawn for long, and starts another for the next chart', async () => {
    const threads: Worker[] = [];
    const note = (thread: Worker) => void threads.push(thread);
    process.on('worker', note);
    const { renderer, lines } = start({ restMs: 1 });
    await renderer.render(topClients());
    await once(threads[0]!, 'exit');
    expect((await renderer.render(topClients()))?.width).toBe(880);
    process.off('worker', note);
    expect(threads).toHaveLength(2);
    expect(lines).toEqual([]);
  });

  it('answers undefined where there is nothing to draw', async () => {
    const { renderer } = start();
    expect(await renderer.render(tableReport())).toBeUndefined();
    expect(await renderer.render(rankingOf([]))).toBeUndefined();
  });

  it('answers many at once, each with its own chart', async () => {
    const { renderer } = start();
    const names = ['first', 'second', 'third', 'fourth'];
    const pictures = await Promise.all(names.map((name) => renderer.render(rankingOf([[name, 1]]))));
    for (const [index, picture] of pictures.entries()) expect(picture!.altText).toContain(names[index]);
  });

  it.each(['exit', 'throw'])('survives a thread that falls over (%s)', async (title) => {
    const { renderer, lines } = start();
    const [failed, after] = await Promise.allSettled([renderer.render(titled(title)), renderer.render(topClients())]);
    expect(failed).toMatchObject({ status: 'rejected', reason: { code: 'overloaded' } });
    expect(after).toMatchObject({ status: 'fulfilled', value: { width: 880 } });
    expect(lines.join()).toContain('chart thread replaced');
  });

  it('gives up on a chart that takes too long and draws the next', async () => {
    const { renderer } = start({ timeoutMs: 5_000 });
    const [failed, after] = await Promise.allSettled([renderer.render(titled('hang')), renderer.render(topClients())]);
    expect(failed).toMatchObject({ status: 'rejected', reason: { message: expect.stringContaining('5000 ms') } });
    expect(after).toMatchObject({ status: 'fulfilled', value: { width: 880 } });
  });

  it('refuses what would wait too long', async () => {
    const { renderer } = start({ maxWaiting: 1 });
    const drawing = [renderer.render(topClients()), renderer.render(topClients())];
    await expect(renderer.render(topClients())).rejects.toMatchObject({ code: 'overloaded' });
    await Promise.all(drawing);
    expect(await renderer.render(topClients())).toBeDefined();
  });

  it('rejects what is left when it is stopped, twice if asked, and everything after', async () => {
    const { renderer } = start();
    const left = Promise.allSettled([renderer.render(titled('hang')), renderer.render(topClients())]);
    await renderer.stop();
    await renderer.stop();
    expect((await left).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await expect(renderer.render(topClients())).rejects.toThrow('stopped');
  });
});
