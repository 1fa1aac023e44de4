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
    name: 'demo',
    usage: 'demo',
    summary: 'run it whole, with an emulated Slack workspace and sample traffic; needs no account',
    details: 'Prints the address of a page that looks and works like Slack. Nothing is kept: Ctrl-C ends it.',
    load: async () => (await import('./demo.ts')).runDemo,
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
    name: 'pools',
    usage: 'pools apply FILE [--dry-run] | show [SCOPE] [--yaml]',
    summary: 'declare scopes, pools and rules in a YAML file; see where they stand',
    details: `  apply FILE        changes what differs, from today or from a part's valid_from; a pool missing from
                    the file ends today. The same file twice changes nothing; a mistake stops it all.
  --dry-run         say what would change, and change nothing
  show [SCOPE]      balances now, with their arithmetic
  --yaml            as a file that declares the same: edits made in Slack are in it`,
    load: async () => (await import('./pools.ts')).runPools,
  },
  {
    name: 'correct',
    usage: 'correct SCOPE ±CREDITS --reason TEXT [--at DATE|TIME] [--requests ±N]',
    summary: 'add to or take from what a scope used; nothing is deleted',
    details: `  SCOPE             a scope, or scope/limit for a limit with rules of its own
  --at DATE|TIME    when it applies, in the report zone (default: now)
  --requests ±N     calls that it corrects besides`,
    load: async () => (await import('./correct.ts')).runCorrect,
  },
  {
    name: 'backup',
    usage: 'backup FILE',
    summary: 'copy the SQLite database, also while the bot runs',
    load: async () => (await import('./backup.ts')).runBackup,
  },
];
