import { InvalidScheduleError, parseSchedule } from '../../domain/schedule-rule.ts';

const ABOUT_ALERTS_OR_DIGESTS =
  /^((?:set|turn|switch) (?:up|on|off)|[a-z-]+)(?: (?:me|up|the|a|an|my|our|all|this))* (?:(daily|weekly|monthly|weekdays?) )?(alerts?|digests?|reports?|subscriptions?)\b(.*)$/i;

/**
 * Lists commands that a text about alerts or digests may have meant, with the verb in front or a schedule alone: `mute
 * alerts for 2h`, `set up a daily digest at 9`, `every monday 9am`. Some may not be readable.
 */
export function suggestActions(text: string): string[] {
  const given = text.slice(0, 200);
  const verb = given.split(/\s/, 1)[0]!.toLowerCase();
  if (/^(notify|warn|ping)$/.test(verb)) return ['alerts', 'help alerts'];
  if (/^(mute|unmute|snooze|silence)$/.test(given.toLowerCase())) return [`alerts ${verb}`, 'help alerts'];
  const match = ABOUT_ALERTS_OR_DIGESTS.exec(given);
  if (!match) return isSchedule(given) ? [`digest add ${given}`, 'help digests'] : [];
  const [, does = '', every = '', what = '', rest = ''] = match;
  if (/^alert/i.test(what)) return [`alerts ${does.replace(/^(turn|switch) /i, '')}${rest}`, 'alerts', 'help alerts'];
  const acts =
    /^(pause|resume|remove|delete|edit|preview|history|send)$/.test(verb) && (verb !== 'send' || rest === '');
  const when = /^(daily|weekly|monthly|weekdays?|every)$/.test(verb) ? verb : every;
  return acts ? [`digest ${verb}${rest}`] : [`digest add ${when}${rest}`, 'digest add', 'help digests'];
}

/** Tells whether a text says when to repeat something: `every monday 9am`. */
export function isSchedule(text: string): boolean {
  try {
    parseSchedule(text, 'UTC');
    return true;
  } catch (error) {
    if (error instanceof InvalidScheduleError) return false;
    throw error;
  }
}
