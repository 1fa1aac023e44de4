import { expect, it } from 'vitest';
import { nameActor, namePlaces } from '../../src/messages/text.ts';

it('shows who entered a correction as Slack shows people, and leaves names that look like an id alone', () => {
  expect(nameActor('Up by 5 credits: goodwill (U01ADMIN99).')).toEqual([
    { type: 'text', text: 'Up by 5 credits: goodwill (' },
    { type: 'user', user_id: 'U01ADMIN99' },
    { type: 'text', text: ').' },
  ]);
  for (const line of ['U01ADMIN99 is a client', 'Client (U01ADMIN99) was busy', 'by hand (root)', 'of (ULTRAMARINE)'])
    expect(nameActor(line)).toEqual([{ type: 'text', text: line }]);
});

it.each([
  ['C01USAGE', 'channel_id'],
  ['CJNQ0AL9L', 'channel_id'],
  ['GABCDEFG1', 'channel_id'],
  ['WJNQ0AL9L', 'user_id'],
])('shows %s by its name, wherever its digits stand', (id, key) => {
  expect(namePlaces(`moved to ${id}.`)).toEqual([
    { type: 'text', text: 'moved to ' },
    expect.objectContaining({ [key]: id }),
    { type: 'text', text: '.' },
  ]);
});
