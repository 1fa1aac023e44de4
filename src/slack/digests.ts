import { z } from 'zod';
import { DIGEST_SECTIONS } from '../domain/digest.ts';
import type { Question } from '../domain/report.ts';
import { formatSchedule, listNext, parseSchedule } from '../domain/schedule-rule.ts';
import { HeadroomError, QuestionError } from '../errors.ts';
import { ACTIONS } from '../messages/action-ids.ts';
import {
  buildDigestList,
  buildDigestPreview,
  buildSendPrompt,
  describeDigest,
  describePause,
  describeRuns,
} from '../messages/digest-message.ts';
import { clip, plainContext } from '../messages/text.ts';
import { FILTERS } from '../store/json-columns.ts';
import { describeBadTime } from './command/alert-words.ts';
import type { DigestCommand } from './command/command.ts';
import { describeCounted, fitsForm, toCounted } from './command/format-question.ts';
import { parseUntil } from './command/until.ts';
import type { Asking, Served, SlackContext } from './context.ts';
import { faultAt, form } from './form.ts';
import { listDigestParts } from './next-questions.ts';
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

const RHYTHMS: readonly (readonly [string, string])[] = [
  ['daily', 'Every day'],
  ['weekdays', 'Monday to Friday'],
  ['weekly mon', 'Every Monday'],
  ['weekly tue', 'Every Tuesday'],
  ['weekly wed', 'Every Wednesday'],
  ['weekly thu', 'Every Thursday'],
  ['weekly fri', 'Every Friday'],
  ['weekly sat', 'Every Saturday'],
  ['weekly sun', 'Every Sunday'],
  ['monthly 1', 'First day of the month'],
  ['monthly 15', '15th of the month'],
  ['monthly 31', 'Last day of the month'],
];

const live = ACTIONS.digestWhen;
const toOptions = (fits: (part: string) => boolean) =>
  DIGEST_SECTIONS.filter(({ part }) => fits(part)).map(({ key, title }) => [key, title] as const);
/** Sections of the message and of its thread, in two fields: Slack takes ten options in one. */
const SECTIONS = toOptions((part) => part !== 'thread');
const THREAD = toOptions((part) => part === 'thread');

/** `id`: the digest being changed. Absent: a new one, limited to the calls of `filters` and `scope`. */
const ABOUT = z.object({ id: z.int().optional(), filters: FILTERS.optional(), scope: z.string().optional() });
type About = z.infer<typeof ABOUT>;

/** Values that the digest form starts with. */
interface Shown extends Schedule {
  channel: string | undefined;
  /** The next runs, in words. */
  next: string;
  /** The calls that it is limited to, in words. */
  only: string | undefined;
  sections: readonly string[];
  thread: readonly string[];
}

/** The parts of a schedule, each as a person would type it. */
interface Schedule {
  rhythm: string;
  time: string;
  zone: string;
}

/** Block id of the line with the next runs. */
const NEXT_RUNS = 'next_runs';

/** Form of a digest: its channel, times and sections. */
export const DIGEST_FORM = form({
  ...{ on: 'digest', submit: 'Save', again: 'digest add' },
  title: ({ id }) => (id === undefined ? 'New digest' : 'Change digest'),
  about: ABOUT,
  fields: {
    channel: {
      ...{ kind: 'channel', label: 'Channel', current: true, required: 'choose one' },
      hint: 'I’ll join public channels myself; invite me to private ones.',
    },
    rhythm: { kind: 'choice', label: 'When', live, required: 'choose one', options: RHYTHMS },
    time: { kind: 'time', label: 'At', live, required: 'choose one' },
    zone: {
      ...{ kind: 'text', label: 'Time zone', live, most: 64 },
      ...{ required: 'give one', hint: 'An IANA name, such as Europe/Berlin' },
    },
    sections: { kind: 'choices', label: 'In the message', options: SECTIONS },
    thread: { kind: 'choices', label: 'In its thread', options: THREAD },
  },
  layout(put, { channel, rhythm, time, zone, next, only, sections, thread }: Shown) {
    const isOffered = RHYTHMS.some(([value]) => value === rhythm);
    return [
      ...(only ? [plainContext(only)] : []),
      put('channel', channel),
      put('rhythm', rhythm, isOffered ? {} : { options: [...RHYTHMS, [rhythm, rhythm]] }),
      put('time', time),
      put('zone', zone),
      { ...plainContext(next), block_id: NEXT_RUNS },
      put('sections', sections),
      put('thread', thread),
    ];
  },
  live: {
    on: live,
    /** Rebuilds the form with the next three runs of the chosen days, time and zone. */
    async rebuild({ ctx, person, typed }, { view }) {
      const next = plainContext(describeNextRuns(ctx, formatTyped(typed), person.zone));
      const { callback_id, title, submit, close, private_metadata, blocks = [] } = view;
      return {
        ...{ type: 'modal', callback_id, title, submit, close, private_metadata },
        blocks: blocks.map((block) => (block.block_id === NEXT_RUNS ? { ...next, block_id: NEXT_RUNS } : block)),
      };
    },
  },
  /** The time zone is the only free text of a schedule. */
  async check({ ctx, person, typed }) {
    return {
      ...(await faultAt('zone', async () => parseSchedule(formatTyped(typed), person.zone))),
      ...(await faultAt('channel', () => prepareChannel(ctx, typed.channel))),
      ...(typed.sections.length + typed.thread.length === 0 ? { sections: 'Choose at least one.' } : {}),
    };
  },
  async run(sent) {
    const { ctx, by, typed } = sent;
    const { id, ...limits } = sent.about;
    const sections = [...typed.sections, ...typed.thread];
    const digest = { ...limits, channel: typed.channel, schedule: formatTyped(typed), sections };
    const saved = id === undefined ? await ctx.digests.add(digest, by) : await ctx.digests.change(id, digest, by);
    await tellDigest(sent, 'Saved', saved);
  },
});

