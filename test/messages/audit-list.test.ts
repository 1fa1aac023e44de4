import { expect, test } from 'vitest';
import { describeChange } from '../../src/messages/installation.ts';

const MONDAY = Date.UTC(2026, 10, 29, 23);

test.each([
  [
    'digest.pause',
    `1: ${JSON.stringify({ paused: false, pausedUntilMs: MONDAY })}`,
    'paused digest 1 until Mon 30 Nov 00:00',
  ],
  ['digest.pause', '1: {"paused":true}', 'paused digest 1'],
  ['digest.resume', '1: {"paused":false,"nextDueMs":1795939200000}', 'resumed digest 1'],
  ['digest.change', '2: {"what":{},"schedule":{},"nextDueMs":1}', 'changed digest 2: its times, its sections'],
  ['digest.takeover', '3: {"owner":"U01BORIS"}', 'took over digest 3'],
  ['digest.add', '1: daily 09:00 Europe/Berlin in C01USAGE', 'added digest 1: daily 09:00 Europe/Berlin in C01USAGE'],
  ['alert.mute', 'level until 2026-11-29T23:00:00.000Z', 'muted level until Mon 30 Nov 00:00'],
  ['pools', 'crm/Daily credits: 461 per day', 'changed crm/Daily credits: 461 per day'],
  ['rezone', 'UTC → Europe/Berlin', 'changed the report zone: UTC → Europe/Berlin'],
  ['something.new', 'as it is', 'something.new: as it is'],
])('%s %s is told as a sentence', (action, detail, sentence) => {
  expect(describeChange({ action, detail }, 'Europe/Berlin')).toBe(sentence);
});
