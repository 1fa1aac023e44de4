import { type Calendar, capitalise, DAY_MS } from '../domain/calendar.ts';
import { DEFAULT_THRESHOLDS, type Definitions } from '../domain/definition.ts';
import type { Thousandths } from '../domain/event.ts';
import { listNearest } from '../domain/names.ts';
import type { Question } from '../domain/report.ts';
import { LEVELS, type Level, type PoolState, type ScopeState } from '../domain/scope-state.ts';
import { sumCredits } from '../domain/thousandths.ts';
import { QuestionError } from '../errors.ts';
import {
  countOf,
  creditsOf,
  formatClock,
  formatCredits,
  formatMoment,
  formatPercent,
  formatShortDate,
  joinWords,
} from './format.ts';

export const LEVEL_SIGNS = {
  healthy: '🔵',
  approaching: '🟠',
  critical: '🔴',
  exhausted: '⛔',
} as const satisfies Record<Level, string>;

/** Tells whether a scope went over its allowance. A scope without pools has none to go over. */
export function isOver({ pools, overage }: { pools: readonly unknown[]; overage: Thousandths }): boolean {
  return pools.length > 0 && overage > 0;
}

/** Returns the level of a scope's pools; never healthy if it went over its allowance. */
export function poolsLevelOf(state: ScopeState): Level {
  return isOver(state) && state.level === 'healthy' ? 'approaching' : state.level;
}

/** Returns the worst level of a scope's pools and limits. A limit counts even if the pools still have something left. */
export function worstLevelOf(state: ScopeState): Level {
  const ranks = [poolsLevelOf(state), ...state.limits.map(({ level }) => level)].map((level) => LEVELS.indexOf(level));
  return LEVELS[Math.max(...ranks)]!;
}

/** Returns the word for a level of a scope: `critical`; `over` if it went over its allowance and nothing is worse. */
export function nameLevel(level: Level, state: ScopeState): Level | 'over' {
  return level === 'approaching' && isOver(state) ? 'over' : level;
}

/** Orders scopes, the worst first: by level, then by the share used. */
export function compareScopes(a: ScopeState, b: ScopeState): number {
  const [x, y] = [a, b].map((state) => LEVELS.indexOf(worstLevelOf(state)));
  return y! - x! || (b.current?.percent ?? 0) - (a.current?.percent ?? 0);
}

/** `runs out between Mon 30 Nov 04:32 and 05:09`; `may run out as early as …` if it lasts at the slower pace. */
export function describeRunOut({ earliestMs, latestMs }: NonNullable<PoolState['runOut']>, zone: string): string {
  const earliest = formatMoment(earliestMs, zone);
  if (latestMs === undefined) return `may run out as early as ${earliest}`;
  const latest = formatMoment(latestMs, zone);
  if (latest === earliest) return `runs out on ${earliest}`;
  const sameDay = latest.slice(0, -5) === earliest.slice(0, -5);
  return `runs out between ${earliest} and ${sameDay ? latest.slice(-5) : latest}`;
}

/**
 * `CRM API`, `CRM API: Daily credits`: the title of a meter, or of a pool's `scope/name`. Undefined if its scope is not among these.
 */
export function titleOfMeter(meter: string, scopes: readonly { scope: string; title: string }[]): string | undefined {
  const [name, ...parts] = meter.split('/');
  const found = scopes.find(({ scope }) => scope === name);
  return found && [found.title, ...parts].join(': ');
}

/** Makes the error for a scope that is neither declared nor used, with the declared ones as suggestions. */
export function unknownScope(name: string, { scopes }: Definitions, report: string): QuestionError {
  const known = scopes.length === 0 ? 'there are none yet' : `there is ${scopes.map((scope) => scope.name).join(', ')}`;
  // A long name matches by its beginning too.
  const begun = new Map(scopes.map((scope) => [scope.name.slice(0, name.length + 1), scope.name]));
  const near = listNearest(name, [...begun.keys()]).map((text) => begun.get(text)!);
  const isFar = (scope: { name: string }) => (near.includes(scope.name) ? near.indexOf(scope.name) : near.length);
  return new QuestionError(
    `No scope is called “${name}”; ${known}.`,
    scopes
      .toSorted((a, b) => isFar(a) - isFar(b))
      .slice(0, 5)
      .map((scope) => ({ label: scope.title, command: `${report} ${scope.name}` })),
  );
}

