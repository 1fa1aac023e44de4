import type { Question } from '../domain/report.ts';
import { formatSchedule, listNext, parseSchedule } from '../domain/schedule-rule.ts';
import { HeadroomError, QuestionError } from '../errors.ts';
import { ACTIONS, CALLBACKS } from '../messages/action-ids.ts';
import { buildDigestForm, DIGEST_FIELDS, defaultSchedule, NEXT_RUNS_BLOCK } from '../messages/digest-form.ts';
import {
  buildDigestList,
  buildDigestPreview,
  buildSendPrompt,
  describeDigest,
  describeRuns,
} from '../messages/digest-list.ts';
import { type Block, clip, plainContext } from '../messages/text.ts';
import { describeBadTime } from './command/alert-words.ts';
import type { DigestCommand } from './command/command.ts';
import { describeCounted, fitsForm, toCounted } from './command/format-question.ts';
import { parseUntil } from './command/until.ts';
import type { Asked, Served, SlackContext } from './context.ts';
import { type DigestMetadata, METADATA } from './form-metadata.ts';
import { faultAt, form, type Sent } from './listen.ts';
import { listDigestParts } from './next-questions.ts';
import type { View } from './payloads.ts';
import { isPrivateByDefault, prepareChannel } from './places.ts';
import type { DigestSummary } from './ports.ts';
import { say, tellPrivately } from './tell.ts';
import { openView } from './views.ts';

/** Digests of a channel: listed, added, edited, paused, previewed, sent. Their rules are the port's. */
export async function performDigest(served: Served, command: DigestCommand): Promise<void> {
  const { ctx, asked, person, by } = served;
  switch (command.action) {
    case 'list':
      return tellDigests(served);
    case 'add': {
      if (!command.schedule) return openDigestForm(served);
      const channel = command.channel?.id ?? asked.channel;
      await prepareChannel(ctx, channel);
      const digest = await ctx.digests.add({ channel, schedule: command.schedule }, by);
      return tellChange(served, 'Added', digest);
    }
    case 'edit': {
      const digest = await pickDigest(served, command);
      if (!command.schedule) return openDigestForm(served, { digest });
      const changed = await ctx.digests.change(digest.id, { schedule: command.schedule }, by);
      return tellChange(served, 'Changed', changed);
    }
    case 'pause':
    case 'resume': {
      const until = command.action === 'pause' ? command.until : undefined;
      const untilMs = until === undefined ? undefined : parseUntil(until, ctx.now(), person.zone);
      // Without this it would be paused for ever.
      if (until !== undefined && untilMs === undefined) {
        const head = ['digest pause', command.id].filter(Boolean).join(' ');
        const examples = ['tomorrow', 'monday', '3d'].map((time) => `${head} until ${time}`);
        throw new QuestionError(
          describeBadTime(until),
          examples.map((text) => ({ label: text, command: text })),
        );
      }
      const { id } = await pickDigest(served, command);
      const digest = await ctx.digests.pause(id, untilMs ?? command.action === 'pause', by);
      return tellChange(served, command.action === 'pause' ? 'Paused' : 'Resumed', digest);
    }
    case 'remove': {
      const { id, schedule } = await ctx.digests.remove((await pickDigest(served, command)).id, by);
      return say(ctx, asked, [`Removed: digest ${id}, ${schedule}`]);
    }
    case 'takeover': {
      const { id } = await pickDigest(served, command);
      return tellChange(served, 'Yours now', await ctx.digests.change(id, { owner: by.user }, by));
    }
    case 'preview': {
      return tellPrivately(ctx, asked, buildDigestPreview(await ctx.digestPosts.compose(toWhere(asked, command.id))));
    }
    case 'send': {
      // As with an answer: where these are private, showing it to a channel is a press that says who will see it.
      if (isPrivateByDefault(ctx.config)) {
        return tellPrivately(ctx, asked, buildSendPrompt(await pickDigest(served, command)));
      }
      return sendDigest(served, command.id);
    }
    case 'history': {
      const lines = await ctx.digestPosts.history(toWhere(asked, command.id));
      const shown = lines.length > 0 ? lines.slice(0, 20) : ['No digest was posted here yet.'];
      return say(ctx, asked, shown);
    }
  }
}

/** Posts a digest now, for whoever saw who will see it. */
export async function sendDigest({ ctx, asked, by }: Served, id?: number): Promise<void> {
  const { id: sent, schedule } = await ctx.digestPosts.send(toWhere(asked, id), by);
  await say(ctx, asked, [`Digest ${sent} (${schedule}) is on its way.`]);
}

function toWhere(asked: Asked, id: number | undefined): { id?: number; channel: string } {
  return id === undefined ? { channel: asked.channel } : { id, channel: asked.channel };
}

async function tellDigests({ ctx, asked }: Served): Promise<void> {
  const digests = await ctx.digests.list(asked.channel);
  await tellPrivately(ctx, asked, buildDigestList(digests, { command: ctx.command }));
}

async function tellChange({ ctx, asked }: Served, word: string, digest: DigestSummary): Promise<void> {
  const { lines } = describeDigest(digest);
  await say(ctx, asked, [`${word}: digest ${digest.id}, ${lines[0]}`, ...lines.slice(1)]);
}

