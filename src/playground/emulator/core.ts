import type { Faults } from './faults.ts';
import type { FileStore } from './files.ts';
import type { Manifest } from './manifest.ts';
import type { ResponseUrls } from './response-urls.ts';
import type { SocketMode } from './socket-mode.ts';
import type { WorkspaceState } from './state.ts';
import type { Triggers } from './triggers.ts';

/** Credentials of the one installed app. They are made up and the same in every emulator. */
export const CREDENTIALS = {
  botToken: 'xoxb-emulated-headroom-bot-token',
  appToken: 'xapp-emulated-headroom-app-token',
  signingSecret: 'emulated-headroom-signing-secret',
  verificationToken: 'emulated-verification-token',
} as const;

/** The parts of one emulated workspace, shared by the Web API, the people and the transports. */
export interface Core {
  /** `http://127.0.0.1:port`, known once the server listens. */
  url: string;
  /** Where signed requests go in HTTP mode. */
  eventsUrl: string | undefined;
  readonly manifest: Manifest;
  readonly state: WorkspaceState;
  readonly faults: Faults;
  readonly files: FileStore;
  readonly triggers: Triggers;
  readonly responseUrls: ResponseUrls;
  readonly sockets: SocketMode;
}
