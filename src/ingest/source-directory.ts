import { HeadroomError } from '../errors.ts';
import type { Secret } from '../secret.ts';
import type { Db } from '../store/database.ts';
import { listSources, type Source } from '../store/source-repository.ts';
import { type Headers, hashToken, isSigned, unseal, verifySignature } from './credentials.ts';
import { isIdentityOf, looksLikeIdentityToken } from './identity-token.ts';
import { parseOptions } from './source-options.ts';

/** How old the list of sources may be: what a command changes holds within 2 s in every running instance. */
const MAX_AGE_MS = 1000;

/** The sources that may send, kept in memory for a second at most. */
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

  /** Reads the sources again. Await it before a request is checked; undefined: those in memory are new enough. */
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

  /** The source that one of these tokens names; with a `name`, that source or none. */
  findByToken(tokens: readonly string[], name: string | undefined): Source | undefined {
    for (const token of tokens) {
      // The token is found by its hash, so the time that this takes tells nothing about the token.
      const source = this.#byTokenHash.get(hashToken(token));
      if (source && (name === undefined || source.name === name)) return source;
    }
    return undefined;
  }

  /** The source of this name, if Google has signed one of these tokens for whoever may push to it. */
  async findByIdentity(name: string, tokens: readonly string[], nowMs: number): Promise<Source | undefined> {
    const source = this.#byName.get(name);
    const token = tokens.find(looksLikeIdentityToken);
    if (!source || token === undefined) return undefined;
    const { push } = parseOptions(source.options, name);
    return push && (await this.#isIdentityOf(token, push, nowMs)) ? source : undefined;
  }

  /** Tells whether a signature could open the source of this name: nobody's body is read for one that cannot. */
  takesSignatures(name: string): boolean {
    return this.#byName.get(name)?.sealedSecret !== undefined;
  }

  /**
   * The source of this name, if the request carries its signature over the bytes received. Throws a config error where
   * its secret was sealed with another key.
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
