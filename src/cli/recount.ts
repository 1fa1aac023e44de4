import { formatDay } from '../domain/calendar.ts';
import { formatCredits } from '../domain/definition.ts';
import type { Thousandths } from '../domain/event.ts';
import type { Span, UsageReader } from '../domain/usage.ts';
import { HeadroomError } from '../errors.ts';
import { countOf, formatCount } from '../report/format.ts';
import { insertAudit } from '../store/audit-repository.ts';
import { applyRulesFrom } from '../store/definition-repository.ts';
import { findSetting } from '../store/setting-repository.ts';
import { describePerson, readDay, takes } from './command.ts';
import { withIntake } from './open.ts';

/**
 * `headroom recount --from DATE`: today's rules (scopes, costs, exclusions, holidays) hold from that day on, and what raw
 * events tell of it is counted by them.
 */
export const runRecount = takes('', { from: { type: 'string' } }, async (_words, { from }, context) => {
  if (from === undefined) throw new HeadroomError('range', 'Say from which day: headroom recount --from 2026-11-01.');
  const asked = readDay('--from', from);
  return withIntake(context, async ({ db, calendar, intake, usage }) => {
    const nowMs = context.now();
    const today = calendar.dayOf(nowMs);
    if (asked > today) throw new HeadroomError('range', `--from ${from} is still to come: give a day up to today.`);
    const rawDay = await findSetting(db, 'raw_from_day');
    const fromDay = Math.max(asked, rawDay === undefined ? asked : Number(rawDay));
    if (fromDay > asked) {
      context.out(
        `Raw events are kept from ${formatDay(fromDay)} on: days from then on are counted again, earlier ones stay as they are.`,
      );
    }
    const actor = describePerson();
    const since = formatDay(fromDay);
    const span = { fromMs: calendar.startOfDay(fromDay), toMs: calendar.startOfDay(today + 1) };
    await intake.usage.foldAll();
    const before = await summarise(usage, span);
    await applyRulesFrom(db, { fromDay, reason: `today's rules hold from ${since} on`, actor, nowMs });
    const events = await intake.usage.recount(fromDay);
    await insertAudit(db, { atMs: nowMs, actor, action: 'recount', detail: `${events} events from ${since} on` });
    const changes = listChanges(before, await summarise(usage, span));
    for (const line of changes) context.out(line);
    if (changes.length === 0) context.out('No numbers changed.');
    context.out(`${countOf(events, 'event')} since ${since} recounted by today's rules (${calendar.zone}).`);
  });
});

type Counts = Map<string, { requests: number; credits: Thousandths }>;

/** What rules decide: calls and credits per scope, and calls taken out per rule. */
async function summarise(reader: UsageReader, span: Span): Promise<Counts> {
  const { rows } = await reader.sum({ span, grain: 'all', groupBy: ['scope'], filters: [] });
  const counts: Counts = new Map(rows.map(({ keys, requests, credits }) => [keys[0]!, { requests, credits }]));
  for (const { rule, requests } of await reader.excluded(span))
    counts.set(`taken out by ${rule}`, { requests, credits: 0 });
  return counts;
}

function listChanges(before: Counts, after: Counts): string[] {
  const nothing = { requests: 0, credits: 0 };
  const lines: string[] = [];
  for (const name of [...new Set([...before.keys(), ...after.keys()])].sort()) {
    const [was, is] = [before.get(name) ?? nothing, after.get(name) ?? nothing];
    const parts: string[] = [];
    if (was.requests !== is.requests) parts.push(`${formatCount(was.requests)} → ${countOf(is.requests, 'request')}`);
    if (was.credits !== is.credits) parts.push(`${formatCredits(was.credits)} → ${formatCredits(is.credits)} credits`);
    if (parts.length > 0) lines.push(`${name}: ${parts.join(', ')}`);
  }
  return lines;
}
