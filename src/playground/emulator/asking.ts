import { ApiError, type Core, CREDENTIALS } from './core.ts';
import { isObject } from './elements.ts';
import {
  findTarget,
  getChannel,
  getUser,
  type Interaction,
  interact,
  interactionBase,
  requirePresence,
  toNamed,
} from './interact.ts';
import { toMessageObject } from './post.ts';
import { say } from './response-url.ts';
import { APP_ID, TEAM_DOMAIN, TEAM_ID } from './seed.ts';
import { escapeText } from './written.ts';

export interface CommandOptions {
  user: string;
  channel: string;
  text: string;
  command?: string;
}

export interface ShortcutOptions {
  user: string;
  callback_id: string;
  message: { channel: string; ts: string };
}

/** Creates the acts that start with the app itself: slash commands and message shortcuts of the manifest. */
export function createAsking(core: Core) {
  return {
    /** Runs a slash command. Its text is escaped if the manifest asks for that. A message in the acknowledgement is shown. */
    async command(options: CommandOptions): Promise<Interaction> {
      const user = getUser(core, options.user);
      const channel = getChannel(core, options.channel);
      requirePresence(channel, user);
      const command = options.command ?? '/usage';
      const declared = core.manifest.commands.get(command);
      if (!declared) throw new Error(`${command} is not in the manifest`);
      const payload = {
        token: CREDENTIALS.verificationToken,
        team_id: TEAM_ID,
        team_domain: TEAM_DOMAIN,
        channel_id: channel.id,
        channel_name: toNamed(channel).name,
        user_id: user.id,
        user_name: user.name,
        command,
        text: declared.shouldEscape ? escapeText(core, options.text) : options.text,
        api_app_id: APP_ID,
        is_enterprise_install: 'false',
      };
      const done = await interact(core, user, payload, { channel }, 'slash_commands');
      const said = typeof done.ack === 'string' ? { text: done.ack } : done.ack;
      if (!isObject(said)) return done;
      try {
        say(core, core.responseUrls.get(new URL(done.responseUrl).pathname)!, said, `${command} acknowledgement`);
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
      }
      return done;
    },
    /** Runs a message shortcut. */
    shortcut(options: ShortcutOptions): Promise<Interaction> {
      const user = getUser(core, options.user);
      if (!core.manifest.shortcuts.has(options.callback_id))
        throw new Error(`shortcut ${options.callback_id} is not in the manifest`);
      const message = findTarget(core, options.message).message!;
      const channel = getChannel(core, options.message.channel);
      const payload = {
        ...interactionBase('message_action', user),
        callback_id: options.callback_id,
        message_ts: message.ts,
        action_ts: core.state.nextTs(),
        channel: toNamed(channel),
        message: toMessageObject(core, message, true),
      };
      // No `source`: the message is not the app's answer, so its response_url cannot replace it.
      return interact(core, user, payload, { channel });
    },
  };
}
