import { capitalise } from '../domain/calendar.ts';
import type { ClientName } from '../domain/definition.ts';
import type { Dimension, GroupKey, QuestionKey } from '../domain/dimension.ts';
import { only } from '../domain/filter.ts';
import type { DrillReport, Question, RankingRow } from '../domain/report.ts';
import type { Table } from '../domain/table.ts';
import { describeAllowance } from './allowance.ts';
import { hasTeams } from './client-names.ts';
import { countOf, DIMENSION_WORDS, formatCount, formatLatency, formatShare, joinWords } from './format.ts';
import { ask, describeNothing, findCode, namerOf, openInquiry, type ReporterDeps, toHead } from './inquiry.ts';
import { getName, type MeantName } from './known-names.ts';
import { askLatency } from './latency.ts';
import { formatRawStart, noteAnswer } from './notes.ts';
import { buildTable, type Column } from './table.ts';
import { ALL_ROWS } from './top.ts';
import { countNames, isNamed, NAME, rankRows, SHARE, sumTotals, TOTAL_COLUMNS } from './totals.ts';

/** The order of sections: how calls ended, then what they called, then who and where from. */
const SECTIONS: Readonly<Record<'client' | 'route', readonly GroupKey[]>> = {
  client: [
    ...(['status', 'route', 'method', 'module', 'function', 'user', 'ip'] as const),
    ...(['version', 'kind', 'initiator', 'source', 'scope'] as const),
  ],
  route: ['status', 'client', 'method', 'user', 'ip', 'module', 'version'],
};

/** A route or client is named in the finding if it has at least this share of the failures. */
const CONCENTRATED = 0.5;
const IDS_NAMED = 10;

/**
 * Breaks down the calls of one client (by name or id) or one route by their other dimensions: per dimension the rows with the most
 * failures first, five unless the question asks for more. A dimension with only one value becomes a note. Throws QuestionError
 * without a name, or for one that was never seen, with the nearest that was.
 */
