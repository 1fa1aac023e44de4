import { type ExampleNames, listNearest } from '../../domain/names.ts';
import { formatName } from './format-question.ts';
import { HELP_TOPICS, type HelpLine, type HelpTopic } from './help-topics.ts';

/** Names of the workspace at hand that examples are about: each may be missing. */
export interface HelpNames extends ExampleNames {
  /** A saved view that the reader can open. */
  view?: string;
  /** Number of a digest of this channel. */
  digest?: number;
  /** Some days ago, `2026-11-18`. */
  day: string;
  /** Days up to yesterday, `2026-11-08..2026-11-20`. */
  days: string;
  /** Some months ago, `2026-08`. */
  month: string;
}

/** A line as it is shown. */
export interface FilledLine extends HelpLine {
  /** `command` is complete, so that it runs here. */
  runs: boolean;
}

/** Characters of a name in an example, at most. */
const MAX_NAME = 60;

/** Names for the examples where the workspace has none yet. */
const STAND_INS: Readonly<Record<string, string>> = {
  client: 'NAME',
  other: 'NAME',
  user: 'NAME',
  module: 'NAME',
  scope: 'SCOPE',
  granted: 'SCOPE',
  grant: 'GRANT',
  route: '/v1/orders',
  routes: '/v1/*',
  view: 'NAME',
  digest: 'NUMBER',
};

/** Days for examples: short ago, but over. */
export function findHelpDays(nowMs: number, zone: string): Pick<HelpNames, 'day' | 'days' | 'month'> {
  const today = Temporal.Instant.fromEpochMilliseconds(nowMs).toZonedDateTimeISO(zone).toPlainDate();
  return {
    day: today.subtract({ days: 3 }).toString(),
    days: `${today.subtract({ days: 14 })}..${today.subtract({ days: 1 })}`,
    month: today.subtract({ months: 2 }).toPlainYearMonth().toString(),
  };
}

/** The line with names of the workspace at hand in it. */
export function fillLine(line: HelpLine, names: HelpNames): FilledLine {
  if (line.command === undefined) return { ...line, runs: false };
  let runs = true;
  const fill = (text: string) =>
    text.replace(/\{(\w+)\}/g, (_all, slot: string) => {
      const name = getName(slot, names);
      if (name !== undefined) return name;
      runs = false;
      return STAND_INS[slot]!;
    });
  const command = fill(line.command);
  return { ...line, command, text: fill(line.text), runs };
}

function getName(slot: string, names: HelpNames): string | undefined {
  if (slot === 'routes') {
    const [start] = /^\/[\w.-]{1,40}/.exec(names.route ?? '') ?? [];
    return start && `${start}*`;
  }
  const name = names[slot as keyof HelpNames];
  // A name that fills lines is no example.
  if (typeof name === 'string' && name.length > MAX_NAME) return undefined;
  if (name === undefined || slot === 'day' || slot === 'days' || slot === 'month') return name?.toString();
  return typeof name === 'number' ? String(name) : formatName(name, slot === 'route' ? 'route' : undefined);
}

/** The topic of a name or of a word for it, in any case. */
export function findTopic(text: string): HelpTopic | undefined {
  const word = text.trim().toLowerCase().replace(/\s+/g, ' ');
  return (
    HELP_TOPICS.find(({ name }) => name === word) ??
    HELP_TOPICS.find(({ title, words }) => title.toLowerCase() === word || words.includes(word))
  );
}

/** Names of the topics that a text was probably meant to ask for, nearest first. */
export function suggestTopics(text: string): string[] {
  const words = HELP_TOPICS.flatMap(({ name, words: others }) => [name, ...others]);
  return [...new Set(listNearest(text.trim(), words).map((word) => findTopic(word)!.name))];
}
