import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DIMENSIONS } from '../../../src/domain/dimension.ts';
import { BOUND_COLUMNS, BOUND_SIGNS, type Filter } from '../../../src/domain/filter.ts';
import { ASKED_GRAINS, type Focus, type Question, REPORT_KINDS } from '../../../src/domain/report.ts';
import { HeadroomError, QuestionError } from '../../../src/errors.ts';
import { formatQuestion } from '../../../src/slack/command/format-question.ts';
import { createKnownNames } from '../../../src/slack/command/names.ts';
import { parseCommand } from '../../../src/slack/command/parse-command.ts';
import { hasUse } from '../../../src/slack/command/report-parts.ts';
import { protectFromSlack, undoSlackEscapes } from '../../../src/slack/command/words.ts';
import { tallyInputs } from '../../support/figures.ts';
import { size } from '../../support/size.ts';

/** Names as senders may give them: any text, and texts that look like words of the grammar. */
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

const FOCUSED: Partial<Record<Question['report'], Focus>> = {
  ...{
    daily: 'average',
    day: 'quietest',
    client: 'owner',
    summary: 'per-minute',
    events: 'stopped',
    status: 'up',
    top: 'total',
  },
};

const questions: fc.Arbitrary<Question> = fc
  .record(
    {
      report: fc.constantFrom(...REPORT_KINDS),
      dimension: fc.constantFrom(...DIMENSIONS),
      limit: fc.integer({ min: 1, max: 1000 }),
      offset: fc.integer({ min: 0, max: 5000 }),
      range: ranges,
      versus: fc.oneof(ranges, fc.constantFrom('previous', 'week-before')),
      filters,
      scope: names,
      name: names,
      bound: fc.record({
        sign: fc.constantFrom(...BOUND_SIGNS),
        value: fc.oneof(fc.nat(100_000), fc.constantFrom(0.5, 99.9)),
        column: fc.constantFrom(...BOUND_COLUMNS),
      }),
      step: fc.constantFrom(...ASKED_GRAINS),
      only: fc.constantFrom('new' as const, 'gone' as const),
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
    const isByName = report === 'latency' || report === 'daily' || report === 'day';
    if (report === 'top' || (isByName && dimension !== 'client')) question.dimension = dimension;
    // Leaves out parts that the report would refuse.
    for (const part of [
      'only',
      'versus',
      'step',
      'bound',
      'limit',
      'offset',
      'sort',
      'measure',
      'view',
      'suppose',
      'range',
    ] as const) {
      if (!hasUse(question, part, question[part])) delete question[part];
    }
    if (report === 'client' || report === 'route' || report === 'why') question.name = name;
    const isScoped = report === 'pool' || report === 'history' || report === 'explain';
    if (isScoped && scope !== undefined) question.scope = scope;
    if (report === 'pool' && dimension === 'client') question.focus = 'run-out';
    if (report === 'pool' && dimension === 'user') question.focus = 'resets';
    if (report === 'pool' && dimension === 'route') question.focus = 'overage';
    const focus = FOCUSED[report];
    if (focus && dimension === 'client' && hasUse(question, 'focus', focus)) question.focus = focus;
    // These reports name their scope, and twelve months are the default range of a history.
    if (isScoped && question.filters) question.filters = question.filters.filter(({ key }) => key !== 'scope');
    // Balances count all calls, so they take no filters.
    if (report === 'pool' || report === 'history' || report === 'licences') delete question.filters;
    // Cards show the present, so they take no range.
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
    { numRuns: size(1250, 50_000) },
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
    { numRuns: size(125, 5000) },
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
        // A question that was understood can be written as a command and parsed again.
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
    { numRuns: size(1250, 50_000) },
  );
  tallyInputs('commands', size(1250, 50_000));
});

