import type { Command } from './command.ts';

/** All commands, in the order of `headroom help`. To add one, write its file and a row here. */
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
    summary: 'try it out: the whole bot with an emulated Slack workspace and sample traffic; no account needed',
    details: 'Prints the address of a page that looks and works like Slack. Ctrl-C ends it; nothing is kept.',
    load: async () => (await import('./demo.ts')).runDemo,
  },
  {
    name: 'sources',
    usage:
      'sources add NAME [--adapter A] | set NAME … | list | rejected NAME | rotate NAME [--overlap 24h] | remove NAME | try NAME FILE',
    summary: 'manage senders: who may send usage, and in which format',
    details: `  add NAME [--adapter A] [--map FIELD=PATH,…] [--id PATH] [--route-pattern PATTERN]… [--spans K,…] [--metric M]…
      Adds a source and prints its token and signing secret, once.
      --format: how the lines of adapter access-log are written: nginx, ingress-nginx, apache, caddy, traefik, envoy,
        haproxy, iis, alb or cloudfront, or the text of nginx's log_format or Apache's LogFormat, or a line "#Fields: …".
      --map: where the fields are in the sender's JSON, such as client=consumer.custom_id|client_ip,route=request.route.path.
        Dots go into objects; a|b takes the first that has a value; none leaves a field out; entries=PATH is the array
        that holds the events. Durations may be scaled (duration_ms=latency*1000) or be the time between two (begun..ended).
        --client-from A,B is short for --map client=A|B.
      --id: what makes an event unique: request_id, request_id+service, or none.
      --zone: the zone of times that name none, such as Europe/Berlin; HAProxy's are UTC without it.
      --route-pattern: segments of URLs that become {id}, such as ord_*; may be repeated.
      --spans: spans that adapter otlp counts: server (default), client, internal, producer, consumer.
      --metric: metrics that adapter otlp counts instead of http.server.request.duration; may be repeated.
      --limit: events that it may send, such as 5000/s, 60000/min or 1000000/h; what is over it is refused with 429.
      --push-by EMAIL [--audience A]: Pub/Sub may push as this service account, with the token that Google signs for it;
        the audience is the source's address under PUBLIC_URL, unless the subscription names another.
  set NAME …        changes these options; none takes one back
  list              sources with their adapters, counts and options
  rejected NAME [--retry]
      Events of it that were rejected: when, why, and what they looked like. --retry reads them again by the present
      options, and counts each that can be read once.
  rotate NAME [--overlap 24h]
      New token and signing secret. The old ones stop working within 2 seconds, or after that time.
  remove NAME       refuses it from now on; what it sent stays counted
  try NAME FILE [--content-type T]
      Shows how a file would be read and counted, also with other options than the source has, which format an access
      log fits, and what a resent body would do; stores nothing.`,
    load: async () => (await import('./sources.ts')).runSources,
  },
  {
    name: 'import',
    usage: 'import FILE… [--source NAME] [--format F] [--dry-run] | import list | import undo ID',
    summary: 'import access logs, JSON, NDJSON or CSV; can be stopped and resumed',
    details: `  FILE              gzip and zstd are detected; - is standard input
  --source NAME    source to count the calls under (default: import; created if missing)
  --format F       access-log, ndjson, json or csv, or the format of an access log as "sources add" takes it
                   (default: recognised by the content)
  --map FIELD=PATH,… --id PATH --zone ZONE   where the fields are, and the zone of times, as for "sources add"
  --dry-run        reads and sums up, and stores nothing
  list             shows what was imported
  undo ID          removes an import while all its raw events are kept; it can then be imported again
Files are recognised by their content: a grown file continues where it stopped, a repeated one adds nothing.
Days without a time are those of the report zone. Exit code 3: some lines were not taken, and why is said.`,
    load: async () => (await import('./import.ts')).runImport,
  },
  {
    name: 'ask',
    usage: 'ask "QUESTION" [--json | --csv] [--png FILE]',
    summary: 'answer a question in the words of /usage, without Slack',
    details: `  headroom ask "top clients 7d"
  headroom ask "which client had the most 429s last week"
  --json            as JSON; its fields are described in src/ask/answer.schema.json
  --csv             the rows alone, the same CSV as in Slack
  --png FILE        also draw the answer
Works on the database alone, while a bot runs too. Exit code 2: not understood; the nearest questions are listed.`,
    load: async () => (await import('./ask.ts')).runAsk,
  },
  {
    name: 'sql',
    usage: 'sql "SELECT …" [--json | --csv]',
    summary: 'query usage with the SQL of SQLite, whichever database holds it',
    details: `Tables, read-only:
  events            single calls, as far back as raw events go
  hourly, daily     totals by dimension (client, route, user, …), value and status
  minutes           totals of scopes per minute
  pools, draws      balances now; credits drawn per day, scope and pool (pool is null: covered by none)
  sources           senders and their counts
"pragma table_info(events)" lists the columns of a table. Days are of the report zone, times are ISO 8601 in UTC.
Only the days that a statement asks for are read: say "where day = '2026-11-05'" (or >=, between, in), or compare
"time" with texts. Of a total, name one dimension: where dimension = 'client'.
  --json            an array of objects
  --csv             RFC 4180, one header row
Examples:
  headroom sql "select client_name, sum(requests) as requests from daily
                where dimension = 'client' and day >= '2026-11-01' group by 1 order by 2 desc limit 5"
  headroom sql "select time, client, route, status from events
                where day = '2026-11-05' and status >= 500 order by time desc limit 20" --json`,
    load: async () => (await import('./sql.ts')).runSqlCommand,
  },
  {
    name: 'export',
    usage:
      'export events|daily [RANGE] [FILTERS] [--from DATE] [--to DATE] [--format ndjson|csv|parquet] [--out PLACE]',
    summary: 'write single calls or daily totals as NDJSON, CSV or Parquet',
    details: `  events            single calls, as far back as raw events go; NDJSON of it is what "headroom import" takes
  daily             totals per day by each dimension, value and status
  RANGE, FILTERS    as in /usage: last-month, 2026-11-01..2026-11-20, client:"Acme CRM", status:4xx (default: everything)
  --from, --to      first and last day, instead of a range; without --to, to yesterday
  --format F        ndjson (default), csv or parquet
  --out FILE        instead of standard output; the file appears when it is complete
  --out FOLDER/     a file per day; days that are there already and were over when they were written are skipped, so the
                    same command goes on where it was stopped, and adds new days later
Times are ISO 8601 in UTC. Calls that a rule excludes are left out, as in answers.`,
    load: async () => (await import('./export.ts')).runExport,
  },
  {
    name: 'pools',
    usage: 'pools apply FILE [--dry-run] | show [SCOPE] [--yaml]',
    summary: 'apply scopes, pools and rules from a YAML file; show balances',
    details: `  apply FILE        changes what differs, from today or from a part's valid_from; a pool missing from
                    the file ends today. The same file twice changes nothing; with a mistake nothing is applied.
  --dry-run         show what would change, without changing it
  show [SCOPE]      balances now, and how they add up
  --yaml            print everything as such a file, edits made in Slack included`,
    load: async () => (await import('./pools.ts')).runPools,
  },
  {
    name: 'correct',
    usage: 'correct SCOPE ±CREDITS --reason TEXT [--at DATE|TIME]',
    summary: 'correct what a scope used by a plus or minus entry; nothing is deleted',
    details: `  SCOPE             a scope, or scope/limit for a limit with rules of its own
  --at DATE|TIME    when it applies, in the report zone (default: now)`,
    load: async () => (await import('./correct.ts')).runCorrect,
  },
  {
    name: 'recount',
    usage: 'recount --from DATE',
    summary: "recount from a day on by today's rules, as far back as raw events go",
    details: `Applies today's scopes, costs, exclusions and holidays from that day on. Events that came with their own scope or
credits keep them. Prints what changed. May run beside the bot.`,
    load: async () => (await import('./recount.ts')).runRecount,
  },
  {
    name: 'rezone',
    usage: 'rezone ZONE',
    summary: 'count days in another time zone',
    details: `Recounts raw events, and older days from hourly totals where these are kept. Days before that keep the old zone, and
answers say so. Stop every instance first.`,
    load: async () => (await import('./recount.ts')).runRezone,
  },
  {
    name: 'forget',
    usage: 'forget user:X | ip:Y',
    summary: 'replace a person or an address by (removed), everywhere; totals stay',
    details: `Also where a client or initiator has that name, and in rejected events, saved views, filters, digests and stored
messages. This cannot be undone. Messages in Slack stay.`,
    load: async () => (await import('./forget.ts')).runForget,
  },
  {
    name: 'digest',
    usage: 'digest preview [ID]',
    summary: 'show a digest as text, as it would be posted now',
    details: '  ID                number of a digest, as in /usage digest (default: all sections, all usage)',
    load: async () => (await import('./digest.ts')).runDigest,
  },
  {
    name: 'doctor',
    usage: 'doctor [--messages]',
    summary: 'check the installation and say how to fix what is wrong',
    details: `Checks tokens, scopes, connection, people, channels, zone, clock, database, files, disk and port. Exit code 1: a fault.
  --messages        instead, have Slack check one of every kind of message, form and Home view; posts nothing`,
    load: async () => (await import('./doctor.ts')).runDoctor,
  },
  {
    name: 'backup',
    usage: 'backup FILE',
    summary: 'copy the SQLite database, while the bot runs too',
    load: async () => (await import('./backup.ts')).runBackup,
  },
  {
    name: 'restore',
    usage: 'restore FILE',
    summary: 'put a backup in the place of the SQLite database; stop the bot first',
    details: `The backup is checked and brought to the newest schema in a copy; until that is done nothing is replaced. The
database that was there is kept beside it.`,
    load: async () => (await import('./backup.ts')).runRestore,
  },
  {
    name: 'move-to',
    usage: 'move-to [postgres://…]',
    summary: 'move everything from SQLite to an empty PostgreSQL; stop the bot first',
    details: `The target is TARGET_DATABASE_URL=postgres://USER:PASSWORD@HOST/DATABASE, in the environment or .env. As an argument,
others on the machine see its password while the command runs.
Usage, pools and their versions, sources with their secrets, digests, alerts, views: all of it, and the same ids.
The target is brought to the newest schema; it may hold nothing of Headroom yet. Every row is compared, and usage is
recounted on both sides, before the move is final. The file is only read. Stopped anywhere, it can be run again.`,
    load: async () => (await import('./move-to.ts')).runMoveTo,
  },
];
