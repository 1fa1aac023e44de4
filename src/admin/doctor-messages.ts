import type { RefusedBlocks } from '../slack/client/send-repaired.ts';
import { bad, type Finding, good } from './finding.ts';

/** Blocks that Slack refused since this instance started; none where it is another process that asks. */
export function checkRefused(refused: RefusedBlocks | undefined): Finding[] {
  if (!refused) return [];
  const kinds = refused.list();
  if (kinds.length === 0) return [good('Messages: Slack took every block since the start.')];
  return kinds.map(({ type, pointer, reason, count }) => {
    const times = count === 1 ? 'once' : `${count} times`;
    return bad(
      `Messages: Slack refused a ${type} ${times} (${reason} at ${pointer}), so its text was sent instead: run "headroom doctor --messages" and report what it says.`,
    );
  });
}
