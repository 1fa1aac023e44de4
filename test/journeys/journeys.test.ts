import { describe } from 'vitest';
import { describeAccess } from './accessible.ts';
import { findChromium } from './chromium.ts';
import { describeHeights } from './heights.ts';
import { setUpJourney } from './journey.ts';
import { describePlayground } from './playground.ts';
import { describePools } from './pools.ts';

const absent = !findChromium() && !process.env.CI;
if (absent) console.warn('Journeys are skipped: no Chromium here. Install one, or set CHROMIUM_PATH.');

// In one file, because they share a demo: its year of traffic takes longer than any journey through it. On a machine that is
// busy with other things the bot may miss Slack's three seconds: people press again, and what is broken fails twice.
describe.skipIf(absent)('journeys', { retry: 1 }, () => {
  const journey = setUpJourney();
  describe('an admin in the playground', () => describePools(journey));
  describe('the playground, for everyone', () => describeAccess(journey));
  describe('a person with a phone', () => describeHeights(journey));
  describe('a person in the playground', () => describePlayground(journey));
});
