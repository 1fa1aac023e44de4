import type { ServerResponse } from 'node:http';
import { sendJson } from './http.ts';
import type { WorkspaceState } from './state.ts';
import type { JsonObject } from './types.ts';

export interface Answer {
  status: number;
  body: JsonObject;
  headers?: Record<string, string>;
}

/** A request to Slack. `method`: a Web API method, `upload` (the bytes of a file) or `response_url`. */
export interface Call {
  method: string;
  args: JsonObject;
  response: ServerResponse;
}

/** Failures of Slack that tests bring about. The demo has none. */
export interface Faults {
  /** True while Slack is down: Socket Mode connections are refused. */
  readonly isOut: boolean;
  /** Block types that this workspace does not know yet: Slack releases new ones to some workspaces before others. */
  readonly unknownBlocks: ReadonlySet<string>;
  /** Calls `finish` once the scan of a file may end; perhaps later, perhaps never. */
  scan(finish: () => void): void;
  /** Answers a call, or makes it fail. `run` does the work. */
  answer(state: WorkspaceState, call: Call, run: () => Answer): Promise<void>;
}

/** Answers a call, unless a fault prevents it. `run` does the work. */
export async function answer(
  { faults, state }: { faults: Faults | undefined; state: WorkspaceState },
  call: Call,
  run: () => Answer,
): Promise<void> {
  if (faults) return faults.answer(state, call, run);
  const { status, body, headers } = run();
  sendJson(call.response, status, body, headers);
}
