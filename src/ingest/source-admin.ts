import { existsSync } from 'node:fs';
import type { Config } from '../config.ts';
import { HeadroomError } from '../errors.ts';
import type { Secret } from '../secret.ts';
import { insertAudit } from '../store/audit-repository.ts';
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
import { createSigningSecret, createToken, hashToken, readOrCreateSecretKey, seal, unseal } from './credentials.ts';

/** Credentials of a source, shown once. Stored are only a hash of the token and the sealed secret. */
export interface Credentials {
  token: Secret;
  signingSecret: Secret;
}

/** Settings for the key that seals signing secrets: the key itself, or the path of its file. */
type KeySettings = Pick<Config, 'secretKey' | 'secretKeyPath'>;

/** Names of sources are simple, since they are used in URLs and filters. */
const NAME = /^[a-zA-Z0-9][a-zA-Z0-9._-]{0,62}$/;

/** Name of the source that `INGEST_TOKEN` belongs to. */
const DEFAULT_SOURCE = 'default';

const BY_SETTING = { actor: 'INGEST_TOKEN', detail: DEFAULT_SOURCE };

/** Adds a source. Throws a `source` error for a name that is taken or invalid, and for an unknown adapter. */
export async function addSource(
  db: Db,
  config: KeySettings,
  source: { name: string; adapter: string; options: Readonly<Record<string, unknown>> },
  nowMs: number,
): Promise<Credentials & { source: Source }> {
  checkSource(source.name, source.adapter);
  const known = await findSource(db, source.name);
  if (known && known.revokedMs === undefined) {
    throw new HeadroomError(
      'source',
      `There is a source ${source.name} already: choose another name, or "headroom sources rotate ${source.name}" for new credentials.`,
    );
  }
  const { credentials, stored } = createCredentials(source.name, await openSecretKey(db, config));
  return { ...credentials, source: await upsertSource(db, { ...source, ...stored }, nowMs) };
}

/**
 * Gives a source a new token and signing secret. The old ones are accepted until `oldUntilMs`; without it they stop working once
 * running instances have read the change. If the key is lost, a new one is made; `closed` names the other sources whose signing
 * secrets it cannot unseal. `lostSecret`: the old secret of this source cannot be unsealed, so only its old token still works.
 */
export async function rotateSource(
  db: Db,
  config: KeySettings,
  source: Pick<Source, 'id' | 'name' | 'sealedSecret'>,
  oldUntilMs?: number,
): Promise<Credentials & { closed: string[]; lostSecret: boolean }> {
  const key = config.secretKey ?? readOrCreateSecretKey(config.secretKeyPath);
  const { credentials, stored } = createCredentials(source.name, key);
  const lostSecret = listClosed([source], key).length > 0;
  const sealedSecret = lostSecret ? undefined : source.sealedSecret;
  await updateCredentials(
    db,
    source.id,
    stored,
    oldUntilMs === undefined ? undefined : { sealedSecret, untilMs: oldUntilMs },
  );
  return { ...credentials, lostSecret, closed: listClosed(await listSources(db), key) };
}

/**
 * Makes `INGEST_TOKEN` the only credential of the source `default`, at the start. Without that setting, revokes the source if the
 * setting had made it. Throws a config error if another source has that token.
 */
export async function ensureDefaultSource(db: Db, token: Secret | undefined, nowMs: number): Promise<void> {
  const known = await findSource(db, DEFAULT_SOURCE);
  if (!token) {
    // Sources made by "headroom sources" have a signing secret, one made by the setting has none.
    const isOfSetting = known && known.sealedSecret === undefined && known.revokedMs === undefined;
    if (isOfSetting) {
      await revokeSource(db, known.id, nowMs);
      await insertAudit(db, { ...BY_SETTING, atMs: nowMs, action: 'source.remove' });
    }
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
  const action = known && known.revokedMs === undefined ? 'source.rotate' : 'source.add';
  await insertAudit(db, { ...BY_SETTING, atMs: nowMs, action });
}

/**
 * Returns the key that seals signing secrets, from the settings or from its file, which is created if nothing is sealed yet.
 * Throws a config error if the file is missing though secrets are sealed with it, or if the key unseals none of them.
 */
export async function openSecretKey(db: Db, config: KeySettings): Promise<Secret> {
  const sealed = (await listSources(db)).filter(({ sealedSecret }) => sealedSecret !== undefined);
  const names = sealed.map(({ name }) => name).join(', ');
  const lost = 'If it is lost, run "headroom sources rotate NAME" for each.';
  if (sealed.length > 0 && !config.secretKey && !existsSync(config.secretKeyPath)) {
    throw new HeadroomError(
      'config',
      `${config.secretKeyPath} is missing, and the signing secrets of ${names} are sealed with it. Put it back from the backup, or set SECRET_KEY. ${lost}`,
    );
  }
  const key = config.secretKey ?? readOrCreateSecretKey(config.secretKeyPath);
  if (sealed.length > 0 && listClosed(sealed, key).length === sealed.length) {
    throw new HeadroomError(
      'config',
      `${config.secretKey ? 'SECRET_KEY' : config.secretKeyPath} is not the key that the signing secrets of ${names} are sealed with. Put that one back. ${lost}`,
    );
  }
  return key;
}

/** Lists the names of sources whose signing secrets this key cannot unseal. */
export function listClosed(sources: readonly Pick<Source, 'name' | 'sealedSecret'>[], key: Secret): string[] {
  const isClosed = ({ name, sealedSecret }: Pick<Source, 'name' | 'sealedSecret'>): boolean => {
    try {
      if (sealedSecret !== undefined) unseal(sealedSecret, key, `source ${name}`);
      return false;
    } catch {
      return true;
    }
  };
  return sources.filter(isClosed).map(({ name }) => name);
}

/** Returns the source for calls that a command counts; if there is none, creates it with credentials that nobody knows. */
export async function getOrCreateSource(db: Db, name: string, adapter: string, nowMs: number): Promise<Source> {
  const known = await findSource(db, name);
  if (known) return known;
  checkSource(name, adapter);
  return upsertSource(db, { name, adapter, options: {}, tokenHash: hashToken(createToken().reveal()) }, nowMs);
}

/** Throws a `source` error for an invalid name of a source, and for an unknown adapter. */
export function checkSource(name: string, adapter: string): void {
  getAdapter(adapter);
  if (NAME.test(name)) return;
  throw new HeadroomError(
    'source',
    `${JSON.stringify(name)} cannot be the name of a source: use 1 to 63 letters, digits, dots, hyphens and underscores.`,
  );
}

/** Creates credentials of a source, with the hash and sealed secret to store. */
function createCredentials(name: string, key: Secret) {
  const credentials: Credentials = { token: createToken(), signingSecret: createSigningSecret() };
  const sealedSecret = seal(credentials.signingSecret.reveal(), key, `source ${name}`);
  return { credentials, stored: { tokenHash: hashToken(credentials.token.reveal()), sealedSecret } };
}
