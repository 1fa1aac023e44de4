import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Answer, answer } from './answer.ts';
import { ApiError, type Core, refusal } from './core.ts';
import { parseArguments, readBody } from './http.ts';
import { chatMethods } from './methods/chat.ts';
import { conversationMethods } from './methods/conversations.ts';
import { fileMethods } from './methods/files.ts';
import { type Method, readArguments } from './methods/method.ts';
import { peopleMethods } from './methods/people.ts';
import { viewMethods } from './methods/views.ts';
import { checkCall } from './permissions.ts';
import type { JsonObject } from './types.ts';

const METHODS: Record<string, Method> = {
  ...chatMethods,
  ...conversationMethods,
  ...fileMethods,
  ...peopleMethods,
  ...viewMethods,
};

/** Serves `/api/<method>`, with JSON or form bodies. */
export async function serveWebApi(
  core: Core,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<void> {
  const name = url.pathname.slice('/api/'.length);
  const body = await readBody(request);
  const args = parseArguments(request.headers['content-type'] ?? '', body, url.searchParams);
  const token = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? (args?.token as string | undefined);
  await answer(core, { method: name, args: args ?? {}, response }, () => run(core, name, args, token));
}

function run(core: Core, name: string, args: JsonObject | undefined, token: string | undefined): Answer {
  const method = Object.hasOwn(METHODS, name) ? METHODS[name] : undefined;
  const headers = { 'x-oauth-scopes': [...core.manifest.scopes].join(',') };
  try {
    if (!method) throw refusal(core, ['unknown_method', name, 'no such method here'], 'unknown_method');
    if (!args) throw new ApiError('invalid_json');
    checkCall(core, name, args, token);
    const answer = method.run(core, readArguments(method, core, name, args));
    return { status: 200, body: { ok: true, ...answer }, headers };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return { status: 200, body: { ok: false, error: error.code, ...error.extra }, headers };
  }
}
