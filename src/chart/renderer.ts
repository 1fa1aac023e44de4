import { Worker } from 'node:worker_threads';
import type { Picture } from '../domain/picture.ts';
import type { Report } from '../domain/report.ts';
import { HeadroomError } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { RenderJob, RenderOutcome } from './render.ts';
import type { ChartView } from './spec/build.ts';

export interface ChartRenderer {
  /**
   * Draws a report; undefined if there is nothing to draw. Rejects with HeadroomError (`overloaded`) if too many charts wait, the
   * chart took too long, or the thread failed; the next chart gets a new thread.
   */
  render(report: Report, options?: { view?: ChartView | undefined }): Promise<Picture | undefined>;
  /** Rejects waiting charts and ends the thread; nothing is drawn afterwards. */
  stop(): Promise<void>;
}

export interface ChartRendererOptions {
  log: Logger;
  /** Limit for one chart, from when drawing begins; the first one includes the start of the thread. */
  timeoutMs?: number;
  /** An idle thread ends after this time: it holds some 50 MiB, and a new one starts in half a second. */
  restMs?: number;
  /** How many charts may wait besides the one being drawn. */
  maxWaiting?: number;
  /** Script of the thread. */
  worker?: URL;
}

interface Waiting extends RenderJob {
  resolve(picture: Picture | undefined): void;
  reject(error: Error): void;
}

/** Draws one chart after another in its own thread, so that Slack is answered meanwhile. The first chart starts the thread. */
export function createChartRenderer({
  log,
  timeoutMs = 10_000,
  restMs = 600_000,
  maxWaiting = 50,
  worker: script = new URL('./render.ts', import.meta.url),
}: ChartRendererOptions): ChartRenderer {
  const waiting: Waiting[] = [];
  let thread: Worker | undefined;
  let current: { job: Waiting; timer: NodeJS.Timeout } | undefined;
  let rest: NodeJS.Timeout | undefined;
  let stopped = false;

  function startThread(): Worker {
    const started = new Worker(script, { resourceLimits: { maxOldGenerationSizeMb: 512 } });
    started.on('message', (outcome: RenderOutcome) => {
      if (started === thread) settle(outcome);
    });
    started.on('error', (error) => replaceThread(started, `fell over: ${String(error)}`));
    started.on('exit', (code) => replaceThread(started, `ended with code ${code}`));
    return started;
  }

  function next(): void {
    if (current || stopped) return;
    const job = waiting.shift();
    if (!job) {
      // An idle thread does not keep the process alive.
      thread?.unref();
      clearTimeout(rest);
      rest = setTimeout(endThread, restMs).unref();
      return;
    }
    thread ??= startThread();
    thread.ref();
    const drawing = thread;
    const timer = setTimeout(() => replaceThread(drawing, `took longer than ${timeoutMs} ms`), timeoutMs);
    current = { job, timer };
    drawing.postMessage({ report: job.report, view: job.view } satisfies RenderJob);
  }

  function endThread(): Promise<unknown> | undefined {
    if (current) return undefined;
    const ended = thread;
    thread = undefined;
    return ended?.terminate();
  }

  function takeCurrent(): Waiting | undefined {
    clearTimeout(current?.timer);
    const job = current?.job;
    current = undefined;
    return job;
  }

  function settle(outcome: RenderOutcome): void {
    const job = takeCurrent();
    if (outcome.ok && outcome.chart) {
      const { warnings, ...picture } = outcome.chart;
      if (warnings.length > 0) log.warn({ report: job?.report.kind, warnings }, 'chart drawn with warnings');
      job?.resolve(picture);
    } else if (outcome.ok) job?.resolve(undefined);
    else job?.reject(new Error('the chart could not be drawn', { cause: outcome.error }));
    next();
  }

  function replaceThread(failed: Worker, reason: string): void {
    if (failed !== thread) return;
    thread = undefined;
    void failed.terminate();
    const job = takeCurrent();
    log.warn({ report: job?.report.kind, reason }, 'chart thread replaced');
    job?.reject(new HeadroomError('overloaded', `chart ${job.report.kind}: drawing ${reason}; ask again`));
    next();
  }

  return {
    render(report, { view = 'graph' }: { view?: ChartView | undefined } = {}) {
      if (stopped) return Promise.reject(new HeadroomError('overloaded', 'charts: the renderer has been stopped'));
      if (waiting.length >= maxWaiting) {
        return Promise.reject(
          new HeadroomError('overloaded', `chart ${report.kind}: ${waiting.length} charts wait already; ask again`),
        );
      }
      return new Promise((resolve, reject) => {
        waiting.push({ report, view, resolve, reject });
        next();
      });
    },
    async stop() {
      stopped = true;
      clearTimeout(rest);
      const job = takeCurrent();
      for (const left of [...(job ? [job] : []), ...waiting.splice(0)]) {
        left.reject(new HeadroomError('overloaded', `chart ${left.report.kind}: the renderer has been stopped`));
      }
      await endThread();
    },
  };
}
