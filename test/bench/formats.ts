import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { getAdapter } from '../../src/ingest/adapters.ts';
import { importFile } from '../../src/ingest/import-file.ts';
import { Intake } from '../../src/ingest/intake.ts';
import { getOrCreateSource } from '../../src/ingest/source-admin.ts';
import { openDatabase } from '../../src/store/database.ts';
import { migrate } from '../../src/store/migrate.ts';
import { countPerSecond, type Row, type Settings } from './row.ts';

/** Formats, each with its sample in test/fixtures. */
const SAMPLES = [
  ['nginx', 'senders/nginx-combined.log'],
  ['apache', 'access-log/apache.log'],
  ['ingress-nginx', 'access-log/ingress-nginx.log'],
  ['traefik', 'access-log/traefik.log'],
  ['envoy', 'access-log/envoy.log'],
  ['haproxy', 'access-log/haproxy.log'],
  ['iis', 'access-log/iis.log'],
  ['alb', 'access-log/alb.log'],
  ['cloudfront', 'access-log/cloudfront.log'],
  ['caddy (JSON)', 'access-log/caddy.ndjson'],
  ['traefik (JSON)', 'access-log/traefik.ndjson'],
] as const;

/** Measures the events per second of processor time that one thread reads of each access log format, in bodies of 1 MB. */
export function* measureFormats({ share }: Settings): Generator<Row> {
  const adapter = getAdapter('access-log');
  for (const [name, path] of SAMPLES) {
    const sample = readFileSync(new URL(`../fixtures/${path}`, import.meta.url), 'utf8');
    const body = Buffer.from(sample.repeat(Math.ceil(1_000_000 / sample.length)));
    const input = { body, contentType: 'text/plain', headers: {}, receivedMs: Date.now() };
    const options = { format: name.split(' ')[0]! };
    const parse = (): number => adapter.parse({ ...input, options }).events.length;
    if (parse() === 0) throw new Error(`${name}: nothing is read`);
    yield { format: name, eventsPerSecond: countPerSecond(share, parse) };
  }
}

/** Measures the lines per second that `headroom import` writes from an access log to disk, and with folding into totals. */
export async function* measureImport({ folder, share }: Settings): AsyncGenerator<Row> {
  const count = Math.ceil(500_000 * share);
  const path = join(folder, 'access.log');
  const begin = Date.UTC(2026, 0, 1);
  const lines = Array.from({ length: count }, (_, at) => {
    const [, day, hours] = /-(\d\d)T([\d:]{8})/.exec(new Date(begin + at * 500).toISOString())!;
    const user = at % 5 === 0 ? `user-${at % 300}` : '-';
    return `203.0.${(at * 7) % 200}.${(at * 13) % 250} - ${user} [${day}/Jan/2026:${hours} +0000] "GET /v1/orders/${at % 5000}?page=${at % 9} HTTP/1.1" ${at % 17 === 0 ? 429 : 200} ${at % 4000} "https://app.example.com/" "acme-sync/3.${at % 4}"\n`;
  });
  writeFileSync(path, lines.join(''));
  const url = `sqlite:${join(folder, 'import.db')}`;
  const db = openDatabase(url);
  await migrate(db);
  const writer = new Intake({ databaseUrl: url, zone: 'UTC', rawRetentionDays: 30, maxBodyBytes: 1e6 });
  const source = await getOrCreateSource(db, 'import', 'native', Date.now());
  const begunMs = performance.now();
  await importFile(path, { db, writer, source, options: {}, zone: 'UTC', now: Date.now });
  const storedMs = performance.now() - begunMs;
  await writer.usage.foldAll();
  const foldedMs = performance.now() - begunMs;
  await writer.close();
  await db.destroy();
  yield { lines: count, toDiskPerSecond: (count / storedMs) * 1000, foldedPerSecond: (count / foldedMs) * 1000 };
}
