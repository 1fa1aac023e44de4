import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Folders with the slowest files, slowest first. They start first, so that none of them runs on alone at the end. */
const LONG = ['journeys', 'torture', 'acceptance', 'delivery', 'schedule', 'usage', 'cli', 'playground'];

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.toSorted((a, b) => rank(a) - rank(b));
  }
}

function rank({ moduleId }: TestSpecification): number {
  const place = LONG.findIndex((folder) => moduleId.includes(`/test/${folder}/`));
  return place < 0 ? LONG.length : place;
}
