import type { Scope } from '../domain/definition.ts';
import type { Dimension, QuestionKey } from '../domain/dimension.ts';
import { toMatcher } from '../domain/filter.ts';
import { type ExampleNames, type KnownName, listNearest } from '../domain/names.ts';
import { resolveRange } from '../domain/ranges.ts';
import { type Offer, type Question, RefusedQuestion } from '../domain/report.ts';
import type { Span } from '../domain/usage.ts';
import { getClientNames, listTeams } from './client-names.ts';
import type { ReporterDeps } from './inquiry.ts';

/** Names are searched this far back. */
export const KNOWN_DAYS = 90;
/** At most this many names of a dimension are read, the most used first. */
const MOST_NAMES = 20_000;

/** Dimensions whose values are names. Routes, addresses and methods are recognised by their form instead. */
const NAMED: readonly Dimension[] = [
  'client',
  'user',
  'module',
  'function',
  'version',
  'kind',
  'initiator',
  'source',
  'scope',
];

/**
 * Lists declared clients, scopes and pools, names seen in the last 90 days, and the segments of routes seen then. A client's value is
 * its shown name; its ids are known too.
 */
export async function listKnownNames(deps: ReporterDeps, nowMs: number): Promise<KnownName[]> {
  const { calendar, usage } = deps;
  const today = calendar.dayOf(nowMs);
  const span = { fromMs: calendar.startOfDay(today - KNOWN_DAYS), toMs: calendar.startOfDay(today + 1) };
  const [{ clients, scopes }, routes, ...seen] = await Promise.all([
    deps.definitions(),
    usage.values({ key: 'route', span, limit: MOST_NAMES }),
    ...NAMED.map((key) => usage.values({ key, span, limit: MOST_NAMES })),
  ]);
  const { nameOf } = getClientNames(clients);
  const known: KnownName[] = [
    ...clients.map(({ name }) => ({ key: 'client' as const, name, value: name })),
    ...listTeams(clients).map((name) => ({ key: 'team' as const, name, value: name })),
    ...scopes.flatMap(({ name, title }) =>
      [name, title].map((text) => ({ key: 'scope' as const, name: text, value: name })),
    ),
    ...listPools(scopes).map(({ pool }) => ({ key: 'pool' as const, name: pool, value: pool })),
    ...NAMED.flatMap((key, index) =>
      seen[index]!.filter(({ value }) => !value.startsWith('(')).map(({ value }) => ({
        key,
        name: value,
        value: key === 'client' ? nameOf(value) : value,
      })),
    ),
  ];
  const taken = new Set(known.map(({ name }) => name.toLowerCase()));
  return [...known, ...listSegments(routes.map(({ value }) => value)).filter(({ name }) => !taken.has(name))];
}

/** Words of routes that people use as names: `invoices` for /v1/invoices. Shorter ones, versions and parameters are not. */
const SEGMENT = /^[a-z][a-z_-]{3,}$/;

/**
 * Lists the segments of routes in lower case. A value is the only route with that segment, or a pattern that matches all of them; a
 * segment without such a pattern is left out.
 */
function listSegments(routes: readonly string[]): KnownName[] {
  const having = new Map<string, Set<string>>();
  for (const route of routes)
    for (const segment of route.toLowerCase().split('/'))
      if (SEGMENT.test(segment)) having.getOrInsertComputed(segment, () => new Set()).add(route);
  return [...having].flatMap(([name, found]) => {
    const [only, ...others] = found;
    if (others.length === 0) return [{ key: 'route' as const, name, value: only! }];
    const written = new Set([...found].map((route) => route.split('/').find((part) => part.toLowerCase() === name)));
    const pattern = `*/${[...written][0]}*`;
    const isOwn = written.size === 1 && routes.every((route) => toMatcher(pattern)(route) === found.has(route));
    return isOwn ? [{ key: 'route' as const, name, value: pattern }] : [];
  });
}

