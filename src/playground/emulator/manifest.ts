import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';

const none = () => ({}) as never;

/** Parts of an app manifest that Slack enforces at run time. A test checks the whole manifest against Slack's schema. */
const schema = z
  .object({
    display_information: z.object({ name: z.string() }),
    features: z
      .object({
        app_home: z
          .object({
            home_tab_enabled: z.boolean().default(false),
            messages_tab_enabled: z.boolean().default(false),
            messages_tab_read_only_enabled: z.boolean().default(false),
          })
          .prefault(none),
        slash_commands: z
          .array(z.object({ command: z.string(), should_escape: z.boolean().default(false) }))
          .default([]),
        shortcuts: z
          .array(z.object({ name: z.string(), type: z.enum(['message', 'global']), callback_id: z.string() }))
          .default([]),
      })
      .prefault(none),
    oauth_config: z.object({ scopes: z.object({ bot: z.array(z.string()) }) }),
    settings: z.object({
      event_subscriptions: z.object({ bot_events: z.array(z.string()) }),
      interactivity: z.object({ is_enabled: z.boolean() }),
    }),
  })
  .transform(({ display_information, features, oauth_config, settings }) => ({
    name: display_information.name,
    /** Bot token scopes granted at installation. */
    scopes: new Set(oauth_config.scopes.bot),
    /** Slash commands by name. `shouldEscape`: mentions and links arrive escaped. */
    commands: new Map(features.slash_commands.map((one) => [one.command, { shouldEscape: one.should_escape }])),
    shortcuts: new Map(features.shortcuts.map((one) => [one.callback_id, one])),
    /** Event types that the app subscribes to. */
    events: new Set(settings.event_subscriptions.bot_events),
    interactive: settings.interactivity.is_enabled,
    homeTab: features.app_home.home_tab_enabled,
    /** True if people may write in the app's Messages tab. */
    messagesTab: features.app_home.messages_tab_enabled && !features.app_home.messages_tab_read_only_enabled,
  }));

export type Manifest = z.output<typeof schema>;

/** Reads a manifest in YAML or JSON. */
export function readManifest(path: string): Manifest {
  return schema.parse(parse(readFileSync(path, 'utf8')));
}
