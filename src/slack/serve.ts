import { HeadroomError, QuestionError } from '../errors.ts';
import { describeRefusal } from './client/errors.ts';
import type { Asked, Served, SlackContext } from './context.ts';
import type { Person } from './permissions.ts';
import { newId, say } from './tell.ts';

const ADMINS_ONLY = 'Only admins may change that.';
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
export async function serveIfAllowed(
  ctx: SlackContext,
  asked: Asked,
  task: (served: Served) => Promise<void>,
  needs: 'view' | 'admin' = 'view',
): Promise<void> {
  try {
    const person = await ctx.people.find(asked.user);
    const refusal = refuse(ctx, person, needs);
    if (refusal) await say(ctx, asked, [refusal]).catch((error) => logUntold(ctx, asked, error));
    else await task(toServed(ctx, asked, person));
  } catch (error) {
    await tellFailure(ctx, asked, error);
  }
}

export function toServed(ctx: SlackContext, asked: Asked, person: Person): Served {
  return { ctx, asked, person, by: { user: person.id, zone: person.zone, admin: person.admin } };
}

/** Returns why a person may not do something; undefined where they may. */
export function refuse(ctx: SlackContext, person: Person, needs: 'view' | 'admin' = 'view'): string | undefined {
  if (!person.fullMember) {
    return 'API usage is for full members of this workspace, not for guests or people of other organisations.';
  }
  if (!person.mayView) {
    return `Only the people listed in VIEWERS may see API usage here. An admin of ${ctx.bot.name} can add you.`;
  }
  return needs === 'admin' && !person.admin ? ADMINS_ONLY : undefined;
}

/** Tells a person what went wrong; never rejects. */
export async function tellFailure(ctx: SlackContext, asked: Asked, error: unknown): Promise<void> {
  try {
    const { text, buttons } = describeFailure(ctx, asked, error);
    await say(ctx, asked, [text], buttons);
  } catch (unreachable) {
    logUntold(ctx, asked, unreachable);
  }
}

/** The person has left, is a bot, or the place is gone. */
function logUntold(ctx: SlackContext, { user, channel }: Asked, error: unknown): void {
  ctx.log.warn({ user, channel, error: String(error) }, 'somebody could not be told');
}

/** Returns what to tell a person about a failure, with commands that help; logs what the person cannot help. */
export function describeFailure(
  ctx: SlackContext,
  asked: Asked,
  error: unknown,
): { text: string; buttons: readonly { label: string; command: string }[] } {
  if (error instanceof QuestionError) return { text: error.message, buttons: error.suggestions };
  if (error instanceof HeadroomError && FOR_PEOPLE.has(error.code)) return { text: error.message, buttons: [] };
  const refusal = describeRefusal(error);
  if (refusal) {
    ctx.log.warn({ user: asked.user, error: String(error) }, 'Slack refused what somebody asked for');
    return { text: refusal, buttons: HELP };
  }
  const id = newId();
  ctx.log.error({ id, user: asked.user, error: String(error), stack: (error as Error)?.stack }, 'request failed');
  return {
    text: `That did not work: something went wrong on this side. Please try again; if it stays, tell an admin the id ${id}.`,
    buttons: HELP,
  };
}

/** Refuses with a message to the person; for what only admins may do. */
export function requireAdmin(person: Person, what = 'change that'): void {
  if (!person.admin) throw new HeadroomError('unauthorised', `Only admins may ${what}.`);
}
