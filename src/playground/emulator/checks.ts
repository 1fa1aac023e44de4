import { countTexts, findBlockErrors, MAX_MESSAGE_CHARACTERS } from './block-rules.ts';
import { findViewErrors } from './block-schema.ts';
import { ApiError, type Core, refusal } from './core.ts';
import { isObject } from './elements.ts';
import type { Block, BlockPlace, JsonObject } from './types.ts';

/** Creates the error `invalid_blocks` with its messages, which Slack repeats under `response_metadata.messages`. */
export function reject(messages: string[]): ApiError {
  return new ApiError('invalid_blocks', {
    errors: messages,
    response_metadata: { messages: messages.map((message) => `[ERROR] ${message}`) },
  });
}

/** Throws `invalid_blocks` or `msg_blocks_too_long`. Each is also a problem, unless the workspace does not know a block type yet. */
export function checkBlocks(core: Core, blocks: Block[], { where, surface }: BlockPlace): void {
  const unknown = findUnknown(core, blocks);
  if (unknown.length > 0) throw reject(unknown);
  const errors = findBlockErrors(blocks, surface);
  if (errors.length > 0) {
    core.state.problem('invalid_blocks', where, errors.join('; '));
    throw reject(errors);
  }
  const characters = countTexts(blocks);
  const oversize = `${characters} characters in blocks, ${MAX_MESSAGE_CHARACTERS} fit`;
  if (surface === 'message' && characters > MAX_MESSAGE_CHARACTERS)
    throw refusal(core, ['oversize', where, oversize], 'msg_blocks_too_long');
}

function findUnknown({ faults }: Core, blocks: Block[]): string[] {
  return blocks.flatMap(({ type }, index) =>
    faults?.unknownBlocks.has(type) ? [`unsupported type: ${type} [json-pointer:/blocks/${index}/type]`] : [],
  );
}

/**
 * Notes a problem if a menu cannot hold the options that the app offered for it:
 * docs.slack.dev/reference/block-kit/block-elements/select-menu-element#external_select
 */
export function checkOffered({ state }: Core, kind: 'options' | 'option_groups', offered: JsonObject[]): void {
  const menu = { type: 'static_select', [kind]: offered };
  const errors = offered.length === 0 ? [] : findBlockErrors([{ type: 'actions', elements: [menu] }], 'modal');
  if (errors.length > 0) state.problem('invalid_blocks', 'block_suggestion', errors.join('; '));
}

const KINDS = ['blocks', 'message', 'view'] as const;
/** Characters of each argument: docs.slack.dev/reference/methods/blocks.validate */
const MAX_VALIDATED = 100_000;

/**
 * Checks `blocks`, `message` or `view`, and throws the errors with which Slack would refuse it. Nothing is sent, so they are
 * no problems. Answer and pointers follow docs.slack.dev/reference/methods/blocks.validate: for `blocks`, a pointer begins
 * with the block's index.
 */
export function validate(core: Core, args: JsonObject): JsonObject {
  const [kind, ...others] = KINDS.filter((one) => args[one] !== undefined);
  const payload = kind && args[kind];
  const blocks = kind === 'blocks' ? payload : isObject(payload) ? (payload.blocks ?? []) : undefined;
  if (!kind || others.length > 0 || !Array.isArray(blocks))
    throw new ApiError('invalid_arguments', {
      response_metadata: { messages: ['must provide exactly one of `blocks`, `view`, or `message`, as JSON'] },
    });
  if (JSON.stringify(payload).length > MAX_VALIDATED)
    throw new ApiError('invalid_arguments', {
      response_metadata: { messages: [`[ERROR] must be less than ${MAX_VALIDATED + 1} characters`] },
    });
  const isView = kind === 'view' && isObject(payload);
  const surface = !isView ? 'message' : payload.type === 'home' ? 'home' : 'modal';
  const told = [
    ...(isView ? findViewErrors(payload) : []),
    ...findUnknown(core, blocks as Block[]),
    ...findBlockErrors(blocks, surface),
    ...(!isView && countTexts(blocks) > MAX_MESSAGE_CHARACTERS ? ['blocks are too long [json-pointer:/blocks]'] : []),
  ];
  if (told.length === 0) return {};
  const errors = told.map((one) => {
    const [, message = one, place = ''] = /^(.*) \[json-pointer:(.*)\]$/s.exec(one) ?? [];
    const pointer = kind === 'blocks' ? place.replace(/^\/blocks/, '') : place;
    return { code: 'failed_constraint', message, pointer };
  });
  throw new ApiError(`invalid_${kind}`, { errors });
}
