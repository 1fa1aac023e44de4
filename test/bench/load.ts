import { fork } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { createEventSource } from './events.ts';

/**
 * A cheap sender in a child process. Bodies are made before the clock starts and get new ids each time they are sent. Each
 * connection sends one request and waits for its answer. The result has the times seen by the client.
 */
export interface LoadSettings {
  port: number;
  token: string;
  eventsPerRequest: number;
  connections: number;
  /** Number of requests. The first tenth warms up and is not counted. */
  requests: number;
  seed: number;
}

export interface LoadResult {
  events: number;
  seconds: number;
  /** Latency of a request, as seen by the client. */
  p50Ms: number;
  p99Ms: number;
  refused: number;
}

/** Sends all requests. Resolves once all are answered. Calls `onBegin` when the counted part begins. */
export async function runLoad(settings: LoadSettings, onBegin = (): void => {}): Promise<LoadResult> {
  const sender = fork(import.meta.filename, [JSON.stringify(settings)], { execArgv: [] });
  const result = Promise.withResolvers<LoadResult>();
  sender.on('message', (message: LoadResult | 'begun') => (message === 'begun' ? onBegin() : result.resolve(message)));
  void once(sender, 'exit').then(([code]) => result.reject(new Error(`the sender ended with ${code}`)));
  return result.promise;
}

const [NEW_LINE, BRACE, TWO] = Buffer.from('\n}2') as unknown as [number, number, number];
const HEX = Buffer.from('0123456789abcdef');
/** Offset of the status's first digit in 'HTTP/1.1 200'. */
const STATUS_AT = 9;
/** Number of events in all bodies, enough to be nearly as varied as new ones. */
const VARIED_EVENTS = 200_000;

interface Body {
  bytes: Buffer;
  /** Offset of each event's id. */
  ids: Uint32Array;
}

async function send(settings: LoadSettings): Promise<LoadResult> {
  const bodies = makeBodies(settings);
  const latencies: number[] = [];
  let sent = 0;
  let refused = 0;

  /** Sends on one connection until all connections together have sent `until` requests. */
  const run = (until: number): Promise<void> =>
    new Promise((resolve, reject) => {
      let startedMs = 0;
      const next = (): void => {
        if (sent === until) {
          socket.end();
          resolve();
          return;
        }
        const body = bodies[sent % bodies.length]!;
        sent += 1;
        renew(body);
        startedMs = performance.now();
        socket.write(Buffer.from(body.bytes));
      };
      let isAnswering = false;
      const onread = {
        buffer: Buffer.alloc(64 * 1024),
        callback: (size: number, buffer: Uint8Array): boolean => {
          if (!isAnswering && buffer[STATUS_AT] !== TWO) refused += 1;
          // The answer is complete at a line end after a brace, because no header has one.
          isAnswering = buffer[size - 1] !== NEW_LINE || buffer[size - 2] !== BRACE;
          if (isAnswering) return true;
          latencies.push(performance.now() - startedMs);
          next();
          return true;
        },
      };
      const socket = connect({ port: settings.port, host: '127.0.0.1', noDelay: true, onread });
      socket.on('connect', next);
      socket.on('error', reject);
    });
  const sendAll = (until: number): Promise<unknown> =>
    Promise.all(Array.from({ length: settings.connections }, () => run(until)));

  await sendAll(Math.floor(settings.requests / 10));
  latencies.length = 0;
  refused = 0;
  process.send!('begun');
  const startedMs = performance.now();
  await sendAll(settings.requests);
  const seconds = (performance.now() - startedMs) / 1000;
  const sorted = Float64Array.from(latencies).sort();
  return {
    events: (sorted.length - refused) * settings.eventsPerRequest,
    seconds,
    p50Ms: sorted[Math.floor(sorted.length * 0.5)]!,
    p99Ms: sorted[Math.floor(sorted.length * 0.99)]!,
    refused,
  };
}

function makeBodies({ token, eventsPerRequest, requests, seed }: LoadSettings): Body[] {
  const next = createEventSource(seed);
  const count = Math.min(requests, Math.ceil(VARIED_EVENTS / eventsPerRequest));
  return Array.from({ length: count }, () => {
    const now = Date.now();
    const events = Array.from({ length: eventsPerRequest }, () => next(now - Math.floor(Math.random() * 3_600_000)));
    const body = Buffer.from(JSON.stringify(events.length === 1 ? events[0] : events));
    const head = `POST /v1/events HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
    const bytes = Buffer.concat([Buffer.from(head), body]);
    const ids = new Uint32Array(eventsPerRequest);
    let at = 0;
    for (let event = 0; event < eventsPerRequest; event += 1) {
      at = bytes.indexOf('"id":"', at) + 6;
      ids[event] = at;
    }
    return { bytes, ids };
  });
}

/** Gives each event a new random id: four words of eight hex digits; the hyphens between them stay. */
function renew({ bytes, ids }: Body): void {
  for (const start of ids) {
    for (let word = 0; word < 4; word += 1) {
      let random = Math.floor(Math.random() * 0x1_0000_0000);
      const at = start + word * 9;
      for (let digit = 0; digit < 8; digit += 1) {
        bytes[at + digit] = HEX[random & 15]!;
        random >>>= 4;
      }
    }
  }
}

if (process.argv[1] === import.meta.filename) {
  process.send!(await send(JSON.parse(process.argv[2]!)));
  process.disconnect?.();
}
