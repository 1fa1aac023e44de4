import { z } from 'zod';
import { ApiError, type Core, refusal } from '../core.ts';
import { asJson } from '../http.ts';
import type { JsonObject } from '../types.ts';

/** A Web API method, by its page in docs.slack.dev/reference/methods. `run` returns the answer without `ok`, or throws an ApiError. */
export interface Method {
  /** Arguments that the reference names and Headroom sends. */
  args: z.core.$ZodLooseShape;
  run(core: Core, args: never): JsonObject;
}

/** Creates a method whose `run` gets the arguments as parsed by their schema. */
export function method<const Shape extends z.core.$ZodLooseShape>(
  one: Omit<Method, 'args' | 'run'> & {
    args: Shape;
    run(core: Core, args: z.output<z.ZodObject<Shape>>): JsonObject;
  },
): Method {
  return one;
}

/** Schemas of arguments. Form bodies have strings only, JSON bodies have typed values: these read both. */
export const text = z.string().min(1);
export const flag = z
  .union([z.boolean(), z.stringbool()])
  .optional()
  .transform((value) => value === true);
export const count = z.coerce.number().int();
export const json = z.preprocess(asJson, z.unknown());
export const page = { cursor: z.string().optional(), limit: count.min(0).optional() };

/** Arguments of every method. Bolt sends the team in each call. */
const ALWAYS = ['token', 'team_id'];

/**
 * Reads the arguments by their schema. Missing and wrong ones are refused; unknown ones are ignored, as Slack does. Both are
 * problems.
 */
export function readArguments({ args: shape }: Method, core: Core, where: string, given: JsonObject): never {
  const unknown = Object.keys(given).filter((name) => !ALWAYS.includes(name) && !Object.hasOwn(shape, name));
  if (unknown.length > 0) core.state.problem('invalid_arguments', where, `no such argument: ${unknown.join(', ')}`);
  const read = z.object(shape).safeParse(given);
  if (read.success) return read.data as never;
  const messages = read.error.issues.map(({ path, message }) =>
    given[String(path[0])] === undefined
      ? `[ERROR] missing required field: ${path.join('/')}`
      : `[ERROR] ${path.join('/')}: ${message}`,
  );
  const problem = ['invalid_arguments', where, messages.join('; ')] as const;
  throw refusal(core, problem, 'invalid_arguments', { response_metadata: { messages } });
}

/** Returns a page of `items` by `limit` and `cursor`, with Slack's `next_cursor` (empty on the last page). Throws `invalid_cursor`. */
export function toPage<T>(
  items: T[],
  { cursor, limit = 0 }: { cursor?: string | undefined; limit?: number | undefined },
  standard: number,
  most: number,
): { page: T[]; next: string } {
  const match = cursor ? /^next:(\d+)$/.exec(Buffer.from(cursor, 'base64').toString()) : ['', '0'];
  if (!match) throw new ApiError('invalid_cursor');
  const start = Number(match[1]);
  const end = start + Math.min(limit || standard, most);
  const next = end < items.length ? Buffer.from(`next:${end}`).toString('base64') : '';
  return { page: items.slice(start, end), next };
}