/** Throws QuestionError for a what-if about a quantity that no grant of the scope (or of any scope) has. */
export function checkSuppose({ suppose = {}, scope, report }: Question, { scopes }: Definitions): void {
  const asked = scopes.filter(({ name }) => scope === undefined || name === scope);
  const grants = asked.flatMap(({ pools, limits }) =>
    [...pools, ...limits].flatMap(({ amounts }) => amounts.flatMap((amount) => amount.grants.map(({ name }) => name))),
  );
  const known = [...new Set(grants)];
  const strange = Object.entries(suppose).find(
    ([name]) => !known.some((grant) => grant.toLowerCase() === name.toLowerCase()),
  );
  if (!strange) return;
  const [name, quantity] = strange;
  const near = listNearest(name, known);
  throw new QuestionError(
    `No quantity is called “${name}”; ${known.length > 0 ? `there are ${known.join(', ')}` : 'the amounts here are fixed'}.`,
    (near.length > 0 ? near : known).slice(0, 5).map((grant) => ({
      label: `${grant} = ${quantity}`,
      command: `${report}${scope === undefined ? '' : ` ${scope}`} if "${grant}"=${quantity}`,
    })),
  );
}

/** Describes what a what-if changed; empty without one. */
export function noteSuppose(suppose: Question['suppose'] = {}): string[] {
  const changes = Object.entries(suppose).map(([name, quantity]) => `${quantity} ${name}`);
  return changes.length > 0 ? [`What if: ${changes.join(', ')}.`] : [];
}

/** One scope in a sentence, and how urgent it is: 0 is fine. */
export interface ScopeSentence {
  weight: number;
  percent: number;
  sign: string;
  text: string;
}

/**
 * Says what is worst, and whether everything else is fine: `⛔ CRM API is over its daily credits: 680 of 651. Everything else is
 * fine.` A scope that went over its allowance is never called healthy, whatever its present level.
 */
export function describeScopes(states: readonly ScopeState[]): string {
  const metered = states.filter(({ pools, limits }) => pools.length + limits.length > 0);
  if (metered.length === 0) {
    const used = sumCredits(states.map((state) => state.used));
    return states.length === 1
      ? `${states[0]!.title} has no pool yet; it used ${creditsOf(used)} this month.`
      : `No pools yet${states.length > 0 ? `; ${creditsOf(used)} used this month` : ''}.`;
  }
  const sentences = metered
    .flatMap(listScopeSentences)
    .toSorted((a, b) => b.weight - a.weight || b.percent - a.percent);
  const [worst, ...rest] = sentences as [ScopeSentence, ...ScopeSentence[]];
  const others = rest.filter(({ weight }) => weight > 0).length;
  if (worst.weight === 0 && metered.length > 1) return `🔵 ${describeCalm(metered)}`;
  const more =
    others > 0
      ? ` ${countOf(others, 'other pool')} ${others === 1 ? 'needs' : 'need'} attention too.`
      : metered.length > 1
        ? ' Everything else is fine.'
        : '';
  return `${worst.sign} ${worst.text}${more}`;
}

/** `All pools are below 75%; Public API is highest at 58.5%.` */
function describeCalm(states: readonly ScopeState[]): string {
  const pools = states.flatMap(({ title, pools, limits }) => [...pools, ...limits].map((pool) => ({ title, pool })));
  const firsts = new Set(pools.map(({ pool }) => pool.thresholds[0] ?? DEFAULT_THRESHOLDS[0]));
  const below = firsts.size === 1 ? `${[...firsts][0]}%` : 'their first threshold';
  const highest = pools.reduce((best, each) => (each.pool.percent > best.pool.percent ? each : best));
  const percent = formatPercent(highest.pool.percent, highest.pool.thresholds);
  // A pool that is nearly empty is no problem if another one follows.
  const changing = states.find((state) => state.pools.some(({ level }) => level !== 'healthy'));
  return changing
    ? `Nothing is running out. ${describeChange(changing)}`
    : `All pools are below ${below}; ${highest.title} is highest at ${percent}.`;
}

