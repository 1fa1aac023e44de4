import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.ts';
import { openDatabase } from '../../src/store/database.ts';
import { keepInstance } from '../../src/store/instance-repository.ts';
import { listPendingMigrations } from '../../src/store/migrate.ts';
import { claimSqlite } from '../../src/store/sqlite-claim.ts';
import { VERSION } from '../../src/version.ts';
import { CHILD_ENV } from '../support/child-env.ts';
import { createCommandLine } from '../support/command-line.ts';

const NOW = Date.UTC(2026, 10, 20, 12);
const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const LINE = '203.0.113.7 - u [20/Nov/2015:10:00:00 +0000] "GET /a HTTP/1.1" 200 1\n';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'headroom-cli-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

const run = (...words: string[]) => createCommandLine({ folder, now: () => NOW })(...words);

describe('the command line', () => {
  it('lists its commands, and says more of one', async () => {
    const { code, out } = await run();
    expect(code).toBe(0);
    for (const name of ['start', 'sources', 'import', 'backup']) expect(out).toContain(`headroom ${name}`);
    expect((await run('help')).out).toBe(out);
    expect((await run('import', '--help')).out).toMatch(/^headroom import FILE…/);
    expect((await run('help', 'sources')).out).toContain('rotate NAME');
  });

  it('names no day while there is no data', async () => {
    expect((await run('ask', 'top clients all')).out.trimEnd()).toBe(
      'No usage has been received yet.\n\nUTC · no data yet',
    );
  });

  it('passes over no word that a command does not take', async () => {
    writeFileSync(join(folder, 'a.log'), LINE);
    for (const words of [
      ['start', '--port', '4000'],
      ['demo', 'x'],
      ['doctor', 'x'],
      ['sources', 'add', 'my', 'gateway'],
      ['sources', 'list', 'x'],
      ['sources', 'try', 'a', 'a.log', 'b.log'],
      ['import', 'undo', '1', '2'],
      ['import', 'list', 'x'],
      ['pools', 'apply', 'a.yml', 'b.yml'],
      ['correct', 'crm', '-5', '--reason', 'credit', 'note'],
      ['rezone', 'Europe/Berlin', 'x'],
      ['digest', 'preview', '1', '2'],
      ['backup', 'a.db', 'b.db'],
      ['backup', '--force', 'b.db'],
    ]) {
      const { code, err } = await run(...words);
      expect([code, err], words.join(' ')).toEqual([2, expect.stringMatching(`See "headroom help ${words[0]}"\\.$`)]);
    }
    expect((await run('import', 'a.log', '--source', 'my gateway')).err).toMatch(/cannot be the name of a source/);
  });

  it('exits with 2 where the words have to be changed, having done nothing, and with 1 where something else is wrong', async () => {
    writeFileSync(join(folder, 'a.log'), LINE);
    for (const { name } of COMMANDS)
      expect(await run(name, '--no-such-flag'), name).toMatchObject({ code: 2, out: '' });
    for (const text of [
      'nosuch',
      'sources nosuch',
      'pools apply',
      'digest',
      'digest preview first',
      'import',
      'import undo x',
      'import a.log --format nosuch',
      'import a.log --source my/gateway',
      'import a.log --map nosuch=a',
      'import a.log --zone Nowhere',
      'sources add',
      'sources add my/gateway',
      'sources add x --adapter soap',
      'sources add x --limit fast',
      'sources add x --map nosuch=a',
      'sources add x --adapter otlp --spans both',
      'sources add x --format nosuch',
      'sources try x',
      'ask nosuch',
      'ask up --json --csv',
      'sql',
      'sql nonsense',
      'sql select\u00a01 --json --csv',
      'export nosuch',
      'export events --format nosuch',
      'export events --from nosuch',
      'correct crm',
      'correct crm much --reason x',
      'correct crm 5',
      'correct default 5 --reason x --at nosuch',
      'recount',
      'recount --from nosuch',
      'rezone Nowhere',
      'forget ann',
      'backup',
      'restore',
      'move-to',
      'move-to sqlite:x.db',
    ]) {
      const { code, out, err } = await run(...text.split(' '));
      expect([code, out], `${text}: ${err}`).toEqual([2, '']);
    }
    expect((await run('sources')).out).toMatch(/There are no sources/);
    for (const text of [
      'sources remove gone',
      'pools apply gone.yml',
      'pools show gone',
      'import gone.log',
      'import undo 7',
      'digest preview 7',
      'correct gone 5 --reason x',
      'restore gone.db',
      'backup gone/x.db',
      'start',
    ])
      expect(await run(...text.split(' ')), text).toMatchObject({ code: 1 });
  });

  it('names the nearest command for one that there is not', async () => {
    expect(await run('suorces')).toMatchObject({
      code: 2,
      err: 'There is no command "suorces". Did you mean "headroom sources"?',
    });
    expect((await run('xyzzy')).err).toMatch(/There are: start, /);
    expect(await run('sources', 'ad')).toMatchObject({ code: 2, err: expect.stringMatching(/use add\.$/) });
    expect(await run('sources', 'list', '--colour')).toMatchObject({
      code: 2,
      err: expect.stringMatching(/--colour.*\. See "headroom help sources"\.$/),
    });
    expect((await run('import', 'a.log', '--source')).err).toMatch(/argument missing\. See "headroom help import"\.$/);
  });

  it('adds, lists, changes and removes sources', async () => {
    expect((await run('sources')).out).toMatch(/There are no sources/);
    const added = await run('sources', 'add', 'gw', '--adapter', 'access-log', '--client-from', 'agent');
    expect(added.out).toMatch(/token {11}hr_[\w-]{48}\n {2}signing secret {2}whsec_/);
    expect(added.out).toContain('http://127.0.0.1:3000/sources/gw');
    expect((await run('sources', 'list')).out).toMatch(/gw +access-log +0 +0 +0 +0 +never +--map client=agent/);
    const rotated = await run('sources', 'rotate', 'gw');
    expect(rotated.out.match(/hr_\S+/)![0]).not.toBe(added.out.match(/hr_\S+/)![0]);
    expect((await run('sources', 'rotate', 'gx')).err).toBe('There is no source "gx": did you mean gw?');
    expect((await run('sources', 'remove', 'gw')).code).toBe(0);
    expect((await run('sources', 'list')).out).toMatch(/no sources/);
    expect((await run('sources', 'add', 'x', '--adapter', 'soap')).err).toMatch(/no adapter "soap": use one of/);
    expect((await run('sources', 'add')).err).toBe('NAME is missing: headroom sources add NAME.');
  });

  it('tries a file without storing anything of it', async () => {
    await run('sources', 'add', 'gw', '--adapter', 'access-log');
    writeFileSync(join(folder, 'a.log'), `${LINE}nonsense\n`);
    const { code, out, err } = await run('sources', 'try', 'gw', 'a.log');
    expect(code).toBe(3);
    expect(out).toMatch(
      /"client":"u".*\nNo event has an id: a resent body counts twice\..*\n1 would be counted, 1 rejected; nothing was stored\.$/,
    );
    expect(err).toMatch(/^event 2: /);
    expect((await run('sources', 'list')).out).toMatch(/gw +access-log +0/);
  });

  it('sets what a source of OpenTelemetry counts', async () => {
    const body = readFileSync(fileURLToPath(new URL('../fixtures/senders/otlp-traces.json', import.meta.url)));
    writeFileSync(join(folder, 'spans.json'), body);
    await run('sources', 'add', 'incoming', '--adapter', 'otlp');
    await run('sources', 'add', 'outgoing', '--adapter', 'otlp', '--spans', 'client', '--metric', 'calls');
    expect((await run('sources', 'try', 'incoming', 'spans.json')).out).toMatch(/3 would be counted/);
    expect((await run('sources', 'try', 'outgoing', 'spans.json')).out).toMatch(/0 would be counted/);
    expect((await run('sources', 'set', 'incoming', '--limit', '5000/s')).out).toMatch(/--limit 5000\/s/);
    expect((await run('sources', 'set', 'incoming', '--limit', 'fast')).err).toMatch(
      /--limit is "fast": .* such as 5000\/s/,
    );
    expect((await run('sources', 'set', 'incoming', '--limit', 'none')).out).toMatch(/no options/);
    const wrong = await run('sources', 'add', 'x', '--adapter', 'otlp', '--spans', 'both');
    expect(wrong).toMatchObject({ code: 2, err: expect.stringMatching(/no span kind "both": use internal, server/) });
  });

  it('imports files, once', async () => {
    writeFileSync(join(folder, 'a.log'), `${LINE}${LINE}nonsense\n`);
    const first = await run('import', 'a.log');
    expect(first).toMatchObject({ code: 3, err: expect.stringMatching(/^a\.log:3: Not read/) });
    expect(first.out.split('\n')).toEqual([
      'a.log: 2 events counted, 1 line not taken (import 1).',
      '  1 line (the first is line 3): Not read: … is not a line of the Common or Combined Log Format.',
    ]);
    expect((await run('import', 'a.log')).out).toMatch(/0 events counted \(import 1, \d+ bytes taken before\)/);
    expect((await run('import', 'list')).out).toMatch(/^1 {2}a\.log {2}import {2}access-log {2}2 events of 3 lines/);
    expect((await run('sources')).out).toMatch(/import +native +2/);
    expect((await run('import')).err).toMatch(/^FILE… is missing: headroom import FILE…/);
    expect((await run('import', 'a.log', '--format', 'xml')).err).toMatch(/--format .* no format "xml": .*haproxy/);
  });

  it('imports the other files where one cannot be read', async () => {
    writeFileSync(join(folder, 'picture.log'), 'a picture of a log\n');
    writeFileSync(join(folder, 'a.log'), `${LINE}nonsense\n`);
    const { code, out, err } = await run('import', 'picture.log', 'a.log');
    expect(code).toBe(1);
    expect(err).toMatch(/picture\.log:1 is neither a line of an access log/);
    expect(out).toMatch(/^a\.log: 1 event counted, 1 line not taken/);
  });

  it('shows what an import would do, without doing it', async () => {
    const event = (id: string) => `${JSON.stringify({ id, client: 'a', time: '2026-11-19T10:00:00Z' })}\n`;
    writeFileSync(join(folder, 'a.ndjson'), event('1'));
    writeFileSync(join(folder, 'b.ndjson'), `${Array(6000).fill(event('2')).join('')}${event('1')}{"time":5}\n`);
    await run('import', 'a.ndjson');
    const dry = await run('import', 'b.ndjson', '--dry-run');
    expect(dry.code).toBe(3);
    expect(dry.out).toMatch(
      /^b\.ndjson: 1 event would be counted, 6000 known already, 1 line not taken \(dry run: nothing was stored\)\.$/m,
    );
    expect((await run('import', 'list')).out.split('\n')).toHaveLength(1);
    expect((await run('import', 'b.ndjson')).out).toMatch(/1 event counted, 6000 known already, 1 line not taken/);
    expect(await run('import', 'b.ndjson', '--dry-run', '--source', 'new')).toMatchObject({ code: 3 });
    expect((await run('sources')).out).not.toMatch(/new/);
  });

  it('imports standard input, and an access log by its own format', async () => {
    const child = spawn(process.execPath, [MAIN, 'import', '-', '--format', 'apache'], {
      cwd: folder,
      env: { ...CHILD_ENV, DATABASE_URL: `sqlite:${join(folder, 'headroom.db')}` },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    child.stdin.end(readFileSync(fileURLToPath(new URL('../fixtures/access-log/apache.log', import.meta.url))));
    let out = '';
    for await (const chunk of child.stdout) out += chunk;
    expect(out).toMatch(/^-: 3 events counted \(import 1\)\.$/m);
    expect((await run('import', 'list')).out).toMatch(/standard input/);
  });

  it('learns the format of an access log, and keeps it', async () => {
    const file = fileURLToPath(new URL('../fixtures/access-log/haproxy.log', import.meta.url));
    await run('sources', 'add', 'lb', '--adapter', 'access-log');
    const learned = await run('sources', 'try', 'lb', file);
    expect(learned.out).toMatch(
      /^These lines fit the format haproxy\. Keep it with "headroom sources set lb --format haproxy"\./,
    );
    expect(learned.out).toMatch(/3 would be counted, 0 rejected/);
    expect((await run('sources', 'set', 'lb', '--format', 'haproxi')).err).toMatch(/did you mean haproxy\?/);
    expect((await run('sources', 'set', 'lb', '--format', 'haproxy')).code).toBe(0);
    expect((await run('sources', 'try', 'lb', file)).out).not.toMatch(/These lines fit/);
    expect((await run('sources', 'add', 'k', '--adapter', 'kong', '--format', 'nginx')).err).toMatch(
      /adapters access-log, datadog and splunk-hec/,
    );
  });

  it('lets a service account push, with the audience of its subscription', async () => {
    const by = ['--push-by', 'p@project.iam.gserviceaccount.com'];
    expect((await run('sources', 'add', 'lb', '--adapter', 'google-lb', ...by)).err).toMatch(/set PUBLIC_URL/);
    expect((await run('sources', 'add', 'lb', '--adapter', 'google-lb', ...by, '--audience', 'lb')).code).toBe(0);
    expect((await run('sources', 'list')).out).toMatch(
      /--push-by p@project\.iam\.gserviceaccount\.com --audience lb$/m,
    );
    expect((await run('sources', 'set', 'lb', '--push-by', 'none')).out).toMatch(/: no options\.$/m);
    expect((await run('sources', 'set', 'lb', '--push-by', 'x')).err).toMatch(/--push-by is the e-mail address/);
  });

  it('lists an import with the span of what it counted', async () => {
    const times = ['2026-11-19T10:00:00Z', '2030-11-20T10:00:00Z', '2026-11-18T10:00:00Z'];
    writeFileSync(join(folder, 'a.ndjson'), times.map((time) => `${JSON.stringify({ client: 'a', time })}\n`).join(''));
    writeFileSync(join(folder, 'b.ndjson'), `${JSON.stringify({ client: 'b', time: times[1] })}\n`);
    expect(await run('import', 'a.ndjson', 'b.ndjson')).toMatchObject({
      code: 3,
      err: expect.stringMatching(/a\.ndjson:2: .*\nb\.ndjson:1: /),
    });
    const [a, b] = (await run('import', 'list')).out.split('\n').sort();
    expect(a).toMatch(/2 events of 3 lines, 1 not taken {2}2026-11-18T10:00:00\.000Z … 2026-11-19T10:00:00\.000Z$/);
    expect(b).toMatch(/0 events of 1 line, 1 not taken {2}– … –$/);
  });

  it('says once which line of a file is not JSON, and where in it', async () => {
    writeFileSync(join(folder, 'a.ndjson'), '{"client":"a"}\n{"client":,}\n');
    expect((await run('import', 'a.ndjson')).err).toMatch(
      /^a\.ndjson:2: the line is not JSON: column 11 \(position 10\), near /,
    );
  });

  it('reads lines that were not taken again once the import is undone', async () => {
    writeFileSync(join(folder, 'a.csv'), 'time,client\n2026-11-19 10:00:00,acme\n');
    expect((await run('import', 'a.csv')).err).toMatch(/set it with --zone/);
    const zoned = ['import', 'a.csv', '--zone', 'Europe/Berlin'];
    expect((await run(...zoned)).out).toMatch(
      /^a\.csv: 0 events counted .*\(1 line\) is read again after "headroom import undo 1"\.$/m,
    );
    await run('import', 'undo', '1');
    expect((await run(...zoned)).out).toMatch(/^a\.csv: 1 event counted/m);
    expect((await run('import', 'list')).out).toMatch(/2026-11-19T09:00:00\.000Z/);
  });

  it.each([
    [
      ['doctor', '--mesages'],
      'headroom doctor has no flag --mesages: did you mean --messages? See "headroom help doctor".',
    ],
    [['ask', 'up', '-x'], 'headroom ask has no flag -x: use --json, --csv, --png. See "headroom help ask".'],
    [['demo', '--port', '1'], 'headroom demo has no flag --port: it has none. See "headroom help demo".'],
  ])('names the nearest of the flags, or all: %j', async (words, err) => {
    expect(await run(...words)).toMatchObject({ code: 2, err });
  });

  it('takes PORT for the bot of the demo', async () => {
    const demo = createCommandLine({ folder, now: () => NOW, env: { PORT: 'x' } });
    expect(await demo('demo')).toMatchObject({ code: 1, err: expect.stringContaining('PORT is "x"') });
  });

  it('says in one line what no command can go on with: no verb, a damaged database, a place that is none', async () => {
    expect((await run('digest')).err).toBe('Say what "headroom digest" is to do: use preview.');
    await run('sources', 'list');
    const file = join(folder, 'headroom.db');
    writeFileSync(file, readFileSync(file).fill(1, 100, 4096));
    expect((await run('sources', 'list')).err).toMatch(
      /^The database or its disk is damaged \(.+\): .+restore FILE"\.$/,
    );
    expect((await run('backup', 'none/b.db')).err).toMatch(
      /none\/b\.db cannot be written \(ENOENT.+\): choose another place\.$/,
    );
    const inFile = createCommandLine({ folder, env: { DATABASE_URL: `sqlite:${join(file, 'x.db')}` } });
    expect((await inFile('sources', 'list')).err).toMatch(/headroom\.db.* cannot be used \(E.+\): check its path/);
  });

  it('copies the database, and over nothing', async () => {
    await run('sources', 'add', 'gw');
    expect((await run('backup', 'copy.db')).out).toMatch(/Copied .*copy\.db .*secret\.key/);
    const copy = openDatabase(`sqlite:${join(folder, 'copy.db')}`);
    expect(await copy.selectFrom('source').select('name').execute()).toEqual([{ name: 'gw' }]);
    await copy.destroy();
    expect((await run('backup', 'copy.db')).err).toMatch(/exists: name a file that does not/);
    expect((await run('backup')).err).toMatch(/^FILE is missing: headroom backup FILE/);
  });

  it('puts a backup in the place of the database, and keeps what was there', async () => {
    await run('sources', 'add', 'gw');
    // A bot that runs during the backup must not count as running on the copy.
    const here = openDatabase(`sqlite:${join(folder, 'headroom.db')}`);
    await keepInstance(here, { id: 'host:1', version: VERSION, startedMs: NOW, seenMs: NOW });
    await run('backup', 'copy.db');
    await here.deleteFrom('instance').execute();
    await here.destroy();
    await run('sources', 'add', 'later');
    const names = async (file: string) => {
      const db = openDatabase(`sqlite:${join(folder, file)}`);
      const rows = await db.selectFrom('source').select('name').orderBy('name').execute();
      await db.destroy();
      return rows.map(({ name }) => name);
    };
    const { code, out } = await run('restore', 'copy.db');
    expect(code).toBe(0);
    expect(out).toMatch(
      /^Restored .*headroom\.db from .*copy\.db: 1 source, days in UTC\. The backup was checked and is complete\.$/m,
    );
    const kept = /is kept as .*\/(headroom\.db\.before-\S+):/.exec(out)![1]!;
    expect(await names('headroom.db')).toEqual(['gw']);
    expect(await run('rezone', 'UTC')).toMatchObject({ code: 0 });
    expect(await names(kept)).toEqual(['gw', 'later']);
    expect(await names('copy.db')).toEqual(['gw']);
  });

  it('replaces nothing by a file that is no whole backup, nor while a bot runs', async () => {
    await run('sources', 'add', 'gw');
    await run('backup', 'copy.db');
    const bytes = readFileSync(join(folder, 'copy.db'));
    writeFileSync(join(folder, 'cut.db'), bytes.subarray(0, bytes.length - 8192));
    writeFileSync(join(folder, 'text.db'), 'no database at all '.repeat(100));
    writeFileSync(join(folder, 'empty.db'), '');
    for (const name of ['cut.db', 'text.db', 'empty.db']) {
      expect((await run('restore', name)).err, name).toMatch(
        new RegExp(`${name} is no whole backup of Headroom \\(.+\\): name another`),
      );
    }
    expect((await run('restore', 'nothing.db')).err).toMatch(/There is no file/);
    expect((await run('restore', 'headroom.db')).err).toMatch(/is the database itself/);
    const release = await claimSqlite(`sqlite:${join(folder, 'headroom.db')}`);
    expect((await run('restore', 'copy.db')).err).toMatch(/already runs on .*headroom\.db: stop it first/);
    release();
    rmSync(join(folder, 'secret.key'));
    expect((await run('restore', 'copy.db')).err).toMatch(/secret\.key is missing, .* of gw are sealed with it/);
    expect(readdirSync(folder).filter((name) => name.includes('restoring') || name.includes('before'))).toEqual([]);
  });

  it('will not run beside an older instance, and names it', async () => {
    await run('sources');
    const db = openDatabase(`sqlite:${join(folder, 'headroom.db')}`);
    await keepInstance(db, { id: 'web-1', version: '0.0.9', startedMs: NOW, seenMs: NOW });
    await db.destroy();
    const { code, err } = await run('sources');
    expect(code).toBe(1);
    expect(err).toMatch(/Instance web-1 runs version 0\.0\.9, older than this command/);
  });

  it.each(['sources', 'doctor'])(
    '%s changes no schema under a running instance, whatever its version',
    async (command) => {
      await run('sources');
      const db = openDatabase(`sqlite:${join(folder, 'headroom.db')}`);
      await sql`DELETE FROM kysely_migration WHERE name = (SELECT max(name) FROM kysely_migration)`.execute(db);
      const [pending] = await listPendingMigrations(db);
      await keepInstance(db, { id: 'web-1', version: VERSION, startedMs: NOW, seenMs: NOW });
      const { code, out, err } = await run(command);
      expect(code).toBe(1);
      expect(out + err).toMatch(
        new RegExp(
          `Instance web-1 runs an older state of version .* would be changed under it \\(${pending}\\): stop or update`,
        ),
      );
      expect(out.match(/Database:/g) ?? []).toHaveLength(command === 'doctor' ? 1 : 0);
      expect(await listPendingMigrations(db)).toEqual([pending]);
      await db.destroy();
    },
  );
});

describe('the program', () => {
  function start(
    words: string[],
    env: Record<string, string> = {},
  ): Promise<{ code: number | null; out: string; err: string }> {
    return new Promise((resolve) => {
      const child = spawn(process.execPath, [MAIN, ...words], {
        cwd: folder,
        env: { ...CHILD_ENV, ...env },
      });
      let out = '';
      let err = '';
      child.stdout.on('data', (chunk) => {
        out += chunk;
      });
      child.stderr.on('data', (chunk) => {
        err += chunk;
      });
      child.on('close', (code) => resolve({ code, out, err }));
    });
  }

  it('runs as it is, and is a file that can be run', async () => {
    expect(await start(['--version'])).toMatchObject({ code: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
    expect(readFileSync(MAIN, 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
  });

  it('reports every wrong setting at once, without a stack', async () => {
    const { code, err } = await start(['start'], { PORT: 'x', LOG_LEVEL: 'loud' });
    expect(code).toBe(1);
    expect(err).toMatch(/^4 settings are wrong:\n {2}PORT /);
    expect(err).not.toMatch(/\n {4}at /);
  });

  it('says plainly that there is no database to reach', async () => {
    const url = 'postgres://bot:hunter2@127.0.0.1:1/headroom';
    const { code, err } = await start(['sources'], {
      DATABASE_URL: url,
      SECRET_KEY: Buffer.alloc(32).toString('base64'),
    });
    expect(code).toBe(1);
    expect(err).toMatch(/^The database cannot be opened .*check DATABASE_URL\.\n$/);
    expect(err).not.toContain('hunter2');
  });
});
