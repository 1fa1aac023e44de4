import { layOutTable } from '../ask/answer-text.ts';
import { EVERYTHING, toRhythm } from '../domain/digest.ts';
import { formatSchedule } from '../domain/schedule-rule.ts';
import { HeadroomError } from '../errors.ts';
import { listLines } from '../messages/digest-message.ts';
import { composeDigest, type DigestOrder } from '../schedule/digest-composer.ts';
import { listSourceHealth } from '../store/source-repository.ts';
import { findSubscription, listSubscriptions } from '../store/subscription-repository.ts';
import { type CliContext, oneOf, TERMINAL_WIDTH, takes } from './command.ts';
import { type StoredPorts, withIntake } from './open.ts';
import { createStoredReporter } from './stored-reporter.ts';

/** Rows of a table that a preview shows. */
const TABLE_ROWS = 10;
const INDENT = '  ';

/** `headroom digest preview [ID]`: prints the digest as it would be posted now. Posts nothing. */
export const runDigest = oneOf({
  preview: takes('[ID]', {}, async ([id], _flags, context) => {
    if (id !== undefined && !/^\d+$/.test(id))
      throw new HeadroomError(
        'question',
        `A digest is named by its number, not ${JSON.stringify(id)}: see /usage digest.`,
      );
    return withIntake(context, async (ports) => {
      await ports.intake.usage.foldAll();
      await preview(ports, id === undefined ? undefined : Number(id), context);
    });
  }),
});

async function preview(
  { db, calendar, usage, definitions }: StoredPorts,
  id: number | undefined,
  context: CliContext,
): Promise<void> {
  const subscription = id === undefined ? undefined : await findSubscription(db, id);
  if (id !== undefined && !subscription) {
    const ids = (await listSubscriptions(db)).map((one) => one.id);
    const known =
      ids.length > 0 ? `there are ${ids.join(', ')}.` : 'there are none; without a number everything is shown.';
    throw new HeadroomError('schedule', `There is no digest ${id}: ${known}`);
  }
  const nowMs = context.now();
  const ports = {
    ...{ db, calendar, usage, definitions, sources: () => listSourceHealth(db) },
    reporter: createStoredReporter(db, usage, calendar),
  };
  const order: DigestOrder = {
    ...{ subscriptionId: subscription?.id ?? 0, dueMs: nowMs, what: subscription?.what ?? EVERYTHING, part: 'message' },
    every: subscription ? toRhythm(subscription.schedule) : 'day',
  };
  const { lines, parts } = await composeDigest(ports, order, nowMs);
  if (subscription)
    context.out(`Digest ${subscription.id}: ${formatSchedule(subscription.schedule)}, in ${subscription.channel}\n`);
  for (const line of listLines(lines)) context.out(line);
  for (const { title, sentence, lines = [], table } of parts) {
    context.out(`\n${title}`);
    for (const line of [...(sentence ? [sentence] : []), ...lines]) context.out(`${INDENT}${line}`);
    if (!table) continue;
    const shown = { ...table, rows: table.rows.slice(0, TABLE_ROWS) };
    const width = (context.width ?? TERMINAL_WIDTH) - INDENT.length;
    for (const line of layOutTable({ table: shown, zone: calendar.zone }, width).lines) context.out(`${INDENT}${line}`);
  }
}
