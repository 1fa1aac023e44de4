import type { WebClient } from '@slack/web-api';
import { CALL_TIMEOUT_MS } from '../slack/client/web-client.ts';
import type { Clock } from './clock.ts';
import type { Block, Picture } from './composer.ts';

/** How long Slack may take to scan an uploaded file before the picture is given up. */
const READY_WITHIN_MS = 15_000;

/**
 * Uploads a picture and waits until a block may show it: Slack scans a file first, and refuses a block with one that is
 * not scanned. The file is shared by the message that shows it. Throws what the Web API throws.
 */
export async function uploadPicture(client: WebClient, clock: Clock, title: string, picture: Picture): Promise<Block> {
  const filename = `${title.toLowerCase().replace(/[^a-z0-9]+/g, '-')}.png`;
  const { upload_url, file_id } = await client.files.getUploadURLExternal({
    filename,
    length: picture.png.byteLength,
    alt_text: picture.altText.slice(0, 1000),
  });
  const response = await fetch(upload_url!, {
    method: 'POST',
    body: new Uint8Array(picture.png),
    signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
  });
  if (!response.ok) throw new Error(`The upload of ${filename} was answered ${response.status}.`);
  await client.files.completeUploadExternal({ files: [{ id: file_id!, title }] });
  const deadlineMs = clock.now() + READY_WITHIN_MS;
  for (let waitMs = 50; !(await client.files.info({ file: file_id! })).file?.mimetype; waitMs *= 2) {
    if (clock.now() + waitMs > deadlineMs) throw new Error(`Slack did not finish scanning ${filename}.`);
    await clock.sleep(waitMs);
  }
  return { type: 'image', slack_file: { id: file_id }, alt_text: picture.altText.slice(0, 2000) };
}
