import { formatDay, HOUR_MS } from '../domain/calendar.ts';
import { DIGEST_SECTIONS, type DigestSection } from '../domain/digest.ts';
import {
  MAX_RANKING_ROWS,
  type RankingReport,
  type SeriesReport,
  type StatusReport,
  type TableReport,
} from '../domain/report.ts';
import type { ScopeState } from '../domain/scope-state.ts';
import { countOf, formatClock, formatCount, formatCredits, formatShortDate, formatSigned } from '../report/format.ts';
import { narrowCorrections } from '../report/notes.ts';
import { listScopeSentences, titleOfMeter } from '../report/scope-words.ts';
import { buildTable } from '../report/table.ts';
import { findCause, findMostMoved, listUsualHours, usualOf } from '../report/usual.ts';
import { listAlertsTold } from '../store/alert-repository.ts';
import { listCorrections } from '../store/correction-repository.ts';
import {
  type DigestDay,
  type DrawnPart,
  describeSilent,
  type Finding,
  listWeeksAgo,
  SIGNS,
  type Spoken,
  toSpan,
  weekdayOf,
} from './digest-days.ts';
import { sayPools } from './digest-pools.ts';

/** Rows of a table in the thread. */
const ROWS = 10;
/** Percent of requests from which on failures with one status are worth a line … */
const NOTABLE_SHARE = 1;
/** … and the share from which on a new or silent client is. */
const NOTABLE_CLIENT = 0.05;

/**
 * Composes each section of a digest; the success rate has no entry, since only the headline states it. `alarms`: findings of
 * the section are wanted even if the section itself is off.
 */
const SECTIONS: Partial<Record<DigestSection, { alarms?: true; say(day: DigestDay): Promise<Spoken> }>> = {
  requests: { say: sayRequests },
  attention: { say: sayOddities },
  pools: { alarms: true, say: sayPools },
  clients: { say: sayTopClients },
  routes: { say: sayTopRoutes },
  status: { alarms: true, say: sayStatus },
  movers: { say: sayMovers },
  'new-clients': { alarms: true, say: sayNewAndSilent },
  alerts: { alarms: true, say: sayAlerts },
  corrections: { say: sayCorrections },
  advice: { say: sayAdvice },
};

/** Output of all sections together. */
export interface AllSpoken extends Pick<Spoken, 'chart'> {
  parts: readonly DrawnPart[];
  /** Worst first. */
  findings: readonly Finding[];
  /** Sections that failed, each with the reason. */
  missing: readonly string[];
  /** Sections that did not fail. */
  spoken: ReadonlySet<DigestSection>;
}

/** Runs the sections that are on, in their order; one that fails is listed in `missing`. */
export async function speak(day: DigestDay): Promise<AllSpoken> {
  const isOn = (key: DigestSection) => day.what.sections.includes(key);
  const [parts, findings, missing]: [DrawnPart[], Finding[], string[]] = [[], [], []];
  const spoken = new Map<DigestSection, Spoken>();
  for (const { key, title } of DIGEST_SECTIONS) {
    const section = SECTIONS[key];
    if (!section || !(isOn(key) || (section.alarms && isOn('attention')))) continue;
    try {
      const said = await section.say(day);
      spoken.set(key, said);
      if (said.part && isOn(key)) parts.push({ section: key, title, ...said.part });
      findings.push(...(said.findings ?? []));
    } catch (error) {
      missing.push(`${title} (${error instanceof Error ? error.message : String(error)})`);
    }
  }
  return {
    ...{ ...spoken.get('requests'), parts, missing, spoken: new Set(spoken.keys()) },
    findings: findings.toSorted((a, b) => b.weight - a.weight),
  };
}

/** Shows the hours of the day, or the days of a week or month. */
async function sayRequests({ day, hours, span, ask }: DigestDay): Promise<Spoken> {
  if (!span) return { chart: hours };
  return {
    chart: await ask<SeriesReport>({ report: 'daily', range: `${formatDay(span.firstDay)}..${formatDay(day)}` }),
  };
}

async function sayTopClients(day: DigestDay): Promise<Spoken> {
  const report = await rank(day, 'client');
  return { part: { sentence: report.finding, drawn: report } };
}

async function sayTopRoutes(day: DigestDay): Promise<Spoken> {
  const { finding, table } = await rank(day, 'route');
  return { part: { sentence: finding, table } };
}

function rank({ day, ask }: DigestDay, dimension: 'client' | 'route'): Promise<RankingReport> {
  return ask({ report: 'top', dimension, range: formatDay(day), limit: ROWS });
}

/** Reports sources that sent nothing, and the hour furthest from the same hour of the weeks before. */
async function sayOddities(about: DigestDay): Promise<Spoken> {
  const who = describeSilent(about, ' that day');
  const text = `The numbers are not complete: nothing came from ${who}.`;
  const odd = await findOddHour(about);
  return { findings: [...(who ? [{ weight: 110, sign: '🔴' as const, text }] : []), ...(odd ? [odd] : [])] };
}

