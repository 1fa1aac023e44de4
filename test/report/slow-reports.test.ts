import { expect, it } from 'vitest';
import type { NameSource } from '../../src/domain/names.ts';
import type { Question, Reporter } from '../../src/domain/report.ts';
import { createLogger } from '../../src/log.ts';
import { tellSlow } from '../../src/report/reporter.ts';

it('tells which reports took long, also those that failed, and no others', async () => {
  const lines: Record<string, unknown>[] = [];
  const log = createLogger('info', { write: (line) => void lines.push(JSON.parse(line)) });
  let clock = 0;
  const took = new Map([
    ['top', 999],
    ['status', 1000],
    ['why', 2500],
  ]);
  const reporter = {
    async answer({ report }: { report: string }) {
      clock += took.get(report)!;
      if (report === 'why') throw new Error('no');
      return { report };
    },
  };
  const { answer } = tellSlow(reporter as unknown as Reporter & NameSource, log, () => clock);
  expect(await answer({ report: 'top' }, 0)).toEqual({ report: 'top' });
  expect(await answer({ report: 'status', filters: [] } as Question, 0)).toEqual({ report: 'status' });
  await expect(answer({ report: 'why' }, 0)).rejects.toThrow('no');
  expect(lines.map(({ msg, question, tookMs }) => [msg, question, tookMs])).toEqual([
    ['a report took long', { report: 'status', filters: [] }, 1000],
    ['a report took long', { report: 'why' }, 2500],
  ]);
});
