import { HeadroomError } from '../errors.ts';
import { buildNotice } from '../messages/answer-message.ts';
import { buildDigestList, describeDigest } from '../messages/digest-list.ts';
import type { Block } from '../messages/text.ts';
import type { DigestCommand } from './command/command.ts';
import { parseUntil } from './command/until.ts';
import { type Asked, type SlackContext, tellPrivately } from './context.ts';
import { openDigestModal } from './modals.ts';
import { toActor } from './perform.ts';
import type { Person } from './permissions.ts';
import { findPlace } from './places.ts';
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
      const digest = await pickDigest(ctx, asked, command.id);
      if (!command.schedule) return openDigestModal(ctx, asked, person, { digest });
      const changed = await ctx.digests.change(digest.id, { schedule: command.schedule }, by);
      return tellChange(ctx, asked, 'Changed', changed);
    }
    case 'pause': {
      const untilMs = command.until ? parseUntil(command.until, ctx.now(), person.zone) : undefined;
      const { id } = await pickDigest(ctx, asked, command.id);
      const paused = await ctx.digests.pause(id, untilMs === undefined ? {} : { untilMs }, by);
      return tellChange(ctx, asked, 'Paused', paused);
    }
    case 'resume': {
      const { id } = await pickDigest(ctx, asked, command.id);
      return tellChange(ctx, asked, 'Resumed', await ctx.digests.resume(id, by));
    }
    case 'remove': {
      const { id } = await pickDigest(ctx, asked, command.id);
      return tellChange(ctx, asked, 'Removed', await ctx.digests.remove(id, by));
    }
    case 'takeover': {
      const { id } = await pickDigest(ctx, asked, command.id);
      return tellChange(ctx, asked, 'Yours now', await ctx.digests.takeOver(id, by));
    }
    case 'preview': {
      const { text, blocks } = await ctx.digests.compose(toWhere(asked, command.id));
      return tellPrivately(ctx, asked, { text: `Preview: ${text}`, blocks: blocks as Block[] });
    }
    case 'send': {
      const sent = await ctx.digests.send(toWhere(asked, command.id), by);
      const line = sent === 0 ? 'This channel has no digest to send.' : 'On its way.';
      return tellPrivately(ctx, asked, buildNotice([line]));
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

/** The digest meant by a number, or the only one of the channel. */
async function pickDigest(ctx: SlackContext, asked: Asked, id: number | undefined): Promise<DigestSummary> {
  const digests = await ctx.digests.list(id === undefined ? { channel: asked.channel } : {});
  const found =
    id === undefined ? (digests.length === 1 ? digests[0] : undefined) : digests.find((one) => one.id === id);
  if (found) return found;
  const known = digests.map((one) => `${one.id} (${one.schedule})`).join(', ');
  throw new HeadroomError(
    'question',
    digests.length === 0
      ? 'This channel has no digest. Add one: digest add daily 09:00'
      : `Which digest? Say its number: ${known}`,
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