export async function reportDrill(deps: ReporterDeps, question: Question, nowMs: number): Promise<DrillReport> {
  const kind = question.report === 'route' ? 'route' : 'client';
  const limit = question.limit ?? 5;
  const { name, notes, inquiry, clients, answers } = await askByName(kind, deps, question, nowMs, limit);
  const ids = clients.rows.map(({ keys }) => keys[0]!);
  const totals = sumTotals(clients.rows);
  // Only comparisons ask for all rows, and they show no latency.
  const isTimed = totals.requests > 0 && limit !== ALL_ROWS;
  const { latency } = isTimed ? (await askLatency(inquiry, {})).total : {};
  const ofTeams = hasTeams(inquiry.definitions.clients)
    ? rankRows(clients.rows, { measure: 'requests', sort: '-failed', nameOf: inquiry.names.teamOf })
    : [];
  const drilled: { dimension: QuestionKey; ranked: RankingRow[]; values: number }[] = SECTIONS[kind].map(
    (dimension, index) => {
      const ranked = rankRows(answers[index]!.rows, {
        measure: 'requests',
        sort: '-failed',
        nameOf: namerOf(inquiry, dimension),
        rest: answers[index]!.rest,
      });
      const values = ranked.length + (answers[index]!.rest?.rows ?? 0);
      return { dimension, ranked, values };
    },
  );
  drilled.push({ dimension: 'team', ranked: ofTeams, values: ofTeams.length });
  const team = ofTeams.length === 1 && isNamed(ofTeams[0]!.name) ? ofTeams[0]!.name : undefined;
  const sections = drilled
    .filter(({ dimension, values }) => values > 1 || (values > 0 && (dimension === 'status' || limit === ALL_ROWS)))
    .map(({ dimension, ranked, values }) => ({
      title: toTitle(dimension),
      dimension,
      rows: dimension === 'status' ? pickStatuses(ranked, limit) : ranked.slice(0, limit),
      more: Math.max(0, values - limit),
    }));
  const alike = drilled
    .filter(
      ({ dimension, values }) => values === 1 && dimension !== 'status' && dimension !== 'team' && dimension !== kind,
    )
    .map(({ dimension, ranked: [only] }) => ({ dimension, name: only!.name }))
    .filter(({ dimension, name }) => isNamed(name) && !(dimension === 'kind' && name === 'call'))
    // `Always method GET, API version v2.`
    .map(({ dimension, name }) => `${DIMENSION_WORDS[dimension].singular} ${name}`);
  const isOfOwner = question.focus === 'owner';
  const allowance = question.focus === 'allowance' ? `${await describeAllowance(inquiry, name, totals)} ` : '';
  const owned = inquiry.definitions.clients.filter(
    (client) => client.name === name || client.name === inquiry.names.nameOf(name),
  );
  const cut = SECTIONS[kind].filter((_, index) => answers[index]!.shortened);
  const cutMs = Math.max(...answers.map(({ shortened }) => shortened?.fromMs ?? 0));

  return {
    ...toHead({ ...inquiry, question }, [clients, ...answers], {
      title: `${toTitle(kind, 'singular')} ${name}`,
      finding: `${allowance}${isOfOwner ? `${describeOwner(name, owned)} ` : ''}${totals.requests === 0 ? describeNothing(inquiry, clients) : findWorst()}`,
      ...describePopulation(),
      notes: [
        ...notes,
        ...noteAnswer(inquiry, clients),
        ...(limit === ALL_ROWS || alike.length === 0 ? [] : [`Always ${joinWords(alike)}.`]),
        ...(kind === 'client' && ids.length > 1 ? [noteIds(ids)] : []),
        ...(cut.length > 0
          ? [
              `${capitalise(cut.map((key) => DIMENSION_WORDS[key].plural).join(', '))} are only known since ${formatRawStart(inquiry, cutMs)}.`,
            ]
          : []),
      ],
      offers:
        team === undefined
          ? []
          : [
              {
                label: `All of team ${team}`,
                question: { report: 'top', range: question.range, filters: [only('team', team)] },
              },
            ],
    }),
    kind,
    name,
    ...(isOfOwner ? { owners: listDeclared(owned, 'owner') } : {}),
    totals,
    ...(latency ? { latency } : {}),
    sections,
    table: toTable(sections),
  };

  function describePopulation(): Pick<DrillReport, 'population'> {
    const parts = [
      ...(kind === 'client' && !name.includes('*')
        ? []
        : [countOf(countNames(clients.rows, inquiry.names.nameOf), 'client')]),
      ...(team === undefined ? [] : [`team ${team}`]),
    ];
    return parts.length > 0 ? { population: parts.join(' · ') } : {};
  }

  function findWorst(): string {
    const { requests, ok, failed } = totals;
    const outcome =
      ok + failed === 0
        ? 'none had a status'
        : failed === 0
          ? 'none failed'
          : `${formatShare(failed, ok + failed)} failed`;
    const slow = latency ? ` Its p95 is ${formatLatency(latency.p95Ms)}.` : '';
    // A filter on statuses already says how they ended.
    const asked = findCode(inquiry.filters);
    const isFiltered = inquiry.filters.some(({ key }) => key === 'status');
    const isOfFailures = isFiltered && failed === requests;
    const made = countOf(requests, isOfFailures && !asked ? 'failed request' : 'request');
    const code = isOfFailures && asked ? ` that ended in ${asked}` : '';
    const told = `${name} ${DIMENSION_WORDS[kind].verb} ${made}${code}${isFiltered ? '' : `; ${outcome}`}`;
    const first: Dimension = kind === 'client' ? 'route' : 'client';
    const worst = drilled.find(({ dimension }) => dimension === first)?.ranked[0];
    if (!worst || worst.failed < failed * CONCENTRATED || worst.failed === 0) return `${told}.${slow}`;
    const at = `${kind === 'client' ? 'on' : 'from'} ${worst.name}.${slow}`;
    // The sentence has already said how many failed.
    if (isOfFailures && failed === 1) return `${told}, ${at}`;
    if (isOfFailures) return `${told}, ${worst.failed === failed ? 'all' : formatCount(worst.failed)} of them ${at}`;
    if (failed === 1) return `${told}. The one failure is ${at}`;
    const part =
      worst.failed === failed
        ? `All ${formatCount(failed)}`
        : `${formatCount(worst.failed)} of the ${formatCount(failed)}`;
    return `${told}. ${part} failures are ${at}`;
  }
}

