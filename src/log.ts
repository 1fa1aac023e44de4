import { type Logger, pino } from 'pino';

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

/** Credentials inside free text: Slack tokens, bearer values, passwords in URLs, signing secrets, URLs that answer a command. */
const SECRET_TEXT =
  /xox[a-z]-[\w-]+|xapp-[\w-]+|hr_[\w-]{16,}|whsec_[\w+/=]+|(?<=hooks\.slack\.com\/)[\w/%-]+|(?<=[?&]ticket=)[\w-]+|(?<=bearer )\S+|(?<=:\/\/[^\s/:@]*:)[^\s/@]+(?=@)/gi;

export function redact(text: string): string {
  return text.replace(SECRET_TEXT, '<secret>');
}

/** Structured lines (JSON) on standard output; secrets are replaced by `<secret>`. */
export function createLogger(level: string, destination?: { write(line: string): void }): Logger {
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
  const target = destination ?? process.stdout;
  return pino(options, {
    write: (line: string) => void target.write(redact(line)),
  });
}

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
