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
    details: `  add NAME [--adapter A] [--client-from FIELD,…] [--route-pattern PATTERN]… [--span-kind K] [--metric M]…
      Makes a source and prints its token and signing secret, once.
      --client-from: fields of the sender's format that name the client, tried in order.
      --route-pattern: segments of URLs that become {id}, such as ord_*; may be repeated.
      --span-kind: spans that count with adapter otlp: server (if not given), client, internal, producer, consumer.
      --metric: metrics that count calls with adapter otlp, instead of http.server.request.duration; may be repeated.
  list              sources with their adapters and counts
  rotate NAME       new token and signing secret; the old ones are worth nothing within 2 seconds
  remove NAME       takes nothing any more; what it sent stays counted
  try NAME FILE [--content-type T]
      Reads a body as the source would, and shows what would be counted; stores nothing.`,
    load: async () => (await import('./sources.ts')).runSources,
  },
  {
    name: 'import',
    usage: 'import FILE… [--source NAME] [--format F] | import list | import undo ID',
    summary: 'bring in access logs, NDJSON or CSV; can be stopped and run again',
    details: `  --source NAME    count the calls under this source (default: import; made if there is none)
  --format F       access-log, ndjson or csv (default: told by the first line); gzip and zstd are seen by themselves
  --client-from FIELD,…   fields that name the client, tried in order
  list             what was imported
  undo ID          takes an import out again, as long as all of it is kept raw; it can then be imported anew
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
    name: 'recount',
    usage: 'recount --from DATE',
    summary: "count from a day on by today's rules, as far as raw events go",
    details: `Scopes, costs, exclusions and holidays as they stand today hold from that day on; events that said their scope or
credits themselves keep them. Prints what changed. May run beside the bot.`,
    load: async () => (await import('./recount.ts')).runRecount,
  },
  {
    name: 'rezone',
    usage: 'rezone ZONE',
    summary: 'count days in another time zone',
    details: `Raw events are counted anew, older days from hourly totals as far as these go; days before stay as they were, and
answers say so. Stop every instance first.`,
    load: async () => (await import('./rezone.ts')).runRezone,
  },
  {
    name: 'forget',
    usage: 'forget user:X | ip:Y',
    summary: 'replace a person or an address by (removed), everywhere; totals stay',
    details: `Also where a sender names its client or initiator by that person or address, and in rejected events, saved views,
filters, digests and kept messages. It cannot be taken back. Messages in Slack stay.`,
    load: async () => (await import('./forget.ts')).runForget,
  },
  {
    name: 'digest',
    usage: 'digest preview [ID]',
    summary: 'a digest as it would be posted now, as text',
    details: '  ID                number of a digest, as in /usage digest (default: every section, of everything)',
    load: async () => (await import('./digest.ts')).runDigest,
  },
  {
    name: 'doctor',
    usage: 'doctor',
    summary: 'check tokens, scopes, channels, people, clock, zone, database, disk and port',
    details: 'Each line says what is right (✓) or wrong (✗) and how to fix it. Exit code 1 if anything is wrong.',
    load: async () => (await import('./doctor.ts')).runDoctor,
  },
  {
    name: 'backup',
    usage: 'backup FILE',
    summary: 'copy the SQLite database, also while the bot runs',
    load: async () => (await import('./backup.ts')).runBackup,
  },
];
