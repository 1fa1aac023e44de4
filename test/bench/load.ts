import { connect } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import { createEventSource } from './events.ts';

/**
 * A sender that costs little: bodies are made before the clock starts, each connection writes one request and waits for
 * its answer. Runs in a thread of its own; answers with what the client saw.
 */
export interface LoadSettings {
  port: number;
  token: string;
  eventsPerRequest: number;
  connections: number;
  /** Of which the first tenth warms up: it is sent, and not counted. */
  requests: number;
  seed: number;
}

export interface LoadResult {
  events: number;
  seconds: number;
  /** Latency of a request as the client saw it. */
  p50Ms: number;
  p99Ms: number;
  refused: number;
}

const [NEW_LINE, BRACE, TWO] = Buffer.from('\n}2') as unknown as [number, number, number];
/** Of the first digit in 'HTTP/1.1 200'. */
const STATUS_AT = 9;

const settings = workerData as LoadSettings;
const next = createEventSource(settings.seed);
const requests = Array.from({ length: settings.requests }, () => {
  const now = Date.now();
  const events = Array.from({ length: settings.eventsPerRequest }, () =>
    next(now - Math.floor(Math.random() * 3_600_000)),
  );
  const body = Buffer.from(JSON.stringify(events.length === 1 ? events[0] : events));
  const head = `POST /v1/events HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer ${settings.token}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), body]);
});

const latencies: number[] = [];
let sent = 0;
let refused = 0;

/** One connection: sends until so many requests have been sent by all of them. */
function run(until: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let startedMs = 0;
    const send = (): void => {
      if (sent === until) {
        socket.end();
        resolve();
        return;
      }
      startedMs = performance.now();
      socket.write(requests[sent]!);
      sent += 1;
    };
    let isAnswering = false;
    const onread = {
      buffer: Buffer.alloc(64 * 1024),
      callback: (size: number, buffer: Uint8Array): boolean => {
        if (!isAnswering && buffer[STATUS_AT] !== TWO) refused += 1;
        // The answer ends its body with the only line end that follows a brace: no header does.
        isAnswering = buffer[size - 1] !== NEW_LINE || buffer[size - 2] !== BRACE;
        if (isAnswering) return true;
        latencies.push(performance.now() - startedMs);
        send();
        return true;
      },
    };
    const socket = connect({ port: settings.port, host: '127.0.0.1', noDelay: true, onread });
    socket.on('connect', send);
    socket.on('error', reject);
  });
}

const sendAll = (until: number): Promise<unknown> =>
  Promise.all(Array.from({ length: settings.connections }, () => run(until)));
await sendAll(Math.floor(requests.length / 10));
latencies.length = 0;
refused = 0;
parentPort!.postMessage('begun');
const startedMs = performance.now();
await sendAll(requests.length);
const seconds = (performance.now() - startedMs) / 1000;
latencies.sort((a, b) => a - b);
parentPort!.postMessage({
  events: (latencies.length - refused) * settings.eventsPerRequest,
  seconds,
  p50Ms: latencies[Math.floor(latencies.length * 0.5)]!,
  p99Ms: latencies[Math.floor(latencies.length * 0.99)]!,
  refused,
} satisfies LoadResult);
