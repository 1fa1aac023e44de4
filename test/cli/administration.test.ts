import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createCalendar, parseDay } from '../../src/domain/calendar.ts';
import type { GroupKey } from '../../src/domain/dimension.ts';
import { describeChange } from '../../src/messages/installation.ts';
import { createReporter } from '../../src/report/reporter.ts';
import { listAudit } from '../../src/store/audit-repository.ts';
import { getDefinitions, listOlderZones } from '../../src/store/configuration-repository.ts';
import { findView, upsertAnswer, upsertChosenFilters, upsertView } from '../../src/store/conversation-repository.ts';
import { type Db, openDatabase } from '../../src/store/database.ts';
import { deleteInstance, keepInstance } from '../../src/store/instance-repository.ts';
import {
  findSource,
  insertRejectedEvents,
  listRejectedEvents,
  listSourceHealth,
} from '../../src/store/source-repository.ts';
import { insertSubscription } from '../../src/store/subscription-repository.ts';
import { StoredUsage } from '../../src/usage/reader.ts';
import { VERSION } from '../../src/version.ts';
import { createCommandLine } from '../support/command-line.ts';
import { describeEachDialect } from '../support/databases.ts';

const NOW = Date.parse('2026-11-20T12:00:00Z');

describeEachDialect('administration', ({ dialect, createUrl }) => {
  let folder: string;
  let url: string;
  let db: Db;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'headroom-admin-'));
    url = await createUrl();
    db = openDatabase(url);
  });
  afterEach(async () => {
    await db.destroy();
    rmSync(folder, { recursive: true });
  });

  const runWith = (other: Record<string, string>, ...words: string[]) => {
    const env = { DATABASE_URL: url, SECRET_KEY: Buffer.alloc(32).toString('base64'), PORT: '0', ...other };
    return createCommandLine({ folder, now: () => NOW, env })(...words);
  };
  const run = (...words: string[]) => runWith({}, ...words);

  async function bring(name: string, events: readonly object[]): Promise<void> {
    writeFileSync(join(folder, name), `${events.map((event) => JSON.stringify(event)).join('\n')}\n`);
    expect(await run('import', name)).toMatchObject({ code: 0 });
  }

  async function count(groupBy: GroupKey[], zone = 'UTC'): Promise<Record<string, number>> {
    const span = { fromMs: NOW - 60 * 86_400_000, toMs: NOW + 86_400_000 };
    const { rows } = await new StoredUsage(db, dialect, createCalendar(zone)).sum({
      span,
      grain: 'all',
      groupBy,
      filters: [],
    });
    return Object.fromEntries(rows.map(({ keys, requests }) => [keys.join(' '), requests]));
  }

  it('says that an old signing secret cannot be kept, since its key is another', async () => {
    await run('sources', 'add', 'gw');
    const other = { SECRET_KEY: Buffer.alloc(32, 9).toString('base64') };
    const { code, out } = await runWith(other, 'sources', 'rotate', 'gw', '--overlap', '24h');
    expect(code).toBe(0);
    expect(out).toMatch(/^Source gw has new credentials; the old token stops working at 2026-11-21T12:00:00\.000Z:/);
    expect(out).toMatch(
      /The old signing secret was sealed with another key, so it cannot be kept: give senders that sign the new one now\.$/,
    );
    expect((await listAudit(db, 1))[0]).toMatchObject({
      detail: 'gw: the old token holds until 2026-11-21T12:00:00.000Z',
    });
  });

  it('keeps every change in the audit, with who made it, in words, and none of its secrets', async () => {
    const secrets: string[] = [];
    const change = async (...words: string[]) => {
      const { code, out, err } = await run(...words);
      expect([code, err], words.join(' ')).toEqual([0, '']);
      secrets.push(...[...out.matchAll(/(?:token|signing secret) {2,}(\S+)/g)].map(([, secret]) => secret!));
    };
    writeFileSync(join(folder, 'pools.yml'), 'scopes: [{ name: erp, match: [{ module: erp }] }]\n');
    await change('sources', 'add', 'gw', '--limit', '5/s');
    await change('sources', 'set', 'gw', '--limit', '9/s');
    await change('sources', 'rotate', 'gw', '--overlap', '24h');
    await change('sources', 'rejected', 'gw', '--retry');
    await change('sources', 'remove', 'gw');
    await bring('a.ndjson', [{ id: '1', time: '2026-11-18T10:00:00Z', client: 'acme', user: 'ann', scope: 'erp' }]);
    await change('import', 'a.ndjson', '--dry-run');
    await change('import', 'undo', '1');
    await change('pools', 'apply', 'pools.yml');
    await change('correct', 'erp', '5', '--reason', 'late');
    await change('recount', '--from', '2026-11-18');
    await change('forget', 'user:ann');
    await change('rezone', 'Europe/Berlin');
    const audit = (await listAudit(db, 99)).toReversed();
    expect(audit.map(({ action, detail }) => `${action} ${detail}`)).toEqual([
      'source.add gw (native): --limit 5/s',
      'source.set gw: --limit 9/s',
      'source.rotate gw: the old credentials hold until 2026-11-21T12:00:00.000Z',
      'source.retry gw: 0 events counted',
      'source.remove gw',
      'import 1: 1 event of a.ndjson as source import',
      'import.undo 1: a.ndjson',
      expect.stringMatching(/^pools erp: /),
      expect.stringMatching(/^pools erp: /),
      expect.stringMatching(/^correct erp \+5 /),
      expect.stringMatching(/^recount /),
      expect.stringMatching(/^forget /),
      expect.stringMatching(/^rezone /),
    ]);
    expect(secrets).toHaveLength(4);
    const told = audit.map((line) => `${line.actor} ${describeChange(line, 'UTC')}`);
    for (const line of told) expect(line).toMatch(/^\S+ on the command line (?!\w+[.:])/);
    for (const secret of secrets) expect(JSON.stringify(audit)).not.toContain(secret);
  });

  it("counts from a day on by today's rules, and says what changed", async () => {
    await bring('a.ndjson', [
      { id: '1', time: '2026-11-10T10:00:00Z', client: 'acme', module: 'erp' },
      { id: '2', time: '2026-11-18T10:00:00Z', client: 'acme', module: 'erp', count: 10 },
      { id: '3', time: '2026-11-19T10:00:00Z', client: 'probe' },
    ]);
    // Rules that have always held, then others from today on.
    writeFileSync(join(folder, 'pools.yml'), 'scopes: [{ name: erp }]\nexclude: [{ client: nobody }]\n');
    expect((await run('pools', 'apply', 'pools.yml')).code).toBe(0);
    writeFileSync(
      join(folder, 'pools.yml'),
      'scopes: [{ name: erp, match: [{ module: erp }], costs: [{ credits: 2 }] }]\nexclude: [{ client: probe }]\n',
    );
    expect((await run('pools', 'apply', 'pools.yml')).code).toBe(0);
    expect(await count(['scope'])).toEqual({ default: 12 });

    const { code, out } = await run('recount', '--from', '2026-11-15');
    expect(code).toBe(0);
    expect(out).toContain('default: 11 → 0 requests, 11 → 0 credits');
    expect(out).toContain('erp: 0 → 10 requests, 0 → 20 credits');
    expect(out).toMatch(/taken out by .*probe.*: 0 → 1 request\b/);
    expect(out).toContain("2 events since Sun 15 Nov 2026 recounted by today's rules (UTC).");
    expect(await count(['scope'])).toEqual({ default: 1, erp: 10 });

    expect((await run('recount', '--from', '2026-11-15')).out).toMatch(/^No numbers changed\./);
    expect((await run('recount', '--from', '2026-12-01')).err).toMatch(/still to come/);
    expect((await run('recount', '--from', 'monday')).err).toMatch(/must be a date/);
    expect((await run('recount')).err).toMatch(/--from 2026-11-01/);
  });

  it('counts anew only as far back as raw events go, and says from which day', async () => {
    await bring('a.ndjson', [{ id: '1', time: '2026-11-18T10:00:00Z', client: 'acme', module: 'erp' }]);
    await db
      .insertInto('setting')
      .values({ name: 'raw_from_day', value: String(parseDay('2026-11-12')) })
      .execute();
    const { out } = await run('recount', '--from', '2026-10-01');
    expect(out).toMatch(/^Raw events are kept from Thu 12 Nov 2026 on/);
  });

  it('forgets a person everywhere, and keeps the totals', async () => {
    await bring('a.ndjson', [
      { id: '1', time: '2026-11-18T10:00:00Z', client: '203.0.113.7', ip: '203.0.113.7', user: 'ann' },
      { id: '2', time: '2026-11-18T11:00:00Z', client: 'acme', ip: '203.0.113.70', user: 'bob' },
    ]);
    const [source] = await db.selectFrom('source').select('id').execute();
    await insertRejectedEvents(
      db,
      source!.id,
      [
        { index: 0, error: 'status: "x" of 203.0.113.7 is no number', excerpt: 'ip: 203.0.113.7, status: x' },
        { index: 1, error: 'client is missing', excerpt: 'ip: 203.0.113.8' },
      ],
      NOW,
    );
    const filters = [{ key: 'ip' as const, patterns: ['203.0.113.7', '203.0.113.70'], not: false }];
    const question = { report: 'top' as const, dimension: 'route' as const, filters };
    await upsertView(db, { owner: 'U1', name: 'mine', question, savedBy: 'U1', savedMs: NOW });
    await upsertChosenFilters(db, 'U1', 'C1', filters);
    const drill = [{ report: 'client' as const, name: '203.0.113.7' }];
    await upsertAnswer(db, { id: 'a1', asker: 'U1', channel: 'C1', private: false, question, drill, createdMs: NOW });
    const what = { sections: [], filters };
    const schedule = { every: 'month' as const, day: 1, time: '09:00', zone: 'UTC' };
    await insertSubscription(db, { channel: 'C1', owner: 'U1', schedule, what, nextDueMs: NOW }, NOW);

    const { code, out } = await run('forget', 'ip:203.0.113.7');
    expect(code).toBe(0);
    expect(out).toContain('Replaced by (removed) as ip, client. Totals stay.');
    expect(out).toContain('1 rejected events held it');
    expect(out).toContain('4 views, filters, digests or answers held it');
    expect(await count(['ip'])).toEqual({ '(removed)': 1, '203.0.113.70': 1 });
    expect(await count(['client'])).toEqual({ '(removed)': 1, acme: 1 });
    expect((await findView(db, ['U1'], 'mine'))!.question.filters![0]!.patterns).toEqual(['(removed)', '203.0.113.70']);
    expect((await listRejectedEvents(db, source!.id)).map(({ reason, excerpt }) => [reason, excerpt])).toEqual([
      ['client is missing', 'ip: 203.0.113.8'],
      ['status: "x" of (removed) is no number', null],
    ]);
    for (const table of [
      'saved_view',
      'chosen_filter',
      'answer',
      'subscription',
      'rejected_event',
      'audit',
      'value',
    ] as const) {
      const rows = JSON.stringify(await db.selectFrom(table).selectAll().execute());
      expect(rows, table).not.toMatch(/203\.0\.113\.7(?!\d)/);
    }
    expect((await run('forget', 'user:nobody')).out).toMatch(/^No usage has that value/);
    expect((await run('forget', 'ann')).err).toMatch(/forget user:NAME/);
  });

  it('lists what a source sent in vain, and counts it once its map is mended', async () => {
    await run('sources', 'add', 'gw');
    expect((await run('sources', 'rejected', 'gw')).out).toBe('Source gw has no rejected events.');
    const { id } = (await findSource(db, 'gw'))!;
    const rejected = [
      { index: 0, error: 'client is missing', excerpt: 'app: an object', sent: '{"app":{"name":"acme"},"status":200}' },
      { index: 1, error: 'client is missing', sent: '{"status":500,"user":"ann"}' },
      { index: 2, error: 'Value 3 is not JSON', excerpt: '{"a' },
    ];
    await insertRejectedEvents(db, id, rejected, NOW);
    const listed = await run('sources', 'rejected', 'gw');
    expect(listed.out).toMatch(/^2026-11-20T12:00:00.000Z {2}Value 3 is not JSON\n {2}\{"a\n/);
    expect(listed.out).toMatch(/3 events rejected .* then send 2 of them again with --retry\.$/);
    expect((await run('forget', 'user:ann')).out).toContain('1 rejected events held it');
    await run('sources', 'set', 'gw', '--map', 'client=app.name');
    expect(await run('sources', 'rejected', 'gw', '--retry')).toMatchObject({
      code: 3,
      out: '1 event counted, 2 were kept only in part.',
    });
    expect(await count(['client', 'status'])).toEqual({ 'acme 200': 1 });
    expect((await run('sources', 'rejected', 'gw', '--retry')).out).toMatch(/^0 events counted/);
    expect(await count(['client', 'status'])).toEqual({ 'acme 200': 1 });
  });

  it('takes an import back, after which it can be imported anew', async () => {
    await bring('kept.ndjson', [{ id: 'k', time: '2026-11-18T10:00:00Z', client: 'acme' }]);
    const events = [
      { id: '1', time: '2025-03-01T10:00:00Z', client: 'old' },
      { id: '2', time: '2026-11-18T10:00:00Z', client: 'new' },
    ];
    await bring('b.ndjson', events);
    expect((await run('import', 'list')).out.split('\n')).toHaveLength(2);
    expect(await run('import', 'undo', '2')).toMatchObject({
      code: 0,
      out: 'Import 2 (b.ndjson) undone: 2 events removed.',
    });
    expect(await count(['client'])).toEqual({ acme: 1 });
    expect((await listSourceHealth(db))[0]).toMatchObject({ accepted: 1 });
    await bring('b.ndjson', events);
    expect(await count(['client'])).toEqual({ acme: 1, new: 1 });
    expect((await run('import', 'undo', '2')).err).toMatch(/There is no import 2/);
    expect((await run('import', 'undo')).err).toMatch(/import undo ID/);

    await db.deleteFrom('event_segment').where('import_id', '=', 3).execute();
    expect((await run('import', 'undo', '3')).err).toMatch(/only 0 are still kept raw.*headroom correct/);
  });

  it('says what a holiday takes from pools, though no call moves', async () => {
    await bring('a.ndjson', [{ id: '1', time: '2026-11-18T10:00:00Z', client: 'acme', scope: 'erp' }]);
    const erp = 'scopes: [{ name: erp, pools: [{ name: Month, base: 10 }] }]\n';
    writeFileSync(join(folder, 'pools.yml'), `${erp}exclude: [{ client: nobody }]\n`);
    await run('pools', 'apply', 'pools.yml');
    const holiday = 'holidays: [{ from: 2026-11-18, until: 2026-11-18 }]\n';
    writeFileSync(join(folder, 'pools.yml'), `${erp}exclude: [{ client: nobody }]\n${holiday}`);
    expect((await run('pools', 'apply', 'pools.yml')).out).toContain('run "headroom recount --from 2026-11-18"');
    expect((await run('pools', 'show')).out).toContain('1 of 10 used');
    const { out } = await run('recount', '--from', '2026-11-18');
    expect(out).toMatch(/^erp: 1 → 0 credits drawn\n1 event since/);
    expect((await run('pools', 'show')).out).toContain('0 of 10 used');
    expect((await run('recount', '--from', '2026-11-18')).out).toMatch(/^No numbers changed\./);
  });

  it('changes the report zone when no instance runs, and answers say which days stayed', async () => {
    const time = '2026-11-18T23:30:00Z';
    await bring('a.ndjson', [
      { id: '0', time: '2026-10-01T10:00:00Z', client: 'acme' },
      { id: '1', time, client: 'acme' },
    ]);
    await keepInstance(db, { id: 'web-1', version: VERSION, startedMs: NOW, seenMs: NOW });
    expect((await run('rezone', 'Asia/Kolkata')).err).toMatch(
      /web-1 is running and counts in UTC: stop every instance/,
    );
    await deleteInstance(db, 'web-1');
    // As after a month: only totals are left of the first day.
    await db.deleteFrom('event_segment').where('day', '<', parseDay('2026-11-01')).execute();
    await db
      .insertInto('setting')
      .values({ name: 'raw_from_day', value: String(parseDay('2026-11-01')) })
      .execute();

    const { code, out } = await run('rezone', 'Asia/Kolkata');
    expect(code).toBe(0);
    expect(out).toContain('Days are counted in Asia/Kolkata from now on (before: UTC); 1 raw event recounted.');
    expect(out).toContain('Days before Mon 2 Nov 2026 keep UTC');
    expect((await run('rezone', 'Asia/Kolkata')).out).toMatch(/^Days are already counted in /);
    expect((await run('rezone', 'Berlin')).err).toMatch(/IANA zone such as Europe\/Berlin.*there is no "Berlin"/);
    expect((await run('rezone')).err).toMatch(/^ZONE is missing: headroom rezone ZONE/);

    const calendar = createCalendar('Asia/Kolkata');
    const reporter = createReporter({
      usage: new StoredUsage(db, dialect, calendar),
      calendar,
      definitions: () => getDefinitions(db),
      olderZones: () => listOlderZones(db),
    });
    const answer = async (range: string) => (await reporter.answer({ report: 'daily', range }, NOW)).notes;
    expect(await answer('2026-10-01..2026-11-19')).toContain('Days before Mon 2 Nov 2026 are counted in UTC.');
    expect((await answer('2026-11-10..2026-11-19')).join()).not.toContain('counted in UTC');
    // In the new zone, the call of 23:30 UTC belongs to the next day.
    const day = await reporter.answer({ report: 'daily', range: '2026-11-19' }, NOW);
    expect(day.finding).toMatch(/\b1 request/);
  });

  it('shows a digest as text, and posts nothing', async () => {
    await bring('a.ndjson', [{ id: '1', time: '2026-11-19T10:00:00Z', client: 'acme', route: '/v1/x', status: 200 }]);
    const { code, out } = await run('digest', 'preview');
    expect(code).toBe(0);
    expect(out).toMatch(/^API usage · Thu 19 Nov\n1 request · 100% succeeded\n/);
    expect(out).toMatch(/Top clients\n {2}acme made the only request/);
    expect(out).toMatch(/^ {2}Route +Requests +%.*\n {2}─.*\n {2}\/v1\/x +1 +100%/m);
    expect((await run('digest', 'preview', '9')).err).toMatch(/There is no digest 9: there are none/);
    expect((await run('digest', 'send')).err).toBe('There is no "digest send": use preview.');
    expect(await db.selectFrom('delivery').select('id').execute()).toEqual([]);
  });
});
