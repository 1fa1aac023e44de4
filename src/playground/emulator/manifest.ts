import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

/** The parts of an app manifest that Slack enforces at run time. */
export interface Manifest {
  name: string;
  /** Bot token scopes granted at installation. */
  scopes: Set<string>;
  /** Slash commands, with whether mentions and links arrive escaped. */
  commands: Map<string, { shouldEscape: boolean }>;
  shortcuts: Map<string, { type: 'message' | 'global'; name: string }>;
  /** Event types delivered to the app. */
  events: Set<string>;
  interactive: boolean;
  homeTab: boolean;
  /** People may write in the app's Messages tab. */
  messagesTab: boolean;
}

interface ManifestFile {
  display_information: { name: string };
  features?: {
    app_home?: { home_tab_enabled?: boolean; messages_tab_enabled?: boolean; messages_tab_read_only_enabled?: boolean };
    slash_commands?: { command: string; should_escape?: boolean }[];
    shortcuts?: { name: string; type: 'message' | 'global'; callback_id: string }[];
  };
  oauth_config?: { scopes?: { bot?: string[] } };
  settings?: { event_subscriptions?: { bot_events?: string[] }; interactivity?: { is_enabled?: boolean } };
}

/** Reads a manifest (YAML or JSON). Its form is checked by a test against Slack's schema, not here. */
export function readManifest(path: string): Manifest {
  const file = parse(readFileSync(path, 'utf8')) as ManifestFile;
  const home = file.features?.app_home;
  return {
    name: file.display_information.name,
    scopes: new Set(file.oauth_config?.scopes?.bot),
    commands: new Map(
      file.features?.slash_commands?.map((entry) => [entry.command, { shouldEscape: entry.should_escape ?? false }]),
    ),
    shortcuts: new Map(
      file.features?.shortcuts?.map((entry) => [entry.callback_id, { type: entry.type, name: entry.name }]),
    ),
    events: new Set(file.settings?.event_subscriptions?.bot_events),
    interactive: file.settings?.interactivity?.is_enabled ?? false,
    homeTab: home?.home_tab_enabled ?? false,
    messagesTab: (home?.messages_tab_enabled ?? false) && !home?.messages_tab_read_only_enabled,
  };
}
