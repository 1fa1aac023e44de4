import { HeadroomError, QuestionError } from '../errors.ts';
import { buildNotice } from '../messages/answer-message.ts';
import { describeRefusal } from './client/errors.ts';
import { type Asked, newId, type SlackContext, tellPrivately } from './context.ts';
import type { Person } from './permissions.ts';

const HELP = [{ label: 'What is wrong here?', command: 'debug' }];

/** Codes whose message is meant for the person who asked. */
const FOR_PEOPLE = new Set<HeadroomError['code']>([
  'question',
  'range',
  'schedule',
  'definition',
  'slack',
  'unauthorised',
]);

/**
 * Does what a person asked for, if they may: checked anew for every command and press, for the one who makes it. What goes
 * wrong is told to that person alone; what they cannot help gets a short id that the log has too. Never rejects.
 */
export async function serve(
  ctx: SlackContext,
  asked: Asked,
  task: (person: Person) => Promise<void>,
  needs: 'view' | 'admin' = 'view',
): Promise<void> {
  try {
    const person = await ctx.people.find(asked.user);
    const refusal = refuse(ctx, person, needs);
    if (refusal) return await tellPrivately(ctx, asked, buildNotice([refusal]));
    await task(person);
  } catch (error) {
    await tellFailure(ctx, asked, error);
  }
}

function refuse(ctx: SlackContext, person: Person, needs: 'view' | 'admin'): string | undefined {
  if (!person.fullMember) {
    return 'Sorry: API usage is for full members of this workspace, not for guests or people of other organisations.';
  }
  if (!person.mayView) {
    return `Sorry: only the people listed in VIEWERS may see API usage here. An admin of ${ctx.bot.name} can add you.`;
  }
  if (needs === 'admin' && !person.admin)
    return 'Sorry: only admins may change that. Everything you may do: /usage help.';
  return undefined;
}

async function tellFailure(ctx: SlackContext, asked: Asked, error: unknown): Promise<void> {
  try {
    if (error instanceof QuestionError) {
      return await tellPrivately(ctx, asked, buildNotice([error.message], error.suggestions));
    }
    if (error instanceof HeadroomError && FOR_PEOPLE.has(error.code)) {
      return await tellPrivately(ctx, asked, buildNotice([error.message]));
    }
    const refusal = describeRefusal(error);
    if (refusal) {
      ctx.log.warn({ user: asked.user, error: String(error) }, 'Slack refused what somebody asked for');
      return await tellPrivately(ctx, asked, buildNotice([refusal], HELP));
    }
    const id = newId();
    ctx.log.error({ id, user: asked.user, error: String(error), stack: (error as Error)?.stack }, 'request failed');
    const line = `That did not work: something went wrong on this side. Please try again; if it stays, tell an admin the id ${id}.`;
    await tellPrivately(ctx, asked, buildNotice([line], HELP));
  } catch (unreachable) {
    ctx.log.error(
      { user: asked.user, error: String(unreachable), after: String(error) },
      'a failure could not be told',
    );
  }
}

/** Refuses with a message to the person; for what only admins may do. */
export function requireAdmin(person: Person, what = 'change that'): void {
  if (!person.admin) throw new HeadroomError('unauthorised', `Sorry: only admins may ${what}.`);
}