/** `18:00 was 4.5× the usual: 196 extra calls by Acme CRM on /v2/accounts/{id}.` */
async function findOddHour(about: DigestDay): Promise<Finding | undefined> {
  const { bars, usual = [] } = about.hours;
  const extent = await about.usage.extent();
  const [odd] = bars
    .flatMap(({ startMs, label, requests }, index) => {
      const expected = usual[index];
      return expected?.isOdd ? [{ startMs, label, requests, usual: expected.median }] : [];
    })
    .toSorted((a, b) => Math.abs(b.requests - b.usual) - Math.abs(a.requests - a.usual));
  if (!odd || !extent) return undefined;
  const span = { fromMs: odd.startMs, toMs: odd.startMs + HOUR_MS };
  const usualHours = listUsualHours(span, extent, about.calendar);
  const cause = await findCause(about, { span, usual: usualHours, measure: 'requests', filters: about.stored });
  const size =
    odd.requests > odd.usual
      ? odd.usual > 0
        ? `was ${(odd.requests / odd.usual).toFixed(1)}× the usual`
        : `had ${countOf(odd.requests, 'call')} where there are none usually`
      : `had ${Math.round((1 - odd.requests / odd.usual) * 100)}% fewer calls than usual`;
  const who = cause
    ? `: ${formatCount(Math.abs(cause.change))} ${cause.change > 0 ? 'extra' : 'fewer'} calls by ${cause.key === 'user' ? 'user ' : ''}${cause.name}${cause.route ? ` on ${cause.route}` : ''}`
    : '';
  return { weight: 60, sign: '🟠', text: `${odd.label} ${size}${who}.` };
}

async function sayStatus(day: DigestDay): Promise<Spoken> {
  const report = await askStatus(day);
  const { finding, diagnosis, codes } = report;
  const lines = diagnosis.map(({ claim, evidence }) => `${claim}: ${evidence}`);
  const part = { sentence: finding, lines, drawn: report };
  const [worst] = diagnosis;
  const isNotable = codes.some(({ status, sharePercent }) => Number(status) >= 400 && sharePercent >= NOTABLE_SHARE);
  if (!worst || !isNotable) return { part };
  // Keep how many, from whom and on what; the thread has the rest.
  const [evidence = ''] = worst.evidence.split('. ');
  const clauses = evidence.replace(/\.$/, '').split(', ').slice(0, 3);
  return { part, findings: [{ weight: 50, sign: '🟠', text: `${worst.claim}: ${clauses.join(', ')}.` }] };
}

function askStatus({ day, ask }: DigestDay): Promise<StatusReport> {
  return ask({ report: 'status', range: formatDay(day) });
}

/** Lists the clients whose requests are furthest from their mean of the same weekday. */
async function sayMovers(about: DigestDay): Promise<Spoken> {
  const { day, daily, stored } = about;
  const weeks = listWeeksAgo(daily);
  const moved = (weeks.length > 0 ? await about.countClients() : [])
    .filter(({ counts }) => !counts.includes(undefined))
    .map(({ name, ids, counts }) => ({ name, ids, requests: counts[0]!, usual: Math.round(usualOf(counts)) }))
    .filter(({ requests, usual }) => requests !== usual)
    .toSorted((a, b) => Math.abs(b.requests - b.usual) - Math.abs(a.requests - a.usual))
    .slice(0, ROWS);
  const [first] = moved;
  if (!first) return {};
  const change = first.requests - first.usual;
  const route = await findMostMoved(
    about,
    {
      span: toSpan(about, day),
      usual: weeks.map((daysAgo) => toSpan(about, day - daysAgo)),
      measure: 'requests',
      filters: [
        ...stored.filter(({ key, not }) => key !== 'client' || not),
        { key: 'client', patterns: first.ids, not: false },
      ],
    },
    'route',
  );
  return {
    part: {
      sentence: `${first.name} made ${formatCount(Math.abs(change))} ${change > 0 ? 'more' : 'fewer'} requests than on a usual ${weekdayOf(day)}${route ? `, mostly on ${route.name}` : ''}.`,
      table: buildTable(moved, [
        { key: 'client', label: 'Client', type: 'text', cell: ({ name }) => name },
        {
          key: 'change',
          label: 'Change',
          type: 'count',
          signed: true,
          cell: ({ requests, usual }) => requests - usual,
        },
        { key: 'requests', label: 'Requests', type: 'count', cell: ({ requests }) => requests },
        { key: 'usual', label: 'Usual', type: 'count', cell: ({ usual }) => usual },
      ]),
    },
  };
}

