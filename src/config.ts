import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseEnv } from 'node:util';
import { z } from 'zod';
import { distanceWithin } from './domain/names.ts';
import { isZone } from './domain/time-zone.ts';
import { HeadroomError } from './errors.ts';
import { parseSecretKey } from './ingest/credentials.ts';
import { redact, Secret } from './secret.ts';
import { parseDatabaseUrl } from './store/database.ts';

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

const secret = (pattern: RegExp, shape: string) =>
  z
    .string()
    .regex(pattern, `must be ${shape}`)
    .transform((text) => new Secret(text));

const wholeNumber = (min: number, max: number, cure: string) =>
  z
    .string()
    .regex(/^\d+$/, cure)
    .transform(Number)
    .refine((value) => value >= min && value <= max, cure);

const people = z
  .string()
  .transform((text): readonly string[] => text.split(/[\s,]+/).filter((id) => id !== ''))
  .refine(
    (ids) => ids.every((id) => /^[UWS][A-Z0-9]{2,}$/.test(id)),
    'must be ids of users (U…) or user groups (S…), with commas between',
  )
  .default([]);

const url = z
  .string()
  .refine((text) => /^https?:$/.test(URL.parse(text)?.protocol ?? ''), 'must be a URL like https://usage.example.com')
  .refine((text) => {
    const { username = '', password = '' } = URL.parse(text) ?? {};
    return username + password === '';
  }, 'must be without user name and password: they would be sent and shown in clear');

const settings = z.object({
  SLACK_BOT_TOKEN: secret(/^xoxb-\S+$/, 'a bot token, xoxb-… (Slack: OAuth & Permissions)').optional(),
  /** For HTTP mode. */
  SLACK_SIGNING_SECRET: secret(/^\S+$/, 'the signing secret (Slack: Basic Information)').optional(),
  /** For Socket Mode, which is used if both are set. */
  SLACK_APP_TOKEN: secret(/^xapp-\S+$/, 'an app-level token, xapp-… (Slack: Basic Information)').optional(),
  SLACK_API_URL: url.default('https://slack.com/api/'),
  DATABASE_URL: z
    .string()
    .default('sqlite:data/headroom.db')
    .refine(
      (text) => succeeds(() => parseDatabaseUrl(text)),
      'must be sqlite:PATH, or postgres:// with user, password, host and database',
    )
    .transform((text) => new Secret(text)),
  HOST: z
    .string()
    .regex(/^[\w.:-]+$/, 'must be an address of this machine, such as 127.0.0.1 or 0.0.0.0')
    .optional(),
  PORT: wholeNumber(0, 65_535, 'must be a whole number from 0 to 65535').default(3000),
  PUBLIC_URL: url.optional(),
  /** If not set: UTC at the first start, later the zone that the database has. */
  REPORT_TIMEZONE: z.string().refine(isZone, 'must be an IANA zone such as Europe/Berlin').optional(),
  INGEST_TOKEN: secret(/^\S{8,200}$/, '8 to 200 characters without spaces').optional(),
  ALERT_CHANNEL: z
    .string()
    .regex(/^[CG][A-Z0-9]{2,}$/, 'must be a channel id such as C0123456789')
    .optional(),
  ONCALL: z
    .string()
    .regex(/^[UWS][A-Z0-9]{2,}$/, 'must be the id of a user (U…) or user group (S…)')
    .optional(),
  ADMINS: people,
  VIEWERS: people,
  ANSWERS: z.enum(['channel', 'private'], 'must be channel or private').optional(),
  RAW_RETENTION_DAYS: wholeNumber(1, Number.MAX_SAFE_INTEGER, 'must be a whole number of days, 1 or more').default(30),
  TOTALS_RETENTION_MONTHS: wholeNumber(25, 12_000, 'must be a whole number of months, 25 or more').optional(),
  MAX_BODY_BYTES: wholeNumber(1024, 1024 ** 3, 'must be a whole number of bytes from 1024 to 1073741824').default(
    20 * 1024 * 1024,
  ),
  METRICS_TOKEN: secret(/^\S{8,}$/, 'at least 8 characters, without spaces').optional(),
  /** Address that also gets alerts and digests, as JSON. */
  WEBHOOK_URL: url.optional(),
  WEBHOOK_SECRET: secret(/^whsec_[A-Za-z0-9+/]{32,86}={0,2}$/, 'whsec_ and 24 to 64 bytes in base64').optional(),
  PRIVACY: z.enum(['truncate-ip'], 'must be truncate-ip, or not set').optional(),
  /** Token with which anybody may ask what viewers may ask; without it `/v1/ask` is closed. */
  READ_TOKEN: secret(
    /^\S{16,200}$/,
    '16 to 200 characters without spaces: make one with "openssl rand -hex 32"',
  ).optional(),
  /** If not set, the key is in a file beside the database, created at the first start. */
  SECRET_KEY: secret(/^\S+$/, '32 bytes in base64')
    .refine(
      (key) => succeeds(() => parseSecretKey(key.reveal())),
      'must be 32 bytes in base64: make one with "openssl rand -base64 32"',
    )
    .optional(),
  LOG_LEVEL: z.enum(LOG_LEVELS, `must be one of ${LOG_LEVELS.join(', ')}`).default('info'),
});

