import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { encodeBytesField } from '../../src/ingest/protobuf.ts';
import { addSource } from '../../src/ingest/source-admin.ts';
import { Secret } from '../../src/secret.ts';
import { openDatabase } from '../../src/store/database.ts';
import { setUpDatabases } from '../support/databases.ts';
import { type Emulator, startEmulator } from '../support/emulator.ts';
import { tallyPeak } from '../support/figures.ts';
import { isLong, size } from '../support/size.ts';
import { type Bot, startBot, toEnv } from './bot.ts';
import { TOKEN } from './load.ts';

const MIB = 1024 ** 2;
/** A body may take at most 20 times its unpacked bytes of memory, whatever it holds. A megabyte of events takes about ten times. */
const MAX_TIMES = 20;
/** After all bodies, the process may hold this much more memory than at its start. */
const KEPT_MIB = 150;
/** Number of equal bodies sent at once. */
const AT_ONCE = 12;

const JSON_TYPE = 'application/json';
const LINES = 'application/x-ndjson';
const PROTOBUF = 'application/x-protobuf';

interface Body {
  bytes: Buffer;
  type: string;
  path?: string;
  encoding?: string;
}

/** Fills a body nearly to the largest size allowed. */
const fill = (piece: string | Uint8Array): Buffer => Buffer.alloc(20 * MIB - 200, piece as string);
const within = (...wrap: number[]): Buffer =>
  wrap.reduceRight((inner, field) => Buffer.from(encodeBytesField(field, inner)), fill(Uint8Array.of(0x12, 0)));
const text = (content: string): Buffer => Buffer.from(content);

const BODIES: Record<string, () => Body> = {
  'deep arrays, in gzip': () => ({ bytes: gzipSync(fill('[')), type: JSON_TYPE, encoding: 'gzip' }),
  'an object of a million keys': () => ({
    bytes: text(`{"client":"a",${Array.from({ length: 1_500_000 }, (_, key) => `"k${key}":1`).join(',')}}`),
    type: JSON_TYPE,
  }),
  'millions of numbers in a wrapper': () => ({
    bytes: text(`{"events":[${'0,'.repeat(9_900_000)}0]}`),
    type: JSON_TYPE,
  }),
  'millions of numbers for spans': () => ({
    bytes: text(`{"resourceSpans":[${'0,'.repeat(9_900_000)}0]}`),
    type: JSON_TYPE,
    path: '/v1/traces',
  }),
  'millions of numbers in a line': () => ({ bytes: text(`[${'0,'.repeat(9_900_000)}0]\n{}`), type: LINES }),
  'spans without content': () => ({ bytes: within(1, 2), type: PROTOBUF, path: '/v1/traces' }),
  'deep objects': () => ({ bytes: fill('{"a":'), type: JSON_TYPE }),
  'millions of empty objects': () => ({ bytes: text(`[${'{},'.repeat(6_500_000)}{}]`), type: JSON_TYPE }),
  'millions of numbers': () => ({ bytes: text(`[${'0,'.repeat(9_900_000)}0]`), type: JSON_TYPE }),
  'millions of lines': () => ({ bytes: fill('{"a":1}\n'), type: LINES }),
  'lines of nothing': () => ({ bytes: fill('\n'), type: LINES }),
  'lines of noise': () => ({ bytes: fill('x\n'), type: LINES }),
  'one text': () => ({ bytes: text(`{"client":"${'a'.repeat(19 * MIB)}"}`), type: JSON_TYPE }),
  'one text of escapes': () => ({ bytes: text(`{"client":"${'\\u00e9'.repeat(3 * MIB)}"}`), type: JSON_TYPE }),
  'resources without content': () => ({ bytes: fill(Uint8Array.of(0x0a, 0)), type: PROTOBUF, path: '/v1/traces' }),
  'scopes without content': () => ({ bytes: within(1), type: PROTOBUF, path: '/v1/traces' }),
  'metrics without content': () => ({ bytes: within(1, 2), type: PROTOBUF, path: '/v1/metrics' }),
};

const HONEST: Body = { bytes: text('{"client":"a"}'), type: JSON_TYPE };

const { createUrl } = setUpDatabases('sqlite');
let slack: Emulator;
let bot: Bot;
/** Token of a second source. */
let neighbour: string;

beforeEach(async () => {
  slack = await startEmulator();
  const env = toEnv(slack, await createUrl());
  const db = openDatabase(env.DATABASE_URL!);
  const keys = { secretKey: new Secret(env.SECRET_KEY!), secretKeyPath: '' };
  const source = { name: 'neighbour', adapter: 'native', options: {} };
  neighbour = (await addSource(db, keys, source, Date.now())).token.reveal();
  await db.destroy();
  bot = await startBot(env);
});
afterEach(async () => {
  await bot.kill();
  await slack.stop();
});

/** The short form takes the bodies that once took the most memory. */
const bodies = Object.entries(BODIES).slice(0, isLong ? undefined : 4);

it.runIf(existsSync('/proc/self/clear_refs'))(
  'no body takes more memory than a small multiple of its bytes; what it took is given back, and the next is served',
  async () => {
    const startMiB = readMiB('VmRSS');
    for (const [name, make] of bodies) {
      const body = make();
      const before = readMiB('VmRSS');
      // Resets the peak (VmHWM).
      writeFileSync(`/proc/${bot.pid}/clear_refs`, '5');
      const status = await post(TOKEN, body);
      const peak = Math.max(0, Math.round(readMiB('VmHWM') - before));
      tallyPeak(name, peak);
      expect([name, status]).toEqual([name, expect.toBeOneOf([200, 400, 413, 422])]);
      expect(peak, `MiB for ${name}`).toBeLessThan(MAX_TIMES * 20);
    }
    expect(await post(TOKEN, HONEST)).toBe(200);
    await vi.waitUntil(() => readMiB('VmRSS') < startMiB + KEPT_MIB, { timeout: 90_000, interval: 500 });
  },
);

it('no source waits for what another sends: its event is taken after a few of those bodies, however many are there', async () => {
  for (const [name, make] of bodies.slice(0, size(1, bodies.length))) {
    const body = make();
    const packed = body.encoding ? body : { ...body, bytes: gzipSync(body.bytes), encoding: 'gzip' };
    let answered = 0;
    const hostile = Array.from({ length: AT_ONCE }, async () => {
      expect([name, await post(TOKEN, packed)]).toEqual([name, expect.toBeOneOf([200, 400, 413, 422, 503])]);
      answered += 1;
    });
    await Promise.race(hostile);
    const before = answered;
    expect([name, await post(neighbour, HONEST)]).toEqual([name, 200]);
    expect(answered - before, `bodies answered before the event: ${name}`).toBeLessThan(AT_ONCE / 2);
    await Promise.all(hostile);
  }
});

/** Posts a body and returns the status of the answer. */
async function post(token: string, { bytes, type, path = '/v1/events', encoding }: Body): Promise<number> {
  const response = await fetch(`${bot.url}${path}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': type,
      ...(encoding === undefined ? {} : { 'content-encoding': encoding }),
    },
    body: new Uint8Array(bytes),
  });
  await response.text();
  return response.status;
}

function readMiB(name: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync(`/proc/${bot.pid}/status`, 'utf8');
  return Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)![1]) / 1024;
}
