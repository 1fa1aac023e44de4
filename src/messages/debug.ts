import { type Block, clip, defuse, leaf, type Message, richList, richText } from './text.ts';

/** Builds the list of checks of this installation, failed ones first. */
export function buildDebug(checks: readonly { ok: boolean; line: string }[]): Message {
  const wrong = checks.filter(({ ok }) => !ok).map(({ line }) => line);
  const right = checks.filter(({ ok }) => ok).map(({ line }) => line);
  const headline =
    wrong.length === 0 ? 'Nothing is wrong that I can see.' : `${wrong.length} of ${checks.length} checks failed:`;
  return {
    text: [headline, ...wrong.map((line) => `✗ ${line}`), ...right.map((line) => `✓ ${line}`)].map(defuse).join('\n'),
    blocks: [
      richText(leaf(headline, { bold: true })),
      ...toList(wrong),
      ...(right.length > 0 ? [richText(leaf('In order:', { bold: true })), ...toList(right)] : []),
    ],
  };
}

function toList(lines: readonly string[]): Block[] {
  return lines.length === 0 ? [] : [richList(lines.slice(0, 60).map((line) => [clip(line, 400)]))];
}
