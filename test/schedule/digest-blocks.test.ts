import { expect, it } from 'vitest';
import { MAX_MESSAGE_CHARACTERS } from '../../src/messages/limits.ts';
import { countCharacters } from '../../src/messages/text.ts';
import { buildDigest } from '../../src/schedule/digest-blocks.ts';
import type { DigestContent } from '../../src/schedule/digest-content.ts';
import { EVERYTHING } from '../../src/schedule/digest-sections.ts';

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
      what: EVERYTHING,
      schedule: 'daily 09:00 UTC',
    },
  );
  expect(countCharacters(blocks)).toBeLessThanOrEqual(MAX_MESSAGE_CHARACTERS);
  expect(blocks.length).toBeLessThanOrEqual(49);
  expect(text.length).toBeLessThanOrEqual(3900);
  expect(text).not.toMatch(/&(?!(amp|lt|gt);)/);
  expect(JSON.stringify(blocks)).toContain('More than one message holds: ');
});

it('leaves out the headline’s numbers and the success rate where these sections are off', () => {
  const { text } = buildDigest(content({}), {
    what: { sections: ['clients'], filters: [] },
    schedule: 'daily 09:00 UTC',
  });
  expect(text.split('\n')[0]).toBe('API usage of Fri 20 Nov 2026 (UTC)');
  expect(text).not.toContain('successful');
});

it('ends evidence at a whole clause, and advice does not repeat it', () => {
  const evidence = `291 of 6,880 requests (4.2%) ended in 429; ${'100% of them from one client, which made 13.4% of all; '.repeat(3)}${'the busiest minutes then were below the limits '.repeat(3)}.`;
  const status = { codes: [{ status: '429', sharePercent: 4.2 }], diagnosis: [{ claim: 'Refused', evidence }] };
  const advice = { sections: [{ title: 'Back off after each 429', lines: [evidence] }] };
  const { blocks } = buildDigest(content({ status, advice } as never), {
    what: EVERYTHING,
    schedule: 'daily 09:00 UTC',
  });
  const body = JSON.stringify(blocks);
  expect(body).not.toContain('…');
  expect(body).toContain('which made 13.4% of all."');
  expect(body.split('ended in 429')).toHaveLength(2);
  expect(body).toContain('"Back off after each 429"');
});

it('says how many of all it ranks', () => {
  const rows = [{ name: 'a', requests: 5, failed: 0, sharePercent: 50 }];
  const body = (distinct: number) =>
    JSON.stringify(
      buildDigest(content({ topClients: { rows, distinct } } as never), {
        what: { sections: ['clients'], filters: [] },
        schedule: '',
      }).blocks,
    );
  expect(body(8)).toContain('"Top clients (1 of 8)"');
  expect(body(1)).toContain('"Top clients"');
});
