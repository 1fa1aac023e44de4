import { createRemoteJWKSet, errors, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { HeadroomError } from '../errors.ts';
import type { Secret } from '../secret.ts';
import type { Db } from '../store/database.ts';
import { listSources, type Source } from '../store/source-repository.ts';
import { type Headers, hashToken, isSigned, unseal, verifySignature } from './credentials.ts';
import { parseOptions } from './source-options.ts';

/** Read the sources again after 1 s, so that a change by a command holds within 2 s in every running instance. */
const MAX_AGE_MS = 1000;

/** Sources that may send, cached in memory for a second. */
export class SourceDirectory {
  readonly #db: Db;
  readonly #secretKey: Secret;
  readonly #isIdentityOf: typeof isIdentityOf;
  #byName = new Map<string, Source>();
  #byTokenHash = new Map<string, Source>();
  #loadedMs = Number.NEGATIVE_INFINITY;
  #loading: Promise<void> | undefined;

  constructor(db: Db, secretKey: Secret, verify: typeof isIdentityOf = isIdentityOf) {
    this.#db = db;
    this.#secretKey = secretKey;
    this.#isIdentityOf = verify;
  }

  /** Reads the sources again; await it before checking a request. Undefined if those in memory are new enough. */
  refresh(nowMs: number): Promise<void> | undefined {
    if (Math.abs(nowMs - this.#loadedMs) < MAX_AGE_MS) return undefined;
    this.#loading ??= this.#load(nowMs).finally(() => {
      this.#loading = undefined;
    });
    return this.#loading;
  }

  /** Tells whether there is a source of this name. */
  has(name: string): boolean {
    return this.#byName.has(name);
  }

  /** Finds the source that one of these tokens belongs to; with a `name`, only that source. */
  findByToken(tokens: readonly string[], name: string | undefined): Source | undefined {
    for (const token of tokens) {
      // Tokens are looked up by hash, so the time of the lookup reveals nothing about a token.
      const source = this.#byTokenHash.get(hashToken(token));
      if (source && (name === undefined || source.name === name)) return source;
    }
    return undefined;
  }

  /** Finds the source of this name if one of the tokens is signed by Google for the identity that may push to it. */
  async findByIdentity(name: string, tokens: readonly string[], nowMs: number): Promise<Source | undefined> {
    const source = this.#byName.get(name);
    const token = tokens.find(looksLikeIdentityToken);
    if (!source || token === undefined) return undefined;
    const { push } = parseOptions(source.options, name);
    return push && (await this.#isIdentityOf(token, push, nowMs)) ? source : undefined;
  }

  /** Tells whether the source of this name accepts signatures; otherwise the body of an unknown caller need not be read. */
  takesSignatures(name: string): boolean {
    return this.#byName.get(name)?.sealedSecret !== undefined;
  }

  /**
   * Finds the source of this name if the request carries its signature over the received bytes. Throws a config error if its
   * secret was sealed with another key.
   */
  findBySignature(name: string, headers: Headers, body: Uint8Array, nowMs: number): Source | undefined {
    const source = this.#byName.get(name);
    if (source?.sealedSecret === undefined || !isSigned(headers)) return undefined;
    const sealed = [source.sealedSecret, source.old?.sealedSecret].filter((secret) => secret !== undefined);
    const isSignedWith = (secret: string): boolean =>
      verifySignature(headers, body, unseal(secret, this.#secretKey, `source ${name}`), nowMs);
    return sealed.some(isSignedWith) ? source : undefined;
  }

  async #load(nowMs: number): Promise<void> {
    const stored = await listSources(this.#db).catch((error: NodeJS.ErrnoException) => {
      const message = `Sources cannot be looked up right now (${error.message || error.code}); send the request again.`;
      throw new HeadroomError('database', message, { cause: error });
    });
    const sources = stored.map((source) =>
      source.old && source.old.untilMs > nowMs ? source : { ...source, old: undefined },
    );
    this.#byName = new Map(sources.map((source) => [source.name, source]));
    const replaced = sources.filter(({ old }) => old).map((source) => [source.old!.tokenHash, source] as const);
    this.#byTokenHash = new Map([...replaced, ...sources.map((source) => [source.tokenHash, source] as const)]);
    this.#loadedMs = nowMs;
  }
}

/** Identity that may push with a token signed by Google: a service account, and the audience that its subscription names. */
interface PushIdentity {
  email: string;
  audience: string;
}

/** Google's keys, cached. An unknown key causes a new lookup at most every 30 s; a lookup fails after 5 s. */
const GOOGLE_KEYS = createRemoteJWKSet(new URL('https://www.googleapis.com/oauth2/v3/certs'), {
  timeoutDuration: 5000,
  cooldownDuration: 30_000,
});

const ISSUERS = ['https://accounts.google.com', 'accounts.google.com'];

/** Codes of errors of the server with the keys, not of the token. */
const NO_KEYS: readonly string[] = ['ERR_JWKS_TIMEOUT', 'ERR_JOSE_GENERIC', 'ERR_JWKS_INVALID'];

export function looksLikeIdentityToken(token: string): boolean {
  return /^eyJ[\w-]+\.[\w-]+\.[\w-]+$/.test(token) && token.length < 8000;
}

/**
 * Tells whether Google has signed this token for an identity: checks signature, issuer, audience, time and verified address.
 * Throws `overloaded` if Google's keys cannot be read: the sender retries.
 * Source: https://cloud.google.com/pubsub/docs/authenticate-push-subscriptions.
 */
export async function isIdentityOf(
  token: string,
  { email, audience }: PushIdentity,
  nowMs: number,
  keys: JWTVerifyGetKey = GOOGLE_KEYS,
): Promise<boolean> {
  try {
    const { payload } = await jwtVerify(token, keys, {
      issuer: ISSUERS,
      audience,
      algorithms: ['RS256'],
      requiredClaims: ['exp'],
      clockTolerance: 60,
      currentDate: new Date(nowMs),
    });
    return payload.email === email && payload.email_verified === true;
  } catch (error) {
    if (error instanceof errors.JOSEError && !NO_KEYS.includes(error.code)) return false;
    const message = `Google's keys cannot be looked up right now (${(error as Error).message}); send the request again.`;
    throw new HeadroomError('overloaded', message, { cause: error });
  }
}
