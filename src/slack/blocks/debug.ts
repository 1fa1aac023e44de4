import { leaf, type Message, richList, richText } from './text.ts';

/** What is wrong with this installation, worst first. */
export function buildDebug(checks: readonly { ok: boolean; line: string }[]): Message {
  const wrong = checks.filter(({ ok }) => !ok);
  const headline =
    wrong.length === 0 ? 'Nothing is wrong that I can see.' : `${wrong.length} of ${checks.length} checks failed:`;
  const lines = [...wrong, ...checks.filter(({ ok }) => ok)].map(({ ok, line }) => `${ok ? '✓' : '✗ failed:'} ${line}`);
  return {
    text: [headline, ...lines].join('\n').slice(0, 4000),
    blocks: [
      richText(leaf(headline, { bold: true })),
      ...(lines.length > 0 ? [richList(lines.slice(0, 60).map((line) => [line.slice(0, 400)]))] : []),
    ],
  };
}