/** Names of all settings. */
export const SETTING_NAMES: readonly string[] = Object.keys(settings.shape);

/**
 * Describes variables that are not settings but look like one: within two typing errors of a setting's name of six letters or more,
 * which is then proposed, or with a name that begins with SLACK_.
 */
export function describeMisspelt(env: Readonly<Record<string, string | undefined>>): string[] {
  const long = SETTING_NAMES.filter((name) => name.length >= 6);
  return Object.keys(env).flatMap((name) => {
    const nearest = long.find((each) => distanceWithin(name.toUpperCase(), each, 2) <= 2);
    if (SETTING_NAMES.includes(name) || (nearest === undefined && !/^SLACK_/i.test(name))) return [];
    return `${name} is no setting: ${nearest ? `did you mean ${nearest}?` : 'the README lists those that there are.'}`;
  });
}

/**
 * Reads settings from variables; empty ones count as not set. `needs: 'slack'` also requires what the bot needs to run. Throws a
 * config error that lists every fault with name, problem and cure, but never the value of a secret.
 */
export function parseConfig(env: Readonly<Record<string, string | undefined>>, needs?: 'slack'): Config {
  const given = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value.trim() !== ''),
  );
  const trimmed = Object.fromEntries(Object.entries(given).map(([name, value]) => [name, value!.trim()]));
  const parsed = settings.safeParse(trimmed);
  const faults = parsed.success ? [] : parsed.error.issues.map((issue) => describeFault(issue, trimmed));
  faults.push(...findMissing(trimmed, needs));
  if (!parsed.success || faults.length > 0) {
    const count = faults.length === 1 ? 'A setting is' : `${faults.length} settings are`;
    throw new HeadroomError('config', `${count} wrong:\n${faults.map((fault) => `  ${fault}`).join('\n')}`);
  }
  return Object.freeze(toConfig(parsed.data));
}

/** Returns the variables of the process, and those of a `.env` file in this folder that the process does not set. */
export function readEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  folder: string,
): Record<string, string | undefined> {
  const path = join(folder, '.env');
  return existsSync(path) ? { ...parseEnv(readFileSync(path, 'utf8')), ...env } : { ...env };
}

/** Do not hide secrets shorter than 8 characters in the log: they could be ordinary words. */
const MIN_SECRET_LENGTH = 8;

/** Lists the values of settings that must not appear in the log. */
export function listSecrets({ databaseUrl: _, slack, webhook, ...config }: Config): string[] {
  return [slack, webhook ?? {}, config]
    .flatMap((part): unknown[] => Object.values(part))
    .flatMap((value) => (value instanceof Secret ? value.reveal() : []))
    .filter((text) => text.length >= MIN_SECRET_LENGTH);
}

/** Checked settings of an instance. README.md lists them. */
export type Config = Readonly<ReturnType<typeof toConfig>>;

