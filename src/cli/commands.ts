import type { Command } from './command.ts';

/** Every command, in the order of `headroom help`. A new one is a file of its own and a row here. */
export const COMMANDS: readonly Command[] = [
  {
    name: 'start',
    usage: 'start',
    summary: 'run the bot',
    details: 'Stops cleanly on SIGTERM or Ctrl-C. Settings come from the environment or .env.',
    load: async () => (await import('./start.ts')).runStart,
  },
  {
    name: 'sources',
    usage: 'sources add NAME [--adapter A] | list | rotate NAME | remove NAME | try NAME FILE',
    summary: 'senders: who may send usage, and in which format',
    details: `  add NAME [--adapter A] [--client-from FIELD,…] [--route-pattern PATTERN]…
      Makes a source and prints its token and signing secret, once.
      --client-from: fields of the sender's format that name the client, tried in order.
      --route-pattern: segments of URLs that become {id}, such as ord_*; may be repeated.
  list              sources with their adapters and counts
  rotate NAME       new token and signing secret; the old ones are worth nothing within 2 seconds
  remove NAME       takes nothing any more; what it sent stays counted
  try NAME FILE [--content-type T]
      Reads a body as the source would, and shows what would be counted; stores nothing.`,
    load: async () => (await import('./sources.ts')).runSources,
  },
  {
    name: 'import',
    usage: 'import FILE… [--source NAME] [--format F] | import list',
    summary: 'bring in access logs, NDJSON or CSV; can be stopped and run again',
    details: `  --source NAME    count the calls under this source (default: import; made if there is none)
  --format F       access-log, ndjson or csv (default: told by the first line); gzip and zstd are seen by themselves
  --client-from FIELD,…   fields that name the client, tried in order
  list             what was imported
A file is known by the content taken from it: a file that grew goes on, a repeated one adds nothing.`,
    load: async () => (await import('./import.ts')).runImport,
  },
  {
    name: 'backup',
    usage: 'backup FILE',
    summary: 'copy the SQLite database, also while the bot runs',
    load: async () => (await import('./backup.ts')).runBackup,
  },
];
