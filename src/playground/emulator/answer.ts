import type { ServerResponse } from 'node:http';
import { sendJson } from './http.ts';
import type { Manifest } from './manifest.ts';
import type { WorkspaceState } from './state.ts';
import type { Block, BlockPlace, JsonObject } from './types.ts';

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

/** Bad days of Slack's, and what it refuses: for tests. */
export interface Faults {
  /** Slack is away: Socket Mode is refused. */
  readonly isOut: boolean;
  /** Finishes the scan of a file, some day. */
  scan(finish: () => void): void;
  /** Answers a call, or fails to. `run` does the work. */
  answer(state: WorkspaceState, call: Call, run: () => Answer): Promise<void>;
  /** Throws what Slack answers to another token than the method needs, or one without its scopes. */
  checkCall(core: { state: WorkspaceState; manifest: Manifest }, name: string, args: JsonObject, token?: string): void;
  /** Throws what Slack answers to blocks that it does not take. */
  checkBlocks(state: WorkspaceState, blocks: Block[], place: BlockPlace): void;
  /** What is wrong with a view beside its blocks. */
  findViewErrors(view: unknown): string[];
  /** Notes as a problem what a menu cannot hold of what was offered for it. */
  checkOffered(state: WorkspaceState, kind: 'options' | 'option_groups', offered: JsonObject[]): void;
  /** The answer of blocks.validate. */
  validate(args: JsonObject): JsonObject;
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
