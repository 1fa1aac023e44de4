import { expect, it } from 'vitest';
import { nameActor } from '../../src/messages/text.ts';

it('shows who entered a correction as Slack shows people, and leaves names that look like an id alone', () => {
  expect(nameActor('Up by 5 credits: goodwill (U01ADMIN99).')).toEqual([
    { type: 'text', text: 'Up by 5 credits: goodwill (' },
    { type: 'user', user_id: 'U01ADMIN99' },
    { type: 'text', text: ').' },
  ]);
  for (const line of ['U01ADMIN99 is a client', 'Client (U01ADMIN99) was busy', 'by hand (root)', 'of (ULTRAMARINE)'])
    expect(nameActor(line)).toEqual([{ type: 'text', text: line }]);
});