/** `Billing Sync belongs to U01BORIS of team Finance.` */
function describeOwner(name: string, declared: readonly ClientName[]): string {
  const [owners, teams] = [listDeclared(declared, 'owner'), listDeclared(declared, 'team')];
  const team = teams.length > 0 ? `${teams.length > 1 ? 'teams' : 'team'} ${joinWords(teams)}` : undefined;
  if (owners.length > 0) return `${name} belongs to ${joinWords(owners)}${team ? ` of ${team}` : ''}.`;
  return team ? `${name} belongs to ${team}; no owner is declared.` : `No owner is declared for ${name}.`;
}

function listDeclared(declared: readonly ClientName[], key: 'owner' | 'team'): string[] {
  return [...new Set(declared.flatMap((client) => client[key] ?? []))];
}

/** Asks for the name as typed first: if it has calls in the range, no list of names is needed. */
async function askByName(
  kind: 'client' | 'route',
  deps: ReporterDeps,
  question: Question,
  nowMs: number,
  limit: number,
): Promise<Awaited<ReturnType<typeof askSections>> & MeantName> {
  const typed = question.name ?? '';
  const found = typed === '' ? undefined : await askSections(kind, deps, question, nowMs, typed, limit);
  if (found && found.clients.rows.length > 0) return { ...found, name: typed, notes: [] };
  const known = await getName(kind, deps, question, nowMs);
  if (found && known.name === typed) return { ...found, ...known };
  return { ...(await askSections(kind, deps, question, nowMs, known.name, limit)), ...known };
}

async function askSections(
  kind: 'client' | 'route',
  deps: ReporterDeps,
  question: Question,
  nowMs: number,
  name: string,
  limit: number,
) {
  const others = (question.filters ?? []).filter((filter) => filter.key !== kind || filter.not);
  const filters = [...others, only(kind, name)];
  const inquiry = await openInquiry(deps, { ...question, filters }, nowMs);
  const [clients, ...answers] = await Promise.all([
    ask(inquiry, { groupBy: ['client'] }),
    ...SECTIONS[kind].map((key) =>
      ask(inquiry, {
        groupBy: [key],
        ...(key === 'client' || key === 'status' || limit === ALL_ROWS
          ? {}
          : { most: { by: ['failed', 'requests'], rows: limit } }),
      }),
    ),
  ]);
  return { inquiry, clients, answers };
}

/** Picks the status codes to show, failures first; the code that most successful calls ended with is always among them. */
function pickStatuses(ranked: readonly RankingRow[], limit: number): RankingRow[] {
  const shown = ranked.slice(0, limit);
  const usual = ranked.reduce<RankingRow | undefined>(
    (best, row) => (row.ok > (best?.ok ?? 0) ? row : best),
    undefined,
  );
  return !usual || limit < 2 || shown.includes(usual) ? shown : [...shown.slice(0, -1), usual];
}

function noteIds(ids: readonly string[]): string {
  const more = ids.length > IDS_NAMED ? ` and ${ids.length - IDS_NAMED} more` : '';
  return `Ids: ${ids.toSorted().slice(0, IDS_NAMED).join(', ')}${more}.`;
}

function toTitle(key: QuestionKey, number: 'singular' | 'plural' = 'plural'): string {
  return capitalise(DIMENSION_WORDS[key][number]);
}

type DrillRow = RankingRow & { dimension: QuestionKey };

function toTable(sections: DrillReport['sections']): Table {
  const [requests, ...others] = TOTAL_COLUMNS;
  const by: Column<DrillRow> = { key: 'dimension', label: 'By', type: 'text', cell: ({ dimension }) => dimension };
  const rows = sections.flatMap((section) => section.rows.map((row) => ({ ...row, dimension: section.dimension })));
  return buildTable(rows, [by, { ...NAME, name: true }, requests, SHARE, ...others]);
}
