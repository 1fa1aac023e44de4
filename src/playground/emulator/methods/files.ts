import type { z } from 'zod';
import { ApiError, type Core, refusal } from '../core.ts';
import { isObject } from '../elements.ts';
import { getPostingChannel } from '../post.ts';
import { BOT, BOT_USER_ID } from '../state.ts';
import type { JsonObject, StoredFile } from '../types.ts';
import { count, json, type Method, method, page, text } from './method.ts';

const MAX_ALT_TEXT = 1000;

const share = {
  files: json,
  channel_id: text.optional(),
  thread_ts: text.optional(),
  initial_comment: text.optional(),
};

/** Completes an upload. If a channel is given, Slack itself posts a message with the files once they have been processed. */
function completeUpload(core: Core, args: z.output<z.ZodObject<typeof share>>): JsonObject {
  const { files: wanted, channel_id, thread_ts, initial_comment } = args;
  const problem = ['invalid_arguments', 'files.completeUploadExternal', 'files is not a list of {id, title}'] as const;
  if (!Array.isArray(wanted) || wanted.length === 0 || !wanted.every(isObject))
    throw refusal(core, problem, 'invalid_arguments');
  // Must be the id of a channel, not of a person: docs.slack.dev/reference/methods/files.completeUploadExternal
  if (channel_id && core.state.users.has(channel_id)) throw new ApiError('invalid_channel');
  const channel = channel_id ? getPostingChannel(core, channel_id).id : undefined;
  const parent = channel && thread_ts ? core.state.findMessage(channel, thread_ts) : undefined;
  if (parent?.thread_ts && parent.thread_ts !== thread_ts)
    core.state.problem('invalid_arguments', problem[1], `thread_ts ${thread_ts} is a reply: its parent's is meant`);
  const files = wanted.map((entry): StoredFile => {
    const file = core.state.files.get(String(entry.id));
    if (!file?.uploaded || file.deleted || file.completed) throw new ApiError('file_not_found');
    file.title = String(entry.title ?? file.name);
    return file;
  });
  let pending = files.length;
  for (const file of files) {
    core.files.complete(file, () => {
      pending -= 1;
      if (pending > 0 || !channel) return;
      const message = core.state.addMessage({
        subtype: 'file_share',
        channel,
        ...BOT,
        text: initial_comment ?? '',
        ...(thread_ts ? { thread_ts } : {}),
      });
      for (const one of files) one.shares.push({ channel, ts: message.ts });
      message.files = files.map((one) => core.files.toObject(one));
      core.state.changed();
    });
  }
  return { files: files.map((file) => core.files.toObject(file)) };
}

/** Finds a file that the bot may see, and throws Slack's error otherwise. */
function getFile(core: Core, id: string): StoredFile {
  const file = core.state.files.get(id);
  if (!file?.completed) throw new ApiError('file_not_found');
  if (file.deleted) throw new ApiError('file_deleted');
  if (!core.files.isVisibleTo(file, BOT_USER_ID)) throw new ApiError('not_visible');
  return file;
}

export const fileMethods: Record<string, Method> = {
  'files.getUploadURLExternal': method({
    args: { filename: text, length: count, alt_txt: text.optional() },
    run(core, { filename, length, alt_txt = '' }) {
      if (length <= 0) throw new ApiError('missing_argument');
      if (alt_txt.length > MAX_ALT_TEXT) throw new ApiError('alt_txt_too_large');
      const { id } = core.files.announce(filename, length, alt_txt);
      return { upload_url: `${core.url}/upload/v1/${id}`, file_id: id };
    },
  }),
  'files.completeUploadExternal': method({
    args: share,
    run: completeUpload,
  }),
  'files.info': method({
    args: { file: text, ...page },
    run: (core, args) => ({
      file: core.files.toObject(getFile(core, args.file)),
      comments: [],
      response_metadata: { next_cursor: '' },
    }),
  }),
  'files.delete': method({
    args: { file: text },
    run(core, args) {
      const file = getFile(core, args.file);
      if (file.user !== BOT_USER_ID) throw new ApiError('cant_delete_file');
      file.deleted = true;
      core.state.changed();
      return {};
    },
  }),
};
