import { parseArgs } from 'node:util';
import { formatSchedule, type ScheduleRule } from '../domain/schedule-rule.ts';
import { HeadroomError } from '../errors.ts';
import { createReporter } from '../report/reporter.ts';
import { composeMessage } from '../schedule/digest-composer.ts';
import { type DigestWhat, EVERYTHING } from '../schedule/digest-sections.ts';
import {
  describeDay,
  describeEmptyDay,
  describeSilent,
  describeSpan,
  describeSuccess,
  listParts,
} from '../schedule/digest-text.ts';
import { toEvery } from '../schedule/digests.ts';
import { listCorrections } from '../store/correction-repository.ts';
import { getDefinitions } from '../store/definition-repository.ts';
import { listSourceHealth } from '../store/source-repository.ts';
import { findSubscription, listSubscriptions } from '../store/subscription-repository.ts';
import { type CliContext, refuseMore } from './command.ts';
import { type UsagePorts, withUsage } from './intake.ts';

/** `headroom digest preview [ID]`: the digest as it would be posted now, as text. Posts nothing. */
export async function runDigest(args: readonly string[], context: CliContext): Promise<number> {
  const { positionals } = parseArgs({ args: [...args], allowPositionals: true });
  const [verb, id] = positionals;
  refuseMore(positionals, 2);
  if (verb !== 'preview')
    throw new HeadroomError('schedule', 'There is one thing to do: headroom digest preview [ID].');
  if (id !== undefined && !/^\d+$/.test(id))
    throw new HeadroomError(
      'schedule',
      `A digest is named by its number, not ${JSON.stringify(id)}: see /usage digest.`,
    );
  return withUsage(context, async (ports) => {
    await ports.intake.usage.foldAll();
    await preview(ports, id === undefined ? undefined : Number(id), context);
    return 0;
  });
}

async function preview(
  { db, calendar, reader }: UsagePorts,
  id: number | undefined,
  context: CliContext,
): Promise<void> {
  const subscription = id === undefined ? undefined : await findSubscription(db, id);
  if (id !== undefined && !subscription) {
    const ids = (await listSubscriptions(db, {})).map((one) => one.id);
    const known =
      ids.length > 0 ? `there are ${ids.join(', ')}.` : 'there are none; without a number everything is shown.';
    throw new HeadroomError('schedule', `There is no digest ${id}: ${known}`);
  }
  const schedule = subscription?.schedule as ScheduleRule | undefined;
  const nowMs = context.now();
  const sources = () => listSourceHealth(db);
  const corrections = (span: { fromMs: number; toMs: number }) => listCorrections(db, { span });
  const definitions = () => getDefinitions(db);
  const { digest } = await composeMessage(
    {
      db,
      calendar,
      reporter: createReporter({ usage: reader, calendar, definitions, sources, corrections }),
      sources,
      corrections: (of) => listCorrections(db, of),
      render: async () => undefined,
    },
    {
      subscriptionId: subscription?.id ?? 0,
      dueMs: nowMs,
      what: (subscription?.what as DigestWhat | undefined) ?? EVERYTHING,
      schedule: schedule ? formatSchedule(schedule) : '',
      every: schedule ? toEvery(schedule) : 'day',
      part: 'message',
    },
    nowMs,
  );
  if (schedule) context.out(`Digest ${id}: ${formatSchedule(schedule)}, in ${subscription!.channel}`);
  const empty = describeEmptyDay(digest);
  const head = empty
    ? [empty]
    : [describeDay(digest), describeSuccess(digest), describeSpan(digest), describeSilent(digest)];
  for (const line of head) if (line) context.out(line);
  for (const { title, lines } of listParts(digest)) {
    context.out(`\n${title}`);
    for (const line of lines) context.out(`  ${line}`);
  }
}
