import { QuestionError } from '../errors.ts';
import { buildDigestList, buildDigestPreview, buildSendPrompt } from '../messages/digest-list.ts';
import { describeBadTime } from './command/alert-words.ts';
import type { DigestCommand } from './command/command.ts';
import { parseUntil } from './command/until.ts';
import type { Asking, Served } from './context.ts';
import { openDigestForm, tellDigest } from './digest-form.ts';
import type { DigestSummary } from './ports.ts';
import { isPrivateByDefault, prepareChannel, say, tell } from './tell.ts';

/** Performs `/usage digest …`: lists, adds, edits, pauses, previews and sends digests of a channel. The port checks the rights. */
export async function performDigest(served: Served, command: DigestCommand): Promise<void> {
  const { ctx, asked, person, by } = served;
  switch (command.action) {
    case 'list':
      return tell(served, buildDigestList(await ctx.digests.list(asked.channel), { command: ctx.command }));
    case 'add': {
      if (!command.schedule) return openDigestForm(served);
      const channel = command.channel?.id ?? asked.channel;
      await prepareChannel(ctx, channel);
      const digest = await ctx.digests.add({ channel, schedule: command.schedule }, by);
      return tellDigest(served, 'Added', digest);
    }
    case 'edit': {
      const digest = await pickDigest(served, command);
      if (!command.schedule) return openDigestForm(served, { digest });
      const changed = await ctx.digests.change(digest.id, { schedule: command.schedule }, by);
      return tellDigest(served, 'Changed', changed);
    }
    case 'pause':
    case 'resume': {
      const until = command.action === 'pause' ? command.until : undefined;
      // `until Monday` ends at midnight: Monday's digest may be due before 09:00.
      const untilMs = until === undefined ? undefined : parseUntil(until, ctx.now(), person.zone, 0);
      // An unreadable end would otherwise pause it for ever.
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
      return tellDigest(served, command.action === 'pause' ? undefined : 'Resumed', digest);
    }
    case 'remove': {
      const { id, schedule } = await ctx.digests.remove((await pickDigest(served, command)).id, by);
      return say(served, [`Removed: digest ${id}, ${schedule}`]);
    }
    case 'takeover': {
      const { id } = await pickDigest(served, command);
      return tellDigest(served, 'Yours now', await ctx.digests.change(id, { owner: by.user }, by));
    }
    case 'preview': {
      const { id } = command;
      return tell(served, buildDigestPreview(await ctx.digestPosts.compose({ id, channel: asked.channel })));
    }
    case 'send': {
      // Where answers are private, posting a digest takes a second press, on a button that says who will see it.
      if (isPrivateByDefault(ctx.config)) {
        return tell(served, buildSendPrompt(await pickDigest(served, command)));
      }
      return sendDigest(served, command.id);
    }
    case 'history': {
      const lines = await ctx.digestPosts.history({ id: command.id, channel: asked.channel });
      const shown = lines.length > 0 ? lines.slice(0, 20) : ['No digest was posted here yet.'];
      return say(served, shown);
    }
  }
}

/** Posts a digest now. */
export async function sendDigest(served: Served, id?: number): Promise<void> {
  const { ctx, asked, by } = served;
  const { id: sent, schedule } = await ctx.digestPosts.send({ id, channel: asked.channel }, by);
  await say(served, [`Digest ${sent} (${schedule}) is on its way.`]);
}

/** Returns the digest with the given id, or the channel's only one. If there are several, throws with a button for each. */
async function pickDigest(
  { ctx, asked }: Asking,
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
