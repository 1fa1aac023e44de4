import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { encodeBytesField } from '../../src/ingest/protobuf.ts';
import { type Emulator, startEmulator } from '../../src/playground/emulator/workspace.ts';
import { setUpDatabases } from '../support/databases.ts';
import { tallyPeak } from '../support/figures.ts';
import { isLong } from '../support/size.ts';
import { type Bot, startBot, toEnv } from './bot.ts';
import { TOKEN } from './load.ts';

const MIB = 1024 ** 2;
/** A body may take at most so many times its unpacked bytes, whatever it holds; a megabyte of events takes about ten. */
const MAX_TIMES = 20;

const JSON_TYPE = 'application/json';
const LINES = 'application/x-ndjson';
const PROTOBUF = 'application/x-protobuf';

interface Body {
  bytes: Buffer;
  type: string;
  path?: string;
  encoding?: string;
}

/** Nearly as much as a body may hold. */
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

const { createUrl } = setUpDatabases('sqlite');
let slack: Emulator;
let bot: Bot;

beforeEach(async () => {
  slack = await startEmulator();
  bot = await startBot(toEnv(slack, await createUrl()));
});
afterEach(async () => {
  await bot.kill();
  await slack.stop();
});

it.runIf(existsSync('/proc/self/clear_refs'))(
  'no body takes more memory than a small multiple of its bytes, and the next is served',
  async () => {
    for (const [name, make] of Object.entries(BODIES).slice(0, isLong ? undefined : 4)) {
      const { bytes, type, path = '/v1/events', encoding } = make();
      const before = readMiB('VmRSS');
      // The high-water mark begins anew.
      writeFileSync(`/proc/${bot.pid}/clear_refs`, '5');
      const response = await fetch(`${bot.url}${path}`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${TOKEN}`,
          'content-type': type,
          ...(encoding === undefined ? {} : { 'content-encoding': encoding }),
        },
        body: new Uint8Array(bytes),
      });
      await response.text();
      const peak = Math.max(0, Math.round(readMiB('VmHWM') - before));
      tallyPeak(name, peak);
      expect([name, response.status]).toEqual([name, expect.toBeOneOf([200, 400, 413, 422])]);
      expect(peak, `MiB for ${name}`).toBeLessThan(MAX_TIMES * 20);
    }
    const honest = await fetch(`${bot.url}/v1/events`, {
      method: 'POST',
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': JSON_TYPE },
      body: '{"client":"a"}',
    });
    expect(await honest.json()).toMatchObject({ accepted: 1 });
  },
);

function readMiB(name: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync(`/proc/${bot.pid}/status`, 'utf8');
  return Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)![1]) / 1024;
}
