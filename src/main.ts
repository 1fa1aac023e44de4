#!/usr/bin/env node
// All local times use the report zone; with UTC here, the machine's own zone can never slip in.
process.env.TZ = 'UTC';
// Usage contains names and addresses of people: only our own account may read the files that Headroom writes.
process.umask(0o077);

const { giveMemoryBack, keepCompiledCode } = await import('./cli/light-process.ts');
if (['start', 'demo'].includes(process.argv[2] ?? '')) giveMemoryBack();
keepCompiledCode();
const { runCli } = await import('./cli/run.ts');

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    // A second Ctrl-C ends the process at once.
    if (stop.signal.aborted) process.exit(130);
    stop.abort(signal);
  });
}
// A reader that stops early (`headroom … | head`) is not an error.
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
