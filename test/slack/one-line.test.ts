import { describe, expect, it } from 'vitest';
import { buildFallback } from '../../src/messages/answer-message.ts';
import { describePool } from '../../src/messages/declaration-lists.ts';
import { formatCell, richList } from '../../src/messages/text.ts';
import { POOL_FORM } from '../../src/slack/declaration-form.ts';
import { ask, at } from '../report/setup.ts';

const BROKEN = 'Acme\r\n CRM\u2028two';

describe('names with line breaks', () => {
  it('stay on one line in tables and lists', () => {
    expect(formatCell(BROKEN, { type: 'text' }, 'UTC')).toBe('Acme CRM two');
    expect(formatCell('\n', { type: 'text' }, 'UTC').trim()).not.toBe('');
    expect(JSON.stringify(richList([[BROKEN, ' – 5 requests']]))).toContain('"Acme CRM two"');
  });

  it('stay on one line in the text of an answer', async () => {
    const events = [{ timeMs: at('2026-11-20T12:00:00Z'), client: BROKEN }];
    const lines = buildFallback(await ask(events, { report: 'top' })).split('\n');
    expect(lines[0]).toMatch(/Acme CRM two made the only request/);
    expect(lines[1]).toMatch(/^• Acme CRM two 1 request /);
  });
});

it('a capped pool is told by what it really holds', () => {
  const pool = {
    ...{ name: 'Month', period: { kind: 'month' as const, anchor: 1 }, priority: 1, thresholds: [75, 90] },
    ...{ base: 78_000_000, grants: [{ name: 'Users', quantity: 2, each: 1000 }], max: 10_000 },
  };
  expect(describePool(pool)).toBe(
    '10 a month (78,000 + 2 × 1 Users = 78,002, at most 10), priority 1, warns at 75, 90 and 100%',
  );
  const { max: _, ...free } = pool;
  expect(describePool(free)).toMatch(/^78,000 \+ 2 × 1 Users = 78,002 a month, /);
});

it.each(['pools', 'limits'] as const)('the form of one of the %s says among which its name is', (part) => {
  const fields = {
    ...{ name: '', period: 'day', anchor: '', from: '', until: '', base: '', grants: [], max: '' },
    ...{ priority: '', thresholds: '75, 90', valid_from: '' },
  };
  const form = POOL_FORM.build({ scope: 'crm', part, grants: [] }, { fields });
  expect(JSON.stringify(form)).toContain(`Among the ${part} of crm`);
});
