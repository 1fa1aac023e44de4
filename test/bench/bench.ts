/**
 * `npm run bench [-- --only PART] [--quick] [--json] [--events N] [--database URL]` measures ingest over HTTP to disk, readers of
 * bodies and files, acknowledgements to Slack under load, reports over many events, and charts. Senders and bot share this
 * machine's cores: compare figures of one run only, and trust ratios more than rates. A given database must be empty.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { measureAcknowledgements } from './acknowledgements.ts';
import { measureAdapters } from './adapters.ts';
import { measureCharts } from './charts.ts';
import { measureFormats, measureImport } from './formats.ts';
import { measureIngest } from './ingest.ts';
import { measureMemory } from './memory.ts';
import { measurePostgres } from './postgres.ts';
import { measureReports } from './reports.ts';
import { formatTable, type Row, type Settings } from './row.ts';

process.env.TZ = 'UTC';

const PARTS: Readonly<Record<string, (settings: Settings) => AsyncIterable<Row> | Iterable<Row>>> = {
  ingest: measureIngest,
  postgres: measurePostgres,
  adapters: measureAdapters,
  formats: measureFormats,
  import: measureImport,
  reports: measureReports,
  acknowledgements: measureAcknowledgements,
  charts: measureCharts,
  memory: measureMemory,
};

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    events: { type: 'string' },
    database: { type: 'string' },
  },
});
const { only, quick, json, database } = values;
if (only !== undefined && !(only in PARTS)) {
  console.error(`--only ${only}: is no part; there are ${Object.keys(PARTS).join(', ')}`);
  process.exit(2);
}
const events = Number(values.events ?? (quick ? 300_000 : 10_000_000));
if (!Number.isSafeInteger(events) || events < 1) {
  console.error(`--events ${values.events}: is no whole number of events, such as 1000000`);
  process.exit(2);
}
const folder = mkdtempSync(join(tmpdir(), 'headroom-bench-'));
const settings: Settings = { folder, share: quick ? 0.1 : 1, events, database };
const measured: Record<string, readonly Row[]> = {};

try {
  for (const [name, measure] of Object.entries(PARTS)) {
    // Measuring memory takes many minutes, so it runs only when asked for.
    if (only === undefined ? name === 'memory' : name !== only) continue;
    const rows = await Array.fromAsync(measure(settings));
    measured[name] = rows;
    if (!json) console.log(`${name}\n${formatTable(rows)}\n`);
  }
  if (json) {
    const machine = { cores: availableParallelism(), model: cpus()[0]?.model, memoryMiB: totalmem() / 2 ** 20 };
    console.log(JSON.stringify({ at: new Date().toISOString(), node: process.version, machine, quick, ...measured }));
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exit(0);
