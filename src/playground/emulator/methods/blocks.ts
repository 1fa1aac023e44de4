import { ApiError } from '../api-error.ts';
import { MAX_MESSAGE_CHARACTERS } from '../block-rules.ts';
import { findViewErrors } from '../block-schema.ts';
import { findBlockErrors, findUnknown } from '../blocks.ts';
import type { Core } from '../core.ts';
import { countTexts, isObject } from '../elements.ts';
import { asJson } from '../http.ts';
import type { Block, JsonObject } from '../types.ts';
import type { Method } from './method.ts';

const KINDS = ['blocks', 'message', 'view'] as const;

/**
 * Checks one of `blocks`, `message` and `view` and says what would be refused. Nothing is sent, so nothing here is a problem.
 * Answer and pointers as in docs.slack.dev/reference/methods/blocks.validate: for blocks, these begin with the block's number.
 */
function validate(core: Core, args: JsonObject): JsonObject {
  const given = KINDS.filter((kind) => args[kind] !== undefined);
  const [kind] = given;
  const payload = kind && asJson(args[kind]);
  if (!kind || given.length > 1) throw invalid('must provide exactly one of `blocks`, `view`, or `message`');
  const blocks = kind === 'blocks' ? payload : isObject(payload) ? (payload.blocks ?? []) : undefined;
  if (!Array.isArray(blocks)) throw invalid(`invalid JSON in \`${kind}\``);
  const told = [
    ...(kind === 'view' ? findViewErrors(payload as JsonObject) : []),
    ...findUnknown(core, blocks as Block[]),
    ...findBlockErrors(blocks as Block[], surfaceOf(kind, payload)),
    ...(kind !== 'view' && countTexts(blocks) > MAX_MESSAGE_CHARACTERS
      ? ['blocks are too long [json-pointer:/blocks]']
      : []),
  ];
  if (told.length === 0) return {};
  throw new ApiError(`invalid_${kind}`, { errors: told.map((text) => toError(text, kind)) });
}

function surfaceOf(kind: string, payload: unknown) {
  return kind !== 'view' ? 'message' : (payload as JsonObject).type === 'home' ? 'home' : 'modal';
}

function invalid(message: string): ApiError {
  return new ApiError('invalid_arguments', { response_metadata: { messages: [message] } });
}

function toError(told: string, kind: (typeof KINDS)[number]): JsonObject {
  const [, message = told, place = ''] = /^(.*) \[json-pointer:(.*)\]$/s.exec(told) ?? [];
  const pointer = kind === 'blocks' ? place.replace(/^\/blocks/, '') : place;
  return { code: 'failed_constraint', message, pointer };
}

export const blockMethods: Record<string, Method> = {
  'blocks.validate': { run: validate },
};
