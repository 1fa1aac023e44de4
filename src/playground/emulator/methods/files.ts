import { acceptBlocks } from '../blocks.ts';
import { ApiError, type Core } from '../core.ts';
import { isObject } from '../elements.ts';
import { toFileObject } from '../files.ts';
import { asJson, asText } from '../http.ts';
import { getPostingChannel } from '../post.ts';
import { APP_ID, BOT_ID, BOT_USER_ID } from '../seed.ts';
import type { JsonObject, StoredFile } from '../types.ts';
import { type Method, requireArgument } from './method.ts';

/** docs.slack.dev/reference/methods/files.getUploadURLExternal; the argument is `alt_txt`, and others are ignored. */
const MAX_ALT_TEXT = 1000;

function getUploadUrl(core: Core, args: JsonObject): JsonObject {
  const where = 'files.getUploadURLExternal';
  const name = requireArgument(core, args, 'filename', where);
  const length = Number(requireArgument(core, args, 'length', where));
  if (!Number.isInteger(length) || length <= 0) throw new ApiError('invalid_arguments');
  const altText = asText(args.alt_txt) ?? '';
  if (altText.length > MAX_ALT_TEXT) throw new ApiError('alt_txt_too_large');
  const { file, ticket } = core.files.announce(name, length, altText, BOT_USER_ID);
  return { upload_url: `${core.url}/upload/v1/${ticket}`, file_id: file.id };
}

/** Ends an upload. With a channel, Slack posts a message with the files itself, after they have been processed. */
function completeUpload(core: Core, args: JsonObject): JsonObject {
  const where = 'files.completeUploadExternal';
  const wanted = asJson(args.files);
  if (!Array.isArray(wanted) || wanted.length === 0 || !wanted.every(isObject)) {
    core.state.problem('invalid_arguments', where, 'files is not a list of {id, title}');
    throw new ApiError('invalid_arguments');
  }
  const target = asText(args.channel_id) ?? asText(args.channels)?.split(',')[0];
  const channel = target ? getPostingChannel(core, target) : undefined;
  const blocks = acceptBlocks(core, args.blocks, { where, surface: 'message' });
  if (blocks && !channel) core.state.problem('invalid_arguments', where, 'blocks without channel_id are not posted');
  if (blocks?.some((block) => block.type === 'markdown')) {
    // slackapi/node-slack-sdk#2564: Slack fails on these instead of refusing them.
    core.state.problem('invalid_blocks', where, 'markdown blocks in an upload end in internal_error');
    throw new ApiError('internal_error');
  }
  const files = wanted.map((entry): StoredFile => {
    const file = core.state.files.get(String(entry.id));
    if (!file || file.deleted || file.completed) throw new ApiError('file_not_found');
    if (!file.uploaded) throw new ApiError('file_upload_not_completed');
    file.title = asText(entry.title) ?? file.name;
    return file;
  });
  let pending = files.length;
  for (const file of files) {
    core.files.complete(file, () => {
      pending -= 1;
      if (pending > 0 || !channel) return;
      const message = core.state.addMessage({
        subtype: 'file_share',
        channel: channel.id,
        user: BOT_USER_ID,
        bot_id: BOT_ID,
        app_id: APP_ID,
        text: asText(args.initial_comment) ?? '',
        ...(blocks && !args.initial_comment ? { blocks } : {}),
        ...(asText(args.thread_ts) ? { thread_ts: asText(args.thread_ts)! } : {}),
      });
      for (const one of files) one.shares.push({ channel: channel.id, ts: message.ts });
      message.files = files.map((one) => toFileObject(core.state, one, core.url));
      core.state.changed({ kind: 'message_changed', channel: channel.id, ts: message.ts });
    });
  }
  return { files: files.map((file) => toFileObject(core.state, file, core.url)) };
}

function getFile(core: Core, args: JsonObject, where: string): StoredFile {
  const file = core.files.find(requireArgument(core, args, 'file', where));
  if (!file || !core.files.isVisibleTo(file, BOT_USER_ID)) throw new ApiError('file_not_found');
  return file;
}

function remove(core: Core, args: JsonObject): JsonObject {
  const file = getFile(core, args, 'files.delete');
  if (file.user !== BOT_USER_ID) throw new ApiError('cant_delete_file');
  file.deleted = true;
  core.state.changed({ kind: 'file', id: file.id });
  return {};
}

export const fileMethods: Record<string, Method> = {
  'files.getUploadURLExternal': { scopes: ['files:write'], run: getUploadUrl },
  'files.completeUploadExternal': { scopes: ['files:write'], run: completeUpload },
  'files.info': {
    scopes: ['files:read'],
    run: (core, args) => ({
      file: toFileObject(core.state, getFile(core, args, 'files.info'), core.url),
      comments: [],
      response_metadata: { next_cursor: '' },
    }),
  },
  'files.delete': { scopes: ['files:write'], run: remove },
};
