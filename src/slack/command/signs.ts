import type { Concept } from './vocabulary.ts';

/** Facts about a sentence, besides its concepts. */
export type Fact =
  /** Kind of its first name; `named`: it has a name of any kind; `several`: it has two or more names. */
  | 'client'
  | 'route'
  | 'scope'
  | 'named'
  | 'several'
  /** It has several values of one dimension: `POST vs GET`. */
  | 'alternatives'
  /** It names a dimension: `clients`. `by`: to group by; `counted`: to count its names; `senders`: the dimension is source. */
  | 'dimension'
  | 'by'
  | 'counted'
  | 'senders'
  | 'range'
  /** The range names its end only. */
  | 'until'
  /** Its word for gone is a plain negation: `routes that Acme doesn't use`. */
  | 'absent'
  /** `clients with more than 3 users`: the bound is on a number of names. */
  | 'ofNames'
  /** It has a bound; `timed`: in milliseconds. */
  | 'bound'
  | 'timed'
  /** It asks for steps, such as hours or weekdays. */
  | 'step'
  /** It asks whether there is none of something: `no errors today?` */
  | 'none'
  /** It asks for one weekday of every week: `mondays`. */
  | 'mondays'
  /** It has a filter by status: `429s`; `codes`: several; `filtered`: any filter. */
  | 'code'
  | 'codes'
  | 'filtered'
  /** It compares two ranges or asks for a change. */
  | 'compared'
  /** It asks for the calls themselves, not their number: `Acme's calls`. */
  | 'listing'
  /** It asks whether something still runs or is down: `is Acme still sending`, `is Acme down`. */
  | 'alive'
  | 'down'
  /** It has the word `status`, not just a word like `ok` or `doing`. */
  | 'statusWord'
  /** It asks for a judgement: `was yesterday busy`. `ofRange`: it is a yes-or-no question about a range. */
  | 'busy'
  | 'ofRange'
  /** It asks for past use: `how much of our quota did we use`. `monthly`: its range is this or last month. */
  | 'spent'
  | 'monthly'
  | 'worse'
  /** Its words for failures are only judgements: `the latency is bad`. */
  | 'judged'
  /** It asks for the state of something: `is it ok for team Sales`. */
  | 'health'
  /** `what share of Acme's calls fail`: a share of its own calls, not of all failures. */
  | 'ofOwn'
  /** It asks whether a number of calls is possible: `can we make 5000 more calls`. */
  | 'tryOut'
  /** It asks whether something has happened: `did we run out`; `ever`: at any time. */
  | 'did'
  | 'ever'
  /** It has the name of a pool or limit. */
  | 'poolNamed'
  /** It asks for one of several: `which pool`; `fullest`: the one closest to its amount; `emptiest`: the one least used. */
  | 'which'
  | 'fullest'
  | 'emptiest'
  /** It asks whether a pool is enough: `will it last`, to which yes is good news. */
  | 'lasting'
  /** It begins with `what`; `asking`: with a question word or `anything`, `is`, `are`. */
  | 'what'
  /** `how often`, where `how many` counts calls. */
  | 'often'
  | 'asking';

export type Sign = Concept | Fact;

/** Tells whether a sentence has one of the signs. */
export type Has = (...signs: Sign[]) => boolean;
