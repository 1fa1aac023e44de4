import { HeadroomError } from '../errors.ts';
import type { Secret } from '../secret.ts';
import type { Db } from '../store/database.ts';
import { listSources, type Source } from '../store/source-repository.ts';
import { type Headers, hashToken, isSigned, verifySignature } from './credentials.ts';
import { unseal } from './seal.ts';

/** How old the list of sources may be: what a command changes holds within 2 s in every running instance. */
const MAX_AGE_MS = 1000;

/** The sources that may send, kept in memory for a second at most. */
export class SourceDirectory {
  readonly #db: Db;
  readonly #secretKey: Secret;
  #byName = new Map<string, Source>();
  #byTokenHash = new Map<string, Source>();
  #secrets = new Map<string, Secret>();
  #loadedMs = Number.NEGATIVE_INFINITY;
  #loading: Promise<void> | undefined;

  constructor(db: Db, secretKey: Secret) {
    this.#db = db;
    this.#secretKey = secretKey;
  }

  /** The source that this token names. */
  async findByToken(token: string, nowMs: number): Promise<Source | undefined> {
    await this.#refresh(nowMs);
    // The token is found by its hash, so the time that this takes tells nothing about the token.
    return this.#byTokenHash.get(hashToken(token));
  }

  /** The source of this name, if its token is one of those that a request shows. */
  async findByShownToken(name: string, tokens: readonly string[], nowMs: number): Promise<Source | undefined> {
    await this.#refresh(nowMs);
    const source = this.#byName.get(name);
    return source && tokens.some((token) => this.#byTokenHash.get(hashToken(token)) === source) ? source : undefined;
  }

  /** Tells whether a signature could open the source of this name: nobody's body is read for one that cannot. */
  async takesSignatures(name: string, nowMs: number): Promise<boolean> {
    await this.#refresh(nowMs);
    return this.#byName.get(name)?.sealedSecret !== undefined;
  }

  /**
   * The source of this name, if the request carries its signature over the bytes received. Throws a config error where
   * its secret was sealed with another key.
   */
  async findBySignature(name: string, headers: Headers, body: Uint8Array, nowMs: number): Promise<Source | undefined> {
    await this.#refresh(nowMs);
    const source = this.#byName.get(name);
    if (source?.sealedSecret === undefined || !isSigned(headers)) return undefined;
    const sealed = [source.sealedSecret, source.old?.sealedSecret].filter((secret) => secret !== undefined);
    return sealed.some((secret) => verifySignature(headers, body, this.#open(source, secret), nowMs))
      ? source
      : undefined;
  }

  #open(source: Source, sealed: string): Secret {
    let secret = this.#secrets.get(sealed);
    if (!secret) {
      secret = unseal(sealed, this.#secretKey, `source ${source.name}`);
      this.#secrets.set(sealed, secret);
    }
    return secret;
  }

  async #refresh(nowMs: number): Promise<void> {
    if (Math.abs(nowMs - this.#loadedMs) < MAX_AGE_MS) return;
    this.#loading ??= this.#load(nowMs).finally(() => {
      this.#loading = undefined;
    });
    await this.#loading;
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
    if (this.#secrets.size > sources.length + 100) this.#secrets.clear();
    this.#loadedMs = nowMs;
  }
}
