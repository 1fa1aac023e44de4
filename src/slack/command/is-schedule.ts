import { InvalidScheduleError, parseSchedule } from '../../domain/schedule-rule.ts';

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
