import { listNearest } from '../../domain/names.ts';
import { type AlertsCommand, Misunderstood, quoteShort } from './command.ts';
import { isAhead, readRange } from './range-words.ts';
import { isUntil } from './until.ts';
import { toWords } from './vocabulary.ts';
import { after, changed, channelAt, type Reading, requireNoMore, restOf, unquoted, wordAt } from './words.ts';

const ACTIONS = toWords<AlertsCommand['action']>({
  list: 'list|show|state|status',
  add: 'add|new|create',
  remove: 'remove|delete',
  mute: 'mute|snooze|silence',
  unmute: 'unmute',
  acknowledge: 'ack|acknowledge',
  enable: 'on|enable',
  disable: 'off|disable',
  route: 'route|channel',
  test: 'test',
  history: 'history|log|past|recent|sent',
});

/** Reads `/usage alerts …`. Throws Misunderstood. */
export function readAlerts(reading: Reading, ids: ReadonlyMap<string, string>): AlertsCommand {
  const word = wordAt(reading, 1);
  if (reading.tokens.length === 1) return { kind: 'alerts', action: 'list' };
  const action = ACTIONS.get(word);
  const what = restOf(reading, 2);
  const history = readHistory(reading, action === 'history' || action === 'list' ? 2 : 1);
  if (history) return history;
  switch (action) {
    case undefined:
      throw unknownAction(reading);
    case 'list':
    case 'history':
    case 'test':
      requireNoMore(reading, 2);
      return { kind: 'alerts', action };
    case 'add':
      return readAdd(reading);
    case 'mute':
      return readMute(after(reading, 2));
    case 'route':
      return readRoute(reading, ids);
    case 'unmute':
    case 'acknowledge':
      return { kind: 'alerts', action, ...(what !== '' && { what: unquoted(reading, 2) }) };
    default:
      if (what === '')
        throw new Misunderstood(`Which alert shall I ${word}? The list names them.`, ['alerts', 'help alerts']);
      return { kind: 'alerts', action, what: unquoted(reading, 2) };
  }
}

/** `alerts last week`, `alert history in november`: a range alone. */
function readHistory(reading: Reading, at: number): AlertsCommand | undefined {
  const found = at < reading.tokens.length && !isAhead(reading, at) ? readRange(reading, at) : undefined;
  return found?.next === reading.tokens.length ? { kind: 'alerts', action: 'history', range: found.range } : undefined;
}

function unknownAction(reading: Reading): Misunderstood {
  const given = restOf(reading, 1).toLowerCase();
  const bound =
    /^(?:>=?|over|above|at|more than)?\s*(\d{1,9})\s*%?$/.exec(given) ??
    /\b(\d{1,9})\s*%/.exec(given) ??
    /^me\b()/.exec(given);
  if (bound)
    return new Misunderstood(
      'Pools warn at their levels by themselves. An alert of your own names a saved view and a number of requests: ' +
        'alerts add failures > 500 per hour.',
      [`alerts add failures > ${bound[1] || 500} per hour`, 'alerts', 'views', 'help alerts'],
    );
  const typed = wordAt(reading, 1);
  // `of` was not meant to be `off`.
  const near = typed.length > 2 ? listNearest(typed, ACTIONS.keys(), 3) : [];
  return new Misunderstood(
    `I don't know ${quoteShort(restOf(reading, 1))} for alerts; they can be listed, now or of a range, added, removed, muted, acknowledged, turned on or off, routed and tested.`,
    [
      ...near.map((known) => changed(reading, reading.tokens[1]!, known)),
      'alerts',
      'alerts history',
      'alerts mute 2h',
      'alerts test',
      'help alerts',
    ],
  );
}

