import { randomBytes } from 'node:crypto';
import { ApiError } from './api-error.ts';
import type { WorkspaceState } from './state.ts';

/** A trigger opens one view, within this time of the click or command. */
const TRIGGER_LIFE_MS = 3000;

/** Triggers of a workspace, and which of them were used. */
export class Triggers {
  readonly #state: WorkspaceState;
  readonly #triggers = new Map<string, { user: string; at: number; used: boolean }>();

  constructor(state: WorkspaceState) {
    this.#state = state;
  }

  create(user: string): string {
    const id = `${this.#triggers.size + 1}.${Math.floor(this.#state.now())}.${randomBytes(16).toString('hex')}`;
    this.#triggers.set(id, { user, at: this.#state.now(), used: false });
    return id;
  }

  /** The person whose action it came from. Throws the three errors that Slack has for a trigger. */
  take(id: unknown, where: string): string {
    const trigger = this.#triggers.get(String(id));
    const code = !trigger
      ? 'invalid_trigger_id'
      : trigger.used
        ? 'exchanged_trigger_id'
        : this.#state.now() - trigger.at > TRIGGER_LIFE_MS
          ? 'expired_trigger_id'
          : undefined;
    if (code || !trigger) {
      this.#state.problem('trigger', where, code ?? '');
      throw new ApiError(code ?? 'invalid_trigger_id');
    }
    trigger.used = true;
    return trigger.user;
  }
}
