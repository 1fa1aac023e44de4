import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type ImportOptions, type ImportWriter, importFile } from '../../src/ingest/import-file.ts';
import { Intake } from '../../src/ingest/intake.ts';
import { getOrCreateSource } from '../../src/ingest/source-admin.ts';
import { type Db, openDatabase } from '../../src/store/database.ts';
import { listImportFiles } from '../../src/store/import-repository.ts';
import { listSourceHealth } from '../../src/store/source-repository.ts';
import { describeEachDialect } from '../support/databases.ts';
import { readFixture } from './fixtures.ts';

const NOW = Date.UTC(2026, 10, 20, 12);

function line(second: number, path = '/a'): string {
  return `203.0.113.7 - u [20/Nov/2015:10:${String(Math.floor(second / 60) % 60).padStart(2, '0')}:${String(second % 60).padStart(2, '0')} +0000] "GET ${path} HTTP/1.1" 200 1\n`;
}

function lines(count: number): string {
  return Array.from({ length: count }, (_, second) => line(second)).join('');
}

describeEachDialect('an import', (databases) => {
  let db: Db;
  let intake: Intake;
  let folder: string;
  let path: string;
  let options: ImportOptions;
  const faults: string[] = [];

  beforeEach(async () => {
    const url = await databases.createUrl();
    db = openDatabase(url);
    intake = new Intake({ databaseUrl: url, zone: 'UTC', rawRetentionDays: 30, maxBodyBytes: 1000 });
    folder = mkdtempSync(join(tmpdir(), 'headroom-import-'));
    path = join(folder, 'access.log');
    faults.length = 0;
    options = {
      db,
      writer: intake,
      source: await getOrCreateSource(db, 'import', 'native', NOW),
      options: {},
      zone: 'America/New_York',
      now: () => NOW,
      onFault: (line, error) => faults.push(`${line}: ${error}`),
    };
  });

  afterEach(async () => {
    await intake.close();
    await db.destroy();
    rmSync(folder, { recursive: true });
  });

  /** Counts the stored events, independently of the outcomes. */
  async function countStored(): Promise<number> {
    const { events } = await db
      .selectFrom('inbox')
      .select((eb) => eb.fn.sum<number | null>('events').as('events'))
      .executeTakeFirstOrThrow();
    return Number(events ?? 0);
  }

  it('takes a web server’s old log whole, compressed or not, and once', async () => {
    writeFileSync(path, readFixture('access-log/semicomplete-access.log.gz'));
    expect(await importFile(path, options)).toMatchObject({ events: 10_000, rejected: 0, stopped: false });
    expect(await importFile(path, options)).toMatchObject({ events: 0, skippedBytes: 2_370_789 });
    expect(await countStored()).toBe(10_000);
    expect(await listImportFiles(db)).toMatchObject([{ lines: 10_000, events: 10_000, format: 'access-log' }]);
  });

  it('can be stopped between two parts and goes on there', async () => {
    writeFileSync(path, lines(12_000));
    const stop = new AbortController();
    const writer: ImportWriter = {
      async append(request, also) {
        stop.abort();
        return intake.append(request, also);
      },
    };
    expect(await importFile(path, { ...options, writer, signal: stop.signal })).toMatchObject({
      events: 5000,
      stopped: true,
    });
    expect(await importFile(path, options)).toMatchObject({ events: 7000, stopped: false });
    expect(await countStored()).toBe(12_000);
  });

  it('counts each line once, wherever it is killed', async () => {
    writeFileSync(path, lines(12_000));
    for (const kill of ['before', 'inside', 'after'] as const) {
      const writer: ImportWriter = {
        async append(request, also) {
          if (kill === 'before') throw new Error('killed');
          const result = await intake.append(request, async (trx, result) => {
            await also(trx, result);
            if (kill === 'inside') throw new Error('killed');
          });
          throw Object.assign(new Error('killed'), { result });
        },
      };
      await expect(importFile(path, { ...options, writer })).rejects.toThrow('killed');
    }
    await importFile(path, options);
    expect(await countStored()).toBe(12_000);
  });

  it('refuses to run twice at once over one file', async () => {
    writeFileSync(path, lines(6000));
    let entered = false;
    const writer: ImportWriter = {
      async append(request, also) {
        if (!entered) {
          entered = true;
          await importFile(path, options);
        }
        return intake.append(request, also);
      },
    };
    writeFileSync(path, lines(100));
    await importFile(path, options);
    appendFileSync(path, line(7000).repeat(10));
    await expect(importFile(path, { ...options, writer })).rejects.toThrow(/being imported.* by another run/);
    expect(await countStored()).toBe(110);
  });

  it('refuses to begin twice at once with one file, and lets others begin beside it', async () => {
    writeFileSync(path, lines(6000));
    const other = join(folder, 'other.log');
    writeFileSync(other, lines(101).slice(line(0).length));
    const beside =
      (file: string): ImportWriter['append'] =>
      async (request, also) => {
        await importFile(file, options);
        return intake.append(request, also);
      };
    expect((await importFile(other, { ...options, writer: { append: beside(path) } })).events).toBe(100);
    writeFileSync(path, line(1, '/b').repeat(10));
    await expect(importFile(path, { ...options, writer: { append: beside(path) } })).rejects.toThrow(/by another run/);
    expect(await countStored()).toBe(6110);
  });

  it('counts what it took for its source with every part, and what was never begun is no import', async () => {
    writeFileSync(path, `${lines(6000)}nonsense\n`);
    let parts = 0;
    const writer: ImportWriter = {
      async append(request, also) {
        parts += 1;
        if (parts === 2) throw new Error('killed');
        return intake.append(request, also);
      },
    };
    await expect(importFile(path, { ...options, writer })).rejects.toThrow('killed');
    expect(await listSourceHealth(db)).toMatchObject([{ accepted: 5000, rejected: 0 }]);
    const killed = {
      async append() {
        throw new Error('killed');
      },
    } as unknown as ImportWriter;
    const other = join(folder, 'other.log');
    writeFileSync(other, line(1, '/b'));
    await expect(importFile(other, { ...options, writer: killed })).rejects.toThrow('killed');
    expect(await listImportFiles(db)).toMatchObject([{ name: 'access.log', events: 5000 }]);
    await importFile(path, options);
    expect(await listSourceHealth(db)).toMatchObject([{ accepted: 6000, rejected: 1 }]);
  });

  // Files are read in the same way on both databases.
  if (databases.dialect === 'postgres') return;

  it('goes on where a file has grown, whatever its name and compression are now', async () => {
    writeFileSync(path, lines(3));
    expect((await importFile(path, options)).events).toBe(3);
    appendFileSync(path, line(9).repeat(2));
    expect((await importFile(path, options)).events).toBe(2);
    const content = lines(3) + line(9).repeat(2);
    for (const [name, bytes] of [
      ['access.log.1.gz', gzipSync(content + line(10))],
      ['access.log.1.zst', zstdCompressSync(content + line(10) + line(11))],
    ] as const) {
      const rotated = join(folder, name);
      writeFileSync(rotated, bytes);
      expect((await importFile(rotated, options)).events).toBe(1);
    }
    expect(await countStored()).toBe(7);
  });

  it('counts equal lines each', async () => {
    writeFileSync(path, line(1).repeat(100));
    expect((await importFile(path, options)).events).toBe(100);
  });

  it('takes another file, and the same one under another source, for what they are', async () => {
    writeFileSync(path, lines(3));
    await importFile(path, options);
    const other = join(folder, 'other.log');
    writeFileSync(other, line(5) + lines(3));
    expect((await importFile(other, options)).events).toBe(4);
    const source = await getOrCreateSource(db, 'another', 'native', NOW);
    expect((await importFile(path, { ...options, source })).events).toBe(3);
  });

  it('names each line that is not taken, and takes the others', async () => {
    writeFileSync(
      path,
      `${line(0)}nonsense\n\n${line(1)}${line(2).replace('203.0.113.7 - u', `203.0.113.7 - ${'x'.repeat(300)}`)}`,
    );
    expect(await importFile(path, options)).toMatchObject({ events: 2, rejected: 2 });
    expect(faults).toEqual([
      expect.stringMatching(/^2: Not read: "nonsense" is not a line/),
      expect.stringMatching(/^5: .*300 characters/),
    ]);
    appendFileSync(path, `${line(3)}more nonsense\n`);
    await importFile(path, options);
    expect(faults[2]).toMatch(/^7: /);
  });

  it('rejects what is said to be older than any call, and takes the rest', async () => {
    const old = ['19/Jan/1970:00:00:00 +0000', '20/Nov/1969:12:00:00 +0000', '01/Jan/0050:00:00:00 +0000'];
    const lines = old.map((time) => `203.0.113.7 - u [${time}] "GET /a HTTP/1.1" 200 1\n`);
    writeFileSync(path, line(0) + lines.join(''));
    expect(await importFile(path, options)).toMatchObject({ events: 1, rejected: 3 });
    expect(faults[0]).toMatch(/^2: Not read: the time "19\/Jan\/1970:00:00:00 \+0000" is not like .*2000 or later/);
    const events = join(folder, 'events.ndjson');
    writeFileSync(events, '{"client":"a","time":0}\n{"client":"a","time":"1969-12-31T23:59:59Z"}\n');
    expect(await importFile(events, options)).toMatchObject({ events: 0, rejected: 2 });
    expect(faults.slice(3)).toEqual([
      expect.stringMatching(/^1: time is 0 .*before 2000/),
      expect.stringMatching(/^2: time is "1969-.*before 2000/),
    ]);
  });

  it('leaves a last line that is still being written', async () => {
    const whole = line(1);
    writeFileSync(path, line(0) + whole.slice(0, 20));
    expect(await importFile(path, options)).toMatchObject({ events: 1, rejected: 0 });
    writeFileSync(path, line(0) + whole.trimEnd());
    expect(await importFile(path, options)).toMatchObject({ events: 1, rejected: 0 });
    writeFileSync(path, line(0) + whole + line(2));
    expect(await importFile(path, options)).toMatchObject({ events: 1, rejected: 0 });
    expect((await listImportFiles(db))[0]).toMatchObject({ lines: 3, events: 3 });
  });

  it('reads NDJSON of events and of access logs, and rejects what lies ahead', async () => {
    writeFileSync(
      path,
      [{ id: '1', client: 'a', time: '2015-01-01T00:00:00Z' }, { client: 'a', time: '2027-01-01T00:00:00Z' }, [1]]
        .map((each) => `${JSON.stringify(each)}\n`)
        .join(''),
    );
    expect(await importFile(path, options)).toMatchObject({ events: 1, rejected: 2 });
    expect(faults).toEqual([
      expect.stringMatching(/^2: .*ahead/),
      expect.stringMatching(/^3: the line is not a JSON object/),
    ]);
    const log = join(folder, 'nginx.ndjson');
    writeFileSync(log, readFixture('senders/nginx-access.ndjson'));
    const later = { ...options, now: () => NOW + 2 * 86_400_000 };
    const { file, ...outcome } = await importFile(log, later);
    expect(outcome).toMatchObject({ events: 5, rejected: 0 });
    expect(file.firstEventMs).toBe(1795224744385);
  });

  it('reads CSV by its header, also when it goes on', async () => {
    const csv = join(folder, 'usage.csv');
    writeFileSync(
      csv,
      '\ufeffTime;Client;URL;Status;Requests;Note\r\n2015-01-01T00:00:00Z;"Acme; ""CRM""\nLtd";/v1/orders/7;200;3;x\r\n2015-01-01T00:00:00Z;b;/x;ok;1;\r\n',
    );
    expect(await importFile(csv, options)).toMatchObject({ events: 1, rejected: 1 });
    expect(faults).toEqual([expect.stringMatching(/^4: status is "ok"/)]);
    appendFileSync(csv, '2015-01-02T00:00:00Z;b;/x;404;1;\r\n2015-01-02T00:00:00Z;b\r\n');
    expect(await importFile(csv, options)).toMatchObject({ events: 1, rejected: 1 });
    expect(faults[1]).toMatch(/^6: .*2 cells, the header 6/);
  });

  it('takes a quotation mark inside a cell of CSV for what it is, and an odd one costs its row alone', async () => {
    const csv = join(folder, 'usage.csv');
    const row = (url: string) => `2015-11-27T10:00:00Z,acme,GET,${url},200\n`;
    const good = row('/v1/a').repeat(5);
    writeFileSync(csv, `time,client,method,url,status\n${row('/v1/5"-disk')}${good}`);
    expect(await importFile(csv, options)).toMatchObject({ events: 6, rejected: 0 });
    writeFileSync(
      csv,
      `time,client,method,url,status\n${good}${row('"/v1/b')}${row('"5" disk"')}${good}${row('"/v1/c')}`,
    );
    expect(await importFile(csv, options)).toMatchObject({ events: 10, rejected: 3 });
    expect(faults).toEqual([
      expect.stringMatching(/^7: a cell begins with a quotation mark and is not closed/),
      expect.stringMatching(/^8: a quotation mark stands inside a quoted cell/),
      expect.stringMatching(/^14: a cell begins with a quotation mark/),
    ]);
  });

  it('takes the column that has the name of a field, and refuses two that stand for one', async () => {
    const csv = join(folder, 'usage.csv');
    const taken: (string | undefined)[] = [];
    const writer: ImportWriter = {
      append(request, also) {
        taken.push(...request.events.map(({ client }) => client));
        return intake.append(request, also);
      },
    };
    writeFileSync(csv, 'time,client_id,client,status\n2015-11-27T10:00:00Z,7f3a,acme,200\n');
    await importFile(csv, { ...options, writer });
    expect(taken).toEqual(['acme']);
    writeFileSync(csv, 'time,client,requests,calls\n2015-11-27T10:00:00Z,acme,2,3\n');
    await expect(importFile(csv, options)).rejects.toThrow(/More than one column (?:is|stands for) count/);
  });

  it('counts a day without time on that day of the report zone', async () => {
    const csv = join(folder, 'usage.csv');
    writeFileSync(csv, 'date,client,requests\n2015-11-27,acme,120\n2015-02-30,acme,1\n');
    const { file, ...outcome } = await importFile(csv, options);
    expect(outcome).toMatchObject({ events: 1, rejected: 1 });
    expect(file.firstEventMs).toBe(Date.parse('2015-11-27T00:00:00-05:00'));
    expect(faults).toEqual([expect.stringMatching(/^3: time is "2015-02-30"/)]);
  });

  it('says what is wrong with a file that it cannot read', async () => {
    await expect(importFile(join(folder, 'none'), options)).rejects.toMatchObject({ code: 'unreadable' });
    writeFileSync(path, 'a picture of a log\n');
    await expect(importFile(path, options)).rejects.toThrow(/--format access-log\|ndjson\|json\|csv/);
    writeFileSync(path, gzipSync(lines(100)).subarray(0, 100));
    await expect(importFile(path, options)).rejects.toMatchObject({ code: 'unreadable' });
    writeFileSync(path, Buffer.from('BZh91AY&SY', 'latin1'));
    await expect(importFile(path, options)).rejects.toThrow(/is packed with bzip2: unpack it first/);
    writeFileSync(path, '');
    expect(await importFile(path, options)).toMatchObject({ events: 0, rejected: 0 });
  });

  /** Creates a writer that also lists the client of every event that it gets. */
  function watch(): { clients: (string | undefined)[]; writer: ImportWriter } {
    const clients: (string | undefined)[] = [];
    const append: ImportWriter['append'] = (request, also) => {
      clients.push(...request.events.map(({ client }) => client));
      return intake.append(request, also);
    };
    return { clients, writer: { append } };
  }

  it.each([
    ['an array', (all: object[]) => JSON.stringify(all)],
    ['an array over many lines', (all: object[]) => JSON.stringify(all, null, 2)],
    ['an array with a line for each', (all: object[]) => `[${all.map((each) => JSON.stringify(each)).join(',\n')}]\n`],
    ['an object that holds them', (all: object[]) => JSON.stringify({ events: all, next: 'x' })],
    ['an object over many lines', (all: object[]) => `${JSON.stringify({ events: all, next: 'x' }, null, 2)}\n`],
    ['an object that tells other things first', (all: object[]) => JSON.stringify({ next: 'x', events: all })],
    ['objects over many lines', (all: object[]) => all.map((each) => `${JSON.stringify(each, null, 2)}\n`).join('')],
  ])('reads JSON: %s', async (_, write) => {
    const all = ['a', 'b', 'c'].map((client) => ({ client, time: '2015-01-01T00:00:00Z', data: { note: '[]{}' } }));
    writeFileSync(path, write(all));
    const { clients, writer } = watch();
    expect(await importFile(path, { ...options, writer })).toMatchObject({ events: 3, rejected: 0, unfinished: false });
    expect(clients).toEqual(['a', 'b', 'c']);
    expect(await importFile(path, options)).toMatchObject({ events: 0, rejected: 0 });
  });

  it('goes on with an array that has grown, and counts what stands around a broken entry', async () => {
    const entry = (client: string) => `  {\n    "client": "${client}",\n    "time": "2015-01-01T00:00:00Z"\n  }`;
    writeFileSync(path, `[\n${entry('a')},\n  {\n    "client": "x,\n  },\n${entry('b')}\n]\n`);
    const { clients, writer } = watch();
    expect(await importFile(path, { ...options, writer })).toMatchObject({ events: 2, rejected: 1 });
    expect(faults).toEqual([expect.stringMatching(/^6: the line is not JSON/)]);
    writeFileSync(path, `[\n${entry('a')},\n  {\n    "client": "x,\n  },\n${entry('b')},\n${entry('c')}\n]\n`);
    expect(await importFile(path, { ...options, writer })).toMatchObject({ events: 1, rejected: 0 });
    writeFileSync(path, `[\n${entry('a')},\n  {\n    "client": "x,\n  },\n${entry('b')},\n${entry('c')},\n  {"cli`);
    expect(await importFile(path, { ...options, writer })).toMatchObject({ events: 0, rejected: 0, unfinished: true });
    // The file is cut off between two entries.
    writeFileSync(
      path,
      `[\n${entry('a')},\n  {\n    "client": "x,\n  },\n${entry('b')},\n${entry('c')},\n${entry('d')}`,
    );
    expect(await importFile(path, { ...options, writer })).toMatchObject({ events: 1, rejected: 0, unfinished: true });
    expect(clients).toEqual(['a', 'b', 'c', 'd']);
  });

  it('reads each line of a mixed file, and tells its format by more than its first line', async () => {
    const json = JSON.stringify({ client: 'j', time: '2015-01-01T00:00:00Z', url: '/a', status: 200 });
    writeFileSync(path, `starting up\n${line(0)}${json}\n${line(1)}`);
    const { clients, writer } = watch();
    expect(await importFile(path, { ...options, writer })).toMatchObject({ events: 3, rejected: 1 });
    expect(clients).toEqual(['u', 'j', 'u']);
    expect(faults).toEqual([expect.stringMatching(/^1: Not read/)]);
  });

  it('learns which server wrote a log, and goes on by the header that was taken before', async () => {
    writeFileSync(path, readFixture('access-log/iis.log'));
    const now = () => Date.UTC(2026, 11, 1);
    expect(await importFile(path, { ...options, now })).toMatchObject({ events: 2, rejected: 0 });
    appendFileSync(path, '2026-11-20 10:00:00 10.0.0.1 GET /v1/b - 443 - 192.0.2.63 curl - 200 0 0 7\r\n');
    const { clients, writer } = watch();
    expect(await importFile(path, { ...options, now, writer })).toMatchObject({ events: 1, rejected: 0 });
    expect(clients).toEqual(['192.0.2.63']);
    const haproxy = join(folder, 'haproxy.log');
    writeFileSync(haproxy, readFixture('access-log/haproxy.log'));
    const { file, ...outcome } = await importFile(haproxy, options);
    expect(outcome).toMatchObject({ events: 3, rejected: 0 });
    expect(file.format).toBe('haproxy');
  });

  it.each([
    ['returns for line ends', (text: string) => Buffer.from(text.replaceAll('\n', '\r'))],
    ['returns before line ends', (text: string) => Buffer.from(text.replaceAll('\n', '\r\r\n'))],
    ['UTF-16', (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le')],
    ['UTF-16 the other way round', (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le').swap16()],
    ['UTF-16 in gzip', (text: string) => gzipSync(Buffer.from(`\ufeff${text}`, 'utf16le'))],
  ])('reads %s', async (_, encode) => {
    writeFileSync(path, encode(lines(3)));
    expect(await importFile(path, options)).toMatchObject({ events: 3, rejected: 0 });
    writeFileSync(path, encode(lines(5)));
    expect(await importFile(path, options)).toMatchObject({ events: 2, rejected: 0 });
  });

  it.each([',', ';', '\t', '|'])('finds the delimiter of CSV by looking: %j', async (delimiter) => {
    const csv = join(folder, 'usage.csv');
    const rows = [
      ['time', 'client', 'note (a, b)', 'requests'],
      ['2015-01-01T00:00:00Z', 'acme', 'x', '3'],
    ];
    writeFileSync(csv, rows.map((row) => `${row.join(delimiter === ',' ? '\t' : delimiter)}\n`).join(''));
    if (delimiter === ',') writeFileSync(csv, 'time,client,a|b|c|d,requests\n2015-01-01T00:00:00Z,acme,x,3\n');
    expect(await importFile(csv, options)).toMatchObject({ events: 1, rejected: 0 });
  });
});
