import { type Logger, pino } from 'pino';
import { redact } from './secret.ts';

export type { Logger };

/** Names of fields whose values are never printed. */
const SECRET_PATHS = [
  'token',
  'secret',
  'password',
  'authorization',
  'cookie',
  'botToken',
  'appToken',
  'signingSecret',
  'secretKey',
];

/** Creates a logger of JSON lines on standard output. It replaces secrets by `<secret>`; `known` ones also inside texts. */
export function createLogger(
  level: string,
  destination: { write(line: string): void } = process.stdout,
  known: readonly string[] = [],
): Logger {
  const options = {
    level,
    base: null,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: {
      paths: SECRET_PATHS.flatMap((path) => [path, `*.${path}`, `*.*.${path}`]),
      censor: '<secret>',
    },
  };
  const hide = (line: string): string =>
    known.reduce((text, secret) => text.replaceAll(secret, '<secret>'), redact(line));
  return pino(options, { write: (line: string) => void destination.write(hide(line)) });
}

const SAMPLE_MS = 60_000;
const SAMPLES_KEPT = 1000;

/** Logs once that something fails, again if the reason changes, and once that it works again; not every attempt in between. */
export class OutageLog {
  readonly #log: Logger;
  readonly #words: { failing: string; working: string };
  #problem: string | undefined;

  constructor(log: Logger, words: { failing: string; working: string }) {
    this.#log = log;
    this.#words = words;
  }

  fail(problem: string): void {
    this.#log[problem === this.#problem ? 'debug' : 'warn']({ problem }, this.#words.failing);
    this.#problem = problem;
  }

  recover(): void {
    if (this.#problem !== undefined) this.#log.info(this.#words.working);
    this.#problem = undefined;
  }
}

type Facts = Readonly<Record<string, string | number>>;

/** Logs the first of many similar things at once, then once a minute with the number of those since. */
export class SampledLog {
  readonly #log: Logger;
  readonly #message: string;
  readonly #level: 'info' | 'warn' | 'error';
  readonly #seen = new Map<string, { saidMs: number; unsaid: number }>();

  constructor(log: Logger, message: string, level: 'info' | 'warn' | 'error' = 'warn') {
    this.#log = log;
    this.#level = level;
    this.#message = message;
  }

  /** Adds a thing. Things with equal `facts` are similar; `newest` is logged for the last one only. */
  add(facts: Facts, nowMs: number, newest: Readonly<Record<string, unknown>> = {}): void {
    const key = JSON.stringify(facts);
    const seen = this.#seen.get(key);
    if (seen && nowMs - seen.saidMs < SAMPLE_MS) {
      seen.unsaid += 1;
      return;
    }
    this.#log[this.#level]({ ...facts, ...newest, ...(seen?.unsaid ? { since: seen.unsaid + 1 } : {}) }, this.#message);
    // Limit the memory that made-up names can take.
    if (this.#seen.size >= SAMPLES_KEPT) this.#seen.clear();
    this.#seen.set(key, { saidMs: nowMs, unsaid: 0 });
  }
}
