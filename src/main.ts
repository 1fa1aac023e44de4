#!/usr/bin/env node
// Every local time goes through the report zone; this makes sure that none slips in by the machine's own.
process.env.TZ = 'UTC';
// Usage names people and addresses: what Headroom writes is read by its own account alone.
process.umask(0o077);

const { giveMemoryBack, keepCompiledCode } = await import('./cli/light-process.ts');
if (['start', 'demo'].includes(process.argv[2] ?? '')) giveMemoryBack();
keepCompiledCode();
const { runCli } = await import('./cli/run.ts');

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    // The second Ctrl-C does not wait.
    if (stop.signal.aborted) process.exit(130);
    stop.abort(signal);
  });
}
// A reader that has seen enough (`headroom … | head`) is no fault.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
});

process.exitCode = await runCli(process.argv.slice(2), {
  env: process.env,
  folder: process.cwd(),
  out: (line) => void process.stdout.write(`${line}\n`),
  err: (line) => void process.stderr.write(`${line}\n`),
  write: (data) => new Promise((resolve) => process.stdout.write(data, () => resolve())),
  isTerminal: process.stderr.isTTY === true,
  ...(process.stdout.columns && { width: process.stdout.columns }),
  now: () => Date.now(),
  signal: stop.signal,
});
