import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { sumUp, tallyPost } from '../support/figures.ts';
import { checkEvents, checkPosts } from './ledger.ts';

const SENT = [
  { client: 'a', size: 3 },
  { client: 'b', size: 2 },
];
const WHOLE = { events: 3, losses: 0, doubles: 0, faults: [] };

it.each([
  ['all is as it was sent', { a: 3, b: 2 }, WHOLE],
  ['a request without an answer was not taken', { a: 3 }, WHOLE],
  ['one answered event is lost', { a: 2, b: 2 }, { ...WHOLE, losses: 1, faults: ['a: 2 of 3'] }],
  ['an answered request is lost', { b: 2 }, { ...WHOLE, losses: 3, faults: ['a: 0 of 3'] }],
  ['one event is counted twice', { a: 4, b: 2 }, { ...WHOLE, doubles: 1, faults: ['a: 4 of 3'] }],
  ['a request without an answer is counted twice', { a: 3, b: 4 }, { ...WHOLE, doubles: 2, faults: ['b: 4 of 2'] }],
  ['a request without an answer is taken in part', { a: 3, b: 1 }, { ...WHOLE, faults: ['b: 1 of 2'] }],
  ['one makes up for another', { a: 2, b: 3 }, { ...WHOLE, losses: 1, doubles: 1, faults: ['a: 2 of 3', 'b: 3 of 2'] }],
  ['something was sent by nobody', { a: 3, c: 1 }, { ...WHOLE, faults: ['c: 1 that nobody sent'] }],
])('events are told right where %s', (_, counted, told) => {
  expect(checkEvents(SENT, (client) => client === 'a', counted)).toEqual(told);
});

it.each([
  ['each is there once', ['x', 'y'], { losses: 0, doubles: 0 }],
  ['one is missing', ['x'], { losses: 1, doubles: 0 }],
  ['one stands there twice', ['x', 'y', 'x'], { losses: 0, doubles: 1 }],
  ['a double hides a loss', ['x', 'x'], { losses: 1, doubles: 1 }],
])('messages are told right where %s', (_, posted, told) => {
  expect(checkPosts(['x', 'y'], posted)).toEqual(told);
});

it('a message that is waited for in vain is a loss in the figures, and fails its test', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'headroom-figures-'));
  const lines: string[] = [];
  const note: Parameters<typeof tallyPost>[2] = (dialect, figures) =>
    lines.push(JSON.stringify({ dialect, ...figures }));
  await tallyPost('sqlite', Promise.resolve(), note);
  await expect(tallyPost('sqlite', Promise.reject(new Error('not posted')), note)).rejects.toThrow('not posted');
  note('postgres', { events: 5, losses: 2, doubles: 1 });
  const path = join(folder, 'figures');
  writeFileSync(path, `${lines.join('\n')}\n`);
  expect(JSON.parse(sumUp(path, [])!)).toMatchObject({
    sqlite: { deliveries: 2, losses: 1, doubles: 0 },
    postgres: { events: 5, losses: 2, doubles: 1 },
  });
  rmSync(folder, { recursive: true });
});
