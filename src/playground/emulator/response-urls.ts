import { randomBytes } from 'node:crypto';
import { TEAM_ID } from './seed.ts';
import type { Ephemeral, Message } from './types.ts';

export interface ResponseUrl {
  user: string;
  channel: string;
  /** Message that was acted on; none for a slash command. */
  source?: Message | Ephemeral;
  at: number;
  uses: number;
  /** What has been said through it so far; shown in the interaction's result. */
  messages: (Message | Ephemeral)[];
}

export class ResponseUrls {
  readonly #urls = new Map<string, ResponseUrl>();

  /** Path of a new URL, to be put behind the workspace's address. */
  create(fields: Omit<ResponseUrl, 'uses'>, kind: 'commands' | 'actions'): string {
    const path = `/${kind}/${TEAM_ID}/${this.#urls.size + 1}/${randomBytes(12).toString('hex')}`;
    this.#urls.set(path, { ...fields, uses: 0 });
    return path;
  }

  find(path: string): ResponseUrl | undefined {
    return this.#urls.get(path);
  }
}
