import { listNearest } from '../../domain/names.ts';
import { canonicalRangeText } from '../../domain/ranges.ts';
import { InvalidScheduleError, parseSchedule } from '../../domain/schedule-rule.ts';
import { readAlerts } from './alert-words.ts';
import { readQuestion } from './asked.ts';
import { type Command, type DigestCommand, Misunderstood, quoteShort } from './command.ts';
import { findTopic, suggestTopics } from './help.ts';
import { isUntil } from './until.ts';
import { SHARE_WORDS, toWords } from './vocabulary.ts';
import {
  after,
  changed,
  channelAt,
  nameOf,
  type Reading,
  requireNoMore,
  restOf,
  type Token,
  tokenize,
  wordAt,
} from './words.ts';

/** Reads a command whose first word is an action, such as `digest` or `save`. Throws Misunderstood. */
export function readAction(action: string, reading: Reading, ids: ReadonlyMap<string, string>): Command {
  switch (action) {
    case 'help':
      return readHelp(reading);
    case 'digest':
      return readDigest(reading, ids);
    case 'subscribe':
      return readDigestAdd(reading, 1, ids);
    case 'unsubscribe': {
      const text = `digest remove ${restOf(reading, 1)}`;
      return readDigest({ ...reading, text, tokens: tokenize(text) }, ids);
    }
    case 'alerts':
      return readAlerts(reading, ids);
    case 'save':
      return readSave(reading);
    case 'open':
      return readOpen(reading);
    case 'unsave':
      return { kind: 'unsave', name: nameOf(reading, 1, 'unsave') };
    case 'views':
      return reading.tokens.length > 1 ? readOpen(reading) : { kind: 'views' };
    case 'export':
      return readExport(reading);
    case 'correct':
      return readCorrection(reading);
    case 'filters':
    case 'reset':
    case 'settings':
    case 'audit':
      requireNoMore(reading, 1, action === 'reset' ? /^filters?$/ : undefined);
      return { kind: action };
    default:
      requireNoMore(reading, 1);
      return { kind: 'debug' };
  }
}

function readHelp(reading: Reading): Command {
  const typed = restOf(reading, 1).replace(/^(with|about|on|for) +/i, '');
  if (/^((me|us|please|you|a lot|so much|very much|headroom)\W*)*$/i.test(typed)) return { kind: 'help' };
  const topic = findTopic(typed);
  if (topic) return { kind: 'help', topic: topic.name };
  throw new Misunderstood(`There is no help topic ${quoteShort(typed)}.`, [
    ...suggestTopics(typed).map((name) => `help ${name}`),
    'help',
    'help overview',
    'help troubleshooting',
  ]);
}

const DIGEST_ACTIONS = toWords<DigestCommand['action']>({
  list: 'list|show',
  add: 'add|new|create|set',
  edit: 'edit|change|update',
  pause: 'pause|stop',
  resume: 'resume|unpause|start',
  remove: 'remove|delete',
  takeover: 'takeover|take-over|adopt|claim',
  preview: 'preview|test|try',
  send: 'send|send-now',
  history: 'history|log|runs',
});

