import type { Config } from '../config.ts';
import { HeadroomError } from '../errors.ts';
import type { Secret } from '../secret.ts';
import type { Db } from '../store/database.ts';
import { findSource, type Source, updateCredentials, upsertSource } from '../store/source-repository.ts';
import { getAdapter } from './adapters.ts';
import { createSigningSecret, createToken, hashToken } from './credentials.ts';
import { readOrCreateSecretKey, seal } from './seal.ts';

/** Shown to its owner once, then kept only as a hash and sealed. */
export interface Credentials {
  token: Secret;
  signingSecret: Secret;
}

/** Stands in URLs and filters, so it is kept simple. */
const NAME = /^[a-zA-Z0-9][a-zA-Z0-9._-]{0,62}$/;

/** Name of the source that `INGEST_TOKEN` belongs to. */
const DEFAULT_SOURCE = 'default';

/** Makes a source. Throws a `source` error for a name that is taken or no name, and for an unknown adapter. */
export async function addSource(
  db: Db,
  config: Pick<Config, 'secretKey' | 'secretKeyPath'>,
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
  const credentials = createCredentials();
  const stored = await upsertSource(db, { ...source, ...toStored(credentials, config, source.name) }, nowMs);
  return { ...credentials, source: stored };
}

/** New token and signing secret; the old ones are worth nothing once running instances have read the change. */
export async function rotateSource(
  db: Db,
  config: Pick<Config, 'secretKey' | 'secretKeyPath'>,
  source: Pick<Source, 'id' | 'name'>,
): Promise<Credentials> {
  const credentials = createCredentials();
  await updateCredentials(db, source.id, toStored(credentials, config, source.name));
  return credentials;
}

/** Makes `INGEST_TOKEN` the token of the source `default`, at start. Throws where another source has that token. */
export async function ensureDefaultSource(db: Db, token: Secret, nowMs: number): Promise<Source> {
  const tokenHash = hashToken(token.reveal());
  const known = await findSource(db, DEFAULT_SOURCE);
  if (known && known.tokenHash === tokenHash && known.revokedMs === undefined) return known;
  const { adapter = 'native', options = {}, sealedSecret } = known ?? {};
  try {
    return await upsertSource(db, { name: DEFAULT_SOURCE, adapter, options, tokenHash, sealedSecret }, nowMs);
  } catch (error) {
    throw new HeadroomError(
      'config',
      `INGEST_TOKEN cannot be made the token of the source ${DEFAULT_SOURCE}: another source has it. Set another.`,
      { cause: error },
    );
  }
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

function createCredentials(): Credentials {
  return { token: createToken(), signingSecret: createSigningSecret() };
}

function toStored(
  { token, signingSecret }: Credentials,
  config: Pick<Config, 'secretKey' | 'secretKeyPath'>,
  name: string,
): { tokenHash: string; sealedSecret: string } {
  const key = config.secretKey ?? readOrCreateSecretKey(config.secretKeyPath);
  return {
    tokenHash: hashToken(token.reveal()),
    sealedSecret: seal(signingSecret.reveal(), key, `source ${name}`),
  };
}
