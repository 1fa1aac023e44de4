import { existsSync } from 'node:fs';
import type { Config } from '../config.ts';
import { HeadroomError } from '../errors.ts';
import type { Secret } from '../secret.ts';
import type { Db } from '../store/database.ts';
import {
  findSource,
  listSources,
  revokeSource,
  type Source,
  updateCredentials,
  upsertSource,
} from '../store/source-repository.ts';
import { getAdapter } from './adapters.ts';
import { createSigningSecret, createToken, hashToken, readOrCreateSecretKey, seal } from './credentials.ts';

/** Shown to its owner once, then kept only as a hash and sealed. */
export interface Credentials {
  token: Secret;
  signingSecret: Secret;
}

/** Where the key stands that signing secrets are sealed with. */
type KeySettings = Pick<Config, 'secretKey' | 'secretKeyPath'>;

/** Stands in URLs and filters, so it is kept simple. */
const NAME = /^[a-zA-Z0-9][a-zA-Z0-9._-]{0,62}$/;

/** Name of the source that `INGEST_TOKEN` belongs to. */
const DEFAULT_SOURCE = 'default';

/** Makes a source. Throws a `source` error for a name that is taken or no name, and for an unknown adapter. */
export async function addSource(
  db: Db,
  config: KeySettings,
  source: { name: string; adapter: string; options: Readonly<Record<string, unknown>> },
  nowMs: number,
): Promise<Credentials & { source: Source }> {
  checkName(source.name);
  getAdapter(source.adapter);
  const known = await findSource(db, source.name);
  if (known && known.revokedMs === undefined) {
    throw new HeadroomError(
      'source',
      `There is a source ${source.name} already: choose another name, or "headroom sources rotate ${source.name}" for new credentials.`,
    );
  }
  const { credentials, stored } = createCredentials(source.name, config);
  return { ...credentials, source: await upsertSource(db, { ...source, ...stored }, nowMs) };
}

/**
 * New token and signing secret. The old ones open the source until `oldUntilMs`; without it they are worth nothing once
 * running instances have read the change.
 */
export async function rotateSource(
  db: Db,
  config: KeySettings,
  source: Pick<Source, 'id' | 'name'>,
  oldUntilMs?: number,
): Promise<Credentials> {
  const { credentials, stored } = createCredentials(source.name, config);
  await updateCredentials(db, source.id, stored, oldUntilMs);
  return credentials;
}

/**
 * Makes `INGEST_TOKEN` the only credential of the source `default`, at start; without that setting a source made by it is
 * revoked. Throws a config error where another source has that token.
 */
export async function ensureDefaultSource(db: Db, token: Secret | undefined, nowMs: number): Promise<void> {
  const known = await findSource(db, DEFAULT_SOURCE);
  if (!token) {
    // Sources of "headroom sources" have a signing secret, those of the setting have none.
    const isOfSetting = known && known.sealedSecret === undefined && known.revokedMs === undefined;
    if (isOfSetting) await revokeSource(db, known.id, nowMs);
    return;
  }
  const tokenHash = hashToken(token.reveal());
  if (known && known.tokenHash === tokenHash && known.revokedMs === undefined) return;
  const other = (await listSources(db, { revoked: true })).find((source) => source.tokenHash === tokenHash);
  if (other && other.name !== DEFAULT_SOURCE) {
    throw new HeadroomError(
      'config',
      `INGEST_TOKEN cannot be made the token of the source ${DEFAULT_SOURCE}: another source has it, ${other.name}. Set another.`,
    );
  }
  const { adapter = 'native', options = {} } = known ?? {};
  await upsertSource(db, { name: DEFAULT_SOURCE, adapter, options, tokenHash }, nowMs);
}

/**
 * The key that signing secrets are sealed with: of the settings, or of its file, which the first start makes. Throws a
 * config error where the file is missing though secrets are sealed with it: a new key could open none of them.
 */
export async function openSecretKey(db: Db, config: KeySettings): Promise<Secret> {
  if (config.secretKey) return config.secretKey;
  const known = existsSync(config.secretKeyPath) ? [] : await listSources(db);
  const sealed = known.filter(({ sealedSecret }) => sealedSecret !== undefined);
  if (sealed.length === 0) return readOrCreateSecretKey(config.secretKeyPath);
  const names = sealed.map(({ name }) => name).join(', ');
  throw new HeadroomError(
    'config',
    `${config.secretKeyPath} is missing, and the signing secrets of ${names} are sealed with it. Put it back from the backup, or set SECRET_KEY. If it is lost, run "headroom sources rotate NAME" for each.`,
  );
}

/** The source that a command counts calls under; made, with credentials that nobody knows, if there is none. */
export async function getOrCreateSource(db: Db, name: string, adapter: string, nowMs: number): Promise<Source> {
  const known = await findSource(db, name);
  if (known) return known;
  checkName(name);
  return upsertSource(db, { name, adapter, options: {}, tokenHash: hashToken(createToken().reveal()) }, nowMs);
}

function checkName(name: string): void {
  if (NAME.test(name)) return;
  throw new HeadroomError(
    'source',
    `${JSON.stringify(name)} cannot be the name of a source: use 1 to 63 letters, digits, dots, hyphens and underscores.`,
  );
}

/** New credentials of a source, and what is kept of them. */
function createCredentials(name: string, config: KeySettings) {
  const credentials: Credentials = { token: createToken(), signingSecret: createSigningSecret() };
  const key = config.secretKey ?? readOrCreateSecretKey(config.secretKeyPath);
  const sealedSecret = seal(credentials.signingSecret.reveal(), key, `source ${name}`);
  return { credentials, stored: { tokenHash: hashToken(credentials.token.reveal()), sealedSecret } };
}
