import { ApiError, type Core, CREDENTIALS } from './core.ts';
import { deliver } from './delivery.ts';
import { isObject } from './elements.ts';
import {
  findTarget,
  getChannel,
  getUser,
  type Interaction,
  openInteraction,
  requirePresence,
  toResult,
} from './interact.ts';
import { escapeText, interactionBase, toChannelName } from './payloads.ts';
import { toMessageObject } from './post.ts';
import { say } from './response-url.ts';
import { APP_ID, TEAM_DOMAIN, TEAM_ID } from './seed.ts';

export interface CommandOptions {
  user: string;
  channel: string;
  text: string;
  command?: string;
}

/** A slash command. The text is escaped as the manifest asks. An acknowledgement with a message is shown. */
export async function sendCommand(core: Core, options: CommandOptions): Promise<Interaction> {
  const user = getUser(core, options.user);
  const channel = getChannel(core, options.channel);
  requirePresence(channel, user);
  const command = options.command ?? '/usage';
  const declared = core.manifest.commands.get(command);
  if (!declared) throw new Error(`${command} is not in the manifest`);
  const opening = openInteraction(core, user, channel, 'commands');
  const delivery = await deliver(core, 'slash_commands', {
    token: CREDENTIALS.verificationToken,
    team_id: TEAM_ID,
    team_domain: TEAM_DOMAIN,
    channel_id: channel.id,
    channel_name: toChannelName(channel),
    user_id: user.id,
    user_name: user.name,
    command,
    text: declared.shouldEscape ? escapeText(core, options.text) : options.text,
    api_app_id: APP_ID,
    is_enterprise_install: 'false',
    response_url: opening.responseUrl,
    trigger_id: opening.triggerId,
  });
  const said = typeof delivery.ack === 'string' ? { text: delivery.ack } : delivery.ack;
  if (isObject(said)) {
    const target = core.responseUrls.find(new URL(opening.responseUrl).pathname)!;
    try {
      say(core, target, said, `${command} acknowledgement`);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
    }
  }
  return toResult(opening, delivery);
}

export interface ShortcutOptions {
  user: string;
  callback_id: string;
  /** For a message shortcut. */
  message?: { channel: string; ts: string };
}

/** A global or message shortcut of the manifest. */
export async function runShortcut(core: Core, options: ShortcutOptions): Promise<Interaction> {
  const user = getUser(core, options.user);
  const declared = core.manifest.shortcuts.get(options.callback_id);
  if (!declared) throw new Error(`shortcut ${options.callback_id} is not in the manifest`);
  if (declared.type === 'global') {
    const opening = openInteraction(core, user, undefined, 'actions');
    const payload = {
      ...interactionBase('shortcut', user),
      callback_id: options.callback_id,
      trigger_id: opening.triggerId,
      action_ts: core.state.nextTs(),
    };
    return toResult(opening, await deliver(core, 'interactive', payload));
  }
  if (!options.message) throw new Error(`${options.callback_id} is a message shortcut: give a message`);
  const { message } = findTarget(core, options.message);
  const channel = getChannel(core, options.message.channel);
  // No `source`: the message is someone else's, there is nothing to replace.
  const opening = openInteraction(core, user, channel, 'actions');
  const payload = {
    ...interactionBase('message_action', user),
    callback_id: options.callback_id,
    trigger_id: opening.triggerId,
    message_ts: message!.ts,
    action_ts: core.state.nextTs(),
    channel: { id: channel.id, name: toChannelName(channel) },
    message: toMessageObject(core, message!, true),
    response_url: opening.responseUrl,
  };
  return toResult(opening, await deliver(core, 'interactive', payload));
}
