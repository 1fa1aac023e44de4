import type { WebClient } from '@slack/web-api';
import type { SlackConfig } from './deps.ts';
import { callSlack, slackErrorOf } from './web-clients.ts';

/** Whether the bot can answer openly in a conversation, and who would see it there. */
export type Place = { open: true; direct: boolean; audience: string } | { open: false; reason: string };

/** A place that was closed while we looked, by the error Slack gave for a post. Undefined: the error is about something else. */
export function closedBy(error: string | undefined, botName: string): string | undefined {
  if (error === 'not_in_channel' || error === 'channel_not_found') return notAMember(botName);
  if (error === 'is_archived') return 'This channel is archived, so the answer is for you alone.';
  if (error === 'restricted_action' || error === 'restricted_action_read_only_channel') {
    return 'Apps may not post in this channel, so the answer is for you alone.';
  }
  return undefined;
}

function notAMember(botName: string): string {
  return `Headroom is not a member of this conversation, so the answer is for you alone. To have answers here: /invite @${botName}`;
}

/** Looks a conversation up. Asked anew each time: an invitation or a sharing with outsiders holds at once. */
export async function findPlace(
  client: WebClient,
  channel: string,
  { botName, wait }: { botName: string; wait(ms: number): Promise<void> },
): Promise<Place> {
  try {
    const ask = () => client.conversations.info({ channel, include_num_members: true });
    const { channel: info } = await callSlack(ask, { wait, repeatable: true });
    if (!info) return { open: false, reason: notAMember(botName) };
    if (info.is_im) return { open: true, direct: true, audience: 'you alone' };
    if (info.is_archived) return { open: false, reason: closedBy('is_archived', botName)! };
    if (info.is_ext_shared || info.is_pending_ext_shared || info.is_org_shared) {
      return {
        open: false,
        reason: 'This channel is shared outside your organisation, so the answer is for you alone.',
      };
    }
    if (!info.is_member && !info.is_mpim) return { open: false, reason: notAMember(botName) };
    const members = info.num_members ? `the ${info.num_members} members` : 'everyone';
    const audience = info.is_mpim ? 'everyone in this conversation' : `${members} of #${info.name}`;
    return { open: true, direct: false, audience };
  } catch (error) {
    const reason = closedBy(slackErrorOf(error), botName);
    if (reason) return { open: false, reason };
    throw error;
  }
}

/** Whether an answer is for the asker alone unless it is shared by a click. */
export function isPrivateByDefault(config: Pick<SlackConfig, 'answers' | 'viewers'>): boolean {
  return config.answers === 'private' || config.viewers.length > 0;
}
