import { expect, test } from 'vitest';
import { DIGEST_SECTIONS } from '../../src/domain/digest.ts';
import type { Question } from '../../src/domain/report.ts';
import { chooseSections, DIGEST_FORM } from '../../src/slack/digests.ts';
import { isDigestible, listDigestParts } from '../../src/slack/next-questions.ts';

/** Lists the ticked keys in a field of the form. */
function ticked(field: string, question: Question | undefined): string[] {
  const when = { rhythm: 'daily', time: '09:00', zone: 'UTC', next: '' };
  const shown = { ...when, channel: undefined, only: undefined, ...chooseSections(undefined, question) };
  const form = DIGEST_FORM.build({}, shown);
  const block = (form.blocks as { block_id?: string; element?: { initial_options?: { value: string }[] } }[]).find(
    ({ block_id }) => block_id === field,
  );
  return (block?.element?.initial_options ?? []).map(({ value }) => value);
}

const THREAD = DIGEST_SECTIONS.filter(({ part }) => part === 'thread').map(({ key }) => key);

test.each<[Question | undefined, readonly string[]]>([
  [undefined, THREAD],
  [{ report: 'top', dimension: 'route' }, ['routes']],
  [{ report: 'top' }, ['clients']],
  [{ report: 'status' }, ['status']],
  [{ report: 'client', name: 'Acme CRM' }, ['routes', 'status']],
  [{ report: 'pool', scope: 'crm' }, THREAD],
])('a digest made of %j begins with the parts that answer it', (question, parts) => {
  expect(ticked('thread', question)).toEqual(parts);
  expect(ticked('sections', question)).toContain('attention');
});

test('what no part of a digest answers is not called its digest', () => {
  expect(isDigestible({ report: 'top', dimension: 'user' })).toBe(false);
  expect(isDigestible({ report: 'sources' })).toBe(false);
  const filters = [{ key: 'status', patterns: ['429'], not: false }] as const;
  expect(isDigestible({ report: 'top', dimension: 'user', filters })).toBe(true);
  for (const parts of [listDigestParts({ report: 'top' }), listDigestParts({ report: 'why', name: 'x' })])
    for (const part of parts) expect(THREAD).toContain(part);
});