/** Words without a meaning, and not similar to any word with one. */
const strangers = fc.constantFrom(
  'frobnicate',
  'quux',
  'zyxwvut',
  'blorp',
  'Xyzzy',
  'teh',
  'cleints',
  'yesterdya',
  'v77',
);
const OWN = ['Acme CRM', 'Warehouse Export', 'ana', 'crm', 'Public API'];
const NAMES = createKnownNames([
  { key: 'client', name: 'Acme CRM', value: 'Acme CRM' },
  { key: 'client', name: 'Warehouse Export', value: 'Warehouse Export' },
  { key: 'user', name: 'ana', value: 'ana' },
  { key: 'scope', name: 'crm', value: 'crm' },
  { key: 'scope', name: 'Public API', value: 'public-api' },
]);
const meaningful = fc.constantFrom(
  ...'top clients routes users status errors pool left credits daily day history advice who what which when why where how many is are did make most least failed failing latency new compare vs against grew fell distinct cost last week yesterday in october 7d today for of by and not except the me show calls requests 429s 4xx 10 private limit sort failed name as table per hour month peak busy busiest run out forecast reset trend rate over limit doing owner /v1/orders GET'.split(
    ' ',
  ),
  ...OWN,
  ...OWN.map((name) => name.toLowerCase()),
);
/** Words that are followed by any name. */
const TAKES_NAME =
  /^(client|route|why|user|ip|module|method|function|version|kind|initiator|source|scope|pool|pools|history|explain|sort|sorted|order|open|save|unsave|left|credits|credit|balance|forecast)$/i;

test('every word is used, or named as not understood', () => {
  let refused = 0;
  fc.assert(
    fc.property(
      fc.array(meaningful, { minLength: 0, maxLength: 7 }),
      fc.array(strangers, { minLength: 1, maxLength: 2 }),
      fc.nat(),
      (known, unknown, seed) => {
        const words = [...known];
        for (const [index, word] of unknown.entries()) words.splice((seed + index * 7) % (words.length + 1), 0, word);
        const text = words.join(' ');
        let command: ReturnType<typeof parseCommand> | undefined;
        try {
          command = parseCommand(text, NAMES);
        } catch (error) {
          if (!(error instanceof QuestionError)) throw error;
          refused++;
          for (const { command: offer } of error.suggestions) parseCommand(offer, NAMES);
          return;
        }
        // If the text was understood, each strange word must be a name after a word that takes one.
        const written =
          command.kind === 'question' ? formatQuestion(command.question).toLowerCase() : JSON.stringify(command);
        for (const word of unknown) {
          expect(written, text).toContain(word.toLowerCase());
          expect(
            words.slice(0, words.indexOf(word)).some((before) => TAKES_NAME.test(before)),
            text,
          ).toBe(true);
        }
      },
    ),
    { numRuns: size(1000, 20_000) },
  );
  tallyInputs('commands', size(1000, 20_000));
  expect(refused).toBeGreaterThan(500);
});

test('a strange word is named, wherever it stands in a question that is understood without it', () => {
  const understood = [
    'top clients 7d',
    'status yesterday client:"Acme CRM"',
    'daily 30d',
    'who is getting 429s',
    'how many calls did Acme CRM make last week',
    'when do we run out',
    'errors by client',
    'what does acme crm cost',
    'which users of acme crm fail',
    'what failed yesterday',
    'sources',
    'advice',
    'licences',
    'settings',
    'digest list',
    'alerts test',
  ];
  fc.assert(
    fc.property(fc.constantFrom(...understood), strangers, fc.nat(), (text, stranger, place) => {
      const words = text.match(/\S*"[^"]*"|\S+/g)!;
      words.splice(place % (words.length + 1), 0, stranger);
      expect(() => parseCommand(words.join(' '), NAMES)).toThrow(stranger);
    }),
    { numRuns: size(125, 5000) },
  );
});

const questionsWithout = fc.tuple(fc.array(meaningful, { minLength: 1, maxLength: 7 }), fc.nat());

test('a filter holds only what is known, quoted, of a form of its own, or stands behind its key', () => {
  fc.assert(
    fc.property(questionsWithout, strangers, ([known, seed], stranger) => {
      const words = [...known];
      words.splice(seed % (words.length + 1), 0, stranger);
      let command: ReturnType<typeof parseCommand>;
      try {
        command = parseCommand(words.join(' '), NAMES);
      } catch {
        return;
      }
      if (command.kind !== 'question') return;
      for (const { key, patterns } of command.question.filters ?? []) {
        for (const pattern of patterns) {
          if (!pattern.toLowerCase().includes(stranger.toLowerCase())) continue;
          expect(
            words.slice(0, words.indexOf(stranger)).map((word) => word.toLowerCase()),
            words.join(' '),
          ).toContain(key);
        }
      }
    }),
    { numRuns: size(250, 10_000) },
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

test.each([
  ['top clients sort failed sort name', 'sort'],
  ['top 5 clients limit 10', '10'],
  ['top clients table as graph', 'graph'],
])('%s: the second of two is not dropped', (text, left) => {
  expect(() => parseCommand(text)).toThrow(QuestionError);
  expect(() => parseCommand(text)).toThrow(left);
});