/** `Integration Service has used 89.3% of its bundled licences; its annual add-on comes next.` */
function describeChange({ title, pools }: ScopeState): string {
  const place = pools.findLastIndex(({ level }) => level !== 'healthy');
  const ending = pools[place]!;
  const next = pools.slice(place + 1).find(({ left }) => left > 0);
  const nextName = next && toInnerCase(next.name);
  if (ending.left <= 0) return nextName ? `${title} now draws from its ${nextName}.` : '';
  const used = `${title} has used ${formatPercent(ending.percent, ending.thresholds)} of its ${toInnerCase(ending.name)}`;
  return nextName ? `${used}; its ${nextName} comes next.` : `${used}.`;
}

/** Returns a sentence about a scope, by the pool that it now draws from, and one about each of its limits that is not healthy. */
export function listScopeSentences(state: ScopeState): ScopeSentence[] {
  const limits = state.limits.filter(({ level }) => level !== 'healthy').map((limit) => toLimitSentence(state, limit));
  if (state.current) return [toScopeSentence(state, state.current), ...limits];
  return limits.length > 0 ? limits : state.limits.slice(0, 1).map((limit) => toLimitSentence(state, limit));
}

function toScopeSentence(state: ScopeState, current: PoolState): ScopeSentence {
  const { title, level, overage } = state;
  const pool = toInnerCase(current.name);
  const { percent, thresholds } = current;
  const counts = `${formatCredits(current.used)} of ${formatCredits(current.amount)}`;
  const over = isOver(state) ? creditsOf(overage) : undefined;
  const used = `${title} has used ${formatPercent(percent, thresholds)} of its ${pool} (${counts})`;
  if (level === 'exhausted') {
    const text =
      current.used > current.amount
        ? `${title} is over its ${pool}: ${counts}.`
        : over
          ? `${title} has used up its ${pool} and is ${over} over this month.`
          : `${title} is out of ${pool} (${counts}).`;
    return { weight: 5, percent, sign: LEVEL_SIGNS.exhausted, text };
  }
  const rest =
    state.restCount > 0
      ? `, with ${formatCredits(state.restLeft)} left in ${countOf(state.restCount, 'other pool')}`
      : '';
  if (over) {
    const weight = Math.max(2, LEVELS.indexOf(level) * 2);
    const sign = level === 'critical' ? LEVEL_SIGNS.critical : LEVEL_SIGNS.approaching;
    return {
      weight,
      percent,
      sign,
      text: `${title} went ${over} over its allowance this month; now ${counts} of its ${pool} used${rest}.`,
    };
  }
  return { weight: LEVELS.indexOf(level) * 2, percent, sign: LEVEL_SIGNS[level], text: `${used}${rest}.` };
}

export function toLimitSentence({ title }: ScopeState, limit: PoolState): ScopeSentence {
  const counts = `${formatCredits(limit.used)} of ${formatCredits(limit.amount)}`;
  const share = formatPercent(limit.percent, limit.thresholds);
  const text =
    limit.used > limit.amount
      ? `${title} is over its limit ${limit.name}: ${counts}.`
      : limit.level === 'exhausted'
        ? `${title} has reached its limit ${limit.name}: ${counts}.`
        : `${title} has used ${share} of its limit ${limit.name} (${counts}).`;
  return {
    weight: Math.max(0, LEVELS.indexOf(limit.level) * 2 - 1),
    percent: limit.percent,
    sign: LEVEL_SIGNS[limit.level],
    text,
  };
}

/** `Daily credits` → `daily credits`; names with another capital or digit stay as they are: `CRM plan`, `Annual Add-on`. */
export function toInnerCase(name: string): string {
  return /^\p{Lu}[\p{Ll}\s-]*$/u.test(name) ? name.charAt(0).toLowerCase() + name.slice(1) : name;
}

type Verdict = 'yes' | 'perhaps' | 'unknown' | 'no';

