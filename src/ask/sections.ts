import type { Report } from '../domain/report.ts';

/** Lists the sentences that an answer has besides its table, by title: reports in words, and the causes of status codes. */
export function listSections(report: Report): { title: string; lines: readonly string[] }[] {
  if (report.kind === 'status')
    return report.diagnosis.map(({ claim, evidence }) => ({ title: claim, lines: [evidence] }));
  if (!('sections' in report)) return [];
  return report.sections.flatMap((section) =>
    'lines' in section ? [{ title: section.title, lines: section.lines }] : [],
  );
}
