import { type Logger, pino } from 'pino';
import { redact } from './secret.ts';

export type { Logger };

/** Paths whose values are never printed, wherever a log line carries them. */
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

/** Structured lines (JSON) on standard output; secrets are replaced by `<secret>`, `known` ones wherever they stand. */
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

/** Says once that something fails, and once that it works again; not every attempt in between. Another reason is news. */
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

/** Says the first of many like things at once, and how many followed, once a minute while they go on. */
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

  /** Things with equal `facts` are alike; of those that are said together, `newest` is that of the last one. */
  add(facts: Facts, nowMs: number, newest: Readonly<Record<string, unknown>> = {}): void {
    const key = JSON.stringify(facts);
    const seen = this.#seen.get(key);
    if (seen && nowMs - seen.saidMs < SAMPLE_MS) {
      seen.unsaid += 1;
      return;
    }
    this.#log[this.#level]({ ...facts, ...newest, ...(seen?.unsaid ? { since: seen.unsaid + 1 } : {}) }, this.#message);
    // Whoever makes up names fills no memory.
    if (this.#seen.size >= SAMPLES_KEPT) this.#seen.clear();
    this.#seen.set(key, { saidMs: nowMs, unsaid: 0 });
  }
}
