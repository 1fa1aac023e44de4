import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Report } from '../../src/domain/report.ts';
import { buildAnswer, buildNotice } from '../../src/messages/answer-message.ts';
import { repair } from '../../src/messages/repair.ts';
import { clip, defuse, type Message } from '../../src/messages/text.ts';
import { countTexts, findBlockErrors, MAX_MESSAGE_CHARACTERS } from '../../src/playground/emulator/blocks.ts';
import { walk } from '../../src/playground/emulator/elements.ts';
import { listNext } from '../../src/slack/next-questions.ts';
import { size } from '../support/size.ts';
import { answerFixture, rankingOf } from './reports.ts';
import { startRig } from './support.ts';

const HOSTILE = [
  '<!channel>',
  '<@U01ADMIN>',
  '<https://evil.example|click>',
  '*bold*',
  '_it_',
  '~gone~',
  '`code`',
  ':tada:',
  'https://evil.example/x',
  'evil.example',
  '@here',
  '&lt;!here&gt;',
  '=cmd()',
  '名前 💥 \u202e',
  'x'.repeat(200),
];

const names = fc.uniqueArray(
  fc.oneof(fc.constantFrom(...HOSTILE), fc.string({ minLength: 1, maxLength: 200, unit: 'grapheme' })),
  { minLength: 1, maxLength: 60 },
);

/** The only markup in answers that comes from us. */
const AGE = /<!date\^\d+\^[^|]+\|[^>]+>/;

/** Forms of an answer: with a picture, with Slack's own chart, or as a table if neither can be shown. */
type Form = 'picture' | 'native' | 'table';
const FORMS: readonly Form[] = ['picture', 'native', 'table'];

function dressed(report: Report, form: Form): Message {
  const native = form === 'native';
  return buildAnswer(report, {
    controls: {
      answerId: 'abc',
      revision: '1',
      sharing: native ? 'private' : 'open',
      next: listNext(report),
      audience: 'the 42 members of #api-usage',
      offerPng: native,
      filtered: true,
    },
    native,
    picture: form === 'picture' ? { fileId: 'F0123456789', altText: report.finding } : undefined,
  });
}

/** Lists the errors of a message by Slack's published limits and rules. */
function faultsOf({ text, blocks }: Message): string[] {
  const size = countTexts(blocks) > MAX_MESSAGE_CHARACTERS ? ['too many characters'] : [];
  return [...findBlockErrors(blocks, 'message'), ...size, ...(text === '' || text.length > 4000 ? ['bad text'] : [])];
}

/** Returns the message, and its repaired forms after Slack refuses one of its blocks or an unnamed one. */
function listRepairs(message: Message): Message[] {
  const refusals = [[], ...message.blocks.map((_, index) => [{ pointer: `/blocks/${index}`, reason: 'x' }])].map(
    (faults) => ({ code: 'invalid_blocks', picture: false, faults }),
  );
  return [message, ...refusals.map((refusal) => repair(message, refusal)!.message)];
}

/** Lists the texts that Slack parses: the message's own and those of mrkdwn objects. Plain text must not parse emoji codes. */
function parsedTexts({ text, blocks }: Message): string[] {
  const found = [text];
  for (const { node } of walk(blocks, '')) {
    if (node.type === 'mrkdwn' && typeof node.text === 'string') found.push(node.text);
    if (node.type === 'plain_text') expect(node.emoji).toBe(false);
  }
  return found;
}

