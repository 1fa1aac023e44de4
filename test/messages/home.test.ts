import { describe, expect, test } from 'vitest';
import { buildHome } from '../../src/messages/home.ts';
import { SAMPLE_CONFIG } from '../../src/samples/sample-notices.ts';
import { balanceOf, cardOf, summaryOfScopes } from '../chart/fixtures.ts';

describe('a card of Home', () => {
  test('is never healthy beside a limit that is used up, or over its allowance; the worst stands first', () => {
    const cards = [
      cardOf('calm', balanceOf('Daily', 60, 100)),
      cardOf('over', balanceOf('Daily', 10, 100), { overage: 5000 }),
      cardOf('limited', balanceOf('Daily', 1, 100), { limits: [balanceOf('Fair use', 41, 40)] }),
    ];
    const person = { id: 'U1', name: 'Ann', zone: 'UTC', fullMember: true, mayView: true, admin: false };
    const blocks = buildHome({
      ...{ report: { ...summaryOfScopes(), cards }, digests: [], views: [], alerts: [], admin: undefined },
      ...{ person, config: SAMPLE_CONFIG, command: '/usage' },
    });
    const heads = [...JSON.stringify(blocks).matchAll(/"text":"(calm|over|limited)".*?"text":" {3}(\S+ \w+)"/g)];
    expect(heads.map(([, name, level]) => `${name} ${level}`)).toEqual([
      'limited ⛔ exhausted',
      'over 🟠 over',
      'calm 🔵 healthy',
    ]);
  });
});