/** Lists every pool and limit that is still declared, with its scope. */
export function listPools(scopes: readonly Scope[]): { scope: Scope; pool: string }[] {
  return scopes.flatMap((scope) => {
    const declared = [...scope.pools, ...scope.limits].filter(({ untilDay }) => untilDay === undefined);
    return [...new Set(declared.map(({ name }) => name))].map((pool) => ({ scope, pool }));
  });
}

/** Finds pools and limits by their name or as `scope/name`, in any case; several scopes may have one of the same name. */
export function findPools(name: string, scopes: readonly Scope[]): { scope: Scope; pool: string }[] {
  const typed = name.toLowerCase();
  return listPools(scopes).filter(({ scope, pool }) =>
    [pool, `${scope.name}/${pool}`].some((each) => each.toLowerCase() === typed),
  );
}

/**
 * Lists names of a dimension in a span: `shown` as people know them, with declared ones; `sent` as senders gave them, with words such
 * as `(none)`. `shown` has only clients, teams and scopes.
 */
export async function listNames(
  { definitions, usage }: Pick<ReporterDeps, 'definitions' | 'usage'>,
  key: QuestionKey,
  span: Span,
): Promise<{ shown: string[]; sent: string[] }> {
  const { clients, scopes } = await definitions();
  if (key === 'team') return { shown: listTeams(clients), sent: [] };
  const values = await usage.values({ key, span, limit: Number.MAX_SAFE_INTEGER });
  const sent = values.map(({ value }) => value);
  const { nameOf } = getClientNames(clients);
  const declared = key === 'client' ? clients : key === 'scope' ? scopes : [];
  const named = key === 'client' ? sent.map(nameOf) : [];
  return { shown: [...new Set([...declared.map(({ name }) => name), ...named])], sent };
}

/** The busiest names are searched this far back. */
const EXAMPLE_DAYS = 30;

/** Finds names for examples: the busiest recent client, route, user and module, a declared scope, and the first scope with grants. */
export async function listExamples(deps: ReporterDeps, nowMs: number): Promise<ExampleNames> {
  const { calendar, usage } = deps;
  const today = calendar.dayOf(nowMs);
  const span = { fromMs: calendar.startOfDay(today - EXAMPLE_DAYS), toMs: calendar.startOfDay(today + 1) };
  const busiest = async (key: Dimension) =>
    (await usage.values({ key, span, limit: 20 })).map(({ value }) => value).filter((value) => !value.startsWith('('));
  const [{ clients, scopes }, seen, [route], [user], [module]] = await Promise.all([
    deps.definitions(),
    busiest('client'),
    busiest('route'),
    busiest('user'),
    busiest('module'),
  ]);
  const { nameOf } = getClientNames(clients);
  const [client, other] = new Set(seen.map(nameOf));
  const grantsOf = (scope: (typeof scopes)[number]) =>
    scope.pools.flatMap(({ amounts }) => amounts.at(-1)?.grants.map(({ name }) => name) ?? []);
  const granted = scopes.find((scope) => grantsOf(scope).length > 0);
  const found = {
    ...{ client, other, route, user, module },
    ...{ scope: scopes[0]?.name, granted: granted?.name, grant: granted && grantsOf(granted)[0] },
  };
  return Object.fromEntries(Object.entries(found).filter(([, name]) => name !== undefined));
}

const SUGGESTIONS = 5;
/** At most this many first words of a name are tried, if no name is near all of it. */
const MOST_WORDS = 8;

/** The name that a report is about, with a note if it was typed otherwise. */
export interface MeantName {
  name: string;
  notes: readonly string[];
}

/**
 * Finds the client or route that a question names: seen in the last 90 days or in the range, or declared; one with `*` is taken as it
 * is. If no name is exactly that, takes the only one that differs in case, else the only one that begins with it, and notes that.
 * Throws RefusedQuestion otherwise, with the nearest names.
 */
