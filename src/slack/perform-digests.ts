import { HeadroomError, QuestionError } from '../errors.ts';
import { buildNotice } from '../messages/answer-message.ts';
import { buildDigestList, buildSendPrompt, describeDigest } from '../messages/digest-list.ts';
import { buildDigestPreview } from '../messages/digest-preview.ts';
import type { DigestCommand } from './command/command.ts';
import { parseUntil } from './command/until.ts';
import { type Asked, type SlackContext, tellPrivately } from './context.ts';
import { openDigestModal } from './modals.ts';
import { type Person, toActor } from './permissions.ts';
import { findPlace, isPrivateByDefault } from './places.ts';
import type { DigestSummary } from './ports.ts';

/** Digests of a channel: listed, added, edited, paused, previewed, sent. Their rules are the port's. */
export async function performDigest(
  ctx: SlackContext,
  asked: Asked,
  person: Person,
  command: DigestCommand,
): Promise<void> {
  const by = toActor(person);
  switch (command.action) {
    case 'list':
      return tellDigests(ctx, asked);
    case 'add': {
      if (!command.schedule) return openDigestModal(ctx, asked, person);
      const channel = command.channel?.id ?? asked.channel;
      await prepareChannel(ctx, channel);
      const digest = await ctx.digests.add({ channel, schedule: command.schedule }, by);
      return tellChange(ctx, asked, 'Added', digest);
    }
    case 'edit': {
      const digest = await pickDigest(ctx, asked, command.id, 'digest edit');
      if (!command.schedule) return openDigestModal(ctx, asked, person, { digest });
      const changed = await ctx.digests.change(digest.id, { schedule: command.schedule }, by);
      return tellChange(ctx, asked, 'Changed', changed);
    }
    case 'pause': {
      const untilMs = command.until ? parseUntil(command.until, ctx.now(), person.zone) : undefined;
      const { id } = await pickDigest(ctx, asked, command.id, 'digest pause');
      const paused = await ctx.digests.pause(id, untilMs === undefined ? {} : { untilMs }, by);
      return tellChange(ctx, asked, 'Paused', paused);
    }
    case 'resume': {
      const { id } = await pickDigest(ctx, asked, command.id, 'digest resume');
      return tellChange(ctx, asked, 'Resumed', await ctx.digests.resume(id, by));
    }
    case 'remove': {
      const { id } = await pickDigest(ctx, asked, command.id, 'digest remove');
      return tellRemoved(ctx, asked, await ctx.digests.remove(id, by));
    }
    case 'takeover': {
      const { id } = await pickDigest(ctx, asked, command.id, 'digest takeover');
      return tellChange(ctx, asked, 'Yours now', await ctx.digests.takeOver(id, by));
    }
    case 'preview': {
      return tellPrivately(ctx, asked, buildDigestPreview(await ctx.digests.compose(toWhere(asked, command.id))));
    }
    case 'send': {
      // As with an answer: where these are private, showing it to a channel is a press that says who will see it.
      if (isPrivateByDefault(ctx.config)) {
        const digest = await pickDigest(ctx, asked, command.id, 'digest send');
        return tellPrivately(ctx, asked, buildSendPrompt(digest));
      }
      const sent = await ctx.digests.send(toWhere(asked, command.id), by);
      return tellPrivately(ctx, asked, buildNotice([describeSent(sent)]));
    }
    case 'history': {
      const lines = await ctx.digests.history(toWhere(asked, command.id));
      const shown = lines.length > 0 ? lines.slice(0, 20) : ['No digest was posted here yet.'];
      return tellPrivately(ctx, asked, buildNotice(shown));
    }
  }
}

function toWhere(asked: Asked, id: number | undefined): { id?: number; channel: string } {
  return id === undefined ? { channel: asked.channel } : { id, channel: asked.channel };
}

async function tellDigests(ctx: SlackContext, asked: Asked): Promise<void> {
  const digests = await ctx.digests.list({ channel: asked.channel });
  await tellPrivately(ctx, asked, buildDigestList(digests, { command: ctx.command }));
}

export async function tellChange(ctx: SlackContext, asked: Asked, word: string, digest: DigestSummary): Promise<void> {
  const { lines } = describeDigest(digest);
  await tellPrivately(ctx, asked, buildNotice([`${word}: digest ${digest.id}, ${lines[0]}`, ...lines.slice(1)]));
}

export async function tellRemoved(ctx: SlackContext, asked: Asked, { id, schedule }: DigestSummary): Promise<void> {
  await tellPrivately(ctx, asked, buildNotice([`Removed: digest ${id}, ${schedule}`]));
}

export function describeSent({ id, schedule }: DigestSummary): string {
  return `Digest ${id} (${schedule}) is on its way.`;
}

/** The digest meant by a number, or the only one of the channel; of several, `verb` is offered for each. */
async function pickDigest(
  ctx: SlackContext,
  asked: Asked,
  id: number | undefined,
  verb: string,
): Promise<DigestSummary> {
  const digests = await ctx.digests.list(id === undefined ? { channel: asked.channel } : {});
  const found =
    id === undefined ? (digests.length === 1 ? digests[0] : undefined) : digests.find((one) => one.id === id);
  if (found) return found;
  if (digests.length === 0)
    throw new QuestionError('This channel has no digest.', [{ label: 'Add one', command: 'digest add daily 09:00' }]);
  throw new QuestionError(
    id === undefined ? `This channel has ${digests.length} digests. Which one?` : `There is no digest ${id}.`,
    digests.map((one) => ({ label: `${one.id}: ${one.schedule}`, command: `${verb} ${one.id}` })),
  );
}

/** Digests and alerts need a channel that the bot may post to: a public one is joined. Rejects with the cure. */
export async function prepareChannel(ctx: SlackContext, channel: string): Promise<void> {
  const place = await findPlace(ctx, channel);
  if (place.open) return;
  await ctx.client.conversations.join({ channel }).catch(() => {});
  const again = await findPlace(ctx, channel);
  if (again.open) return;
  throw new HeadroomError('schedule', `I cannot post there: ${again.cure}`);
}
