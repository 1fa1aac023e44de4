import { describe, expect, it } from 'vitest';
import type { Scope } from '../../src/domain/definition.ts';
import { REPORT_KINDS } from '../../src/domain/report.ts';
import { buildAnswer } from '../../src/messages/answer-message.ts';
import { countTexts, findBlockErrors, MAX_MESSAGE_CHARACTERS } from '../../src/playground/emulator/blocks.ts';
import { fileStem } from '../../src/slack/answer.ts';
import { listNext, withRange } from '../../src/slack/next-questions.ts';
import { ask, at, NOW } from '../report/setup.ts';

const HOUR_MS = 3_600_000;

/** Calls in every hour of three weeks, by 30 clients on 12 routes. Some fail. */
const EVENTS = Array.from({ length: 21 * 24 }, (_, hour) => ({
  timeMs: at('2026-11-01T00:30:00Z') + hour * HOUR_MS,
  client: `client-${hour % 30} ${'x'.repeat(hour % 3 === 0 ? 150 : 5)}`,
  route: `/v1/${'long'.repeat(hour % 12)}/{id}`,
  method: 'GET',
  status: hour % 7 === 0 ? 429 : hour % 11 === 0 ? 503 : 200,
  scope: 'crm',
  count: hour % 3 === 0 ? 1 : 1 + (hour % 50),
  durationMs: 5 + ((hour * 37) % 900),
})).filter(({ timeMs }) => timeMs < NOW);

const SCOPE: Scope = {
  name: 'crm',
  title: 'CRM',
  rateLimitPerMinute: 600,
  links: { addon: 'https://example.com/addon' },
  limits: [],
  pools: Array.from({ length: 4 }, (_, order) => ({
    name: `Pool ${order}`,
    period: { kind: 'month', anchor: 1 },
    priority: order,
    fromDay: 20_000,
    amounts: [{ fromDay: 20_000, base: 3_000_000, grants: [] }],
    thresholds: [75, 90],
    order,
  })),
};

describe.each(REPORT_KINDS)('the answer of a %s report', (kind) => {
  const name = kind === 'route' ? '/v1/long/{id}' : EVENTS[1]!.client;

  it.each([undefined, 'today', '7d', '30d', '12-months', '2026-11-05', 'this-month'])(
    'for %s is a message that Slack takes',
    async (range) => {
      for (const events of [EVENTS, []]) {
        for (const limit of [undefined, 1000]) {
          const asked = { report: kind, name, ...(limit ? { limit } : {}) };
          const report = await ask(events, range ? withRange(asked, range) : asked, {
            definitions: { scopes: [SCOPE] },
          });
          for (const form of ['picture', 'native', 'table']) {
            const native = form === 'native';
            const { blocks, text } = buildAnswer(report, {
              controls: {
                answerId: 'abc',
                revision: '1',
                sharing: native ? 'private' : 'open',
                next: listNext(report),
                audience: 'everyone',
                offerPng: native,
                filtered: true,
              },
              native,
              picture: form === 'picture' ? { fileId: 'F0123456789', altText: 'x'.repeat(1000) } : undefined,
            });
            expect(findBlockErrors(blocks, 'message')).toEqual([]);
            expect(countTexts(blocks)).toBeLessThanOrEqual(MAX_MESSAGE_CHARACTERS);
            expect(text.length).toBeGreaterThan(0);
            expect(text.length).toBeLessThanOrEqual(4000);
            expect(fileStem(report)).toMatch(/^usage_[^\s/]+_UTC$/);
          }
        }
      }
    },
  );
});