/** Reads `alerts add VIEW > 500 per hour`. */
function readAdd(reading: Reading): AlertsCommand {
  const text = restOf(reading, 2);
  const condition =
    /^([\s\S]*?)(?:>=?|\b(?:over|above|more than)\b)\s*([\d,._ ]{1,20}?)\s*(?:calls|requests)?\s*(?:(?:per|an?|each|every|\/)\s*(hour|h|day|d))?$/i;
  const match = condition.exec(text.slice(0, 500));
  const over = match ? Number(match[2]!.replace(/[,._ ]/g, '')) : Number.NaN;
  const view =
    match?.[1]
      ?.trim()
      .replace(/^"([\s\S]*)"$/, '$1')
      .replace(/\\(["\\])/g, '$1') ?? '';
  if (!match || match[2] === '' || !Number.isSafeInteger(over) || view === '') {
    const name =
      reading.tokens[2]?.quoted === false && /^[\w-]+$/.test(reading.tokens[2].text)
        ? reading.tokens[2].text
        : 'failures';
    throw new Misunderstood(
      'An alert of your own names a saved view and a number of requests, as in: alerts add failures > 500 per hour.',
      [`alerts add ${name} > 500 per hour`, `alerts add ${name} > 10000 per day`, 'views'],
    );
  }
  const per = match[3]?.toLowerCase().startsWith('d') ? 'day' : 'hour';
  return { kind: 'alerts', action: 'add', view, over, per };
}

/** Reads `mute`, `mute 2h`, `mute crm until monday 09:00`. The words before the time name what to mute. */
function readMute(reading: Reading): AlertsCommand {
  const { tokens, text } = reading;
  const end = tokens.at(-1)?.end ?? 0;
  const from = Math.max(0, tokens.length - 6);
  for (let at = from; at < tokens.length; at++) {
    const until = text.slice(tokens[at]!.start, end);
    // `last monday` is in the past.
    if (tokens[at]!.quoted || (at > 0 && wordAt(reading, at - 1) === 'last') || !isUntil(until)) continue;
    const what =
      at === 0
        ? ''
        : at === 1 && tokens[0]!.quoted
          ? tokens[0]!.text
          : text.slice(tokens[0]!.start, tokens[at - 1]!.end);
    const bare = until.replace(/^(until|till|for|to) +/i, '');
    return { kind: 'alerts', action: 'mute', ...(what !== '' && { what }), until: bare };
  }
  if (
    /^(until|till|for)$/.test(wordAt(reading, 0)) ||
    tokens.some((_, at) => at > 0 && /^(until|till)$/.test(wordAt(reading, at)))
  ) {
    throw new Misunderstood(`${quoteShort(restOf(reading, 0))} does not say until when in words I know.`, [
      'alerts mute 2h',
      'alerts mute until tomorrow',
      'alerts mute until monday 09:00',
    ]);
  }
  const at = tokens.findIndex((token, place) => !token.quoted && LIKE_TIME.test(restOf(reading, place)));
  if (at >= 0) {
    const what = at === 0 ? '' : text.slice(tokens[0]!.start, tokens[at - 1]!.end);
    throw new Misunderstood(describeBadTime(restOf(reading, at)), listMuteExamples(what));
  }
  return { kind: 'alerts', action: 'mute', ...(tokens.length > 0 && { what: unquoted(reading, 0) }) };
}

/** Texts that look like a time but cannot be the end of a mute, such as `yesterday` or `2 months`. */
const LIKE_TIME =
  /^(?:-?\d[\d.,]*\s*(?:m|mins?|minutes?|h|hrs?|hours?|d|days?|w|weeks?|months?|y|years?)(?:\s+ago)?|yesterday|today|last\s+\w+|\d{4}-\d{1,2}(?:-\d{1,2})?|\d{1,2}:\d{1,2})(?:\s+(?:at\s+)?\d{1,2}(?::\d{1,2})?)?$/i;

/** Returns the message that a time is wrong, with examples of right ones. */
export function describeBadTime(text: string): string {
  return (
    `${quoteShort(text)} is not a time ahead of now, within a year: say how long or until when, ` +
    'as in 2h, 3d, until tomorrow, until monday 09:00.'
  );
}

/** Lists example commands for a mute. `what`: its subject as written in a command; '' for all alerts. */
export function listMuteExamples(what: string): string[] {
  return ['2h', 'until tomorrow', 'until monday 09:00'].map((time) => `alerts mute ${what} ${time}`.replace('  ', ' '));
}

function readRoute(reading: Reading, ids: ReadonlyMap<string, string>): AlertsCommand {
  const at = /^(to|here)$/.test(wordAt(reading, 2)) && reading.tokens.length > 3 ? 3 : 2;
  const channel = channelAt(reading.tokens[at], ids);
  if (reading.tokens.length > at) requireNoMore(reading, at + 1);
  if (channel) return { kind: 'alerts', action: 'route', channel };
  if (reading.tokens.length === 2) return { kind: 'alerts', action: 'route' };
  if (/^here$/.test(wordAt(reading, at))) return { kind: 'alerts', action: 'route', to: 'here' };
  if (/^(admins|dm)$/.test(wordAt(reading, at))) return { kind: 'alerts', action: 'route', to: 'admins' };
  throw new Misunderstood(`${quoteShort(restOf(reading, at))} is not a channel; write its name with #.`, [
    /^[\w-]{1,80}$/.test(restOf(reading, at)) ? `alerts route #${restOf(reading, at)}` : '',
    'alerts route here',
  ]);
}