/** The digest meant by a number, or the only one of the channel; of several, the same is offered for each. */
async function pickDigest(
  { ctx, asked }: Served,
  { action, id }: { action: string; id?: number },
): Promise<DigestSummary> {
  const digests = await ctx.digests.list(id === undefined ? asked.channel : undefined);
  const found =
    id === undefined ? (digests.length === 1 ? digests[0] : undefined) : digests.find((one) => one.id === id);
  if (found) return found;
  if (digests.length === 0)
    throw new QuestionError('This channel has no digest.', [{ label: 'Add one', command: 'digest add daily 09:00' }]);
  throw new QuestionError(
    id === undefined ? `This channel has ${digests.length} digests. Which one?` : `There is no digest ${id}.`,
    digests.map((one) => ({ label: `${one.id}: ${one.schedule}`, command: `digest ${action} ${one.id}` })),
  );
}

/** The form of a digest: the given one, or a new one for this channel, about the calls of an answer's question. */
export async function openDigestForm(
  { ctx, asked, person }: Served,
  { digest, question }: { digest?: DigestSummary; question?: Question } = {},
): Promise<void> {
  const channel = asked.channel.startsWith('D') ? undefined : asked.channel || undefined;
  const { zone } = person;
  const next = describeNextRuns(ctx, digest?.schedule ?? defaultSchedule(zone), zone);
  const parts = question && listDigestParts(question);
  const view = buildDigestForm({ digest, channel, zone, next, parts, ...toLimits(question) });
  await openView(ctx, asked, view);
}

/** The next three runs of a schedule as typed, or what is wrong with it. */
function describeNextRuns(ctx: SlackContext, schedule: string, zone: string): string {
  try {
    const rule = parseSchedule(schedule, zone);
    const nextRuns = listNext(rule, ctx.now(), 3).map(({ dueMs }) => dueMs);
    return describeRuns({ schedule: formatSchedule(rule), nextRuns });
  } catch (error) {
    if (error instanceof HeadroomError) return error.message;
    throw error;
  }
}

/** Returns the filters and the scope of a question, as far as a form can carry them. */
function toLimits(question: Question | undefined): {
  limits?: Pick<DigestMetadata, 'filters' | 'scope'>;
  only?: string;
} {
  if (!question) return {};
  const { name, scope, report, ...counted } = toCounted(question);
  const named = name === undefined ? [] : [{ key: report as 'client' | 'route', patterns: [name], not: false }];
  const filters = [...named, ...(counted.filters ?? [])];
  const limits = { ...(filters.length > 0 ? { filters } : {}), ...(scope === undefined ? {} : { scope }) };
  if (Object.keys(limits).length === 0) return {};
  if (!fitsForm(limits)) return { only: TOO_LONG };
  return { limits, only: `Only requests with ${clip(describeCounted(question), 500)}.` };
}

const TOO_LONG =
  'The filters of that answer are too long for a form: this digest is about all calls. Use fewer names, or * for many.';

/** The form as it stands, with the next three runs of the days, time and zone that are chosen. */
function showNextRuns({ ctx, person, typed }: Sent<DigestMetadata, typeof DIGEST_FIELDS>, view: View): Block {
  const next = plainContext(describeNextRuns(ctx, toSchedule(typed), person.zone));
  const { callback_id, title, submit, close, private_metadata, blocks = [] } = view;
  return {
    ...{ type: 'modal', callback_id, title, submit, close, private_metadata },
    blocks: blocks.map((block) =>
      block.block_id === NEXT_RUNS_BLOCK ? { ...next, block_id: NEXT_RUNS_BLOCK } : block,
    ),
  };
}

/** The schedule that a form says, as it would be typed. */
function toSchedule({ rhythm, time, zone }: { rhythm: string; time: string; zone: string }): string {
  return `${rhythm} ${time} ${zone}`;
}

/** The form of a digest, new or changed. */
export const DIGEST_FORM = form({
  on: CALLBACKS.digest,
  metadata: METADATA.digest,
  fields: DIGEST_FIELDS,
  again: 'digest add',
  live: { on: ACTIONS.digestWhen, rebuild: async (sent, { view }) => showNextRuns(sent, view) },
  /** The time zone is the only free text of a schedule. */
  async check({ ctx, person: { zone }, typed }) {
    const chosen = typed.sections.length + typed.thread.length;
    return {
      ...(await faultAt('zone', async () => parseSchedule(toSchedule(typed), zone))),
      ...(await faultAt('channel', () => prepareChannel(ctx, typed.channel))),
      ...(chosen === 0 ? { sections: 'Choose at least one.' } : {}),
    };
  },
  async run(sent) {
    const { ctx, by, typed } = sent;
    const { id, filters, scope } = sent.metadata;
    const digest = {
      channel: typed.channel,
      schedule: toSchedule(typed),
      sections: [...typed.sections, ...typed.thread],
      ...(filters ? { filters } : {}),
      ...(scope ? { scope } : {}),
    };
    const saved = id === undefined ? await ctx.digests.add(digest, by) : await ctx.digests.change(id, digest, by);
    await tellChange(sent, 'Saved', saved);
  },
});