/** Lists new clients, and clients that called on this weekday in each of the two weeks before but not on the day. */
async function sayNewAndSilent(about: DigestDay): Promise<Spoken> {
  const { day, daily, totals } = about;
  const { rows: fresh } = await about.ask<RankingReport>({
    ...{ report: 'top', only: 'new', range: formatDay(day), limit: MAX_RANKING_ROWS },
  });
  const silent = (listWeeksAgo(daily).includes(14) ? await about.countClients() : [])
    .map(({ name, counts: [now, last = 0, before = 0] }) => ({
      name,
      isSilent: now === 0 && before > 0,
      requests: last,
    }))
    .filter(({ isSilent, requests }) => isSilent && requests > 0)
    .toSorted((a, b) => b.requests - a.requests);
  const lines = [
    ...fresh.map(({ name, requests }) => `New: ${name}, ${countOf(requests, 'request')}`),
    ...silent.map(({ name, requests }) => `Silent: ${name}, ${countOf(requests, 'request')} a week before`),
  ];
  const isNotable = ({ requests }: { requests: number }) => requests >= NOTABLE_CLIENT * totals.requests;
  const findings: Finding[] = [
    ...silent
      .filter(isNotable)
      .slice(0, 1)
      .map(({ name, requests }) => ({
        ...{ weight: 45, sign: '🟠' as const },
        text: `${name} made no calls; a week before it made ${formatCount(requests)}.`,
      })),
    ...fresh
      .filter(isNotable)
      .slice(0, 1)
      .map(({ name, requests }) => ({
        ...{ weight: 30, sign: '🔵' as const },
        text: `${name} is new: ${countOf(requests, 'call')}.`,
      })),
  ];
  return { part: lines.length > 0 ? { lines } : undefined, findings };
}

/**
 * Lists the alerts of the day; in a digest about one scope, only those about it. A digest with other filters lists none, since
 * alerts count all calls. Of scopes that are fine again, the worst level becomes a finding.
 */
async function sayAlerts(about: DigestDay): Promise<Spoken> {
  const { db, calendar, day, what } = about;
  if (what.filters.length > 0) return {};
  const alerts = (await listAlertsTold(db, toSpan(about, day))).filter(
    ({ subject }) => what.scope === undefined || subject.startsWith(`${what.scope}/`),
  );
  if (alerts.length === 0) return {};
  const timeOf = (atMs: number) => formatClock(atMs, calendar.zone);
  const lines = alerts.map(({ atMs, content }) => `${timeOf(atMs)} ${content.sign} ${content.title}`);
  const isStanding = (state: ScopeState) => listScopeSentences(state).some(({ weight }) => weight > 0);
  const standing = (await about.pools()).filter(isStanding).map(({ scope }) => scope);
  const [worst] = alerts
    .filter(({ content: { kind, scope = '' } }) => kind === 'level' && !standing.includes(scope))
    .toSorted((a, b) => SIGNS.indexOf(b.content.sign) - SIGNS.indexOf(a.content.sign));
  if (!worst) return { part: { lines } };
  const { sign, title } = worst.content;
  const text = `Alert at ${timeOf(worst.atMs)}: ${title}.`;
  return { part: { lines }, findings: [{ weight: sign === '🔵' ? 25 : 55, sign, text }] };
}

/**
 * Lists days whose numbers changed since their digest, and corrections entered since the last digest, whatever day they apply
 * to. A first digest lists the corrections of its day.
 */
async function sayCorrections(about: DigestDay): Promise<Spoken> {
  const { db, calendar, day, stated, filters } = about;
  const { correctionsUntilMs } = stated;
  const since =
    correctionsUntilMs === undefined ? { span: toSpan(about, day) } : { enteredSinceMs: correctionsUntilMs };
  const corrections = narrowCorrections(await listCorrections(db, since), filters);
  const pools = corrections.length > 0 ? await about.pools() : [];
  const lines = [
    ...listChanges(about).map(
      ({ day, before, requests }) =>
        `${formatShortDate(day)} now has ${countOf(requests, 'request')}: ${formatSigned(requests - before)} since its digest`,
    ),
    ...corrections.map(
      ({ meter, timeMs, credits, reason, actor }) =>
        `${titleOfMeter(meter, pools) ?? meter}, ${formatShortDate(calendar.dayOf(timeMs))}: ${formatSigned(credits, formatCredits)} credits, ${reason} (${actor})`,
    ),
  ];
  return { part: lines.length > 0 ? { lines } : undefined };
}

/** Lists days that now have other numbers than earlier digests stated. */
export function listChanges({
  daily,
  day: lastDay,
  stated,
}: DigestDay): { day: number; before: number; requests: number }[] {
  return [...stated.requestsOf].flatMap(([day, before]) => {
    const bar = day < lastDay ? daily.bars.at(day - lastDay - 1) : undefined;
    return bar && bar.requests !== before ? [{ day, before, requests: bar.requests }] : [];
  });
}

/** Gives advice, without the lines that the section on status codes has already. */
async function sayAdvice(day: DigestDay): Promise<Spoken> {
  const { sections } = await day.ask<TableReport>({ report: 'advice', range: formatDay(day.day) });
  if (sections.length === 0) return {};
  const told = day.what.sections.includes('status') ? (await askStatus(day)).diagnosis : [];
  const said = new Set(told.map(({ evidence }) => evidence));
  const lines = sections.map(({ title, lines }) => [`${title}.`, ...lines.filter((line) => !said.has(line))].join(' '));
  return { part: { lines } };
}
