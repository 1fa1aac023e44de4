import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { HeadroomError } from '../errors.ts';
import { Secret } from '../secret.ts';

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** The 32 bytes of a `SECRET_KEY`. Throws a config error for anything but 32 bytes in base64. */
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
 * The key in this file; made at the first start, readable by its owner alone. Of several processes that start together
 * one makes it and the others read it.
 */
export function readOrCreateSecretKey(path: string): Secret {
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `${randomBytes(KEY_BYTES).toString('base64')}\n`, { flag: 'wx', mode: 0o600 });
    // The process's umask may have taken more away, never added.
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

/** AES-256-GCM, with a nonce of its own and bound to `context` (whose secret it is). */
export function seal(text: string, key: Secret, context: string): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', parseSecretKey(key.reveal()), nonce);
  cipher.setAAD(Buffer.from(context));
  const sealed = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return `v1.${sealed.toString('base64')}`;
}

/** Throws a config error where the text was sealed with another key, for another context, or was changed. */
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
