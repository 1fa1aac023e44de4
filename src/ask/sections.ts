import type { Report } from '../domain/report.ts';

/** What a report says in sentences besides its table: the parts of a report in words, and what status codes point to. */
export function listSections(report: Report): { title: string; lines: readonly string[] }[] {
  if (report.kind === 'status')
    return report.diagnosis.map(({ claim, evidence }) => ({ title: claim, lines: [evidence] }));
  if (!('sections' in report)) return [];
  return report.sections.flatMap((section) =>
    'lines' in section ? [{ title: section.title, lines: section.lines }] : [],
  );
}
