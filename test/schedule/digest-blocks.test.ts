import { expect, it } from 'vitest';
import { buildDigest } from '../../src/schedule/digest-blocks.ts';
import type { DigestContent } from '../../src/schedule/digest-content.ts';
import { EVERYTHING } from '../../src/schedule/digest-sections.ts';
import { countCharacters } from '../../src/slack/blocks/text.ts';

const TOTALS = { requests: 10, ok: 9, failed: 1, none: 0, credits: 10_000 };

function content(change: Partial<DigestContent>): DigestContent {
  return {
    ...{ day: 20_777, zone: 'UTC', asOfMs: 1, totals: TOTALS, clients: 2, dayBefore: TOTALS, weekAverage: 10 },
    ...{ silent: [], missing: [] },
    ...change,
  };
}

it('stays within what Slack takes in one message, and names what did not fit', () => {
  const name = `${'&<x>'.repeat(50)}`;
  const pool = { name, used: 1, amount: 2, left: 1, percent: 50, level: 'healthy', thresholds: [75, 90] };
  const scopes = Array.from({ length: 40 }, (_, n) => ({
    title: `Scope ${n}`,
    pools: Array(6).fill(pool),
    limits: [],
    overage: 0,
  }));
  const { text, blocks } = buildDigest(
    content({ pools: { scopes } as never, newClients: [{ name: '<!channel>', requests: 1 }] }),
    {
      sections: EVERYTHING.sections,
      schedule: 'daily 09:00 UTC',
    },
  );
  expect(countCharacters(blocks)).toBeLessThan(13_000);
  expect(blocks.length).toBeLessThanOrEqual(49);
  expect(text.length).toBeLessThanOrEqual(4000);
  expect(text).not.toMatch(/&(?!(amp|lt|gt);)/);
  expect(JSON.stringify(blocks)).toContain('More than one message holds: ');
});

it('leaves out the headline’s numbers and the success rate where these sections are off', () => {
  const { text } = buildDigest(content({}), { sections: ['clients'], schedule: 'daily 09:00 UTC' });
  expect(text.split('\n')[0]).toBe('API usage of Fri 20 Nov 2026 (UTC)');
  expect(text).not.toContain('successful');
});
