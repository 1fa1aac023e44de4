import { readdirSync, readFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import { REPORT_KINDS } from '../../src/domain/report.ts';
import { MAX_FALLBACK_TEXT } from '../../src/messages/limits.ts';
import {
  countTexts,
  findBlockErrors,
  findViewErrors,
  MAX_MESSAGE_CHARACTERS,
} from '../../src/playground/emulator/blocks.ts';
import type { Block } from '../../src/playground/emulator/types.ts';
import { type Sample, type SampleNames, USUAL_NAMES } from '../../src/samples/sample-world.ts';
import { listSamples } from '../../src/samples/samples.ts';
import { FORMS } from '../../src/slack/app.ts';

const HOSTILE = [
  '<!channel>',
  '<@U01ADMIN>',
  '*bold* _it_ ~gone~ `code`',
  ':tada: https://evil.example/x @here',
  '&lt;!here&gt;',
  '=cmd()',
  '名前 💥 \u202e',
  '\u200b',
  '\u2066 \u00a0 \u2060',
  '"quoted" \\ and, {braced}',
  '{{template}}',
  'two\nlines\r\nor\u2028three',
];

const long = (prefix: string, count: number, character = 'x') =>
  Array.from({ length: count }, (_, index) => `${prefix}${index} ${character.repeat(200)}`.slice(0, 200));

/** Hostile names that a declaration accepts. */
const NAMES = HOSTILE.filter((name) => !/[\n/]/.test(name) && name !== '\u200b');
const pools = (names: string[]) => names as unknown as SampleNames['pools'];

const scripts = (count: number) => [...long('顧客', count, '漢'), ...long('💥', count, 'é')];

const SETS: Record<string, SampleNames> = {
  usual: USUAL_NAMES,
  hostile: { clients: HOSTILE, routes: HOSTILE, users: HOSTILE, scopes: NAMES, pools: pools(NAMES) },
  'long and many': {
    clients: [...long('client-', 60), ...scripts(20)],
    routes: [...long('/v1/', 12), ...scripts(4)],
    users: [...long('user-', 12), ...scripts(4)],
    scopes: [...long('scope-', 35), ...scripts(3)],
    pools: pools([...long('pool-', 2), ...scripts(3)]),
  },
};

function faultsOf(sample: Sample): string[] {
  if ('view' in sample) {
    const { blocks, type } = sample.view as { blocks: Block[]; type: 'modal' | 'home' };
    return [...findViewErrors(sample.view), ...findBlockErrors(blocks, type)];
  }
  const { text, blocks } = sample.message;
  return [
    ...findBlockErrors(blocks as Block[], 'message'),
    ...(countTexts(blocks) > MAX_MESSAGE_CHARACTERS ? ['msg_blocks_too_long'] : []),
    ...(text.trim() === '' || text.length > MAX_FALLBACK_TEXT ? [`text of ${text.length} characters`] : []),
  ];
}

const made = new Map<string, Promise<Sample[]>>();
const samplesOf = (set: string) =>
  made.getOrInsertComputed(set, () => listSamples({ names: SETS[set]!, upload: async () => 'F0123456789' }));

describe('every message, modal and Home view is one that Slack takes', () => {
  it.each(Object.keys(SETS))('with %s names', async (set) => {
    expect(refusedOf(await samplesOf(set))).toEqual([]);
  });

  it('without any data', async () => {
    expect(refusedOf(await listSamples({ empty: true }))).toEqual([]);
  });
});

function refusedOf(samples: readonly Sample[]) {
  return samples
    .map((sample) => ({ name: sample.name, faults: faultsOf(sample) }))
    .filter(({ faults }) => faults.length > 0);
}

it('the samples are made by every builder of messages and views', async () => {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
  await listSamples({ upload: async () => 'F0123456789' });
  const { result } = await session.post('Profiler.takePreciseCoverage');
  session.disconnect();
  const ran = new Set(
    result.flatMap(({ url, functions }) =>
      functions
        .filter(({ ranges }) => ranges[0]!.count > 0)
        .map(({ functionName }) => `${basename(url)} ${functionName}`),
    ),
  );
  const builders = ['messages', 'slack'].flatMap((part) =>
    listBuilders(new URL(`../../src/${part}/`, import.meta.url)),
  );
  expect(builders.length).toBeGreaterThan(60);
  expect(builders.filter((builder) => !ran.has(builder))).toEqual([]);
});

/** Lists the functions that build blocks, such as `home.ts buildHome`. */
function listBuilders(folder: URL): string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) =>
      [
        ...readFileSync(new URL(file, folder), 'utf8').matchAll(
          /^(?:export )?function (build\w+|describeRouting|refit)/gm,
        ),
      ].map(([, name]) => `${file} ${name}`),
    );
}

it('the samples hold every kind there is, each under a name of its own', async () => {
  const samples = await samplesOf('usual');
  const names = samples.map(({ name }) => name);
  expect(names).toEqual([...new Set(names)]);
  for (const kind of REPORT_KINDS) expect(names.some((name) => name.startsWith(`Answer: ${kind}`))).toBe(true);
  const callbacks = samples.map((sample) => ('view' in sample ? sample.view.callback_id : undefined));
  expect(new Set(callbacks.filter(Boolean))).toEqual(new Set(FORMS.map(({ on }) => on)));
  const types = new Set(
    samples.flatMap((sample) => ('message' in sample ? sample.message.blocks : []).map(({ type }) => type)),
  );
  for (const type of ['table', 'data_visualization', 'image', 'rich_text', 'context', 'actions', 'section', 'header'])
    expect(types).toContain(type);
});
