import type { DigestPreview } from '../slack/ports.ts';
import { buildNativeCharts } from './native-chart.ts';
import { type Message, plainContext } from './text.ts';

/** A digest as it would be posted now, for one person: Slack's own chart stands for the picture, which only a channel can show. */
export function buildDigestPreview({ text, blocks, drawn, chartAt, follows }: DigestPreview): Message {
  const charts = drawn ? buildNativeCharts(drawn).slice(0, 1) : [];
  const thread = follows.length > 0 ? [`In its thread: ${follows.join(' · ')}`] : [];
  return {
    text: [`Preview: ${text}`, ...thread].join('\n'),
    blocks: [
      plainContext('Preview, shown to you alone'),
      ...blocks.toSpliced(chartAt, 0, ...charts),
      ...thread.map((line) => plainContext(line)),
    ],
  };
}
