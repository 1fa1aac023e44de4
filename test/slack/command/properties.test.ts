import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DIMENSIONS } from '../../../src/domain/dimension.ts';
import type { Filter } from '../../../src/domain/filter.ts';
import { type Question, REPORT_KINDS } from '../../../src/domain/report.ts';
import { HeadroomError, QuestionError } from '../../../src/errors.ts';
import { parseCommand } from '../../../src/slack/command/command.ts';
import { formatQuestion } from '../../../src/slack/command/format-question.ts';
import { protectFromSlack, undoSlackEscapes } from '../../../src/slack/command/tokens.ts';

/** Names as senders give them: any text, and texts that look like the grammar. */
const names = fc.oneof(
  fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme' }),
  fc.string({ minLength: 1, maxLength: 40, unit: 'binary' }),
  fc.constantFrom(
    ...[
      'Acme CRM',
      'today',
      'last',
      'week',
      'last week',
      '7d',
      'may',
      'private',
      'share',
      'top',
      'edit',
      'is',
      'for',
      'by',
      'sort',
      'client:Acme',
      'not',
      '429',
      '4xx',
      '10',
      '2025',
      '"',
      '""',
      '\\',
      '\\"',
      '“quoted”',
      "O'Brien",
      "'",
      '&amp;',
      '&',
      '<b>',
      '<!channel>',
      '<https://x.example|x>',
      '<@U1|x>',
      'a,b',
      ',',
      ':',
      '=',
      'a=b',
      'if',
      '/v1/orders/{id}',
      '/v1/*',
      '*',
      ' x ',
      'a\nb',
      '\u00a0',
      '(none)',
      '(other)',
      '__proto__',
      'constructor',
      'toString',
      '#ops',
      '-',
      '--private',
      '?',
      'who?',
      '…',
      'q3',
      'until',
      'users=25',
      'client',
      'as',
      'table',
      'history',
      '🙂',
      'Ünïcode',
      '日本語',
    ],
  ),
);

const statuses = fc.oneof(
  fc.integer({ min: 100, max: 599 }).map(String),
  fc.integer({ min: 1, max: 5 }).map((group) => `${group}xx`),
  fc.constant('(none)'),
);

const filters: fc.Arbitrary<Filter[]> = fc.uniqueArray(
  fc.oneof(
    fc.record({
      key: fc.constantFrom(...DIMENSIONS),
      patterns: fc.uniqueArray(names, { minLength: 1, maxLength: 3 }),
      not: fc.boolean(),
    }),
    fc.record({
      key: fc.constant('status' as const),
      patterns: fc.uniqueArray(statuses, { minLength: 1, maxLength: 3 }),
      not: fc.boolean(),
    }),
  ),
  { maxLength: 4, selector: ({ key, not }) => `${key}${not}` },
);

const ranges = fc.constantFrom(
  'today',
  'yesterday',
  '24h',
  '7d',
  '30d',
  '90d',
  'this-month',
  'last-month',
  '3-months',
  '12-months',
  '2026-11-05',
  '2026-11-01..2026-11-20',
  'last-week',
  'since-monday',
  'october',
  '2025',
  '2026-03',
  'q3',
  'nov-5..nov-12',
  'friday',
  '3-days-ago',
);

const questions: fc.Arbitrary<Question> = fc
  .record(
    {
      report: fc.constantFrom(...REPORT_KINDS),
      dimension: fc.constantFrom(...DIMENSIONS),
      limit: fc.integer({ min: 1, max: 1000 }),
      offset: fc.integer({ min: 0, max: 5000 }),
      range: ranges,
      filters,
      scope: names,
      name: names,
      measure: fc.constantFrom('requests' as const, 'credits' as const),
      sort: fc.constantFrom('-requests', 'requests', '-failed', 'name', '-name', 'share_percent'),
      view: fc.constantFrom('graph' as const, 'table' as const, 'doughnut' as const),
      suppose: fc.dictionary(names, fc.integer({ min: 0, max: 1_000_000 }), { minKeys: 1, maxKeys: 3 }),
      private: fc.boolean(),
    },
    { requiredKeys: ['report', 'dimension', 'name'] },
  )
  .map(({ dimension, name, scope, ...rest }) => {
    const { report } = rest;
    const question: Question = { ...rest };
    if (report === 'top') question.dimension = dimension;
    if (report === 'client' || report === 'route' || report === 'why') question.name = name;
    const isScoped = report === 'pool' || report === 'history' || report === 'explain';
    if (isScoped && scope !== undefined) question.scope = scope;
    // The scope of these is said by its name, and twelve months are the history's own range.
    if (isScoped && question.filters) question.filters = question.filters.filter(({ key }) => key !== 'scope');
    // Cards are of now.
    if (report === 'summary') delete question.range;
    if (report === 'history' && question.range === '12-months') delete question.range;
    if (question.filters?.length === 0) delete question.filters;
    return question;
  });

