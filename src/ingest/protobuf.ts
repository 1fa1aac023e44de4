import { isUtf8 } from 'node:buffer';
import { HeadroomError } from '../errors.ts';

/**
 * Fields of a message to read, by number; all others are skipped. A shape contains only shapes defined before it, so the depth of
 * nesting is limited before the first byte is read.
 */
export interface MessageShape {
  readonly [fieldNumber: number]: FieldShape;
}

interface FieldShape {
  /** Name in the result: that of the field in protobuf's JSON mapping. */
  name: string;
  /** `hex`: bytes, as lower-case hex. `fixed64` and `int64`: a bigint. */
  type: 'text' | 'hex' | 'enum' | 'bool' | 'int64' | 'fixed64' | 'sfixed64' | 'double' | MessageShape;
  repeated?: true;
}

type Message = Record<string, unknown>;

/** Reads shapes from lines `Name: 1 field type, 2 list* type`; a type is a scalar or the name of an earlier message. */
export function readSchema(text: string): ReadonlyMap<string, MessageShape> {
  const shapes = new Map<string, MessageShape>();
  for (const [, message, fields] of text.matchAll(/^(\w+): (.+)$/gm)) {
    const shape: Record<number, FieldShape> = {};
    for (const [, number, name, star, type] of fields!.matchAll(/(\d+) (\w+)(\*?) (\w+)/g)) {
      const field = { name: name!, type: shapes.get(type!) ?? (type as FieldShape['type']) };
      shape[Number(number)] = star === '' ? field : { ...field, repeated: true };
    }
    shapes.set(message!, shape);
  }
  return shapes;
}

/** Wire types of the encoding: https://protobuf.dev/programming-guides/encoding/#structure. */
const VARINT = 0;
const I64 = 1;
const LEN = 2;
const I32 = 5;

const MAX_VARINT_BYTES = 10;
/** Limits the memory that a small body can take: an empty message has two bytes on the wire, and fifty in memory. */
const MAX_MESSAGES = 4_000_000;

/**
 * Reads a message to plain data with the names of its shape; absent fields are absent. Safe for hostile input: throws
 * `unreadable`, with the offset, for anything that is not the message, and `too_large` over 4 million messages.
 */
export function readMessage(bytes: Uint8Array, shape: MessageShape): Message {
  return new WireReader(bytes).message(shape, bytes.length, {});
}

class WireReader {
  readonly #bytes: Buffer;
  #at = 0;
  #messages = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** Reads up to `end` into `message`, which may be filled already: the encoding merges a part that occurs again. */
  message(shape: MessageShape, end: number, message: Message): Message {
    this.#messages += 1;
    if (this.#messages > MAX_MESSAGES) {
      throw new HeadroomError('too_large', `The body holds more than ${MAX_MESSAGES} messages: send fewer at once.`);
    }
    while (this.#at < end) {
      const start = this.#at;
      const tag = this.#length(end);
      const wireType = tag % 8;
      const fieldNumber = Math.floor(tag / 8);
      if (fieldNumber === 0 || fieldNumber > 0x1fffffff) throw fault(start, `there is no field ${fieldNumber}`);
      const field = Object.hasOwn(shape, fieldNumber) ? shape[fieldNumber] : undefined;
      if (field) this.#field(field, wireType, start, end, message);
      else this.#skip(wireType, start, end);
    }
    return message;
  }