/** Opens the form of an existing digest, or of a new one for this channel, limited to the calls of an answer's question. */
export async function openDigestForm(
  served: Served,
  { digest, question }: { digest?: DigestSummary; question?: Question } = {},
): Promise<void> {
  const { ctx, asked, person } = served;
  const schedule = digest?.schedule ?? `daily 09:00 ${person.zone}`;
  const { limits, only } = toLimits(question);
  await DIGEST_FORM.open(
    served,
    { id: digest?.id, ...limits },
    {
      channel: digest?.channel ?? (asked.channel.startsWith('D') ? undefined : asked.channel),
      ...readSchedule(schedule),
      next: describeNextRuns(ctx, schedule, person.zone),
      only,
      ...chooseSections(digest, question),
    },
  );
}

/** Returns the sections that the form starts with: the digest's own; for a new one all, and in the thread those for `question`. */
export function chooseSections(digest: DigestSummary | undefined, question: Question | undefined) {
  const parts = question ? listDigestParts(question) : [];
  const wanted = (offered: typeof THREAD, chosen: readonly string[] | undefined) =>
    offered.map(([key]) => key).filter((key) => chosen?.includes(key) ?? true);
  return {
    sections: wanted(SECTIONS, digest?.sections),
    thread: wanted(THREAD, digest?.sections ?? (parts.length > 0 ? parts : undefined)),
  };
}

/** Tells the asker the new state of a digest. `word`: what was done to it, such as `saved`; absent: it is paused. */
export async function tellDigest(asking: Asking, word: string | undefined, digest: DigestSummary): Promise<void> {
  const { id, schedule } = digest;
  const { lines } = describeDigest(digest);
  const told = word ? `${word}: digest ${id}, ${lines[0]}` : `Digest ${id}, ${schedule}, is ${describePause(digest)}.`;
  await say(asking, [told, ...lines.slice(1)]);
}

/** Splits `weekly mon 09:00 Europe/Berlin` into its parts. */
function readSchedule(schedule: string): Schedule {
  const [, rhythm = 'daily', time = '09:00', zone = ''] = /^(.+?) (\d{1,2}:\d{2}) (\S+)$/.exec(schedule) ?? [];
  return { rhythm, time: time.padStart(5, '0'), zone };
}

function formatTyped({ rhythm, time, zone }: Schedule): string {
  return `${rhythm} ${time} ${zone}`;
}

/** Describes the next three runs of a typed schedule, or says what is wrong with it. */
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

const TOO_LONG =
  'The filters of that answer are too long for a form: this digest is about all calls. Use fewer names, or * for many.';

/** Returns the filters and the scope of a question, as far as a form can carry them, and what they are in words. */
function toLimits(question: Question | undefined): { limits?: About; only?: string } {
  if (!question) return {};
  const { name, scope, report, ...counted } = toCounted(question);
  const named = name === undefined ? [] : [{ key: report as 'client' | 'route', patterns: [name], not: false }];
  const filters = [...named, ...(counted.filters ?? [])];
  const limits = { ...(filters.length > 0 ? { filters } : {}), ...(scope === undefined ? {} : { scope }) };
  if (!fitsForm(limits)) return { only: TOO_LONG };
  const { range } = question;
  const told = [
    ...(Object.keys(limits).length > 0 ? [`Only requests with ${clip(describeCounted(question), 500)}.`] : []),
    ...(range === undefined ? [] : [`Each post is about the day or week before it, not about ${range}.`]),
  ];
  return { limits, ...(told.length > 0 && { only: told.join(' ') }) };
}
