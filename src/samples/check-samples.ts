import type { WebClient } from '@slack/web-api';
import { createChartRenderer } from '../chart/renderer.ts';
import { systemClock } from '../delivery/clock.ts';
import type { Report } from '../domain/report.ts';
import { createLogger } from '../log.ts';
import { type Fault, listFaults } from '../messages/repair.ts';
import { classifyFailure, slackErrorOf } from '../slack/client/errors.ts';
import { uploadPicture } from '../slack/client/post.ts';
import type { Sample } from './sample-world.ts';
import { listSamples } from './samples.ts';

/** Codes with which Slack refuses a message or view. */
const REFUSALS = new Set(['invalid_blocks', 'invalid_message', 'invalid_view']);

/**
 * Lets Slack check one of every kind of message, modal and Home view, and prints those that it would refuse. Posts nothing; one
 * picture is uploaded for them, seen by nobody, and deleted at the end. Returns true if Slack takes them all.
 */
export async function checkMessages(client: WebClient | undefined, out: (line: string) => void): Promise<boolean> {
  if (!client) {
    out('✗ SLACK_BOT_TOKEN is not set: without it Slack checks nothing.');
    return false;
  }
  const pictures = new SamplePictures(client);
  try {
    const samples = await listSamples({ upload: (report) => pictures.upload(report) });
    if (pictures.fault) out(`✗ Pictures are not checked: none could be uploaded (${pictures.fault}).`);
    out(`Slack checks ${samples.length} messages, modals and Home views; this takes a minute or so.`);
    let refused = 0;
    for (const sample of samples) {
      const faults = await check(client, sample);
      for (const fault of faults) out(`✗ ${sample.name}: ${describe(sample, fault)}`);
      if (faults.length > 0) refused += 1;
    }
    out(
      refused === 0
        ? '✓ Slack takes them all.'
        : `Slack would refuse ${refused} of them: please report these lines. Until it is mended, their text is sent instead.`,
    );
    return refused === 0 && !pictures.fault;
  } catch (error) {
    out(`✗ Slack could not check the messages (${codeOf(error)}): try again later.`);
    return false;
  } finally {
    await pictures.remove();
  }
}

/** Lists the faults that Slack finds in a sample. Waits if Slack limits the rate; rejects if Slack cannot check. */
async function check(client: WebClient, sample: Sample): Promise<Fault[]> {
  const payload =
    'view' in sample ? { view: JSON.stringify(sample.view) } : { message: JSON.stringify(sample.message) };
  for (;;) {
    try {
      await client.apiCall('blocks.validate', payload);
      return [];
    } catch (error) {
      const { reason, retryAfterMs = 1000 } = classifyFailure(error);
      if (reason === 'rate_limited') {
        await systemClock.sleep(retryAfterMs);
        continue;
      }
      if (!REFUSALS.has(codeOf(error))) throw error;
      const faults = listFaults(error);
      return faults.length > 0 ? faults : [{ pointer: '', reason: codeOf(error) }];
    }
  }
}

/** `table at /blocks/1/rows/0/5/text: must be more than 0 characters`. */
function describe(sample: Sample, { pointer, reason }: Fault): string {
  const blocks = 'view' in sample ? (sample.view.blocks as { type: string }[]) : sample.message.blocks;
  const index = /^\/blocks\/(\d+)/.exec(pointer)?.[1];
  const type = index === undefined ? '' : `${blocks[Number(index)]?.type} `;
  return pointer ? `${type}at ${pointer}: ${reason}` : reason;
}

function codeOf(error: unknown): string {
  return slackErrorOf(error) ?? (error as Error).message;
}

/** Draws and uploads one chart, like those of answers. */
class SamplePictures {
  /** Why the upload failed. */
  fault: string | undefined;
  readonly #client: WebClient;
  #fileId: string | undefined;

  constructor(client: WebClient) {
    this.#client = client;
  }

  async upload(report: Report): Promise<string | undefined> {
    if (this.fault) return undefined;
    const charts = createChartRenderer({ log: createLogger('silent') });
    try {
      const drawn = await charts.render(report);
      if (!drawn) return undefined;
      const ports = { client: this.#client, wait: (ms: number) => systemClock.sleep(ms) };
      this.#fileId = await uploadPicture(ports, drawn, { name: 'headroom-doctor.png', title: 'Headroom doctor' });
    } catch (error) {
      this.fault = codeOf(error);
    } finally {
      await charts.stop();
    }
    return this.#fileId;
  }

  async remove(): Promise<void> {
    if (this.#fileId) await this.#client.files.delete({ file: this.#fileId }).catch(() => {});
  }
}
