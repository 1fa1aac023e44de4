import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { formatDay } from '../../src/domain/calendar.ts';
import { listAudit } from '../../src/store/audit-repository.ts';
import { getDefinitions } from '../../src/store/configuration-repository.ts';
import { listCorrections } from '../../src/store/correction-repository.ts';
import { openDatabase } from '../../src/store/database.ts';
import { createCommandLine } from '../support/command-line.ts';

const NOW = Date.UTC(2026, 10, 20, 12);
const FILE = `scopes:
  - name: crm
    title: CRM calls
    rate_limit_per_minute: 600
    pools:
      - { name: Daily credits, period: rolling-24h, base: 50000, grants: [{ name: Users, quantity: 10, each: 250 }] }
      - { name: Add-on, period: once, from: 2026-11-01, until: 2026-12-31, priority: 2000, base: 1000 }
    limits:
      - { name: Acme, period: day, base: 10, match: [{ client: acme }] }
`;

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'headroom-pools-'));
  writeFileSync(join(folder, 'pools.yaml'), FILE);
});

afterEach(() => rmSync(folder, { recursive: true }));

const run = (...words: string[]) =>
  createCommandLine({ folder, now: () => NOW, env: { REPORT_TIMEZONE: 'Europe/Berlin' } })(...words);

async function read<T>(question: (db: ReturnType<typeof openDatabase>) => Promise<T>): Promise<T> {
  const db = openDatabase(`sqlite:${join(folder, 'headroom.db')}`);
  const answer = await question(db);
  await db.destroy();
  return answer;
}