  #field(field: FieldShape, wireType: number, start: number, end: number, message: Message): void {
    const { name, type, repeated } = field;
    if (wireType !== wireTypeOf(type)) {
      throw fault(start, `${name} has wire type ${wireType}, not ${wireTypeOf(type)}: this is another kind of message`);
    }
    if (typeof type === 'object') {
      const inner = this.#part(start, end);
      const known = repeated ? undefined : (message[name] as Message | undefined);
      this.#put(message, field, this.message(type, inner, known ?? {}));
    } else {
      this.#put(message, field, this.#scalar(type, start, end));
    }
  }

  #put(message: Message, { name, repeated }: FieldShape, value: unknown): void {
    if (!repeated) message[name] = value;
    else if (message[name]) (message[name] as unknown[]).push(value);
    else message[name] = [value];
  }

  #scalar(type: Exclude<FieldShape['type'], MessageShape>, start: number, end: number): unknown {
    if (type === 'text' || type === 'hex') {
      const stop = this.#part(start, end);
      const from = this.#at;
      this.#at = stop;
      const part = this.#bytes.subarray(from, stop);
      if (type === 'hex') return part.toString('hex');
      if (!isUtf8(part)) throw fault(from, 'the text is not UTF-8');
      return part.toString('utf8');
    }
    if (type === 'enum') return Number(BigInt.asIntN(32, this.#varint(end)));
    if (type === 'bool') return this.#varint(end) !== 0n;
    if (type === 'int64') return BigInt.asIntN(64, this.#varint(end));
    const at = this.#advance(8, start, end);
    if (type === 'double') return this.#bytes.readDoubleLE(at);
    return type === 'fixed64' ? this.#bytes.readBigUInt64LE(at) : this.#bytes.readBigInt64LE(at);
  }

  #skip(wireType: number, start: number, end: number): void {
    if (wireType === VARINT) this.#varint(end);
    else if (wireType === I64) this.#advance(8, start, end);
    else if (wireType === LEN) this.#at = this.#part(start, end);
    else if (wireType === I32) this.#advance(4, start, end);
    else throw fault(start, `there is no wire type ${wireType} here`);
  }

  /** Reads the length of a length-delimited part, moves to its first byte, and returns its end. */
  #part(start: number, end: number): number {
    const length = this.#length(end);
    if (length > end - this.#at) throw fault(start, `${length} bytes are announced and ${end - this.#at} are left`);
    return this.#at + length;
  }

  #advance(size: number, start: number, end: number): number {
    const at = this.#at;
    if (size > end - at) throw fault(start, `${size} bytes are needed and ${end - at} are left`);
    this.#at += size;
    return at;
  }

  /** Reads a tag or length, of at most 32 bits. */
  #length(end: number): number {
    const start = this.#at;
    let value = 0;
    for (let factor = 1; this.#at < end && this.#at - start < MAX_VARINT_BYTES; factor *= 128) {
      const byte = this.#bytes[this.#at]!;
      this.#at += 1;
      value += (byte % 128) * factor;
      if (byte < 128) {
        if (value > 0xffffffff) throw fault(start, `the number ${value} is out of range`);
        return value;
      }
    }
    throw fault(start, 'the number does not end');
  }

  #varint(end: number): bigint {
    const start = this.#at;
    let value = 0n;
    for (let shift = 0n; this.#at < end && this.#at - start < MAX_VARINT_BYTES; shift += 7n) {
      const byte = this.#bytes[this.#at]!;
      this.#at += 1;
      value |= BigInt(byte % 128) << shift;
      if (byte < 128) return value;
    }
    throw fault(start, 'the number does not end');
  }
}

function wireTypeOf(type: FieldShape['type']): number {
  if (typeof type === 'object' || type === 'text' || type === 'hex') return LEN;
  return type === 'enum' || type === 'bool' || type === 'int64' ? VARINT : I64;
}

function fault(at: number, what: string): HeadroomError {
  return new HeadroomError('unreadable', `The body is no export request in protobuf: at byte ${at}, ${what}.`);
}

/** Encodes a varint field; empty for 0, as in proto3. */
export function encodeVarintField(fieldNumber: number, value: number): Uint8Array {
  return value === 0 ? new Uint8Array() : Uint8Array.from([...varint(fieldNumber * 8 + VARINT), ...varint(value)]);
}

/** Encodes a field of text or bytes (such as an encoded message); empty if the value is empty. */
export function encodeBytesField(fieldNumber: number, value: string | Uint8Array): Uint8Array {
  const bytes = Buffer.from(value as Uint8Array);
  if (bytes.length === 0) return bytes;
  return Buffer.concat([Uint8Array.from([...varint(fieldNumber * 8 + LEN), ...varint(bytes.length)]), bytes]);
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  bytes.push(rest);
  return bytes;
}
