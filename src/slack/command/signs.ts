import type { Concept } from './vocabulary.ts';

/** Facts of a sentence besides the concepts that it names. */
export type Fact =
  /** What the name in it is a name of; `named`: any of these; `several`: two or more. */
  | 'client'
  | 'route'
  | 'scope'
  | 'named'
  | 'several'
  /** Filters name several values of one kind: `POST vs GET`. */
  | 'alternatives'
  /** `clients`; `by`: it says what to group by; `counted`: it asks how many; `senders`: of sources. */
  | 'dimension'
  | 'by'
  | 'counted'
  | 'senders'
  | 'range'
  /** An open one that only names its end. */
  | 'until'
  /** `routes that Acme doesn't use` */
  | 'absent'
  /** `clients with more than 3 users`: of each, names are counted. */
  | 'ofNames'
  /** Rows are held against a number; `timed`: one of milliseconds. */
  | 'bound'
  | 'timed'
  /** By the hour, by weekday: any word for steps. */
  | 'step'
  /** `no errors today?` */
  | 'none'
  /** One weekday of every week. */
  | 'mondays'
  /** `429s`; `codes`: several; `filtered`: any filter. */
  | 'code'
  | 'codes'
  | 'filtered'
  /** Two ranges are set side by side, or a change is asked for. */
  | 'compared'
  /** `Acme's calls`: the calls themselves, not their number. */
  | 'listing'
  /** `is Acme still sending`, `is Acme down`. */
  | 'alive'
  | 'down'
  /** `status`, where others ask how something does. */
  | 'statusWord'
  /** `was yesterday busy`: a word of degree, and nothing to rank; `ofRange`: yes or no is asked of a range. */
  | 'busy'
  | 'ofRange'
  /** `how much of our quota did we use`; `monthly`: the range is a month as pools have it. */
  | 'spent'
  | 'monthly'
  | 'worse'
  /** `the latency is bad`: no word for failures. */
  | 'judged'
  /** `is it ok for team Sales` */
  | 'health'
  /** `what share of Acme's calls fail`: of its own calls, not of all failures. */
  | 'ofOwn'
  /** `can we make 5000 more calls` */
  | 'tryOut'
  /** `did we run out`: it has been, or not. */
  | 'did'
  /** `will it last`: yes is good news there. */
  | 'lasting'
  /** It begins with `what`; `asking`: with a word that asks what there is. */
  | 'what'
  | 'asking';

export type Sign = Concept | Fact;

/** Tells whether a sentence has one of the signs. */
export type Has = (...signs: Sign[]) => boolean;
