/**
 * `npm run bench [-- --only ingest|postgres|adapters|formats|acknowledgements|reports|charts|memory] [--events N] [--database URL]`: ingest to
 * disk over HTTP, what reads bodies and files, Slack's wait meanwhile, reports over many events, charts. Sender and bot share this machine's cores; figures of one
 * run belong together, and ratios tell more than rates. A database that is given must be empty.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { measureAcknowledgements } from './acknowledgements.ts';
import { measureAdapters } from './adapters.ts';
import { measureCharts } from './charts.ts';
import { measureFormats, measureImport } from './formats.ts';
import { measureIngest, measurePlainTable } from './ingest.ts';
import { measureMemory } from './memory.ts';
import { measurePostgres } from './postgres.ts';
import { fill, measureReports } from './reports.ts';

process.env.TZ = 'UTC';
const { values } = parseArgs({
  options: { events: { type: 'string', default: '10000000' }, only: { type: 'string' }, database: { type: 'string' } },
});
const folder = mkdtempSync(join(tmpdir(), 'headroom-bench-'));
const wanted = (part: string): boolean => values.only === undefined || values.only === part;
const round = (value: number): string => Math.round(value).toLocaleString('en-US');

try {
  if (wanted('ingest')) {
    const plain = measurePlainTable(join(folder, 'plain.db'), 300_000);
    console.log(`Plain table with a unique random id, in process, 1,000 rows a transaction: ${round(plain)} rows/s\n`);
    console.log('events/request  connections   events/s  of plain  p50 ms  p99 ms  Slack thread held up (max)');
    for (const [eventsPerRequest, connections, events] of [
      [1, 64, 150_000],
      [100, 16, 600_000],
      [1000, 8, 1_500_000],
    ] as const) {
      const url = values.database ?? `sqlite:${join(folder, `ingest-${eventsPerRequest}.db`)}`;
      const figures = await measureIngest(url, eventsPerRequest, connections, events);
      const rate = figures.events / figures.seconds;
      console.log(
        [
          String(eventsPerRequest).padStart(14),
          String(connections).padStart(12),
          round(rate).padStart(10),
          `${(rate / plain).toFixed(2)}×`.padStart(9),
          figures.p50Ms.toFixed(1).padStart(7),
          figures.p99Ms.toFixed(1).padStart(7),
          `${figures.stallMs.toFixed(0)} ms`.padStart(10),
          figures.refused > 0 ? `  ${figures.refused} refused` : '',
        ].join(' '),
      );
    }
  }
  if (wanted('postgres')) {
    console.log(
      '\nPostgreSQL\ninstances  events/request   events/s  plain rows/s  of plain  p50 ms  p99 ms  core µs/event: bots  server',
    );
    for await (const figures of measurePostgres(folder)) {
      const { instances, eventsPerRequest, eventsPerSecond, plainPerSecond, p50Ms, p99Ms, botUs, serverUs, refused } =
        figures;
      console.log(
        [
          String(instances).padStart(9),
          String(eventsPerRequest).padStart(15),
          round(eventsPerSecond).padStart(10),
          round(plainPerSecond).padStart(13),
          `${(eventsPerSecond / plainPerSecond).toFixed(2)}×`.padStart(9),
          p50Ms.toFixed(1).padStart(7),
          p99Ms.toFixed(1).padStart(7),
          botUs.toFixed(1).padStart(20),
          serverUs.toFixed(1).padStart(7),
          refused > 0 ? `  ${refused} refused` : '',
        ].join(' '),
      );
    }
  }
  if (wanted('adapters')) {
    console.log('\nadapter                 events/s  bytes of a body');
    for (const { name, eventsPerSecond, bytes } of measureAdapters(2000, 1.5)) {
      console.log(`${name.padEnd(20)} ${round(eventsPerSecond).padStart(11)} ${round(bytes).padStart(16)}`);
    }
  }
  if (wanted('formats')) {
    console.log('\nformat            events/s');
    for (const { name, eventsPerSecond } of measureFormats(1)) {
      console.log(`${name.padEnd(16)} ${round(eventsPerSecond).padStart(9)}`);
    }
    const { stored, folded } = await measureImport(folder, 500_000);
    console.log(`Import of a plain access log: ${round(stored)} lines/s to disk, ${round(folded)} with totals folded`);
  }
  if (wanted('reports')) {
    const nowMs = Date.now();
    const path = join(folder, 'reports.db');
    const url = values.database ?? `sqlite:${path}`;
    const rate = await fill(url, Number(values.events), 365, nowMs);
    console.log(
      `\n${round(Number(values.events))} events over 365 days, stored at ${round(rate)} events/s${values.database ? '' : `, ${round(statSync(path).size / 1e6)} MB`}`,
    );
    console.log('from     first ms  median ms  report');
    for (const figure of await measureReports(url, nowMs)) {
      console.log(
        `${figure.from.padEnd(7)} ${figure.firstMs.toFixed(1).padStart(9)} ${figure.medianMs.toFixed(1).padStart(10)}  ${figure.name}`,
      );
    }
  }
  if (wanted('acknowledgements')) {
    const { commands, p50Ms, p95Ms, maxMs, eventsPerSecond } = await measureAcknowledgements(folder, 2_000_000);
    console.log(
      `\n${commands} slash commands acknowledged while ${round(eventsPerSecond)} events/s came in: p50 ${round(p50Ms)}, p95 ${round(p95Ms)}, longest ${round(maxMs)} ms`,
    );
  }
  // Many minutes, so only when it is asked for.
  if (values.only === 'memory') {
    console.log('\nevents/request  connections   events/s  start  half-way  highest  idle (MiB resident)');
    for (const [eventsPerRequest, connections] of [
      [1000, 8],
      [1, 64],
    ] as const) {
      const requests = Math.ceil(Number(values.events) / eventsPerRequest / (eventsPerRequest === 1 ? 10 : 1));
      const { startMiB, busyMiB, idleMiB, load } = await measureMemory(folder, {
        eventsPerRequest,
        connections,
        requests,
      });
      const halfWay = busyMiB[Math.floor(busyMiB.length / 2)] ?? startMiB;
      const rate = load.events / load.seconds;
      const figures = [eventsPerRequest, connections, rate, startMiB, halfWay, Math.max(startMiB, ...busyMiB), idleMiB];
      console.log(figures.map((figure) => round(figure).padStart(10)).join(' '));
    }
  }
  if (wanted('charts')) {
    console.log('\nchart      first ms  median ms   KiB');
    for (const { name, firstMs, medianMs, bytes } of await measureCharts()) {
      const figures = [
        firstMs.toFixed(1).padStart(9),
        medianMs.toFixed(1).padStart(10),
        (bytes / 1024).toFixed(0).padStart(5),
      ];
      console.log(`${name.padEnd(10)} ${figures.join(' ')}`);
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exit(0);
