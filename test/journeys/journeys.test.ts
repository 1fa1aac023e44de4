import { describe } from 'vitest';
import { describeAccess } from './accessible.ts';
import { findChromium } from './chromium.ts';
import { describeHeights } from './heights.ts';
import { setUpJourney } from './journey.ts';
import { describePlayground } from './playground.ts';
import { describePools } from './pools.ts';

const absent = !findChromium() && !process.env.CI;
if (absent) console.warn('Journeys are skipped: no Chromium here. Install one, or set CHROMIUM_PATH.');

// All journeys are in one file to share a demo, because making its year of traffic takes longer than any journey. They have one
// retry: on a busy machine the bot may miss Slack's three seconds, and people would press again. A real fault fails twice.
describe.skipIf(absent)('journeys', { retry: 1 }, () => {
  const journey = setUpJourney();
  describe('an admin in the playground', () => describePools(journey));
  describe('the playground, for everyone', () => describeAccess(journey));
  describe('a person with a phone', () => describeHeights(journey));
  describe('a person in the playground', () => describePlayground(journey));
});
