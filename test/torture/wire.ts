import { connect, type Socket } from 'node:net';

/** An answer as received. */
export interface WireAnswer {
  status: number;
  /** Values by header name in lower case. */
  headers: Readonly<Record<string, string>>;
  body: string;
}

/** Bytes of a request. `head`: its answer has no body, whatever its headers say. */
export interface WireRequest {
  bytes: Uint8Array;
  head?: boolean;
}

/** A connection with its unanswered requests, and the received bytes that are not yet parsed. */
interface Lane {
  socket: Socket;
  asked: { request: WireRequest; settle: (answer: WireAnswer | undefined) => void }[];
  rest: Buffer;
}

/**
 * A client that sends bytes as they are, even invalid ones, and many requests on a connection before the first answer. If the
 * server ends a connection, it is replaced, and its unanswered requests get undefined.
 */
export class Wire {
  readonly #port: number;
  readonly #lanes: (Lane | undefined)[];
  #next = 0;

  constructor(url: string, connections: number) {
    this.#port = Number(new URL(url).port);
    this.#lanes = new Array(connections).fill(undefined);
  }

  send(request: WireRequest): Promise<WireAnswer | undefined> {
    this.#next = (this.#next + 1) % this.#lanes.length;
    const at = this.#next;
    this.#lanes[at] ??= this.#open(at);
    const lane = this.#lanes[at];
    return new Promise((settle) => {
      lane.asked.push({ request, settle });
      lane.socket.write(request.bytes);
    });
  }

  close(): void {
    for (const lane of this.#lanes) lane?.socket.destroy();
  }

  #open(at: number): Lane {
    const lane: Lane = { socket: connect(this.#port, '127.0.0.1').setNoDelay(), asked: [], rest: Buffer.alloc(0) };
    lane.socket.on('data', (chunk: Buffer) => readAnswers(lane, chunk));
    lane.socket.on('error', () => {});
    lane.socket.on('close', () => {
      if (this.#lanes[at] === lane) this.#lanes[at] = undefined;
      for (const { settle } of lane.asked.splice(0)) settle(undefined);
    });
    return lane;
  }
}

function readAnswers(lane: Lane, chunk: Buffer): void {
  lane.rest = lane.rest.length === 0 ? chunk : Buffer.concat([lane.rest, chunk]);
  for (;;) {
    const end = lane.rest.indexOf('\r\n\r\n');
    if (end < 0) return;
    const [first, ...lines] = lane.rest.toString('latin1', 0, end).split('\r\n');
    const status = Number(first!.split(' ')[1]);
    const headers = Object.fromEntries(
      lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
    );
    const isInterim = status < 200;
    const hasBody = !isInterim && status !== 204 && status !== 304 && !lane.asked[0]?.request.head;
    const size = hasBody ? Number(headers['content-length'] ?? 0) : 0;
    if (lane.rest.length < end + 4 + size) return;
    const body = lane.rest.toString('utf8', end + 4, end + 4 + size);
    lane.rest = lane.rest.subarray(end + 4 + size);
    if (!isInterim) lane.asked.shift()?.settle({ status, headers, body });
    // The server will not read what was sent after this request.
    if (headers.connection === 'close') lane.socket.end();
  }
}
