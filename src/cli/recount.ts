import { createCalendar, formatDate } from '../domain/calendar.ts';
import { type Definitions, formatCredits } from '../domain/definition.ts';
import type { Thousandths } from '../domain/event.ts';
import { limitMeter } from '../domain/rules.ts';
import { sumCredits } from '../domain/thousandths.ts';
import { isZone } from '../domain/time-zone.ts';
import type { Span, UsageReader } from '../domain/usage.ts';
import { HeadroomError } from '../errors.ts';
import { countOf, formatCount } from '../report/format.ts';
import { insertAudit } from '../store/audit-repository.ts';
import { applyRulesFrom, findSetting, REPORT_ZONE } from '../store/configuration-repository.ts';
import { listInstances, SEEN_WITHIN_MS } from '../store/instance-repository.ts';
import { describePerson, readDay, takes } from './command.ts';
import { withIntake } from './open.ts';

/**
 * `headroom recount --from DATE`: applies today's rules (scopes, costs, exclusions, holidays) from that day on, and counts the raw
 * events since then again.
 */
export const runRecount = takes('', { from: { type: 'string' } }, async (_words, { from }, context) => {
  if (from === undefined) throw new HeadroomError('range', 'Say from which day: headroom recount --from 2026-11-01.');
  const asked = readDay('--from', from);
  return withIntake(context, async ({ db, calendar, intake, usage, definitions }) => {
    const nowMs = context.now();
    const today = calendar.dayOf(nowMs);
    if (asked > today) throw new HeadroomError('range', `--from ${from} is still to come: give a day up to today.`);
    const rawDay = await findSetting(db, 'raw_from_day');
    const fromDay = Math.max(asked, rawDay === undefined ? asked : Number(rawDay));
    if (fromDay > asked) {
      context.out(
        `Raw events are kept from ${formatDate(fromDay)} on: days from then on are counted again, earlier ones stay as they are.`,
      );
    }
    const actor = describePerson();
    const since = formatDate(fromDay);
    const span = { fromMs: calendar.startOfDay(fromDay), toMs: calendar.startOfDay(today + 1) };
    await intake.usage.foldAll();
    const meters = listMeters(await definitions());
    const before = await summarise(usage, span, meters);
    await applyRulesFrom(db, { fromDay, reason: `today's rules hold from ${since} on`, actor, nowMs });
    const events = await intake.usage.recount(fromDay);
    await insertAudit(db, {
      atMs: nowMs,
      actor,
      action: 'recount',
      detail: `${countOf(events, 'event')} from ${since} on`,
    });
    const changes = listChanges(before, await summarise(usage, span, meters));
    for (const line of changes) context.out(line);
    if (changes.length === 0) context.out('No numbers changed.');
    context.out(`${countOf(events, 'event')} since ${since} recounted by today's rules (${calendar.zone}).`);
  });
});

/** Sums of a scope or meter. `drawn`: credits drawn from pools or a limit; holidays and corrections make it differ from `credits`. */
interface Count {
  requests: number;
  credits: Thousandths;
  drawn: Thousandths;
}
type Counts = Map<string, Count>;

const NOTHING: Count = { requests: 0, credits: 0, drawn: 0 };

/** Lists the names of all meters: each scope, and each limit that counts only a part of its scope. */
function listMeters({ scopes }: Definitions): string[] {
  return scopes.flatMap(({ name, limits }) => [
    name,
    ...limits.flatMap((limit) => (limit.match ? [limitMeter(name, limit.name)] : [])),
  ]);
}

/**
 * Sums all that rules can change in a span: requests and credits of each scope, credits that its pools and limits count, and
 * requests that each exclusion rule leaves out.
 */
async function summarise(reader: UsageReader, span: Span, meters: readonly string[]): Promise<Counts> {
  const { rows } = await reader.sum({ span, grain: 'all', groupBy: ['scope'], filters: [] });
  const counts: Counts = new Map(
    rows.map(({ keys, requests, credits }) => [keys[0]!, { ...NOTHING, requests, credits }]),
  );
  for (const meter of new Set([...counts.keys(), ...meters])) {
    const steps = await reader.meter({ meter, span, grain: 'day' });
    counts.set(meter, { ...(counts.get(meter) ?? NOTHING), drawn: sumCredits(steps.map(({ credits }) => credits)) });
  }
  for (const { rule, requests } of await reader.excluded(span))
    counts.set(`taken out by ${rule}`, { ...NOTHING, requests });
  return counts;
}

function listChanges(before: Counts, after: Counts): string[] {
  const lines: string[] = [];
  for (const name of [...new Set([...before.keys(), ...after.keys()])].sort()) {
    const [was, is] = [before.get(name) ?? NOTHING, after.get(name) ?? NOTHING];
    const parts: string[] = [];
    if (was.requests !== is.requests) parts.push(`${formatCount(was.requests)} → ${countOf(is.requests, 'request')}`);
    if (was.credits !== is.credits) parts.push(`${formatCredits(was.credits)} → ${formatCredits(is.credits)} credits`);
    // If all credits are drawn, the line about credits says it already.
    const isAll = was.drawn === was.credits && is.drawn === is.credits;
    if (was.drawn !== is.drawn && !isAll)
      parts.push(`${formatCredits(was.drawn)} → ${formatCredits(is.drawn)} credits drawn`);
    if (parts.length > 0) lines.push(`${name}: ${parts.join(', ')}`);
  }
  return lines;
}

/** `headroom rezone ZONE`: see the table of commands. */
export const runRezone = takes('ZONE', {}, async ([zone], _flags, context) => {
  if (!isZone(zone!))
    throw new HeadroomError(
      'question',
      `Name an IANA zone such as Europe/Berlin; there is no ${JSON.stringify(zone)}.`,
    );
  const to = createCalendar(zone!);
  return withIntake(
    context,
    async ({ db, config, calendar, intake }) => {
      const [instance] = await listInstances(db, context.now() - SEEN_WITHIN_MS);
      if (instance) {
        throw new HeadroomError(
          'version',
          `Instance ${instance.id} is running and counts in ${calendar.zone}: stop every instance, run this again, then start them with REPORT_TIMEZONE=${to.zone}.`,
        );
      }
      if (calendar.zone === to.zone) {
        context.out(`Days are already counted in ${to.zone}.`);
        return;
      }
      const { events, fromDay, pairsFromDay } = await intake.usage.rezone(to);
      const detail = `${calendar.zone} → ${to.zone}`;
      await insertAudit(db, { atMs: context.now(), actor: describePerson(), action: 'rezone', detail });
      context.out(
        `Days are counted in ${to.zone} from now on (before: ${calendar.zone}); ${countOf(events, 'raw event')} recounted.`,
      );
      if (fromDay !== undefined)
        context.out(`Days before ${formatDate(fromDay)} keep ${calendar.zone}; answers say so.`);
      if (pairsFromDay !== undefined && pairsFromDay !== fromDay)
        context.out(
          `So do combinations (a client's routes, say) before ${formatDate(pairsFromDay)}, which hourly totals do not hold.`,
        );
      if (config.reportTimezone !== to.zone)
        context.out(
          config.reportTimezone === undefined
            ? 'REPORT_TIMEZONE is not set, which is fine: the database knows its zone.'
            : `Set REPORT_TIMEZONE=${to.zone} before the next start; it is ${config.reportTimezone}.`,
        );
    },
    // The settings may name the old zone, the new one, or none: use the stored one.
    async (db, config) => (await findSetting(db, REPORT_ZONE)) ?? config.reportTimezone ?? 'UTC',
  );
});
