import { describe, expect, it } from 'vitest';
import { ask, at } from './setup.ts';

const calls = (from: string, count: number, status: number, scope: string) =>
  Array.from({ length: count }, (_, index) => ({
    ...{ timeMs: at(from) + index * 1000, client: 'acme', route: '/v1', method: 'GET', status, scope },
  }));
const told = async (events: Parameters<typeof ask>[0], range = '1h', scope?: string) => {
  const filters = scope ? [{ key: 'scope' as const, patterns: [scope], not: false }] : [];
  return (await ask(events, { report: 'status', focus: 'up', range, filters })).finding;
};

describe('asked whether it is up, status', () => {
  const fine = calls('2026-11-21T13:40:00Z', 20, 200, 'crm');

  it('says so, with how calls ended', async () => {
    expect(await told(fine)).toBe('crm is up. All 20 requests succeeded.');
    const refused = calls('2026-11-21T13:41:00Z', 10, 429, 'erp');
    expect(await told([...fine, ...refused])).toMatch(/^crm and erp are up\. 33\.3% of 30 requests failed/);
  });

  it('finds the scope and the time of an outage among calls that succeed', async () => {
    const broken = calls('2026-11-21T13:20:00Z', 6, 503, 'erp');
    expect(await told([...fine, ...broken])).toMatch(
      /^erp looked down at 13:20: 100% of its calls ended in server errors\. /,
    );
    expect(await told([...fine, ...broken], '1h', 'crm')).toBe('crm is up. All 20 requests succeeded.');
    const now = calls('2026-11-21T14:03:00Z', 6, 503, 'erp');
    expect(await told([...calls('2026-11-21T13:00:00Z', 90, 200, 'erp'), ...now], '15m')).toMatch(/^erp looks down /);
  });

  it('claims nothing where no calls came', async () => {
    expect(await told(calls('2026-11-20T10:00:00Z', 9, 200, 'crm'))).toMatch(/^No requests in the last hour/);
  });
});
