import { PREVIOUS } from '../domain/ranges.ts';
import { canCompare, type Question, REPORT_KINDS, type Report } from '../domain/report.ts';
import { QuestionError } from '../errors.ts';
import { buildAnswer } from '../messages/answer-message.ts';
import { hasGraph, listNext } from '../slack/next-questions.ts';
import { listNoticeSamples } from './sample-notices.ts';
import { listViewSamples } from './sample-views.ts';
import {
  type Sample,
  type SampleNames,
  type SampleWorld,
  sampleMessage,
  USUAL_NAMES,
  withSampleWorld,
} from './sample-world.ts';

/**
 * Lists one of every kind of message, modal and Home view, made from sample usage by the same builders as in Slack. `empty`: use a
 * database without usage. `upload` is called until it returns a file; without a file no sample has a picture.
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
  return withSampleWorld(empty ? undefined : names, async (world) => {
    const { samples, fileId } = await listAnswerSamples(world, names, upload);
    return [...samples, ...(await listNoticeSamples(world, names, fileId)), ...(await listViewSamples(world, names))];
  });
}

/** Uploads the picture of a report, or reuses one that Slack has. Returns the id of its file, if there is one. */
export type SampleUpload = (report: Report) => Promise<string | undefined>;

/** Lists every report as an answer: with its picture, with Slack's own chart, and as a table. */
async function listAnswerSamples(
  world: SampleWorld,
  names: SampleNames,
  upload: SampleUpload,
): Promise<{ samples: Sample[]; fileId: string | undefined }> {
  const samples: Sample[] = [];
  let fileId: string | undefined;
  for (const question of listQuestions(names)) {
    const report = await answer(world, question);
    if (!report) continue;
    const name = `Answer: ${nameOf(question)}`;
    const shown = hasGraph(report.kind) && question.view !== 'table';
    if (shown) fileId ??= await upload(report);
    if (shown && samples.length === 0)
      samples.push(sampleMessage(`${name}, before its picture`, dress(report, 'coming')));
    if (shown && fileId) samples.push(sampleMessage(`${name}, with its picture`, dress(report, fileId)));
    samples.push(sampleMessage(shown ? `${name}, private` : name, dress(report, undefined)));
    if (shown) samples.push(sampleMessage(`${name}, as table`, dress(asTable(report), undefined)));
  }
  return { samples, fileId };
}

function listQuestions({ clients, routes, scopes }: SampleNames): Question[] {
  const names = { client: clients[0]!, why: clients[0]!, route: routes[0]! } as Partial<Record<string, string>>;
  const kinds = REPORT_KINDS.map((report): Question => ({ report, ...(names[report] ? { name: names[report] } : {}) }));
  return [
    ...kinds,
    { report: 'pool', scope: scopes[0]! },
    { report: 'top', dimension: 'client', view: 'doughnut' },
    { report: 'top', dimension: 'client', view: 'table', limit: 1000 },
    { report: 'top', dimension: 'user', filters: [{ key: 'client', not: false, patterns: clients.slice(0, 3) }] },
    { report: 'top', dimension: 'function' },
    { report: 'top', dimension: 'team' },
    { report: 'status', range: 'last 3 hours' },
    { report: 'daily', range: '12-months' },
    { report: 'top', dimension: 'client', only: 'new' },
    { report: 'daily', dimension: 'user' },
    { report: 'latency', overTime: true },
    { report: 'latency', dimension: 'route', view: 'table', limit: 1000 },
    { report: 'events', range: '30d', limit: 10_000 },
    ...kinds.filter(canCompare).map((question) => ({ ...question, versus: PREVIOUS })),
    { report: 'top', dimension: 'client', range: 'this-month', versus: 'last-month', sort: '-change' },
  ];
}

function nameOf({ report, only, dimension, overTime, view, scope, range, versus, filters }: Question): string {
  const shown = [report, only, overTime && 'over time', dimension, view, scope && 'of a scope', range];
  return [...shown, versus && `compared with ${versus}`, filters && 'filtered'].filter(Boolean).join(' ');
}

/** Answers a question; undefined if the data has no answer, such as a client of an empty database. */
async function answer({ reporter, nowMs }: SampleWorld, question: Question): Promise<Report | undefined> {
  try {
    return await reporter.answer(question, nowMs);
  } catch (error) {
    if (error instanceof QuestionError) return undefined;
    throw error;
  }
}

function dress(report: Report, fileId: string | 'coming' | undefined) {
  return buildAnswer(report, {
    controls: {
      ...{ answerId: 'sample0000', revision: '1', next: listNext(report), filtered: true },
      ...{ sharing: fileId ? 'open' : 'private', offerPng: !fileId && hasGraph(report.kind) },
      audience: 'the 42 members of #api-usage',
    },
    picture: fileId === 'coming' ? 'coming' : fileId ? { fileId, altText: report.finding } : undefined,
    native: !fileId,
    askedBy: fileId ? 'U0123456789' : undefined,
    readerZone: fileId ? undefined : 'America/New_York',
    remarks: ['This channel is archived, so the answer is for you alone.'],
  });
}

function asTable(report: Report): Report {
  return { ...report, question: { ...report.question, view: 'table' } };
}
