import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Folders and files that take longest, the longest first. They start first, so that none of them runs on alone at the end. */
const LONG = [
  ...[
    'journeys/',
    'torture/',
    'cli/',
    'acceptance/',
    'paths.test',
    'playground/',
    'usage/',
    'slack/command/properties',
  ],
  ...['slack/pool-forms', 'sql/', 'delivery/', 'schedule/', 'chart/', 'slack/'],
];

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.toSorted((a, b) => rank(a) - rank(b));
  }
}

function rank({ moduleId }: TestSpecification): number {
  const place = LONG.findIndex((start) => moduleId.includes(`/test/${start}`));
  return place < 0 ? LONG.length : place;
}
