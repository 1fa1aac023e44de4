import type { Column } from './segment.ts';

/** Calls that succeeded (status below 400) and failed, per row; neither where no status was sent. */
export function outcomeColumns(status: Column | undefined, requests: Column): { ok: Column; failed: Column } {
  const ok = new Float64Array(requests.length);
  const failed = new Float64Array(requests.length);
  if (status) {
    for (let row = 0; row < requests.length; row += 1) {
      const code = status[row]!;
      if (code === 0) continue;
      if (code < 400) ok[row] = requests[row]!;
      else failed[row] = requests[row]!;
    }
  }
  return { ok, failed };
}