test('a question that is written as a command is read as the same question', () => {
  fc.assert(
    fc.property(questions, (question) => {
      expect(parseCommand(formatQuestion(question))).toEqual({ kind: 'question', question });
    }),
    { numRuns: 5000 },
  );
});

test('so is one that is exported or saved', () => {
  fc.assert(
    fc.property(questions, (question) => {
      expect(parseCommand(`export ${formatQuestion(question)}`)).toEqual({ kind: 'export', question });
      expect(parseCommand(`save x ${formatQuestion(question)}`)).toEqual({
        kind: 'save',
        name: 'x',
        question,
        owner: 'user',
      });
    }),
    { numRuns: 500 },
  );
});

test('any text survives the way through Slack', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        names,
        fc.array(names).map((parts) => parts.join('')),
      ),
      (text) => {
        const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
        expect(undoSlackEscapes(escaped).text).toBe(text);
        expect(undoSlackEscapes(protectFromSlack(text)).text).toBe(text);
      },
    ),
  );
});

/** Words of the grammar in any order, names, and plain noise. */
const noise = fc.oneof(
  names,
  ranges,
  fc.constantFrom(
    ...'top clients status pool daily day history client route why explain export save open digest add edit pause alerts mute until > per hour if users=25 sort by credits as table skip limit not 7d 30d last week since monday nov 5 to who what when how many did Acme make is failing 429s correct -500 help private share 999 client: status:999 "x “y 09:00 Europe/Berlin'.split(
      ' ',
    ),
  ),
);
const texts = fc.oneof(
  fc.string({ maxLength: 200 }),
  fc.string({ maxLength: 200, unit: 'binary' }),
  fc.array(noise, { maxLength: 12 }).map((parts) => parts.join(' ')),
);

test('any text is a command, or is refused with commands that are', () => {
  fc.assert(
    fc.property(texts, (text) => {
      try {
        const command = parseCommand(text);
        if (command.kind !== 'question') return;
        // What was understood can be said again.
        expect(parseCommand(formatQuestion(command.question))).toEqual(command);
      } catch (error) {
        if (!(error instanceof HeadroomError)) throw error;
        expect(error.message).not.toBe('');
        if (!(error instanceof QuestionError)) return;
        expect(error.suggestions.length).toBeGreaterThan(0);
        expect(error.suggestions.length).toBeLessThanOrEqual(5);
        for (const { command } of error.suggestions) parseCommand(command);
      }
    }),
    { numRuns: 5000 },
  );
});

test.each([
  ['quotes', '"'.repeat(8000)],
  ['apostrophes', "'a ".repeat(5000)],
  ['curly quotes', '“a ” '.repeat(3000)],
  ['links', '<https://x|'.repeat(1400)],
  ['ranges', `client a ${'7d '.repeat(4000)}zzz`],
  ['names', `client ${'word '.repeat(3000)}`],
  ['named', `top ${'for x '.repeat(2500)}`],
  ['assumptions', `pool if ${'users '.repeat(2500)}`],
  ['separators', ':=,'.repeat(5000)],
  ['filters', 'client:a '.repeat(1700)],
  ['alerts', `alerts add ${'over '.repeat(3000)}`],
  ['mute', `alerts mute ${'until '.repeat(2500)}`],
  ['schedule', `digest add ${'mon-'.repeat(3500)}`],
  ['question', `how many ${'calls did '.repeat(1500)}`],
  ['digits', `top ${'1'.repeat(15_000)}`],
  ['spaces', `alerts add x >${' '.repeat(15_000)}x`],
])('long runs of %s are answered or refused', (_what, text) => {
  try {
    parseCommand(text);
  } catch (error) {
    expect(error).toBeInstanceOf(HeadroomError);
  }
});