export async function getName(
  key: 'client' | 'route',
  deps: ReporterDeps,
  question: Question,
  nowMs: number,
): Promise<MeantName> {
  const { name = '', range } = question;
  if (name.includes('*')) return { name, notes: [] };
  const { calendar, usage } = deps;
  const today = calendar.dayOf(nowMs);
  const firstDay = Math.min(today - KNOWN_DAYS, resolveRange(range, nowMs, calendar).firstDay);
  const span = { fromMs: calendar.startOfDay(firstDay), toMs: calendar.startOfDay(today + 1) };
  const [extent, { shown, sent }] = await Promise.all([usage.extent(), listNames(deps, key, span)]);
  if (!extent && name !== '') return { name, notes: [] };
  const known = key === 'client' ? shown : sent;
  if (known.includes(name) || sent.includes(name)) return { name, notes: [] };
  const meant = findMeant(known, name);
  if (meant !== undefined)
    return { name: meant, notes: isSame(meant, name) ? [] : [`“${name}” was read as ${meant}.`] };

  const near = name === '' ? known : listNearNames(name, known);
  const elsewhere = name === '' ? [] : await listElsewhere(key, deps, span, question);
  const offers = [...elsewhere, ...near.map((each) => ({ label: each, question: { ...question, name: each } }))].slice(
    0,
    SUGGESTIONS,
  );
  const top: Question = { report: 'top', dimension: key, ...(range !== undefined && { range }) };
  throw new RefusedQuestion(
    name === '' ? `Which ${key}? Write its name after the word.` : `No ${key} is called “${name}”.`,
    offers.length > 0 ? offers : [{ label: `Top ${key}s`, question: top }],
  );
}

/** Lists names near all of the words, else near as many of the first words as possible: `acme yesterdya` begins with a name. */
function listNearNames(name: string, known: readonly string[]): string[] {
  const words = name.split(/\s+/).slice(0, MOST_WORDS);
  const near = listNear(name, known);
  for (let count = words.length - 1; count > 0 && near.length === 0; count--) {
    near.push(...listNear(words.slice(0, count).join(' '), known));
  }
  return near;
}

/** Offers other things with this name, in any case: a scope, a user, a module. */
async function listElsewhere(
  key: 'client' | 'route',
  deps: ReporterDeps,
  span: Span,
  { name = '', range }: Question,
): Promise<Offer[]> {
  const typed = name.toLowerCase();
  const { scopes } = await deps.definitions();
  const found: Offer[] = scopes
    .filter((scope) => [scope.name, scope.title].some((each) => each?.toLowerCase() === typed))
    .map((scope) => ({ label: `Pools of ${scope.name}`, question: { report: 'pool', scope: scope.name } }));
  for (const other of ['user', 'module'] as const) {
    const { sent } = await listNames(deps, other, span);
    for (const value of sent.filter((each) => each.toLowerCase() === typed)) {
      const question: Question = {
        report: 'top',
        dimension: key === 'client' ? 'route' : 'client',
        filters: [{ key: other, patterns: [value], not: false }],
        ...(range !== undefined && { range }),
      };
      found.push({ label: `Calls of the ${other} ${value}`, question });
    }
  }
  return found;
}

function isSame(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

/** Finds the only name that differs just in case; else the only one that begins with the text. */
function findMeant(known: readonly string[], name: string): string | undefined {
  const typed = name.toLowerCase();
  const same = known.filter((each) => isSame(each, name));
  const found =
    same.length > 0 || typed.length < 3 ? same : known.filter((each) => each.toLowerCase().startsWith(typed));
  return found.length === 1 ? found[0] : undefined;
}

/** Lists names that `name` was probably meant to be, nearest first, then those that contain it, in any case. */
export function listNear(name: string, known: readonly string[]): string[] {
  const part = name.toLowerCase();
  return [...new Set([...listNearest(name, known), ...known.filter((each) => each.toLowerCase().includes(part))])];
}
