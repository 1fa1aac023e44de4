import type { WebClient } from '@slack/web-api';
import type { Picture } from '../../domain/picture.ts';
import { clip } from '../../messages/text.ts';
import { callSlack, toUnclear } from './errors.ts';
import { CALL_TIMEOUT_MS } from './web-client.ts';

export interface UploadPorts {
  client: WebClient;
  wait(ms: number): Promise<void>;
}

export interface NewFile {
  name: string;
  title: string;
  bytes: Uint8Array;
  /** Read out instead of a picture. */
  altText?: string;
}

/** Slack refuses longer ones (`alt_txt_too_large`). */
const MAX_ALT_TEXT = 1000;
/** Pauses before each look at an uploaded file, about 15 s in all: Slack scans it first, mostly for a second. */
const LOOKS_MS = [0, 300, 1000, 2000, 3000, 4000, 5000];

/**
 * Uploads a file and returns its id. With `to` Slack posts it there, with the comment (mrkdwn) above it; without, nobody sees it until a message shows it.
 * Rejects as the Web API does. Source: docs.slack.dev/messaging/working-with-files.
 */
export async function uploadFile(
  ports: UploadPorts,
  { name, title, bytes, altText }: NewFile,
  to?: { channel: string; threadTs?: string | undefined; comment?: string },
): Promise<string> {
  const { client } = ports;
  return callSlack(
    async () => {
      // The library's own method sends `alt_text`, which Slack does not know.
      const announced = await client.apiCall('files.getUploadURLExternal', {
        filename: name,
        length: bytes.byteLength,
        ...(altText ? { alt_txt: clip(altText, MAX_ALT_TEXT) } : {}),
      });
      const { upload_url: url, file_id: id } = announced as { upload_url?: string; file_id?: string };
      if (!url || !id) throw new Error(`Slack gave no address for ${name}`);
      await sendBytes(url, bytes, name);
      const thread = to?.threadTs ? { thread_ts: to.threadTs } : {};
      const comment = to?.comment ? { initial_comment: to.comment } : {};
      const share = to ? { channel_id: to.channel, ...thread, ...comment } : {};
      await client.apiCall('files.completeUploadExternal', { files: [{ id, title }], ...share });
      return id;
    },
    // What Slack posts by itself may stand there already after an unclear outcome.
    { wait: ports.wait, repeatable: to === undefined },
  );
}

async function sendBytes(url: string, bytes: Uint8Array, name: string): Promise<void> {
  const response = await fetch(url, {
    method: 'POST',
    body: new Uint8Array(bytes),
    signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
  }).catch((error: Error) => {
    throw toUnclear(error);
  });
  await response.body?.cancel();
  if (!response.ok) {
    throw toUnclear(new Error(`the upload of ${name} was answered ${response.status}`));
  }
}

/** Uploads a picture and waits until a block may show it. Returns the file's id; rejects where Slack does not finish. */
export async function uploadPicture(
  ports: UploadPorts,
  picture: Picture,
  { name, title }: { name: string; title: string },
): Promise<string> {
  const id = await uploadFile(ports, { name, title, bytes: picture.png, altText: picture.altText });
  for (const pauseMs of LOOKS_MS) {
    if (pauseMs > 0) await ports.wait(pauseMs);
    // A file without a type is still being scanned, and a block that shows it would be refused.
    const { file } = await callSlack(() => ports.client.files.info({ file: id }), {
      wait: ports.wait,
      repeatable: true,
    });
    if (file?.mimetype) return id;
  }
  throw new Error(`Slack did not finish scanning ${name}`);
}
