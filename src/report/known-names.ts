import type { Dimension, QuestionKey } from '../domain/dimension.ts';
import type { ExampleNames, KnownName } from '../domain/names.ts';
import type { Span } from '../domain/usage.ts';
import { getClientNames, listTeams } from './client-names.ts';
import type { ReporterDeps } from './inquiry.ts';

/** How far back names are looked for. */
export const KNOWN_DAYS = 90;
/** Names of one dimension that are looked at, the most used first. */
const MOST_NAMES = 20_000;

/** Dimensions whose values have names: routes, addresses and methods are known by their form. */
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

/** Declared clients and scopes, and names seen in the last 90 days. A client is named as it is shown; its ids are known too. */
export async function listKnownNames(deps: ReporterDeps, nowMs: number): Promise<KnownName[]> {
  const { calendar, usage } = deps;
  const today = calendar.dayOf(nowMs);
  const span = { fromMs: calendar.startOfDay(today - KNOWN_DAYS), toMs: calendar.startOfDay(today + 1) };
  const [{ clients, scopes }, ...seen] = await Promise.all([
    deps.definitions(),
    ...NAMED.map((key) => usage.values({ key, span, limit: MOST_NAMES })),
  ]);
  const { nameOf } = getClientNames(clients);
  return [
    ...clients.map(({ name }) => ({ key: 'client' as const, name, value: name })),
    ...listTeams(clients).map((name) => ({ key: 'team' as const, name, value: name })),
    ...scopes.flatMap(({ name, title }) =>
      [name, title].map((text) => ({ key: 'scope' as const, name: text, value: name })),
    ),
    ...NAMED.flatMap((key, index) =>
      seen[index]!.filter(({ value }) => !value.startsWith('(')).map(({ value }) => ({
        key,
        name: value,
        value: key === 'client' ? nameOf(value) : value,
      })),
    ),
  ];
}

/**
 * Names of a dimension in a span: `shown` as people know them, declared ones included, and `sent` as senders gave them, with
 * what is no name, such as `(none)`. Of other dimensions than clients, teams and scopes only those that were sent are known.
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

/** How far back the busiest names are looked for. */
const EXAMPLE_DAYS = 30;

/** The busiest client, route, user and module of late, and a declared scope, the first with grants if there is one. */
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