describe('headroom pools', () => {
  it('applies a file once, and says each change', async () => {
    const dry = await run('pools', 'apply', 'pools.yaml', '--dry-run');
    expect(dry.out).toContain('crm/Daily credits: 50,000 + 10 × 250 Users = 52,500 in any 24 hours');
    expect(dry.out).toContain('to make; nothing applied (dry run).');
    const first = await run('pools', 'apply', 'pools.yaml');
    expect(first).toMatchObject({ code: 0, err: '' });
    const changes = dry.out.split('\n').slice(0, -1);
    expect(first.out.split('\n').slice(0, changes.length)).toEqual(changes);
    expect(await run('pools', 'apply', 'pools.yaml')).toMatchObject({
      ...{ code: 0, out: 'No changes.' },
    });
    writeFileSync(join(folder, 'pools.yaml'), FILE.replace('quantity: 10', 'quantity: 40'));
    expect((await run('pools', 'apply', 'pools.yaml')).out).toContain(
      'crm/Daily credits: 50,000 + 10 × 250 Users = 52,500 → 50,000 + 40 × 250 Users = 60,000, from Fri 20 Nov 2026',
    );
    const [newest] = await read((db) => listAudit(db, 1));
    expect(newest).toMatchObject({ atMs: NOW, action: 'pools', actor: expect.stringMatching(/on the command line$/) });
  });

  it('changes nothing for a file with mistakes, and lists them', async () => {
    writeFileSync(join(folder, 'pools.yaml'), FILE.replace('base: 1000', 'base: -1').replace('title', 'titel'));
    const { code, err } = await run('pools', 'apply', 'pools.yaml');
    expect(code).toBe(1);
    expect(err.split('\n')).toEqual([
      '2 mistakes in pools.yaml, nothing was changed:',
      'pools.yaml:3:5 scopes[0].titel is not known; did you mean "title"?',
      expect.stringMatching(/^pools\.yaml:7:\d+ scopes\[0\]\.pools\[1\]\.base is "-1"; an amount cannot be below 0\.$/),
    ]);
    expect((await run('pools', 'show')).out).toMatch(/^No pools yet/);
  });

  it('shows balances with their arithmetic, corrections in them', async () => {
    await run('pools', 'apply', 'pools.yaml');
    await run('correct', 'crm', '+53000.5', '--reason', 'import was late');
    expect((await run('pools', 'show')).out).toBe(`crm: CRM calls
  at most 600 requests a minute
  Daily credits (rolling-24h)
    52,500 of 52,500 used (100.0%, exhausted), 0 left, last 24 hours
    50,000 + 10 × 250 Users = 52,500
  Add-on (once, in use)
    500.5 of 1,000 used (50.1%, healthy), 499.5 left, 1 Nov – 31 Dec 2026
    1,000
  Acme (day, a limit)
    0 of 10 used (0.0%, healthy), 10 left, 20 Nov 2026
    10
  this month: 53,000.5 used, 0 of them beyond all pools

Days in Europe/Berlin.`);
  });

  it('counts what a correction says of days before any event', async () => {
    await run('pools', 'apply', 'pools.yaml');
    await run('correct', 'crm', '53000', '--reason', 'used before Headroom', '--at', '2026-11-05');
    const { out } = await run('pools', 'show');
    expect(out).toContain('500 of 1,000 used (50.0%, healthy), 500 left, 1 Nov – 31 Dec 2026');
    expect(out).toContain('this month: 53,000 used, 0 of them beyond all pools');
  });

  it('says of a scope and of pools that they end', async () => {
    await run('pools', 'apply', 'pools.yaml');
    writeFileSync(join(folder, 'pools.yaml'), FILE.replace(/ {6}- \{ name: Add-on.*\n/, ''));
    await run('pools', 'apply', 'pools.yaml');
    const { out } = await run('pools', 'show');
    expect(out).toContain('crm: CRM calls\n');
    expect(out).toContain('  Daily credits (rolling-24h, in use)\n');
    expect(out).toContain('  Add-on (once, ends on Fri 20 Nov 2026)\n');
    writeFileSync(join(folder, 'pools.yaml'), 'scopes: []');
    await run('pools', 'apply', 'pools.yaml');
    expect((await run('pools', 'show')).out).toMatch(/^No pools yet/);
    writeFileSync(join(folder, 'pools.yaml'), 'scopes: [{ name: other, limits: [{ name: Fair use, base: 5 }] }]');
    await run('pools', 'apply', 'pools.yaml');
    const later = (await run('pools', 'show')).out;
    expect(later).toContain('crm: CRM calls (ends on Fri 20 Nov 2026)\n');
    expect(later).toContain('  this month: 0 used\n');
  });

  it('notes rules that name a source which there is not, at apply and at show, and takes them', async () => {
    expect((await run('sources', 'add', 'uipath')).code).toBe(0);
    const text =
      'scopes: [{ name: crm, match: [{ source: uipth }, { source: "ui*" }], limits: [{ name: L, base: 1, match: [{ source: default }] }] }]\nexclude: [{ source: gateway-2 }]\n';
    writeFileSync(join(folder, 'pools.yaml'), text);
    const notes = [
      'Note: crm: match names the source "uipth", which does not exist; did you mean "uipath"?',
      'Note: exclude names the source "gateway-2", which does not exist yet: it fits nothing until it is added.',
    ].join('\n');
    expect(await run('pools', 'apply', 'pools.yaml')).toMatchObject({ code: 0, err: notes });
    expect(await run('pools', 'show')).toMatchObject({ code: 0, err: notes });
    await run('sources', 'add', 'gateway-2');
    expect((await run('pools', 'show')).err).not.toContain('gateway-2');
  });

  it('shows the file that declares the same', async () => {
    await run('pools', 'apply', 'pools.yaml');
    writeFileSync(join(folder, 'again.yaml'), (await run('pools', 'show', '--yaml')).out);
    expect((await run('pools', 'apply', 'again.yaml')).out).toBe('No changes.');
  });

  it('shows from which day each pool holds, so that another database holds them from then too', async () => {
    writeFileSync(join(folder, 'pools.yaml'), FILE.replace('base: 50000,', 'base: 50000, valid_from: 2026-01-15,'));
    await run('pools', 'apply', 'pools.yaml');
    const { out } = await run('pools', 'show', '--yaml');
    expect([...out.matchAll(/valid_from: (\S+)/g)].map(([, day]) => day)).toEqual(['2026-01-15']);
    rmSync(join(folder, 'headroom.db'));
    writeFileSync(join(folder, 'again.yaml'), out);
    await run('pools', 'apply', 'again.yaml');
    expect((await run('pools', 'show', '--yaml')).out).toBe(out);
    const [crm] = (await read(getDefinitions)).scopes;
    expect(crm!.pools.map(({ fromDay }) => formatDay(fromDay))).toEqual(['2026-01-15', '2026-11-01']);
  });

  it('shows from which day the rules of a scope hold, apart from its pools', async () => {
    await run('pools', 'apply', 'pools.yaml');
    const ruled = FILE.replace('    pools:', '    match: [{ module: erp }]\n    valid_from: 2026-11-05\n    pools:');
    writeFileSync(join(folder, 'pools.yaml'), ruled.replaceAll(/base: (?=\d)/g, 'valid_from: 0001-01-01, base: '));
    expect((await run('pools', 'apply', 'pools.yaml')).out).toContain(
      'crm: rules changed (match), from Thu 5 Nov 2026',
    );
    const { out } = await run('pools', 'show', '--yaml');
    rmSync(join(folder, 'headroom.db'));
    writeFileSync(join(folder, 'again.yaml'), out);
    await run('pools', 'apply', 'again.yaml');
    expect((await run('pools', 'show', '--yaml')).out).toBe(out);
    const { ruleSets, scopes } = await read(getDefinitions);
    expect(ruleSets.map(({ fromDay }) => formatDay(fromDay))).toEqual(['2026-11-05']);
    expect(formatDay(scopes[0]!.pools[0]!.fromDay)).toBe('0001-01-01');
  });

  it('says how rules reach calls that came before them', async () => {
    writeFileSync(join(folder, 'pools.yaml'), FILE.replace('    pools:', '    match: [{ module: erp }]\n    pools:'));
    expect((await run('pools', 'apply', 'pools.yaml', '--dry-run')).out).not.toContain('recount');
    expect((await run('pools', 'apply', 'pools.yaml')).out).toContain('run "headroom recount --from 2026-11-20"');
  });

  it('says the nearest word for one that there is not', async () => {
    await run('pools', 'apply', 'pools.yaml');
    expect((await run('pools', 'aply')).err).toBe('There is no "pools aply": use apply.');
    expect((await run('pools', 'show', 'crn')).err).toBe('There is no scope "crn": did you mean crm?');
    expect((await run('pools', 'apply', 'none.yaml')).err).toBe(
      `There is no file ${join(folder, 'none.yaml')}: check the path and its spelling.`,
    );
    expect((await run('pools', 'apply', '.')).err).toBe(`${folder} is a folder: name a file in it.`);
    expect((await run('import', 'none.log')).err).toBe(
      `There is no file ${join(folder, 'none.log')}: check the path and its spelling.`,
    );
    expect((await run('sources', 'add', 'kong')).code).toBe(0);
    expect((await run('sources', 'try', 'kong', 'none.json')).err).toContain('There is no file ');
  });
});

describe('headroom correct', () => {
  beforeEach(() => run('pools', 'apply', 'pools.yaml'));

  it.each([
    [[], NOW],
    [['--at', '2026-11-20'], Date.UTC(2026, 10, 20, 11)],
    [['--at', '2026-11-05'], Date.UTC(2026, 10, 5, 11)],
    [['--at', '2026-11-05T14:30'], Date.UTC(2026, 10, 5, 13, 30)],
    [['--at', '2026-11-05T14:30:00Z'], Date.UTC(2026, 10, 5, 14, 30)],
  ])('enters an amount with its reason, at %j', async (at, timeMs) => {
    expect(await run('correct', 'crm', '-500.25', '--reason', 'refund', ...at)).toMatchObject({ code: 0, err: '' });
    expect(await read((db) => listCorrections(db))).toMatchObject([
      { meter: 'crm', credits: -500_250, timeMs, reason: 'refund', enteredMs: NOW },
    ]);
    const [newest] = await read((db) => listAudit(db, 1));
    expect(newest).toMatchObject({
      action: 'correct',
      detail: `crm -500.25 credits on ${timeMs < Date.UTC(2026, 10, 6) ? 'Thu 5' : 'Fri 20'} Nov 2026: refund`,
    });
  });

  it('enters meters of limits too', async () => {
    await run('correct', 'crm/Acme', '7', '--reason', 'twice');
    expect(await read((db) => listCorrections(db))).toMatchObject([{ meter: 'crm/Acme', credits: 7000 }]);
  });

  it.each([
    [['crm'], /^±CREDITS is missing: headroom correct SCOPE ±CREDITS\.$/],
    [['crm', '5', '--reason', ' '], /Say why/],
    [['crm', '0', '--reason', 'x'], /changes nothing/],
    [['crm', '-1.2345', '--reason', 'x'], /at most three decimals, such as -500, not "-1\.2345"/],
    [['crn', '5', '--reason', 'x'], /did you mean crm\?/],
    [['crm', '5', '--at', '2026-02-30', '--reason', 'x'], /--at must be a date or a time/],
    [['crm', '5', '--at', '2026-11-21', '--reason', 'x'], /still to come/],
    [['crm', '5', '--at', '2026-11-20T13:01', '--reason', 'x'], /still to come/],
  ])('refuses %j', async (words, text) => {
    const { code, err } = await run('correct', ...words);
    expect(code).toBe(words[0] === 'crn' ? 1 : 2);
    expect(err).toMatch(text);
    expect(await read((db) => listCorrections(db))).toEqual([]);
  });
});
