import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { expect, it } from 'vitest';
import { parseConfig, readEnvironment } from '../src/config.ts';

const KEY = Buffer.alloc(32, 7).toString('base64');

function faults(env: Record<string, string>, needs?: 'slack'): string[] {
  try {
    parseConfig(env, needs);
    return [];
  } catch (error) {
    expect(error).toMatchObject({ code: 'config' });
    return (error as Error).message
      .split('\n')
      .slice(1)
      .map((line) => line.trim());
  }
}

it('has a default for everything but Slack', () => {
  expect(parseConfig({})).toMatchObject({
    host: '127.0.0.1',
    port: 3000,
    answers: 'channel',
    admins: [],
    rawRetentionDays: 30,
    totalsRetentionMonths: undefined,
    maxBodyBytes: 20 * 1024 * 1024,
    secretKeyPath: 'data/secret.key',
    logLevel: 'info',
  });
  expect(parseConfig({}).databaseUrl.reveal()).toBe('sqlite:data/headroom.db');
});

it('listens to the outside where it has a public URL, unless HOST says otherwise', () => {
  expect(parseConfig({ PUBLIC_URL: 'https://usage.example.com/' })).toMatchObject({
    host: '0.0.0.0',
    publicUrl: 'https://usage.example.com',
  });
  expect(parseConfig({ PUBLIC_URL: 'https://usage.example.com', HOST: '::1' }).host).toBe('::1');
});

it('answers privately by default where not everybody may look', () => {
  expect(parseConfig({ VIEWERS: 'S0123456789, U0123456789' })).toMatchObject({
    answers: 'private',
    viewers: ['S0123456789', 'U0123456789'],
  });
  expect(parseConfig({ VIEWERS: 'S0123456789', ANSWERS: 'channel' }).answers).toBe('channel');
});

it('tells all faults at once, each with its name, its value and the cure', () => {
  expect(
    faults(
      {
        PORT: 'http',
        REPORT_TIMEZONE: 'Mars/Olympus',
        ADMINS: 'alice',
        TOTALS_RETENTION_MONTHS: '12',
        LOG_LEVEL: 'loud',
      },
      'slack',
    ),
  ).toEqual([
    'PORT is "http", but must be a whole number from 0 to 65535.',
    'REPORT_TIMEZONE is "Mars/Olympus", but must be an IANA zone such as Europe/Berlin.',
    'ADMINS is "alice", but must be ids of users (U…) or user groups (S…), with commas between.',
    'TOTALS_RETENTION_MONTHS is "12", but must be a whole number of months, 25 or more.',
    expect.stringMatching(/^LOG_LEVEL is "loud", but must be one of fatal, /),
    expect.stringMatching(/^SLACK_BOT_TOKEN is missing/),
    expect.stringMatching(/^SLACK_APP_TOKEN or SLACK_SIGNING_SECRET is missing/),
  ]);
});

it('wants a SECRET_KEY with PostgreSQL, of 32 bytes', () => {
  const url = 'postgres://bot:hunter2@db/headroom';
  expect(faults({ DATABASE_URL: url })).toEqual([expect.stringMatching(/^SECRET_KEY is missing: with PostgreSQL/)]);
  expect(faults({ DATABASE_URL: url, SECRET_KEY: 'c2hvcnQ=' })).toEqual([
    expect.stringMatching(/^SECRET_KEY must be 32 bytes in base64/),
  ]);
  expect(faults({ DATABASE_URL: url, SECRET_KEY: KEY })).toEqual([]);
});

it('prints no secret, right or wrong', () => {
  const secrets = {
    SLACK_BOT_TOKEN: 'xoxb-hunter2',
    SLACK_APP_TOKEN: 'xapp-hunter2',
    SLACK_SIGNING_SECRET: 'hunter2hunter2',
    INGEST_TOKEN: 'hunter2hunter2hunter2',
    METRICS_TOKEN: 'hunter2hunter2',
    DATABASE_URL: 'postgres://bot:hunter2@db/headroom',
    SECRET_KEY: KEY,
  };
  const config = parseConfig(secrets, 'slack');
  expect(`${inspect(config, { depth: 9 })}${JSON.stringify(config)}`).not.toMatch(new RegExp(`hunter2|${KEY}`));
  const broken = Object.fromEntries(Object.keys(secrets).map((name) => [name, 'hunter2 hunter2']));
  const messages = faults(broken);
  expect(messages).toHaveLength(7);
  expect(messages.join()).not.toContain('hunter2');
});

it('cannot be changed', () => {
  const config = parseConfig({});
  expect(() => {
    (config as { port: number }).port = 1;
  }).toThrow(TypeError);
  expect(Object.isFrozen(config.slack)).toBe(true);
});

it('takes empty settings for ones that are not set, and .env for those that the process has not', () => {
  const folder = mkdtempSync(join(tmpdir(), 'headroom-env-'));
  writeFileSync(join(folder, '.env'), '# comment\nPORT=4000\nLOG_LEVEL="debug"\nHOST=\n');
  expect(parseConfig(readEnvironment({ PORT: '5000' }, folder))).toMatchObject({
    port: 5000,
    logLevel: 'debug',
    host: '127.0.0.1',
  });
  rmSync(folder, { recursive: true });
});
