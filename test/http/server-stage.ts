import { randomBytes } from 'node:crypto';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { createHttpServer, type HttpServer, type HttpServerOptions } from '../../src/http/server.ts';
import type { EventIntake } from '../../src/ingest/adapter.ts';
import { Intake } from '../../src/ingest/intake.ts';
import { addSource } from '../../src/ingest/source-admin.ts';
import { SourceDirectory } from '../../src/ingest/source-directory.ts';
import { SourceLimits, SourceTally } from '../../src/ingest/source-tally.ts';
import { createLogger } from '../../src/log.ts';
import { Secret } from '../../src/secret.ts';
import { type Db, openDatabase } from '../../src/store/database.ts';
import { migrate } from '../../src/store/migrate.ts';

type IsIdentityOf = ConstructorParameters<typeof SourceDirectory>[2];

export const NOW = Date.UTC(2026, 10, 20, 12, 5);
export const EVENT = { id: 'e1', time: '2026-11-20T12:00:00Z', client: 'acme', status: 200 };

const TAKEN = { accepted: 1, duplicates: 0, conflicts: 0, rejected: [] };
/** An intake that accepts every request as one event and stores nothing. */
export const TAKES_ALL: EventIntake = { ingest: async () => TAKEN };

/** Creates an intake like `TAKES_ALL` that answers no request before `release`. `entered` resolves with the first request. */
export function holdIntake(): { intake: EventIntake; entered: Promise<void>; release: () => void } {
  const entered = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  const ingest = async () => {
    entered.resolve();
    await released.promise;
    return TAKEN;
  };
  return { intake: { ingest }, entered: entered.promise, release: released.resolve };
}

export interface Stage {
  server: HttpServer;
  db: Db;
  /** Token and signing secret of the source `default`. */
  token: string;
  signingSecret: string;
  secretKey: Secret;
  tally: SourceTally;
  clock: { nowMs: number };
  close(): Promise<void>;
}

/** Opens a server with a real database and the real intake. */
export async function openStage(
  url: string,
  { isIdentityOf, ...options }: Partial<HttpServerOptions> & { isIdentityOf?: IsIdentityOf } = {},
): Promise<Stage> {
  const db = openDatabase(url);
  await migrate(db);
  const clock = { nowMs: NOW };
  const secretKey = new Secret(randomBytes(32).toString('base64'));
  const { token, signingSecret } = await addSource(
    db,
    { secretKey, secretKeyPath: '' },
    { name: 'default', adapter: 'native', options: {} },
    NOW,
  );
  const intake = new Intake({
    databaseUrl: url,
    zone: 'UTC',
    rawRetentionDays: 30,
    maxBodyBytes: options.maxBodyBytes ?? 1_000_000,
  });
  const taking: EventIntake = {
    async ingest(request) {
      const [outcome] = await intake.take(() => [request]);
      if (outcome instanceof Error) throw outcome;
      return outcome!;
    },
  };
  const tally = new SourceTally(db, (error) => {
    throw error;
  });
  const server = createHttpServer({
    host: '127.0.0.1',
    port: 0,
    maxBodyBytes: 1_000_000,
    sources: new SourceDirectory(db, secretKey, isIdentityOf),
    intake: taking,
    tally,
    limits: new SourceLimits(),
    now: () => clock.nowMs,
    readiness: () => ({ slack: 'connected' }),
    log: createLogger('silent'),
    ...options,
  });
  await server.start();
  return {
    server,
    db,
    token: token.reveal(),
    signingSecret: signingSecret.reveal(),
    secretKey,
    tally,
    clock,
    async close() {
      await server.stop(100);
      await tally.flush();
      await intake.close();
      await db.destroy();
    },
  };
}

export interface Reply {
  status: number;
  headers: IncomingHttpHeaders;
  bytes: Uint8Array;
  text: string;
  /** The body, if it is JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  json: any;
}

/** Sends a request byte for byte. `chunked`: without a length of the body. `target` is put into the request line as it is. */
export function send(
  { server, token, target }: { server: { readonly url: string }; token: string; target?: string },
  path: string,
  body?: string | Uint8Array | object,
  options: { method?: string; headers?: Record<string, string>; chunked?: boolean; anonymous?: boolean } = {},
): Promise<Reply> {
  const bytes =
    body instanceof Uint8Array ? body : Buffer.from(typeof body === 'object' ? JSON.stringify(body) : (body ?? ''));
  const headers: Record<string, string> = {
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    ...(options.anonymous ? {} : { authorization: `Bearer ${token}` }),
    ...(options.chunked ? { 'transfer-encoding': 'chunked' } : { 'content-length': String(bytes.length) }),
    ...options.headers,
  };
  return new Promise((resolve, reject) => {
    const request = httpRequest(`${server.url}${path}`, {
      method: options.method ?? (body === undefined ? 'GET' : 'POST'),
      headers,
      agent: false,
      ...(target === undefined ? {} : { path: target }),
    });
    request.on('response', (response) => {
      const chunks: Uint8Array[] = [];
      response.on('data', (chunk: Uint8Array) => chunks.push(chunk));
      response.on('end', () => {
        const bytes = Buffer.concat(chunks);
        const text = bytes.toString();
        const isJson = /json/.test(response.headers['content-type'] ?? '');
        resolve({
          status: response.statusCode!,
          headers: response.headers,
          bytes,
          text,
          json: isJson && text ? JSON.parse(text) : undefined,
        });
      });
    });
    request.on('error', reject);
    if (headers.expect) request.on('continue', () => request.end(bytes));
    else request.end(bytes);
  });
}
