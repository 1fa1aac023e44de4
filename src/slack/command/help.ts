import { type ExampleNames, listNearest } from '../../domain/names.ts';
import { formatName } from './format-question.ts';
import { HELP_TOPICS, type HelpLine, type HelpTopic } from './help-topics.ts';

/** Names of the workspace for the examples. Each may be missing. */
export interface HelpNames extends ExampleNames {
  /** A saved view that the reader may open. */
  view?: string;
  /** Number of a digest of this channel. */
  digest?: number;
  /** A day shortly before today: `2026-11-18`. */
  day: string;
  /** Days up to yesterday, `2026-11-08..2026-11-20`. */
  days: string;
  /** A month shortly before this one: `2026-08`. */
  month: string;
}

/** A line with its names filled in. */
export interface FilledLine extends HelpLine {
  /** True if all names of `command` are known, so that it can be run. */
  runs: boolean;
}

/** Longer names do not appear in examples. */
const MAX_NAME = 60;

/** Placeholders for names that the workspace does not have yet. */
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

/** Returns days for the examples: recent ones that are over. */
export function findHelpDays(nowMs: number, zone: string): Pick<HelpNames, 'day' | 'days' | 'month'> {
  const today = Temporal.Instant.fromEpochMilliseconds(nowMs).toZonedDateTimeISO(zone).toPlainDate();
  return {
    day: today.subtract({ days: 3 }).toString(),
    days: `${today.subtract({ days: 14 })}..${today.subtract({ days: 1 })}`,
    month: today.subtract({ months: 2 }).toPlainYearMonth().toString(),
  };
}

/** Fills the names of the workspace into a line. */
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
  // A very long name makes no good example.
  if (typeof name === 'string' && name.length > MAX_NAME) return undefined;
  if (name === undefined || slot === 'day' || slot === 'days' || slot === 'month') return name?.toString();
  return typeof name === 'number' ? String(name) : formatName(name, slot === 'route' ? 'route' : undefined);
}

/** Finds a topic by its name, its title or another word for it, in upper or lower case. */
export function findTopic(text: string): HelpTopic | undefined {
  const word = text.trim().toLowerCase().replace(/\s+/g, ' ');
  return (
    HELP_TOPICS.find(({ name }) => name === word) ??
    HELP_TOPICS.find(({ title, words }) => title.toLowerCase() === word || words.includes(word))
  );
}

/** Lists the names of topics that a text probably means, nearest first. */
export function suggestTopics(text: string): string[] {
  const words = HELP_TOPICS.flatMap(({ name, words: others }) => [name, ...others]);
  return [...new Set(listNearest(text.trim(), words).map((word) => findTopic(word)!.name))];
}