/**
 * Says whether pools run out before their reset: `No: at the usual 1,330–1,424 a day, Public API lasts past its reset on 1 Dec.` Of
 * several scopes it names the one that runs out first, then what is true of the others.
 */
export function describeOutlook(
  states: readonly ScopeState[],
  nowMs: number,
  calendar: Calendar,
  asked: 'run-out' | 'lasts' | 'when' = 'run-out',
): string {
  const outlooks = states
    .filter(({ pools }) => pools.length > 0)
    .map((state) => ({ title: state.title, ...foresee(state, nowMs, calendar) }))
    .toSorted((a, b) => ORDER.indexOf(a.answer) - ORDER.indexOf(b.answer) || a.atMs - b.atMs)
    // A date answers “when”: the next reset before a window that has none.
    .toSorted((a, b) => (asked === 'when' && a.answer === 'no' && b.answer === 'no' ? a.endMs - b.endMs : 0));
  const [first, ...rest] = outlooks;
  if (!first) return 'No pools yet, so nothing can run out.';
  const also = rest.filter(({ answer }) => answer === first.answer);
  const [yes, no] = asked === 'lasts' ? ['No: ', 'Yes: '] : ['Yes: ', 'No: '];
  const word = { yes, perhaps: 'Perhaps: ', unknown: 'Not known yet: ', no }[first.answer];
  const begin = asked === 'when' ? `${first.when[0]}: ${first.when[1]}` : `${word}${first.text}`;
  if (rest.length === 0) return `${begin}.`;
  if (also.length === rest.length && first.answer === 'no')
    return `${begin}, and ${joinWords(also.map(({ title }) => title))} ${also.length === 1 ? 'lasts' : 'last'} too.`;
  const next = rest.filter(({ answer }) => answer === 'yes' || answer === 'perhaps');
  const others =
    next.length > 0
      ? ` Also: ${next.map(({ text }) => text).join('; ')}.`
      : rest.every(({ answer }) => answer === 'no')
        ? ` ${joinWords(rest.map(({ title }) => title))} will last.`
        : '';
  return `${begin}.${others}`;
}

const ORDER: readonly Verdict[] = ['yes', 'perhaps', 'unknown', 'no'];

/** Returns the outlook as a sentence that follows one about the scope; empty without a forecast. */
export function describeRunOutOf(state: ScopeState, nowMs: number, calendar: Calendar): string[] {
  if (state.pools.length === 0) return [];
  const { answer, clause } = foresee(state, nowMs, calendar);
  return answer === 'unknown' || clause === undefined ? [] : [`It ${clause}.`];
}

/**
 * Foresees whether the last pool of a stack runs out. `clause` follows the scope's name. `when`: the same for who asks when, with the
 * date apart. `endMs`: its reset.
 */
