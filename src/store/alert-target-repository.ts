import type { Db } from './database.ts';
import { findSetting } from './setting-repository.ts';

/** Settings that are chosen in Slack, and hold instead of ALERT_CHANNEL and ONCALL. */
export const CHANNEL_SETTING = 'alert_channel';
export const MENTION_SETTING = 'alert_mention';

/** Chosen: no channel (the admins by direct message), or nobody, whatever the environment names. */
export const CHOSEN_NONE = 'none';

/** What was chosen, else what the environment says; undefined where that is nothing. */
export function resolveChoice(chosen: string | undefined, standard: string | undefined): string | undefined {
  return chosen === CHOSEN_NONE ? undefined : chosen || standard;
}

/** The channel of alerts; undefined: the admins by direct message. */
export async function findAlertChannel(db: Db, { alertChannel }: { alertChannel: string | undefined }) {
  return resolveChoice(await findSetting(db, CHANNEL_SETTING), alertChannel);
}

/** Who is mentioned at 90 and 100%: a user or a user group; undefined: nobody. */
export async function findAlertMention(db: Db, { oncall }: { oncall: string | undefined }) {
  return resolveChoice(await findSetting(db, MENTION_SETTING), oncall);
}
