import { createHmac, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import {
  createSigningSecret,
  createToken,
  listTokens,
  readOrCreateSecretKey,
  seal,
  unseal,
  verifySignature,
} from '../../src/ingest/credentials.ts';
import { redact, Secret } from '../../src/secret.ts';
import { readFixture } from './fixtures.ts';

const STANDARD = JSON.parse(readFixture('senders/standard-webhooks-vectors.json').toString());
const GITHUB = JSON.parse(readFixture('senders/github-hmac-vector.json').toString());

describe('a signature', () => {
  const secret = new Secret(STANDARD.secret);
  const body = Buffer.from(STANDARD.payload);
  const nowMs = Number(STANDARD.headers['webhook-timestamp']) * 1000;

  it('of Standard Webhooks is right over the bytes received, up to 5 minutes off', () => {
    for (const offMs of [0, -300_000, 300_000])
      expect(verifySignature(STANDARD.headers, body, secret, nowMs + offMs)).toBe(true);
    for (const offMs of [-301_000, 301_000])
      expect(verifySignature(STANDARD.headers, body, secret, nowMs + offMs)).toBe(false);
  });

  it('may be any of a list, for keys that are being changed', () => {
    const signature = `v1,${randomBytes(32).toString('base64')} v1a,xyz ${STANDARD.headers['webhook-signature']}`;
    expect(verifySignature({ ...STANDARD.headers, 'webhook-signature': signature }, body, secret, nowMs)).toBe(true);
  });

  it('is wrong with anything changed', () => {
    const bare = STANDARD.headers['webhook-signature'].slice(3);
    for (const change of [
      { 'webhook-id': 'msg_other' },
      { 'webhook-timestamp': String(nowMs / 1000 + 1) },
      { 'webhook-signature': bare },
      { 'webhook-signature': '' },
      { 'webhook-timestamp': 'x' },
    ]) {
      expect(verifySignature({ ...STANDARD.headers, ...change }, body, secret, nowMs), JSON.stringify(change)).toBe(
        false,
      );
    }
    expect(verifySignature(STANDARD.headers, Buffer.from(`${STANDARD.payload} `), secret, nowMs)).toBe(false);
    expect(verifySignature(STANDARD.headers, body, createSigningSecret(), nowMs)).toBe(false);
  });

  it('of GitHub’s kind is right with the whole secret as key', () => {
    const headers = { 'x-hub-signature-256': GITHUB['x-hub-signature-256'] };
    expect(verifySignature(headers, Buffer.from(GITHUB.payload), new Secret(GITHUB.secret), 0)).toBe(true);
    expect(verifySignature(headers, Buffer.from(`${GITHUB.payload}!`), new Secret(GITHUB.secret), 0)).toBe(false);
    const own = createSigningSecret();
    const digest = createHmac('sha256', own.reveal()).update('x').digest('hex');
    expect(verifySignature({ 'x-hub-signature-256': `sha256=${digest}` }, Buffer.from('x'), own, 0)).toBe(true);
  });
});

describe('a token', () => {
  it('is shown as Bearer, as the user name of Basic, or as the access key of Firehose', () => {
    expect(listTokens({ authorization: 'bearer hr_x' })).toEqual(['hr_x']);
    expect(listTokens({ authorization: `Basic ${Buffer.from('hr_x:').toString('base64')}` })).toEqual(['hr_x']);
    expect(listTokens({ authorization: `Basic ${Buffer.from('x:hr_x').toString('base64')}` })).toEqual(['x', 'hr_x']);
    expect(listTokens({ authorization: 'Splunk hr_x' })).toEqual(['hr_x']);
    expect(listTokens({ 'x-moesif-application-id': 'hr_x', 'dd-api-key': 'hr_y' })).toEqual(['hr_x', 'hr_y']);
    expect(listTokens({}, 'a=b&token=hr_x')).toEqual(['hr_x']);
    expect(listTokens({ 'x-amz-firehose-access-key': 'hr_x' })).toEqual(['hr_x']);
    expect(listTokens({ authorization: 'Digest x' })).toEqual([]);
  });

  it('and a signing secret have 32 random bytes', () => {
    expect(createToken().reveal()).toMatch(/^hr_[\w-]{48}$/);
    expect(Buffer.from(createSigningSecret().reveal().slice(6), 'base64')).toHaveLength(32);
  });
});

describe('a secret', () => {
  it('is printed nowhere', () => {
    const secret = new Secret('hunter2');
    for (const text of [`${secret}`, JSON.stringify({ secret }), inspect({ secret }), String(secret)]) {
      expect(text).toContain('<secret>');
      expect(text).not.toContain('hunter2');
    }
  });

  it('inside a text is printed nowhere either', () => {
    const url = 'https://hooks.slack.com/commands/T01/22/hunter2';
    const socket = 'wss://wss-primary.slack.com/link/?ticket=hunter2-x&app_id=1';
    const text = redact(JSON.stringify({ url, socket, database: 'postgres://me:hunter2@db/x', token: 'xoxb-hunter2' }));
    expect(text).not.toContain('hunter2');
    expect(JSON.parse(text)).toMatchObject({ url: 'https://hooks.slack.com/<secret>' });
  });

  it('is sealed for its owner, with its key', () => {
    const key = new Secret(randomBytes(32).toString('base64'));
    const sealed = seal('whsec_x', key, 'source a');
    expect(sealed).not.toBe(seal('whsec_x', key, 'source a'));
    expect(unseal(sealed, key, 'source a').reveal()).toBe('whsec_x');
    expect(() => unseal(sealed, key, 'source b')).toThrow(expect.objectContaining({ code: 'config' }));
    expect(() => unseal(sealed, new Secret(randomBytes(32).toString('base64')), 'source a')).toThrow(/SECRET_KEY/);
    const changed = `${sealed.slice(0, -6)}${sealed.at(-6) === 'A' ? 'B' : 'A'}${sealed.slice(-5)}`;
    expect(() => unseal(changed, key, 'source a')).toThrow(/cannot be opened/);
  });

  it('has its key made at the first start, for the owner’s eyes only', () => {
    const folder = mkdtempSync(join(tmpdir(), 'headroom-key-'));
    const path = join(folder, 'data', 'secret.key');
    const key = readOrCreateSecretKey(path);
    expect(readOrCreateSecretKey(path).reveal()).toBe(key.reveal());
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(Buffer.from(readFileSync(path, 'utf8'), 'base64')).toHaveLength(32);
    rmSync(folder, { recursive: true });
  });
});
