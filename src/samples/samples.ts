import { listAnswerSamples, type SampleUpload } from './sample-answers.ts';
import { listNoticeSamples } from './sample-notices.ts';
import { listViewSamples } from './sample-views.ts';
import { type Sample, type SampleNames, USUAL_NAMES, withSampleWorld } from './sample-world.ts';

/**
 * One of every kind of message, modal and Home view, made by the builders that make them in Slack from reports on sample
 * usage. `empty`: on a database without any. `upload` is asked until it gives a file; without one no sample shows a picture.
 */
export function listSamples({
  names = USUAL_NAMES,
  empty = false,
  upload = async () => undefined,
}: {
  names?: SampleNames;
  empty?: boolean;
  upload?: SampleUpload;
} = {}): Promise<Sample[]> {
  return withSampleWorld(empty ? undefined : names, async (world) => [
    ...(await listAnswerSamples(world, names, upload)),
    ...(await listNoticeSamples(world, names)),
    ...(await listViewSamples(world, names)),
  ]);
}