function foresee(
  state: ScopeState,
  nowMs: number,
  calendar: Calendar,
): { answer: Verdict; atMs: number; endMs: number; text: string; when: readonly [string, string]; clause?: string } {
  const { title } = state;
  const last = state.pools.findLast(({ left }) => left > 0) ?? state.pools.at(-1)!;
  const rolling = last.periodKind === 'rolling-24h';
  const endMs = rolling ? Infinity : last.period.toMs;
  const reset = describeReset(last, nowMs, calendar);
  if (last.left <= 0) {
    const next = rolling ? '' : `; it ${reset}`;
    const when = ['Already', `${title} has run out${next}`] as const;
    return { answer: 'yes', atMs: nowMs, endMs, text: `${title} has run out already${next}`, when };
  }
  const { runOut, pace, present } = last;
  if (present?.emptyMs !== undefined && present.emptyMs < (runOut?.earliestMs ?? Infinity)) {
    const { emptyMs } = present;
    const soon = `around ${formatSoon(emptyMs, nowMs, calendar)}`;
    const when = [capitalise(soon), `${title} runs out at ${present.pace}`] as const;
    const clause = `runs out ${soon} at ${present.pace}`;
    return { answer: 'yes', atMs: emptyMs, endMs, text: `${title} ${clause}`, when, clause };
  }
  if (runOut) {
    const [, runs, date] = /^(.* out) (.*)$/.exec(describeRunOut(runOut, calendar.zone))!;
    const clause = `${runs} ${date}, before it ${reset}`;
    const when = [capitalise(date!), `${title} ${runs}, before it ${reset}`] as const;
    const answer = runOut.latestMs === undefined ? 'perhaps' : 'yes';
    return { answer, atMs: runOut.earliestMs, endMs, text: `${title} ${clause}`, when, clause };
  }
  const never = { atMs: Infinity, endMs };
  if (!pace) {
    const text = `${title} has less than three days of use`;
    return { answer: 'unknown', ...never, text, when: ['Not known yet', text] };
  }
  const usual = `at the usual ${formatPace(pace)} a day`;
  // In a rolling window, usual use replaces usual use that leaves; only unusual use stays, for 24 hours.
  const unusual = Number(last.used) - pace.slower;
  const isNear = last.level !== 'healthy' || unusual + pace.quicker > Number(last.amount);
  if (rolling && pace.quicker <= last.amount && last.used > pace.quicker && isNear) {
    const left = `${formatCredits(last.left)} of ${formatCredits(last.amount)} left`;
    const clause = `has ${left}, after more use than the usual ${formatPace(pace)} a day`;
    return {
      answer: 'perhaps',
      ...never,
      text: `${title} ${clause}`,
      when: ['Not known', `${title} ${clause}`],
      clause,
    };
  }
  if (rolling) {
    const goesOver = pace.quicker > last.amount;
    const clause = `${goesOver ? 'goes over' : 'stays within'} its ${formatCredits(last.amount)} a day ${usual}`;
    const when = [goesOver ? 'On a usual day' : 'Never at the usual pace', `${title} ${clause}`] as const;
    return { answer: goesOver ? 'yes' : 'no', ...never, text: `${title} ${clause}`, when, clause };
  }
  // The title may begin with the pool's own name: `Annual add-on of Integration Service`.
  const isOfPool = title.startsWith(`${last.name} of `);
  const ending = isOfPool ? 'it' : `its ${toInnerCase(last.name)}`;
  const lasts = last.periodKind === 'once' ? `will not run out before ${ending} ends` : 'lasts past its reset';
  const on = `on ${formatShortDate(calendar.dayOf(last.period.toMs - (last.periodKind === 'once' ? 1 : 0)))}`;
  const end = last.periodKind === 'once' ? `${ending} ends` : 'the reset';
  const when = [`Not before ${end} ${on}`, `${usual}, ${title} lasts`] as const;
  return { answer: 'no', ...never, text: `${usual}, ${title} ${lasts} ${on}`, when, clause: `${lasts} ${on} ${usual}` };
}

/** `14:20` if today, `Mon 30 Nov 02:10` if within twelve hours, else `30 Nov`. */
function formatSoon(atMs: number, nowMs: number, calendar: Calendar): string {
  if (atMs - nowMs >= DAY_MS / 2) return formatShortDate(calendar.dayOf(atMs));
  const isToday = calendar.dayOf(atMs) === calendar.dayOf(nowMs);
  return isToday ? formatClock(atMs, calendar.zone) : formatMoment(atMs, calendar.zone);
}

/** `resets on 1 Dec`, `resets tomorrow`, `ends on 31 Dec`. */
export function describeReset({ period, periodKind }: PoolState, nowMs: number, calendar: Calendar): string {
  if (periodKind === 'once') return `ends on ${formatShortDate(calendar.dayOf(period.toMs - 1))}`;
  const day = calendar.dayOf(period.toMs);
  return day === calendar.dayOf(nowMs) + 1 ? 'resets tomorrow' : `resets on ${formatShortDate(day)}`;
}

/** `1,330–1,424`: credits a day, whole from ten on. */
export function formatPace({ slower, quicker }: NonNullable<PoolState['pace']>): string {
  const [low, high] = [slower, quicker].map((each) =>
    formatCredits(each >= 10_000 ? Math.round(each / 1000) * 1000 : each),
  );
  return low === high ? high! : `${low}–${high}`;
}