describe('names from senders', () => {
  it('stay within Slack’s limits and are never parsed, whatever they are and however many', () => {
    fc.assert(
      fc.property(
        names,
        fc.constantFrom(...FORMS),
        fc.constantFrom('graph', 'doughnut', 'table'),
        (list, form, view) => {
          const report = rankingOf({ report: 'top', dimension: 'client', view }, list, 2000);
          const message = dressed(report, form);
          for (const variant of listRepairs(message)) {
            expect(faultsOf(variant)).toEqual([]);
            for (const text of parsedTexts(variant)) {
              expect(text.replace(AGE, '')).not.toMatch(/<|>/);
              expect(text).not.toMatch(/:(tada|[a-z]+):|https?:\/\/|evil\.example|@here|\*bold\*|`|(?<!\w)_it_|~gone~/);
            }
          }
        },
      ),
      { numRuns: size(15, 600) },
    );
  });

  it('are all there as they were sent, in cells', () => {
    const message = dressed(rankingOf({ report: 'top', dimension: 'client' }, HOSTILE), 'table');
    const cells = [...walk(message.blocks, '')].map(({ node }) => (node.type === 'raw_text' ? node.text : undefined));
    expect(cells).toEqual(expect.arrayContaining(HOSTILE));
  });

  it.each(['summary', 'top', 'status', 'pool', 'daily', 'day', 'history', 'client', 'explain'] as const)(
    'in a %s are harmless too',
    (kind) => {
      const report = {
        ...answerFixture({ report: kind }),
        title: '<!channel> *x*',
        finding: HOSTILE.join(' '),
        notes: HOSTILE,
      };
      for (const form of FORMS) {
        const message = dressed(report, form);
        expect(faultsOf(message)).toEqual([]);
        for (const text of parsedTexts(message)) expect(text.replace(AGE, '')).not.toMatch(/<!|<@|\*x\*|:tada:/);
      }
    },
  );

  it('do not turn round what stands beside them', () => {
    const report = { ...rankingOf({ report: 'top', dimension: 'client' }, HOSTILE), finding: HOSTILE.join(' ') };
    for (const form of FORMS) {
      const { text, blocks } = dressed(report, form);
      const beside = blocks.filter(({ type }) => type !== 'table' && type !== 'image');
      const shown = [...walk(beside, '')].flatMap(({ node }) => [node.text, node.label, node.name, node.title]);
      for (const one of [text, ...shown]) expect(String(one)).not.toMatch(/[\u202a-\u202e\u2066-\u2069]/);
    }
  });

  it('in an error are harmless', () => {
    const message = buildNotice(HOSTILE, [{ label: '<!channel>', command: 'client "<!channel>"' }]);
    expect(faultsOf(message)).toEqual([]);
    for (const text of parsedTexts(message)) expect(text).not.toMatch(/<!|<@|\*bold\*|:tada:/);
  });

  it('reach Slack without a mention', async () => {
    const { slack } = await startRig({ report: (question) => rankingOf(question, HOSTILE) });
    await slack.command({ user: 'alice', channel: 'api-usage', text: 'top clients' });
    const message = await slack.waitFor(() => slack.messages('api-usage')[0], 'the answer');
    expect(message.text).not.toMatch(/<[!@#]/);
    slack.assertNoProblems();
  });
});

describe('a ranking of 1,000 rows', () => {
  it('shows what fits and says how many are in the CSV', () => {
    const many = Array.from({ length: 1000 }, (_, index) => `client-${index}`);
    const message = dressed(rankingOf({ report: 'top', dimension: 'client', limit: 1000 }, many, 1000), 'table');
    expect(faultsOf(message)).toEqual([]);
    expect(JSON.stringify(message.blocks)).toMatch(/9\d\d more rows in the CSV/);
    expect(message.text).toMatch(/and 9\d\d more rows/);
  });
});

describe('clip and defuse', () => {
  it('never cut a character in half, and keep ordinary text as it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 30 }), (text, limit) => {
        const cut = clip(text, limit);
        expect(cut.length).toBeLessThanOrEqual(Math.max(limit, 1));
        expect(cut.isWellFormed()).toBe(true);
      }),
    );
    expect(defuse('acme_web-2 made 1,250.5 of 2.31 M at 09:00 (41%)')).toBe(
      'acme_web-2 made 1,250.5 of 2.31 M at 09:00 (41%)',
    );
  });
});