/** Parts of `pause 7 until monday` or `7 pause`: number, action, number, rest. */
const DIGEST = /^(?:#?(\d{1,9})\s+)?([a-z-]+)(?:\s+#?(\d{1,9})(?=\s|$))?\s*(.*)$/is;

function readDigest(reading: Reading, ids: ReadonlyMap<string, string>): DigestCommand {
  const rest = restOf(reading, 1);
  if (rest === '') return { kind: 'digest', action: 'list' };
  const [, before, verb = '', behind, more = ''] = DIGEST.exec(rest) ?? [];
  const action = DIGEST_ACTIONS.get(verb.toLowerCase());
  if (action === 'add') return readDigestAdd(reading, 2, ids);
  if (!action) {
    if (isSchedule(rest)) return readDigestAdd(reading, 1, ids);
    const near = listNearest(wordAt(reading, 1), DIGEST_ACTIONS.keys(), 3);
    throw new Misunderstood(`No digest command is called ${quoteShort(rest)}.`, [
      ...(verb === 'now' ? ['digest send'] : []),
      ...near.map((known) => changed(reading, reading.tokens[1]!, known)),
      'digest',
      'digest add weekdays 09:00',
      'digest preview',
      'help digests',
    ]);
  }
  if (action === 'list') {
    requireNoMore(reading, 2);
    return { kind: 'digest', action };
  }
  const number = before ?? behind;
  const id = number === undefined ? {} : { id: Number(number) };
  const head = ['digest', action, number].filter(Boolean).join(' ');
  if (action === 'edit') {
    const schedule = readSchedule(more, head);
    return { kind: 'digest', action, ...id, ...(schedule !== undefined && { schedule }) };
  }
  if (action === 'pause') {
    const until = more.replace(/^(until|till|for) +/i, '');
    if (until === '' || isUntil(until)) return { kind: 'digest', action, ...id, ...(until !== '' && { until }) };
    const told = `${quoteShort(until)} is not a time to pause until.`;
    throw new Misunderstood(told, [`${head} monday`, `${head} 3d`, head]);
  }
  if (/^(here|it|this|now|me|us)?$/i.test(more)) return { kind: 'digest', action, ...id };
  throw new Misunderstood(`${quoteShort(more)} is not the number of a digest; the list shows the numbers.`, [
    'digest',
    head,
  ]);
}

function readDigestAdd(reading: Reading, at: number, ids: ReadonlyMap<string, string>): DigestCommand {
  const filler = (token: Token | undefined) => /^(in|to|for)$/i.test(token?.text ?? '');
  if (filler(reading.tokens[at]) && channelAt(reading.tokens[at + 1], ids)) at++;
  const channel = channelAt(reading.tokens[at], ids);
  if (channel) at++;
  const schedule = readSchedule(restOf(reading, at), 'digest add');
  return { kind: 'digest', action: 'add', ...(schedule !== undefined && { schedule }), ...(channel && { channel }) };
}

/** Returns the text of a schedule that can be read; undefined for an empty text. Throws Misunderstood for any other. */
function readSchedule(text: string, verb: string): string | undefined {
  if (text === '') return undefined;
  try {
    parseSchedule(text, 'UTC');
    return text;
  } catch (error) {
    if (!(error instanceof InvalidScheduleError)) throw error;
    // The suggestions name UTC. Without it, the schedule is in the asker's own zone.
    throw new Misunderstood(
      error.message,
      error.suggestions.map((schedule) => `${verb} ${schedule.replace(/ UTC$/, '')}`),
    );
  }
}

function readSave(reading: Reading): Command {
  const name = reading.tokens[1];
  if (!name) {
    throw new Misunderstood('Under which name? Write save, a name, and what to save.', [
      'save failures status 7d',
      'save "my clients" top clients 30d',
      'views',
    ]);
  }
  let at = 2;
  if (/^(as|:)$/.test(wordAt(reading, at))) at++;
  let owner: 'user' | 'channel' = 'user';
  if (wordAt(reading, at) === 'for' && /^(channel|here|us|everyone|team|me)$/.test(wordAt(reading, at + 1))) {
    if (wordAt(reading, at + 1) !== 'me') owner = 'channel';
    at += 2;
  }
  if (at >= reading.tokens.length) return { kind: 'save', name: name.text, owner };
  return { kind: 'save', name: name.text, question: readQuestion(after(reading, at)), owner };
}

function readOpen(reading: Reading): Command {
  if (reading.tokens.length === 1) {
    throw new Misunderstood('Which view? Write open and its name.', ['views', 'help views']);
  }
  const first = reading.tokens[1]!;
  let end = reading.tokens.length;
  let isPrivate: boolean | undefined;
  const last = wordAt(reading, end - 1);
  const share = SHARE_WORDS.get(last);
  if (end > 2 && share) {
    isPrivate = share === 'private';
    end--;
  }
  let range: string | undefined;
  for (let from = 2; from < end && range === undefined; from++) {
    if (reading.tokens.slice(from, end).some(({ quoted }) => quoted)) continue;
    range = canonicalRangeText(reading.text.slice(reading.tokens[from]!.start, reading.tokens[end - 1]!.end));
    if (range !== undefined) end = from;
  }
  const name = first.quoted ? first.text : reading.text.slice(first.start, reading.tokens[end - 1]!.end);
  return {
    kind: 'open',
    name,
    ...(range !== undefined && { range }),
    ...(isPrivate !== undefined && { private: isPrivate }),
  };
}

function readExport(reading: Reading): Command {
  if (reading.tokens.length === 1) {
    throw new Misunderstood('What shall I export? Write export and any report.', [
      'export top clients 30d',
      'export daily last-month',
      'export history',
      'export status 7d',
    ]);
  }
  return { kind: 'export', question: readQuestion(after(reading, /^(of|for|the)$/.test(wordAt(reading, 1)) ? 2 : 1)) };
}

function readCorrection(reading: Reading): Command {
  const [, scope, amount] = reading.tokens;
  const example = ['correct SCOPE -500 2026-11-03 counted twice'];
  const match = amount && /^([+-−])?(\d{1,12})(?:\.(\d{1,3}))?$/.exec(amount.text.replaceAll(',', ''));
  if (!scope || !match) {
    throw new Misunderstood(
      'A correction names a scope, plus or minus an amount of credits, a day if it is not today, and a reason, as in: correct crm -500 2026-11-03 counted twice.',
      example.map((text) => text.replace('SCOPE', scope?.text ?? 'crm')),
    );
  }
  const size = Number(match[2]) * 1000 + Number((match[3] ?? '').padEnd(3, '0'));
  let at = 3;
  const on =
    reading.tokens[at] && !reading.tokens[at]!.quoted ? canonicalRangeText(reading.tokens[at]!.text) : undefined;
  if (on !== undefined) at++;
  if (/^(because|reason|for|since)$/.test(wordAt(reading, at).replace(/:$/, ''))) at++;
  const first = reading.tokens[at];
  const reason = first?.quoted ? first.text : restOf(reading, at);
  if (reason === '') {
    throw new Misunderstood('A correction needs a reason at its end; everyone will see it in the history.', [
      `${reading.text.trim()} counted twice`,
      `${reading.text.trim()} "agreed with the provider"`,
    ]);
  }
  const negative = match[1] === '-' || match[1] === '−';
  return {
    kind: 'correct',
    scope: scope.text,
    amount: negative ? -size : size,
    ...(on !== undefined && { on }),
    reason,
  };
}

const ABOUT_ALERTS_OR_DIGESTS =
  /^((?:set|turn|switch) (?:up|on|off)|[a-z-]+)(?: (?:me|up|the|a|an|my|our|all|this))* (?:(daily|weekly|monthly|weekdays?) )?(alerts?|digests?|reports?|subscriptions?)\b(.*)$/i;

/**
 * Lists commands that a text about alerts or digests may mean. It begins with a verb or is only a schedule: `mute alerts for
 * 2h`, `set up a daily digest at 9`, `every monday 9am`. Some of the commands may not be readable.
 */
export function suggestActions(text: string): string[] {
  const given = text.slice(0, 200);
  const verb = given.split(/\s/, 1)[0]!.toLowerCase();
  if (/^(notify|warn|ping)$/.test(verb)) return ['alerts', 'help alerts'];
  if (/^(mute|unmute|snooze|silence|acknowledge|ack)$/.test(given.toLowerCase()))
    return [`alerts ${verb}`, 'help alerts'];
  // `mute crm alerts for 2 hours`
  const [, about, until = ''] = /^(?:mute|unmute|snooze|silence) (?:the )?(\S+) alerts?(.*)$/i.exec(given) ?? [];
  if (about && !/^(all|my|our|any|the)$/i.test(about))
    return [`alerts ${verb} ${about}${until}`, 'alerts', 'help alerts'];
  const match = ABOUT_ALERTS_OR_DIGESTS.exec(given);
  if (!match) return isSchedule(given) ? [`digest add ${given}`, 'help digests'] : [];
  const [, does = '', every = '', what = '', rest = ''] = match;
  if (/^alert/i.test(what)) return [`alerts ${does.replace(/^(turn|switch) /i, '')}${rest}`, 'alerts', 'help alerts'];
  const acts =
    /^(pause|resume|remove|delete|edit|preview|history|send)$/.test(verb) && (verb !== 'send' || rest === '');
  const when = /^(daily|weekly|monthly|weekdays?|every)$/.test(verb) ? verb : every;
  return acts ? [`digest ${verb}${rest}`] : [`digest add ${when}${rest}`, 'digest add', 'help digests'];
}

/** Tells whether a text is a schedule: `every monday 9am`. */
function isSchedule(text: string): boolean {
  try {
    parseSchedule(text, 'UTC');
    return true;
  } catch (error) {
    if (error instanceof InvalidScheduleError) return false;
    throw error;
  }
}
