import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HeadroomError } from '../../src/errors.ts';
import { encodeBytesField, encodeVarintField, type MessageShape, readMessage } from '../../src/ingest/protobuf.ts';
import type { OtlpSignal } from '../../src/ingest/source-options.ts';
import { tallyInputs } from '../support/figures.ts';
import { size } from '../support/size.ts';
import { parse, readFixture } from './fixtures.ts';

const INNER: MessageShape = { 1: { name: 'text', type: 'text' }, 2: { name: 'count', type: 'int64' } };
const SHAPE: MessageShape = {
  1: { name: 'inner', type: INNER },
  2: { name: 'list', type: INNER, repeated: true },
  3: { name: 'id', type: 'hex' },
  4: { name: 'kind', type: 'enum' },
  5: { name: 'flag', type: 'bool' },
  6: { name: 'time', type: 'fixed64' },
  7: { name: 'signed', type: 'sfixed64' },
  8: { name: 'ratio', type: 'double' },
};

const bytes = (hex: string) => Buffer.from(hex.replace(/\s+/g, ''), 'hex');

describe('the reader of protobuf messages', () => {
  it('reads every type that a shape may name', () => {
    // Made by hand after https://protobuf.dev/programming-guides/encoding.
    const message = bytes(
      `0a 04 0a02 c3bc  12 02 1007  12 00  1a 03 00ff10  20 02  28 01
       31 0100000000000080  39 ffffffffffffffff  41 000000000000f83f`,
    );
    expect(readMessage(message, SHAPE)).toEqual({
      inner: { text: 'ü' },
      list: [{ count: 7n }, {}],
      id: '00ff10',
      kind: 2,
      flag: true,
      time: 0x8000000000000001n,
      signed: -1n,
      ratio: 1.5,
    });
    expect(readMessage(bytes('10 ffffffffffffffffff01'), INNER)).toEqual({ count: -1n });
    expect(readMessage(new Uint8Array(), SHAPE)).toEqual({});
  });

  it('skips fields that it does not know, takes the last of two values, and adds the parts of a message', () => {
    const unknown = '7a 02 ffff  78 ff01  7d 00000000  79 0000000000000000';
    expect(readMessage(bytes(`${unknown} 2001 ${unknown} 2002`), SHAPE)).toEqual({ kind: 2 });
    expect(readMessage(bytes('0a 03 0a0161  0a 02 1005'), SHAPE)).toEqual({ inner: { text: 'a', count: 5n } });
  });

  it('names the byte where the message breaks', () => {
    const faults: [string, RegExp][] = [
      ['2001 0a', /at byte 3, the number does not end/],
      ['2001 0a 05 00', /at byte 2, 5 bytes are announced and 1 are left/],
      ['0a 04 0a05 6161', /at byte 2, 5 bytes are announced and 2 are left/],
      ['20 ffffffffffffffffffff01', /at byte 1, the number does not end/],
      ['31 00000000', /at byte 0, 8 bytes are needed and 4 are left/],
      ['0a 03 0a01 ff', /at byte 4, the text is not UTF-8/],
      ['0800', /at byte 0, inner has wire type 0, not 2/],
      ['00', /at byte 0, there is no field 0/],
      ['7b 7c', /at byte 0, there is no wire type 3 here/],
      ['ffffffffff7f 00', /at byte 0, the number \d+ is out of range/],
    ];
    for (const [hex, fault] of faults) expect(() => readMessage(bytes(hex), SHAPE), hex).toThrow(fault);
  });

  it('refuses a body that would fill the memory', () => {
    const bomb = Buffer.alloc(2 * 4_000_001);
    for (let at = 0; at < bomb.length; at += 2) bomb[at] = 0x12;
    expect(() => readMessage(bomb, SHAPE)).toThrow(/more than 4000000 messages/);
  });

  it('reads what it is given or refuses it as unreadable, whatever the bytes', () => {
    const check = (body: Uint8Array, signal: OtlpSignal): void => {
      try {
        const { events, rejected } = parse('otlp', body, {
          contentType: 'application/x-protobuf',
          options: { signal },
        });
        expect(events.length + rejected.length).toBeLessThanOrEqual(body.length);
      } catch (error) {
        expect(error).toBeInstanceOf(HeadroomError);
        expect((error as HeadroomError).code).toBe('unreadable');
      }
    };
    const signal = fc.constantFrom('traces', 'logs', 'metrics');
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), signal, (body, kind) => check(body, kind)),
      { numRuns: size(500, 20_000) },
    );
    const recorded = readFixture('senders/otlp-traces.bin');
    const place = fc.nat(recorded.length - 1);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(place, fc.nat(255)), { minLength: 1, maxLength: 5 }),
        place,
        signal,
        (edits, end, kind) => {
          const changed = Uint8Array.from(recorded);
          for (const [at, value] of edits) changed[at] = value;
          check(changed, kind);
          check(changed.subarray(0, end), kind);
        },
      ),
      { numRuns: size(250, 10_000) },
    );
    tallyInputs('bodies', size(1000, 40_000));
  });
});

describe('the writer of protobuf fields', () => {
  it('writes what the reader reads', () => {
    fc.assert(
      fc.property(fc.nat(Number.MAX_SAFE_INTEGER), fc.string({ unit: 'grapheme' }), (count, text) => {
        const inner = Buffer.concat([encodeBytesField(1, text), encodeVarintField(2, count)]);
        expect(readMessage(encodeBytesField(1, inner), SHAPE)).toEqual(
          text === '' && count === 0
            ? {}
            : { inner: { ...(text === '' ? {} : { text }), ...(count === 0 ? {} : { count: BigInt(count) }) } },
        );
      }),
    );
    expect(encodeVarintField(1, 300)).toEqual(Uint8Array.from([0x08, 0xac, 0x02]));
  });
});
