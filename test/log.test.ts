import { expect, it } from 'vitest';
import { createLogger, OutageLog } from '../src/log.ts';

it('tells an outage when it begins, when its reason changes, and when it ends', () => {
  const lines: string[] = [];
  const log = createLogger('info', {
    write(line) {
      const { level, msg, problem } = JSON.parse(line);
      lines.push([level, msg, problem].filter((part) => part !== undefined).join(' '));
    },
  });
  const outage = new OutageLog(log, { failing: 'away', working: 'back' });
  outage.recover();
  for (const problem of ['ECONNREFUSED', 'ECONNREFUSED', 'HTTP 503', 'HTTP 503']) outage.fail(problem);
  outage.recover();
  outage.recover();
  outage.fail('xoxb-1-secret');
  expect(lines).toEqual(['warn away ECONNREFUSED', 'warn away HTTP 503', 'info back', 'warn away <secret>']);
});
