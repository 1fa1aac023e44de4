import { expect, it } from 'vitest';
import { toCsv } from '../../src/report/table.ts';
import { ask, at } from './setup.ts';

const call = { client: 'acme-1', method: 'GET', route: '/v1/orders/{id}', status: 200 };
const events = [
  { ...call, timeMs: at('2026-11-20T10:00:00Z'), durationMs: 41.25 },
  { ...call, timeMs: at('2026-11-20T11:00:00.5Z'), status: 503, user: 'ana', ip: '203.0.113.7', id: 'evt-7' },
  { ...call, timeMs: at('2026-11-20T09:00:00Z'), method: '', route: '', status: 0, count: 25 },
];

it('single calls come newest first, short for people and whole for a CSV', async () => {
  const definitions = { clients: [{ id: 'acme-*', name: 'Acme CRM' }] };
  const report = await ask(events, { report: 'events', range: 'yesterday' }, { definitions });
  expect(report.finding).toBe('27 calls, the last on Fri 20 Nov 11:00; 1 of them failed.');
  const shown = report.table.columns.flatMap(({ label, csvOnly }, at) => (csvOnly ? [] : [{ label, at }]));
  expect(shown.map(({ label }) => label)).toEqual(['Time', 'Status', 'Call', 'Took']);
  expect(report.table.rows.map((row) => shown.map((column) => row[column.at]))).toEqual([
    ['11:00:00', '503', 'GET /v1/orders/{id}', null],
    ['10:00:00', '200', 'GET /v1/orders/{id}', 41.25],
    ['09:00:00', '(none)', 'call ×25', null],
  ]);
  expect(report.notes).toContain('Every row: client Acme CRM.');
  const [head, newest] = toCsv(report).split('\r\n');
  expect(head).toMatch(/^time,client,status,client_name,method,route,user,ip,duration_ms,id,/);
  expect(newest).toMatch(
    /^2026-11-20T11:00:00\.5Z,acme-1,503,Acme CRM,GET,\/v1\/orders\/\{id\},ana,203\.0\.113\.7,,evt-7,/,
  );
});

it('as many as were asked for are shown of all that match', async () => {
  const filters = [{ key: 'client' as const, patterns: ['acme*'], not: false }];
  const report = await ask(events, { report: 'events', range: '7d', limit: 1, filters });
  expect(report.finding).toBe('The last call was on Fri 20 Nov 11:00; 27 calls in all.');
  expect(report.table.rows.map((row) => row[1])).toEqual(['20 Nov 11:00:00']);
  const oneDay = await ask(events, { report: 'events', range: '7d', filters });
  expect(oneDay.table.rows.map((row) => row[1])).toEqual(['11:00:00', '10:00:00', '09:00:00']);
  expect(oneDay.notes).toContain('Every row: 20 Nov and client acme-1.');
  const none = await ask(events, { report: 'events', range: '2026-11-02' });
  expect(none.table.rows).toEqual([]);
});

it.each([
  [['503'], 'The last call with status 503 was on Fri 20 Nov 11:05; 2 calls with status 503 in all.'],
  [['5xx'], 'The last call with status 5xx was on Fri 20 Nov 11:05; 2 calls with status 5xx in all.'],
  [['4xx', '5xx'], 'The last failed call was on Fri 20 Nov 11:05; 2 failed calls in all.'],
  [['200'], 'One call with status 200 matches.'],
])('calls of status %s are named by it where it is one', async (patterns, finding) => {
  const again = { ...events[1]!, timeMs: at('2026-11-20T11:05:00Z'), id: 'evt-8' };
  const filters = [{ key: 'status' as const, patterns, not: false }];
  expect((await ask([...events, again], { report: 'events', limit: 1, filters })).finding).toBe(finding);
});

it('without a range are those of today too', async () => {
  const later = [...events, { ...call, timeMs: at('2026-11-21T08:00:00Z') }];
  const report = await ask(later, { report: 'events', limit: 1 });
  expect(report.table.rows.map((row) => row[1])).toEqual(['21 Nov 08:00:00']);
});

it('says yes or no whether a client still sends, and when it last did', async () => {
  const filters = [{ key: 'client' as const, patterns: ['acme-1'], not: false }];
  const told = async (focus: 'sending' | 'stopped', ...times: string[]) => {
    const sent = times.map((time) => ({ ...call, timeMs: at(`2026-11-${time}:00Z`) }));
    return (await ask(sent, { report: 'events', focus, limit: 1, filters })).finding;
  };
  const hourly = ['20T09:10', '20T10:10', '20T11:10'];
  const stopped = 'acme-1 has stopped; its last call was on Fri 20 Nov 11:10, 1.1d ago; before, it paused 1h at most.';
  expect(await told('stopped', ...hourly)).toBe(`Yes: ${stopped}`);
  expect(await told('sending', ...hourly)).toBe(`No: ${stopped}`);
  const sends = 'acme-1 still sends; its last call was on Sat 21 Nov 13:50.';
  expect(await told('stopped', ...hourly, '21T13:50')).toBe(`No: ${sends}`);
  expect(await told('sending', ...hourly, '21T13:50')).toBe(`Yes: ${sends}`);
  // A pause as long as earlier ones does not count as a stop.
  expect(await told('stopped', '18T10:00', '20T11:10')).toMatch(/^No: acme-1 still sends/);
  expect(await told('stopped', '01T10:00')).toBe('Yes: acme-1 made no call (14–21 Nov 2026).');
  const codes = [{ key: 'status' as const, patterns: ['200'], not: false }];
  const ok = [{ ...call, status: 200, timeMs: at('2026-11-21T13:50:00Z') }];
  expect((await ask(ok, { report: 'events', focus: 'stopped', limit: 1, filters: codes })).finding).toBe(
    'No: 200s still come; the last was on Sat 21 Nov 13:50.',
  );
  const user = [{ key: 'user' as const, patterns: ['ana'], not: false }];
  const other = [{ ...call, timeMs: at('2026-11-21T13:50:00Z') }];
  const { finding } = await ask(other, { report: 'events', focus: 'sending', limit: 1, filters: user });
  expect(finding).toBe('No: ana made no call (14–21 Nov 2026).');
});
