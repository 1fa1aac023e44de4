/** One thing that Slack found wrong in blocks, and where: `/blocks/4/rows/0/5/text`. */
export interface Fault {
  pointer: string;
  reason: string;
}

/** A message that Slack refused, as far as it says why. */
export interface Refusal {
  /** Slack's code: `invalid_blocks`. */
  code: string;
  /** The message passes without its uploaded picture. */
  picture: boolean;
  /** None through a response URL, which gives the bare code. */
  faults: readonly Fault[];
}

const POINTER = /^(?:\[ERROR\] )?(.*) \[json-pointer:([^\]]*)\]$/s;

/**
 * Reads from an error of the Web API which blocks it refuses; empty where it names no place. Chat methods answer
 * sentences that end in a pointer, `blocks.validate` objects whose pointer may leave out `/blocks`.
 */
export function listFaults(error: unknown): Fault[] {
  const answer = error as { data?: { errors?: unknown; response_metadata?: { messages?: unknown } } } | undefined;
  const told = [answer?.data?.errors, answer?.data?.response_metadata?.messages].find(
    (list) => Array.isArray(list) && list.length > 0,
  );
  return ((told ?? []) as unknown[]).flatMap(toFault);
}

function toFault(told: unknown): Fault[] {
  if (typeof told === 'string') {
    const [, reason, pointer] = POINTER.exec(told) ?? [];
    return pointer === undefined ? [] : [{ pointer: fromBlocks(pointer), reason: reason! }];
  }
  const { pointer, message, code } = (told ?? {}) as { pointer?: unknown; message?: unknown; code?: unknown };
  return typeof pointer === 'string' ? [{ pointer: fromBlocks(pointer), reason: String(message ?? code) }] : [];
}

function fromBlocks(pointer: string): string {
  return /^\/\d/.test(pointer) ? `/blocks${pointer}` : pointer.replace(/^\/(?:message|view)\//, '/');
}
