import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { isObject } from './elements.ts';
import { asJson } from './http.ts';
import { APP_ID, type WorkspaceState } from './state.ts';
import type { EnvelopeType, JsonObject } from './types.ts';

/** An app may have ten connections: https://docs.slack.dev/apis/events-api/using-socket-mode */
const MAX_CONNECTIONS = 10;
const PING_EVERY_MS = 10_000;

/** Socket Mode. Each envelope goes to one of the open connections, in turn; the app acknowledges it by its id. */
export class SocketMode {
  readonly #server = new WebSocketServer({ noServer: true });
  readonly #sockets: WebSocket[] = [];
  readonly #tickets = new Set<string>();
  readonly #waiting = new Map<string, { socket: WebSocket; resolve: (payload: unknown) => void }>();
  readonly #state: WorkspaceState;
  readonly #url: () => string;
  #turn = 0;

  constructor(state: WorkspaceState, url: () => string) {
    this.#state = state;
    this.#url = url;
  }

  get connected(): number {
    return this.#sockets.length;
  }

  /** Creates the URL for one connection, which apps.connections.open returns. */
  createUrl(): string {
    const ticket = this.#state.nextId('W');
    this.#tickets.add(ticket);
    return `${this.#url().replace('http', 'ws')}/link/?ticket=${ticket}&app_id=${APP_ID}`;
  }

  accept(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const ticket = new URL(request.url ?? '/', 'ws://localhost').searchParams.get('ticket') ?? '';
    if (!this.#tickets.delete(ticket) || this.#sockets.length >= MAX_CONNECTIONS) {
      socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n');
      return;
    }
    this.#server.handleUpgrade(request, socket, head, (connection) => this.#open(connection));
  }

  #open(connection: WebSocket): void {
    this.#sockets.push(connection);
    const ping = setInterval(() => connection.ping(), PING_EVERY_MS);
    ping.unref();
    connection.on('message', (data) => this.#receive(String(data)));
    connection.on('error', () => connection.terminate());
    connection.on('close', () => {
      clearInterval(ping);
      const index = this.#sockets.indexOf(connection);
      if (index >= 0) this.#sockets.splice(index, 1);
      // Envelopes without an acknowledgement are lost with the connection. Events have a retry.
      for (const waiting of this.#waiting.values()) if (waiting.socket === connection) waiting.resolve(undefined);
      this.#state.changed();
    });
    const hello = {
      type: 'hello',
      num_connections: this.#sockets.length,
      connection_info: { app_id: APP_ID },
      debug_info: { host: 'emulator', approximate_connection_time: 18_060 },
    };
    connection.send(JSON.stringify(hello), () => this.#state.changed());
  }

  #receive(text: string): void {
    const message = asJson(text);
    if (!isObject(message) || typeof message.envelope_id !== 'string') return;
    this.#waiting.get(message.envelope_id)?.resolve(message.payload ?? {});
  }

  /**
   * Sends an envelope and returns the payload of its acknowledgement (`{}` if it has none); undefined if none came within
   * `timeoutMs` or before the connection ended.
   */
  send(
    type: EnvelopeType,
    payload: JsonObject,
    timeoutMs: number,
    retry: { attempt: number; reason: string },
  ): Promise<unknown> {
    const open = this.#sockets.filter((socket) => socket.readyState === socket.OPEN);
    const socket = open[this.#turn++ % Math.max(1, open.length)];
    if (!socket) return Promise.resolve(undefined);
    const envelope_id = crypto.randomUUID();
    const { promise, resolve } = Promise.withResolvers<unknown>();
    const timer = setTimeout(() => resolve(undefined), timeoutMs);
    this.#waiting.set(envelope_id, { socket, resolve });
    socket.send(
      JSON.stringify({
        envelope_id,
        type,
        payload,
        accepts_response_payload: type !== 'events_api',
        ...(type === 'events_api' ? { retry_attempt: retry.attempt, retry_reason: retry.reason } : {}),
      }),
    );
    return promise.finally(() => {
      clearTimeout(timer);
      this.#waiting.delete(envelope_id);
    });
  }

  /**
   * Asks every connection to reconnect (`refresh_requested`, `warning`, `link_disabled`), or cuts them all without a message
   * (`drop`).
   */
  disconnect(reason: 'refresh_requested' | 'warning' | 'link_disabled' | 'drop'): void {
    for (const socket of [...this.#sockets]) {
      if (reason === 'drop') socket.terminate();
      else socket.send(JSON.stringify({ type: 'disconnect', reason, debug_info: { host: 'emulator' } }));
    }
  }

  stop(): void {
    for (const socket of [...this.#sockets]) socket.terminate();
    this.#server.close();
  }
}