function toConfig(data: z.output<typeof settings>) {
  const database = parseDatabaseUrl(data.DATABASE_URL.reveal());
  const folder = database.dialect === 'sqlite' && database.path !== ':memory:' ? dirname(database.path) : 'data';
  return {
    slack: Object.freeze({
      botToken: data.SLACK_BOT_TOKEN,
      signingSecret: data.SLACK_SIGNING_SECRET,
      appToken: data.SLACK_APP_TOKEN,
      apiUrl: data.SLACK_API_URL.endsWith('/') ? data.SLACK_API_URL : `${data.SLACK_API_URL}/`,
    }),
    databaseUrl: data.DATABASE_URL,
    host: data.HOST ?? (data.PUBLIC_URL ? '0.0.0.0' : '127.0.0.1'),
    port: data.PORT,
    publicUrl: data.PUBLIC_URL?.replace(/\/$/, ''),
    reportTimezone: data.REPORT_TIMEZONE,
    ingestToken: data.INGEST_TOKEN,
    alertChannel: data.ALERT_CHANNEL,
    oncall: data.ONCALL,
    admins: data.ADMINS,
    viewers: data.VIEWERS,
    // If only some people may see usage, answers are private by default.
    answers: data.ANSWERS ?? (data.VIEWERS.length > 0 ? 'private' : 'channel'),
    rawRetentionDays: data.RAW_RETENTION_DAYS,
    totalsRetentionMonths: data.TOTALS_RETENTION_MONTHS,
    maxBodyBytes: data.MAX_BODY_BYTES,
    metricsToken: data.METRICS_TOKEN,
    privacy: data.PRIVACY,
    webhook:
      data.WEBHOOK_URL && data.WEBHOOK_SECRET ? { url: data.WEBHOOK_URL, secret: data.WEBHOOK_SECRET } : undefined,
    readToken: data.READ_TOKEN,
    secretKey: data.SECRET_KEY,
    secretKeyPath: join(folder, 'secret.key'),
    logLevel: data.LOG_LEVEL,
  };
}

function findMissing(given: Readonly<Record<string, string | undefined>>, needs: 'slack' | undefined): string[] {
  const faults: string[] = [];
  if (/^postgres(ql)?:/.test(given.DATABASE_URL ?? '') && given.SECRET_KEY === undefined) {
    faults.push(
      'SECRET_KEY is missing: with PostgreSQL it must be set, the same for every instance; make one with "openssl rand -base64 32".',
    );
  }
  if ((given.WEBHOOK_URL === undefined) !== (given.WEBHOOK_SECRET === undefined)) {
    const missing = given.WEBHOOK_URL === undefined ? 'WEBHOOK_URL' : 'WEBHOOK_SECRET';
    faults.push(
      `${missing} is missing: WEBHOOK_URL and WEBHOOK_SECRET go together; make a secret with "echo whsec_$(openssl rand -base64 32)".`,
    );
  }
  if (needs !== 'slack') return faults;
  const { SLACK_BOT_TOKEN: botToken, SLACK_APP_TOKEN: appToken, SLACK_SIGNING_SECRET: signingSecret } = given;
  return [...faults, ...listMissingSlackSettings({ botToken, appToken, signingSecret })];
}

/** Lists the settings that the bot lacks to run with Slack, a line each with its cure. */
export function listMissingSlackSettings({
  botToken,
  appToken,
  signingSecret,
}: Readonly<Record<'botToken' | 'appToken' | 'signingSecret', unknown>>): string[] {
  const faults: string[] = [];
  if (botToken === undefined) {
    faults.push('SLACK_BOT_TOKEN is missing: set the bot token, xoxb-… (Slack: OAuth & Permissions).');
  }
  if (appToken === undefined && signingSecret === undefined) {
    faults.push(
      'SLACK_APP_TOKEN or SLACK_SIGNING_SECRET is missing: set the app-level token, xapp-… (Socket Mode), or the signing secret (HTTP mode).',
    );
  }
  return faults;
}

/** Matches settings whose values are never shown. */
const SECRET_NAMES = /TOKEN|SECRET|DATABASE_URL/;

function describeFault(issue: z.core.$ZodIssue, given: Readonly<Record<string, string | undefined>>): string {
  const name = String(issue.path[0]);
  const value = given[name] ?? '';
  const shown = SECRET_NAMES.test(name) ? '' : ` is ${JSON.stringify(redact(value.slice(0, 80)))}, but`;
  return `${name}${shown} ${issue.message}.`;
}

function succeeds(parse: () => unknown): boolean {
  try {
    parse();
    return true;
  } catch {
    return false;
  }
}
