import type { ServerResponse } from 'node:http';
import { sendJson } from './http.ts';
import type { WorkspaceState } from './state.ts';
import type { JsonObject } from './types.ts';

export interface Answer {
  status: number;
  body: JsonObject;
  headers?: Record<string, string>;
}

/** A request by its method's name: that of the Web API, `upload` (the bytes of a file), or `response_url`. */
export interface Call {
  method: string;
  args: JsonObject;
  response: ServerResponse;
}

/** Slack's bad days, which tests bring about; the demo has none. */
export interface Faults {
  /** Slack is away: Socket Mode is refused. */
  readonly isOut: boolean;
  /** Types of block that this workspace does not take yet: Slack brings new ones to some workspaces before others. */
  readonly unknownBlocks: ReadonlySet<string>;
  /** Finishes the scan of a file, some day. */
  scan(finish: () => void): void;
  /** Answers a call, or fails to. `run` does the work. */
  answer(state: WorkspaceState, call: Call, run: () => Answer): Promise<void>;
}

/** Answers a call, as far as the faults let it. `run` does the work. */
export async function answer(
  { faults, state }: { faults: Faults | undefined; state: WorkspaceState },
  call: Call,
  run: () => Answer,
): Promise<void> {
  if (faults) return faults.answer(state, call, run);
  const { status, body, headers } = run();
  sendJson(call.response, status, body, headers);
}
