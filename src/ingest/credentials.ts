import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  hash,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { HeadroomError } from '../errors.ts';
import { Secret } from '../secret.ts';

/** The sender's clock may be off by 5 minutes, as in Standard Webhooks. */
const TOLERANCE_SECONDS = 300;

/** Creates a source token: `hr_` and 36 random bytes, 51 characters, since Moesif's libraries want at least 50. */
export function createToken(): Secret {
  return new Secret(`hr_${randomBytes(36).toString('base64url')}`);
}

/** Creates a signing secret in the form of Standard Webhooks: `whsec_` and 32 random bytes in base64. */
export function createSigningSecret(): Secret {
  return new Secret(`whsec_${randomBytes(32).toString('base64')}`);
}

/** Returns the SHA-256 of a token in hex. Tokens are random bytes, so a slow hash would add nothing. */
export function hashToken(token: string): string {
  return hash('sha256', token, 'hex');
}

/** Compares two texts in a time that depends neither on where they differ nor on their lengths. */
export function equalInConstantTime(a: string, b: string): boolean {
  return timingSafeEqual(createHash('sha256').update(a).digest(), createHash('sha256').update(b).digest());
}

export type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** Finds the token of `Authorization: Bearer …`. */
export function findBearerToken(headers: Headers): string | undefined {
  return /^Bearer +(\S+) *$/i.exec(text(headers.authorization))?.[1];
}

/** Headers with the key, for senders that cannot choose the header. */
export const KEY_HEADERS = ['x-amz-firehose-access-key', 'x-moesif-application-id', 'dd-api-key'] as const;

/**
 * Lists all tokens in a request to `/sources/{name}`: Bearer, Splunk's scheme, user name and password of Basic, the key headers,
 * and `?token=` for senders that send no header (Pub/Sub).
 */
export function listTokens(headers: Headers, query = ''): string[] {
  const basic = /^Basic +(\S+) *$/i.exec(text(headers.authorization))?.[1];
  const pair = basic === undefined ? [] : Buffer.from(basic, 'base64').toString('utf8').split(':');
  const splunk = /^Splunk +(\S+) *$/i.exec(text(headers.authorization))?.[1];
  const keys = KEY_HEADERS.map((name) => text(headers[name]));
  const token = new URLSearchParams(query).get('token') ?? undefined;
  return [findBearerToken(headers), ...pair, splunk, ...keys, token].filter(
    (shown) => shown !== undefined && shown !== '',
  ) as string[];
}

/** Tells whether a request carries a signature, so that the secret must be unsealed. */
export function isSigned(headers: Headers): boolean {
  return headers['webhook-signature'] !== undefined || headers['x-hub-signature-256'] !== undefined;
}

/**
 * Tells whether a signature over the received bytes is right. Either by Standard Webhooks (`webhook-id.webhook-timestamp.body`,
 * any of a space-separated list, at most 5 minutes off), with the secret's decoded bytes as key, or `X-Hub-Signature-256`, with
 * the secret's text as key. Sources: the Standard Webhooks specification; GitHub, "Validating webhook deliveries".
 */
export function verifySignature(headers: Headers, body: Uint8Array, secret: Secret, nowMs: number): boolean {
  return verifyStandardWebhook(headers, body, secret, nowMs) || verifyHubSignature(headers, body, secret);
}

function verifyStandardWebhook(headers: Headers, body: Uint8Array, secret: Secret, nowMs: number): boolean {
  const id = text(headers['webhook-id']);
  const timestamp = text(headers['webhook-timestamp']);
  if (id === '' || !/^\d{1,12}$/.test(timestamp)) return false;
  if (Math.abs(nowMs / 1000 - Number(timestamp)) > TOLERANCE_SECONDS) return false;
  const key = Buffer.from(secret.reveal().replace(/^whsec_/, ''), 'base64');
  const expected = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest('base64');
  return text(headers['webhook-signature'])
    .split(' ')
    .slice(0, 20)
    .some((signature) => signature.startsWith('v1,') && equalInConstantTime(signature.slice(3), expected));
}

function verifyHubSignature(headers: Headers, body: Uint8Array, secret: Secret): boolean {
  const signature = text(headers['x-hub-signature-256']);
  if (!signature.startsWith('sha256=')) return false;
  const expected = createHmac('sha256', secret.reveal()).update(body).digest('hex');
  return equalInConstantTime(signature.slice('sha256='.length).toLowerCase(), expected);
}

function text(value: string | string[] | undefined): string {
  return typeof value === 'string' ? value : '';
}

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Decodes a `SECRET_KEY`. Throws a config error for anything but 32 bytes in base64. */
export function parseSecretKey(text: string): Buffer {
  const key = Buffer.from(text.trim(), 'base64');
  if (!/^[\w+/-]+={0,2}$/.test(text.trim()) || key.length !== KEY_BYTES) {
    throw new HeadroomError(
      'config',
      'SECRET_KEY must be 32 bytes in base64: make one with "openssl rand -base64 32".',
    );
  }
  return key;
}

/**
 * Reads the key in this file, or creates it at the first start, readable by its owner alone. If several processes start together,
 * one creates it and the others read it.
 */
export function readOrCreateSecretKey(path: string): Secret {
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `${randomBytes(KEY_BYTES).toString('base64')}\n`, { flag: 'wx', mode: 0o600 });
    // The umask may have removed permissions of the owner too: set them again.
    chmodSync(path, 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
      throw new HeadroomError('config', `${path} cannot be written (${(error as Error).message}): set SECRET_KEY.`, {
        cause: error,
      });
    }
  }
  const text = readFileSync(path, 'utf8').trim();
  parseSecretKey(text);
  return new Secret(text);
}

/** Encrypts a text with AES-256-GCM, with a new nonce and bound to `context` (the source that it belongs to). */
export function seal(text: string, key: Secret, context: string): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', parseSecretKey(key.reveal()), nonce);
  cipher.setAAD(Buffer.from(context));
  const sealed = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return `v1.${sealed.toString('base64')}`;
}

/** Decrypts a sealed text. Throws a config error if it was sealed with another key, for another context, or was changed. */
export function unseal(sealed: string, key: Secret, context: string): Secret {
  const bytes = Buffer.from(sealed.replace(/^v1\./, ''), 'base64');
  const decipher = createDecipheriv('aes-256-gcm', parseSecretKey(key.reveal()), bytes.subarray(0, NONCE_BYTES));
  try {
    decipher.setAAD(Buffer.from(context));
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    const text = Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
    return new Secret(text.toString('utf8'));
  } catch (error) {
    throw new HeadroomError(
      'config',
      `The signing secret of ${context} cannot be opened with this SECRET_KEY: set the key it was sealed with, or run "headroom sources rotate".`,
      { cause: error },
    );
  }
}
